"""What the embedded sites have in common: a Flask app that reads its store from the request, sessions, sign-in.

An app is made once a process and holds no state of its own. Whoever calls it (the static engine, the loopback server)
puts the environment's private ``SiteStore`` into the WSGI environ under ``STORE_KEY``.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from flask import Flask, abort, g, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from jinja2 import ChoiceLoader, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import escape
from werkzeug.exceptions import HTTPException, NotFound

from webrl_gym.cache_folder import cache_folder
from webrl_gym.sites.store import SiteStore
from webrl_gym.types import EMBEDDED_URLS, Site

STORE_KEY = "webrl_gym.store"
URLS_KEY = "webrl_gym.urls"

ACCOUNTS: dict[Site, tuple[str, str]] = {
    Site.SHOPPING: ("emma.lopez@gmail.com", "Password.123"),
    Site.SHOPPING_ADMIN: ("admin", "admin1234"),
    Site.GITLAB: ("byteblaze", "hello1234"),
    Site.REDDIT: ("MarvelsGrantMan136", "test1234"),
}
"""WebArena's published accounts, present in every world."""

_SESSION_KEY = "webrl-gym sites hold no secrets"
_LONGEST_QUERY = 16 * 1024
"""Most bytes of an address's query; SQLite refuses to search for a text of 50,000, and escapes may double it."""


class CompiledTemplates(FileSystemBytecodeCache):
    """Keeps compiled templates on disk: compiling them takes a process longer than all its first pages."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Reads one, where it can be had."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps one, where there is room for it."""
        with suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def create_site(site: Site, import_name: str) -> Flask:
    """A Flask app with the habits all sites share.

    Templates lie in the site's ``templates`` folder, the style sheet in its ``static`` folder. In templates,
    ``site_url("map")`` is the root of another site and ``user`` the name of the signed-in account, or None.
    """
    app = Flask(import_name, static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=_SESSION_KEY, SESSION_COOKIE_NAME=f"{site.value}_session", MAX_CONTENT_LENGTH=4 * 1024 * 1024
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.auto_reload = False
    app.jinja_env.bytecode_cache = CompiledTemplates(str(cache_folder() / "templates"))
    shared = FileSystemLoader(Path(__file__).parent / "templates")
    if app.jinja_loader is not None:
        app.jinja_env.loader = ChoiceLoader([app.jinja_loader, shared])

    @app.before_request
    def open_store() -> None:
        if len(request.query_string) > _LONGEST_QUERY:
            abort(414)
        g.store = request.environ[STORE_KEY]

    @app.context_processor
    def shared_names() -> dict[str, Any]:
        return {"site_url": site_url, "user": current_user()}

    @app.errorhandler(HTTPException)
    def plain_error(error: HTTPException) -> tuple[str, int]:
        home = url_for("home")
        body = f'<h1>{error.code} {error.name}</h1><p>{escape(error.description or "")}</p><a href="{home}">Home</a>'
        return f"<!DOCTYPE html><html><head><title>{error.name}</title></head><body>{body}</body></html>", int(
            error.code or 500
        )

    @app.errorhandler(OverflowError)
    def no_such_record(_: OverflowError) -> tuple[str, int]:
        # The address names an id larger than any that the database can hold.
        return plain_error(NotFound())

    return app


def store() -> SiteStore:
    """The database of the current request."""
    return cast(SiteStore, g.store)


def site_url(name: str) -> str:
    """Root address of another site, as the current caller reaches it."""
    urls = cast("dict[Site, str]", request.environ.get(URLS_KEY, EMBEDDED_URLS))
    return urls[Site(name)]


def current_user() -> str | None:
    """Name of the account that is signed in, or None."""
    return cast("str | None", session.get("user"))


def sign_in(name: str) -> None:
    """Signs an account in for this browser."""
    session["user"] = name


def sign_out() -> None:
    """Forgets who is signed in."""
    session.clear()


@cache
def site_app(site: Site) -> Flask:
    """The site's app, made at first use."""
    module = import_module(f"webrl_gym.sites.{site.value}.app")
    return cast(Flask, module.create_app())


def signed_in_cookie(site: Site) -> tuple[str, str] | None:
    """Name and value of the cookie of a browser that has signed in to the site's published account.

    None for sites without accounts. The value is what the site's own sign-in page would have set.
    """
    if site not in ACCOUNTS:
        return None
    app = site_app(site)
    # None would mean an app without a secret key; `create_site` gives every app one.
    serializer = cast(URLSafeTimedSerializer, SecureCookieSessionInterface().get_signing_serializer(app))
    return str(app.config["SESSION_COOKIE_NAME"]), str(serializer.dumps({"user": ACCOUNTS[site][0]}))
