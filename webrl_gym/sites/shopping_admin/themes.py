"""Themes of the store front in the back office: the grid, and the page that shows one."""

from __future__ import annotations

from flask import Flask, render_template

from webrl_gym.sites.shopping_admin.grid import Column, Filter, Grid, holds
from webrl_gym.sites.shopping_admin.records import read_record

_THEMES = Grid(
    title="Themes",
    path="/admin/admin/system_design_theme/",
    source="design_theme",
    id_sql="id",
    columns=(
        Column("theme_title", "Theme Title", "title"),
        Column("parent_title", "Parent Theme", "parent_title"),
        Column("theme_path", "Theme Path", "path"),
    ),
    searched=("title", "path"),
    sort="theme_title",
    descending=False,
    filters=(Filter("theme_title", "Theme Title", holds("title")),),
    action=("View", "/admin/admin/system_design_theme/edit/id/"),
)


def register(app: Flask) -> None:
    """Adds the pages about themes."""
    app.add_url_rule(_THEMES.path, _THEMES.path, _THEMES.render)
    app.add_url_rule(f"{_THEMES.path}edit/id/<int:theme_id>/", "theme", _view)


def _view(theme_id: int) -> str:
    return render_template("admin/theme.html", theme=read_record("design_theme", theme_id, "We cannot find the theme."))
