"""Signing in and out, user profiles, and the form that edits one's own."""

from __future__ import annotations

import sqlite3
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for

from webrl_gym.sites import web
from webrl_gym.sites.gitlab.access import account, account_id, back_to, field, invalid, require_account
from webrl_gym.sites.gitlab.groups import group_page
from webrl_gym.sites.gitlab.listing import project_page
from webrl_gym.sites.web import store
from webrl_gym.types import Site

pages = Blueprint("accounts", __name__)

_PEOPLE = 20


@pages.route("/users/sign_in", methods=["GET", "POST"])
def sign_in() -> Response | str:
    """The sign-in page. Only the published account has a password."""
    username, password = web.ACCOUNTS[Site.GITLAB]
    if request.method == "POST":
        login = request.form.get("user[login]", "").strip().lower()
        email = store().value("SELECT email FROM users WHERE username = ?", (username,))
        if login in (username, email) and request.form.get("user[password]", "") == password:
            web.sign_in(username)
            return back_to(url_for("home"))
        session["notice"] = "Invalid login or password."
    elif account() is not None:
        return redirect(url_for("home"))  # type: ignore[return-value]  # see access.back_to
    return render_template("sign_in.html", login=request.form.get("user[login]", ""))


@pages.post("/users/sign_out")
def sign_out() -> Response:
    """Signs out."""
    web.sign_out()
    return back_to(url_for("accounts.sign_in"))


def user_or_404(username: str) -> sqlite3.Row:
    """A user with the number of followers and whether the visitor follows."""
    row = store().one(
        "SELECT u.*, (SELECT count(*) FROM follows f WHERE f.followee_id = u.id) AS followers,"
        " (SELECT count(*) FROM follows f WHERE f.follower_id = u.id) AS following,"
        " EXISTS (SELECT 1 FROM follows f WHERE f.follower_id = ? AND f.followee_id = u.id) AS followed"
        " FROM users u WHERE u.username = ?",
        (account_id(), username),
    )
    if row is None:
        abort(404, "The page could not be found.")
    return row


@pages.get("/<username>")
def profile(username: str) -> str:
    """A user's profile with personal projects, or the page of the group with that path."""
    if store().one("SELECT 1 FROM groups WHERE path = ?", (username,)) is not None:
        return group_page(username)
    person = user_or_404(username)
    page = project_page("p.namespace = :namespace", {"namespace": person["username"]})
    return _profile_page(person, "Personal projects", page=page)


@pages.get("/users/<username>/starred")
def starred(username: str) -> str:
    """Projects that a user starred."""
    person = user_or_404(username)
    condition = "p.id IN (SELECT s.project_id FROM stars s WHERE s.user_id = :person)"
    return _profile_page(person, "Starred projects", page=project_page(condition, {"person": person["id"]}))


@pages.get("/users/<username>/<any(followers, following):direction>")
def follows(username: str, direction: str) -> str:
    """Users who follow this one, or whom this one follows."""
    person = user_or_404(username)
    mine, theirs = ("followee_id", "follower_id") if direction == "followers" else ("follower_id", "followee_id")
    people = store().query(
        f"SELECT u.username, u.name FROM follows f JOIN users u ON u.id = f.{theirs} WHERE f.{mine} = ?"
        " ORDER BY u.name LIMIT ?",
        (person["id"], _PEOPLE),
    )
    return _profile_page(person, direction.capitalize(), people=people)


def _profile_page(person: sqlite3.Row, heading: str, **content: object) -> str:
    website = urlsplit(person["website_url"])
    shown = (website.netloc + website.path).rstrip("/")
    return render_template(
        "user.html", **{"person": person, "heading": heading, "website": shown, "page": None, "people": None, **content}
    )


@pages.post("/users/<username>/<any(follow, unfollow):verb>")
def follow(username: str, verb: str) -> Response:
    """Follows a user, or no longer."""
    person, me = user_or_404(username), require_account()
    if person["id"] == me["id"]:
        invalid("You cannot follow yourself")
    with store().atomic():
        if verb == "follow":
            store().execute("INSERT OR IGNORE INTO follows VALUES (?, ?)", (me["id"], person["id"]))
        else:
            store().execute("DELETE FROM follows WHERE follower_id = ? AND followee_id = ?", (me["id"], person["id"]))
    return back_to(f"/{person['username']}")


@pages.get("/-/profile")
def edit_profile() -> str:
    """The form that edits the visitor's profile."""
    return render_template("profile_form.html", me=require_account())


@pages.post("/-/profile")
def save_profile() -> Response:
    """Takes over the profile form."""
    me = require_account()
    name, website = field("user[name]"), field("user[website_url]")
    if not name:
        invalid("Full name can't be blank")
    if website and "://" not in website:
        website = f"http://{website}"
    if website and not _is_web_address(website):
        invalid("Website url is not a valid URL")
    with store().atomic():
        store().execute(
            "UPDATE users SET name = ?, website_url = ?, location = ?, bio = ?, status_message = ? WHERE id = ?",
            (name, website, field("user[location]"), field("user[bio]"), field("user[status][message]", 100), me["id"]),
        )
    return back_to(url_for("accounts.edit_profile"), "Profile was successfully updated")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


@pages.get("/-/profile/personal_access_tokens")
def tokens() -> str:
    """The visitor's feed token."""
    return render_template("tokens.html", me=require_account())
