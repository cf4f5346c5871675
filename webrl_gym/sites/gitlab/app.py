"""The embedded GitLab's Flask app."""

from __future__ import annotations

from typing import Any

from flask import Flask, session

from webrl_gym.sites.gitlab import (
    accounts,
    dashboard,
    file_editor,
    groups,
    issues,
    members,
    merge_requests,
    planning,
    projects,
    repository,
)
from webrl_gym.sites.gitlab.access import base_of, may
from webrl_gym.sites.gitlab.listing import blocks, day
from webrl_gym.sites.web import create_site
from webrl_gym.types import Site

_ROOMS = (accounts, dashboard, file_editor, groups, issues, members, merge_requests, planning, projects, repository)


def create_app() -> Flask:
    """The app; every request brings its own database (see ``sites.web``)."""
    app = create_site(Site.GITLAB, __name__)
    for room in _ROOMS:
        app.register_blueprint(room.pages)
    app.add_url_rule("/", "home", dashboard.home)
    app.jinja_env.filters.update(day=day, blocks=blocks)
    app.jinja_env.globals.update(may=may, base_of=base_of)

    @app.context_processor
    def notice() -> dict[str, Any]:
        return {"notice": session.pop("notice", "")}

    return app
