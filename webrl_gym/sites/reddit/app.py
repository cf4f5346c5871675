"""The forum site: front page, search, sign-in, and the blueprints of everything else."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, session
from markupsafe import Markup
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.reddit import comments, forums, messages, submissions, users
from webrl_gym.sites.reddit.listing import (
    ID_PATTERN,
    SORT_LABELS,
    SORT_PATTERN,
    TIME_LABELS,
    TIMED_SORTS,
    submissions_page,
    time_filter,
)
from webrl_gym.sites.reddit.seed_basics import DAY, NOW, password_hash
from webrl_gym.sites.reddit.session import site, viewer, viewer_id
from webrl_gym.types import Site

FILTERS = {
    "all": ("All", "NOT EXISTS (SELECT 1 FROM hidden_forums h WHERE h.user_id = :viewer AND h.forum_id = s.forum_id)"),
    "subscribed": ("Subscribed", "s.forum_id IN (SELECT forum_id FROM subscriptions WHERE user_id = :viewer)"),
}
"""Front page filters: label and SQL condition."""

_UNITS = {"year": 365 * DAY, "month": 30 * DAY, "day": DAY, "hour": 3_600, "minute": 60}

front = Blueprint("front", __name__)


def create_app() -> Flask:
    """The site's Flask app."""
    app = web.create_site(Site.REDDIT, __name__)
    # "/f/art/hot" stays the address it is; it does not become "/f/art".
    app.url_map.redirect_defaults = False
    app.add_url_rule("/", "home", home)
    app.jinja_env.filters.update(day=_day, when=_when, amount=_amount)
    app.context_processor(
        lambda: {"sort_labels": SORT_LABELS, "time_labels": TIME_LABELS, "timed_sorts": TIMED_SORTS, "t": time_filter()}
    )
    for blueprint in (front, forums.blueprint, submissions.blueprint, comments.blueprint, users.blueprint):
        app.register_blueprint(blueprint)
    app.register_blueprint(messages.blueprint)
    return app


def _day(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%B} {moment.day}, {moment.year}"


def _when(seconds: int) -> str:
    """When something was posted: the date, or how long ago it is with the date as the title of that."""
    return _age(seconds) if site()["relative_dates"] else f"on {_day(seconds)}"


@lru_cache(maxsize=20_000)
def _age(moment: int) -> Markup:
    passed = NOW - moment
    text = next((f"{_amount(passed // size, unit)} ago" for unit, size in _UNITS.items() if passed >= size), "just now")
    return Markup('<time title="{}">{}</time>').format(_day(moment), text)


def _amount(count: int, noun: str) -> str:
    """``No comments``, ``1 comment``, ``2 comments``, as the original writes it."""
    return f"{count or 'No'} {noun}{'' if count == 1 else 's'}"


def home() -> str:
    """The front page as the account's preferences want it."""
    row = viewer()
    if row is None:
        return _front_page("all", "hot", "")
    return _front_page(row["front_page"], row["front_page_sort_mode"], "")


@front.get(f"/<{SORT_PATTERN}:sort>")
def sorted_front(sort: str) -> str:
    """The front page in another order."""
    row = viewer()
    return _front_page("all" if row is None else row["front_page"], sort, "")


@front.get("/<any('all','subscribed'):chosen>", defaults={"sort": "hot"})
@front.get(f"/<any('all','subscribed'):chosen>/<{SORT_PATTERN}:sort>")
def filtered_front(chosen: str, sort: str) -> str:
    """The front page of all or of the subscribed forums."""
    return _front_page(chosen, sort, f"/{chosen}")


def _front_page(chosen: str, sort: str, base: str) -> str:
    subscribed = web.store().query(
        "SELECT f.name FROM subscriptions s JOIN forums f ON f.id = s.forum_id WHERE s.user_id = ? ORDER BY f.name",
        (viewer_id(),),
    )
    label, condition = FILTERS[chosen]
    return render_template(
        "front.html",
        page=submissions_page(sort, condition),
        sort=sort,
        base=base,
        filter_label=label,
        filters={name: text for name, (text, _) in FILTERS.items()},
        subscribed=subscribed,
    )


@front.get("/search")
def search() -> str:
    """Submissions whose title, body or address holds every word of the query, best first."""
    query = request.args.get("q", "").strip()
    tokens = query.split()[:20]
    page = None
    if tokens:
        parameters = {f"word{number}": f"%{_escaped(word)}%" for number, word in enumerate(tokens)}
        condition = " AND ".join(
            f"(s.title LIKE :{name} ESCAPE '\\' OR s.body LIKE :{name} ESCAPE '\\' OR s.url LIKE :{name} ESCAPE '\\')"
            for name in parameters
        )
        page = submissions_page("top", condition, **parameters)
    return render_template("search.html", query=query, page=page)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@front.get("/login")
def login() -> str | Response:
    """The login page."""
    return render_template("login.html", error="", name="")


@front.post("/login_check")
def login_check() -> tuple[str, int] | Response:
    """Signs in, or shows the login page again."""
    name, password = request.form.get("_username", "").strip(), request.form.get("_password", "")
    row = web.store().one("SELECT username, password FROM users WHERE username = ?", (name,))
    if row is None or row["password"] is None or row["password"] != password_hash(row["username"], password):
        return render_template("login.html", error="Invalid credentials.", name=name), 401
    web.sign_in(row["username"])
    return redirect(session.pop("after_login", "/"))


@front.post("/log_out")
def log_out() -> Response:
    """Signs out."""
    web.sign_out()
    flash("You have been logged out.")
    return redirect("/")


@front.get(f"/<{ID_PATTERN}:number>")
def shortcut(number: int) -> Response:
    """The short address of a submission."""
    row = submissions.find(number)
    if row is None:
        abort(404)
    return redirect(submissions.address(row))
