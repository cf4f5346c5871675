"""Little sites with the sign-in pages of the four real ones, and ways for them to be ill."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, request
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as AnyResponse

from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

HEAD = "<!DOCTYPE html><html><head><title>{}</title></head><body class='{}'>"
SEARCH = {
    Site.SHOPPING: ("/catalogsearch/result/", "q", "/customer/account/logout/"),
    Site.SHOPPING_ADMIN: ("/catalogsearch/result/", "q", "/admin/admin/auth/logout/"),
    Site.REDDIT: ("/search", "q", "/log_out"),
    Site.GITLAB: ("/search", "search", "/users/sign_out"),
    Site.MAP: ("/search", "query", ""),
    Site.WIKIPEDIA: ("/search", "pattern", ""),
    Site.HOMEPAGE: ("", "", ""),
}
Answered = str | Response | AnyResponse


@dataclass
class Lookalike:
    """One site, its sessions and its illness.

    Attributes:
        ill: What happens to each request before the site sees it; None when it is well.
        sign_ins: How often somebody has signed in.
        seen: Paths asked for.
    """

    site: Site
    ill: Callable[[], Answered | None] | None = None
    sessions: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    sign_ins: int = 0
    seen: list[str] = field(default_factory=list)
    root: str = ""
    cookie: str = ""
    links: str = ""

    def __post_init__(self) -> None:
        # Shop and forum call their cookies the same, as the real ones do.
        names = {Site.GITLAB: "_gitlab_session", Site.SHOPPING_ADMIN: "admin"}
        self.cookie = self.cookie or names.get(self.site, "PHPSESSID")

    @property
    def base(self) -> str:
        return "/admin" if self.site is Site.SHOPPING_ADMIN else ""

    def app(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.add_url_rule("/", view_func=self.answer, defaults={"path": ""}, methods=["GET", "POST"])
        app.add_url_rule("/<path:path>", view_func=self.answer, methods=["GET", "POST"])
        return app

    def answer(self, path: str) -> Any:
        self.seen.append(f"/{path}")
        if self.ill is not None and (answered := self.ill()) is not None:
            return answered
        if self.site is Site.SHOPPING and path.startswith("rest/"):
            return self.rest()
        if request.method == "POST":
            return self.check()
        if self.is_signed_in:
            return self.inside(f"/{path}")
        return self.outside(f"/{path}")

    def rest(self) -> Answered:
        """The interface for the back office's account: a token for it, one order for the token."""
        if request.method == "POST":
            known = dict(zip(("username", "password"), ACCOUNTS[Site.SHOPPING_ADMIN], strict=True))
            return jsonify("t0ken") if request.get_json() == known else Response(status=401)
        is_known = request.headers.get("Authorization") == "Bearer t0ken"
        return jsonify(items=[{"increment_id": "000000191"}]) if is_known else Response(status=401)

    @property
    def is_signed_in(self) -> bool:
        return request.cookies.get(self.cookie, "") in self.sessions

    def inside(self, path: str) -> Answered:
        action, name, out = SEARCH[self.site]
        who = "user-logged-in" if self.site is Site.REDDIT else ""
        page = HEAD.format(f"{self.site} {path}", who) + self.form(action, name) + f"<a href='{out}'>Sign Out</a>"
        return page + f"<a href='{self.base}/page'>A page</a><p>Nothing else.</p>" + self.links

    def form(self, action: str, name: str) -> str:
        words = request.args.get(name, "") if name else ""
        found = f"<a href='/found'>One more {words}</a>" if words and words != "nothing" else ""
        field = f"<input name='{name}'><button>Go</button>"
        return f"<nav class='site-nav'><form action='{action}'>{field}</form></nav>{found}"

    def outside(self, path: str) -> Answered:
        action, name, _ = SEARCH[self.site]
        match self.site, path.rstrip("/"):
            case Site.SHOPPING, "/customer/account":
                return redirect("/customer/account/login/")
            case Site.SHOPPING, "/customer/account/login":
                return self.sign_in_page("/customer/account/loginPost/", "form_key")
            case Site.SHOPPING_ADMIN, place if place.startswith("/admin"):
                return self.sign_in_page("/admin/", "form_key")
            case Site.REDDIT, "/login":
                return self.sign_in_page("/login_check", "_csrf_token")
            case Site.GITLAB, "/users/sign_in":
                return self.sign_in_page("/users/sign_in", "authenticity_token")
            case Site.GITLAB, _:
                return redirect("/users/sign_in")
        if self.site is Site.MAP and path == "/directions":
            return HEAD.format("Directions", "") + "<p>Distance: 6.1km. Time: 0:11.</p>"
        return HEAD.format(f"{self.site} {path}", "user-anonymous") + self.form(action, name) + self.links

    def fields(self) -> tuple[str, str]:
        kinds = {Site.REDDIT: ("_username", "_password"), Site.GITLAB: ("user[login]", "user[password]")}
        return kinds.get(self.site, ("login[username]", "login[password]"))

    def sign_in_page(self, action: str, key_field: str) -> Answered:
        visitor, key = secrets.token_hex(8), secrets.token_hex(8)
        self.keys[visitor] = key
        user, password = self.fields()
        page = make_response(
            HEAD.format("Sign in", "") + self.form("/search", "q") + f"<form method='post' action='{action}'>"
            f"<input type='hidden' name='{key_field}' value='{key}'><label>Name <input name='{user}'></label>"
            f"<label>Password <input name='{password}' type='password'></label>"
            "<input type='checkbox' name='remember_me' value='1'><button>Sign in</button></form>"
        )
        page.set_cookie(self.cookie, visitor, path=self.base or "/", httponly=True)
        return page

    def check(self) -> Answered:
        visitor = request.cookies.get(self.cookie, "")
        key_field = {Site.REDDIT: "_csrf_token", Site.GITLAB: "authenticity_token"}.get(self.site, "form_key")
        key = request.form.get(key_field)
        user, password = self.fields()
        known = (request.form.get(user), request.form.get(password)) == ACCOUNTS[self.site]
        if key is None or key != self.keys.get(visitor) or not known or request.form.get("remember_me") != "1":
            pages = {Site.SHOPPING: "/customer/account/login/", Site.REDDIT: "/login", Site.GITLAB: "/users/sign_in"}
            return self.outside(pages.get(self.site, "/admin"))
        self.sign_ins += 1
        session = secrets.token_hex(8)
        self.sessions.add(session)
        answer = redirect("/customer/account/" if self.site is Site.SHOPPING else f"{self.base}/")
        answer.set_cookie(self.cookie, session, path=self.base or "/", httponly=True)
        return answer


def silent(seconds: float = 3.0) -> Callable[[], Answered | None]:
    """Accepts and never answers, or not while anybody waits."""

    def wait() -> None:
        time.sleep(seconds)

    return wait


def trickling() -> Answered:
    """Answers with a byte now and then, without end."""

    def drops() -> Iterator[bytes]:
        for _ in range(100):
            yield b"."
            time.sleep(0.05)

    return Response(drops(), content_type="text/html")


def broken() -> Answered:
    return Response("<h1>Out of order</h1>", status=500)


def serve(app: Any) -> tuple[str, Callable[[], None]]:
    """Serves an application on a free loopback port; gives its root and what stops it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return f"http://127.0.0.1:{server.server_port}", stop
