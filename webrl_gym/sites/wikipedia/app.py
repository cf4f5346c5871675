"""The encyclopedia's pages, on the routes of Kiwix's server: landing page, articles and full-text search."""

from __future__ import annotations

import re
import sqlite3

from flask import Flask, abort, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from webrl_gym.sites import web
from webrl_gym.sites.web import store
from webrl_gym.types import Site

BOOK = "wikipedia_en_all_maxi_2022-05"
"""Name of the archive in every address, as WebArena's deployment has it."""

LANDING_TITLE = "User:The_other_Kiwix_guy/Landing"
RESULTS_A_PAGE = 10
PORTALS = {
    **{"City": "Cities", "Place": "Places", "Person": "People", "Event": "Events", "Company": "Companies"},
    **{"State": "States", "Team": "Teams"},
}
"""Kinds of articles and the headings that list them; a heading without articles is left out."""

_LINK = re.compile(r"\[\[([^\]]+)\]\]")


def create_app() -> Flask:
    """The encyclopedia."""
    app = web.create_site(Site.WIKIPEDIA, __name__)
    app.jinja_env.filters["linked"] = linked
    app.jinja_env.globals.update(article_url=article_url, book=BOOK)
    app.add_url_rule("/", "home", home)
    app.add_url_rule(f"/{BOOK}/", "book", to_landing)
    app.add_url_rule(f"/{BOOK}/A/<path:title>", "article", article)
    app.add_url_rule("/search", "search", search)
    return app


def article_url(title: str) -> str:
    """Address of an article."""
    return url_for("article", title=title.replace(" ", "_"))


def linked(text: str) -> Markup:
    """A paragraph with its ``[[Title]]`` links made."""
    parts = _LINK.split(text)
    for position, part in enumerate(parts):
        title = escape(part)
        parts[position] = f'<a href="{escape(article_url(part))}">{title}</a>' if position % 2 else title
    return Markup("".join(parts))


def home() -> str:
    """The landing page: all articles by subject."""
    titles: dict[str, list[str]] = {portal: [] for portal in PORTALS.values()}
    for row in store().query("SELECT kind, title FROM article ORDER BY title"):
        titles[PORTALS[row["kind"]]].append(row["title"])
    return render_template("home.html", titles={portal: listed for portal, listed in titles.items() if listed})


def to_landing() -> Response:
    """The archive's root leads to its landing page."""
    return redirect(url_for("article", title=LANDING_TITLE))


def article(title: str) -> str:
    """One article; underscores in the address stand for spaces."""
    if title == LANDING_TITLE:
        return home()
    row = store().one("SELECT id, title FROM article WHERE title = ?", (title.replace("_", " "),))
    if row is None:
        abort(404, f"There is no article {title.replace('_', ' ')!r} in this encyclopedia.")
    facts = store().query(
        "SELECT label, value, target.title IS NOT NULL AS has_article FROM fact"
        " LEFT JOIN article AS target ON target.title = value WHERE article_id = ? ORDER BY fact.id",
        (row["id"],),
    )
    paragraphs = store().query("SELECT heading, text FROM paragraph WHERE article_id = ? ORDER BY id", (row["id"],))
    return render_template("article.html", title=row["title"], facts=facts, paragraphs=paragraphs)


def search() -> str:
    """Articles that hold every word of ``pattern``; ``start`` counts the results from 1, as on Kiwix."""
    pattern = request.args.get("pattern", "").strip()
    start = max(request.args.get("start", 1, type=int), 1)
    found = _matching_articles(pattern)
    shown = found[start - 1 : start - 1 + RESULTS_A_PAGE]
    following = start + RESULTS_A_PAGE
    return render_template(
        "search.html",
        pattern=pattern,
        start=start,
        total=len(found),
        results=[(row["title"], _snippet(row["text"])) for row in shown],
        following=following if following <= len(found) else None,
        previous=max(start - RESULTS_A_PAGE, 1) if start > 1 else None,
    )


def _matching_articles(pattern: str) -> list[sqlite3.Row]:
    words = re.findall(r"\w+", pattern.lower())
    if not words:
        return []
    rows = store().query(
        "SELECT title, (SELECT group_concat(text, ' ') FROM paragraph WHERE article_id = article.id) AS text,"
        " (SELECT group_concat(value, ' ') FROM fact WHERE article_id = article.id) AS facts"
        " FROM article ORDER BY title"
    )
    found = [
        row for row in rows if all(word in f"{row['title']} {row['text']} {row['facts']}".lower() for word in words)
    ]
    wanted = " ".join(words)
    return sorted(found, key=lambda row: _mismatch(row["title"].lower(), wanted, words))


def _mismatch(title: str, wanted: str, words: list[str]) -> int:
    """How badly a title fits the words sought; 0 is best."""
    if title == wanted:
        return 0
    if title.startswith(wanted):
        return 1
    return 2 if all(word in title for word in words) else 3


def _snippet(text: str) -> str:
    plain = _LINK.sub(r"\1", text)
    return plain if len(plain) <= 110 else plain[:107].rsplit(" ", 1)[0] + "..."
