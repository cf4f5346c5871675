"""The start page that links to every site, and the page with the accounts."""

from __future__ import annotations

from flask import Flask, render_template

from webrl_gym.sites import web
from webrl_gym.sites.web import ACCOUNTS, store
from webrl_gym.types import Site


def create_app() -> Flask:
    """The start page's site."""
    app = web.create_site(Site.HOMEPAGE, __name__)
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/password.html", "passwords", passwords)
    return app


def home() -> str:
    """One card a site."""
    return render_template("home.html", cards=store().query("SELECT * FROM card ORDER BY id"))


def passwords() -> str:
    """The accounts of the sites that have any."""
    titles = {row["site"]: row["title"] for row in store().query("SELECT site, title FROM card")}
    accounts = [(titles[site.value], name, password) for site, (name, password) in ACCOUNTS.items()]
    return render_template("passwords.html", accounts=accounts)
