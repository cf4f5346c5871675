"""Compiled templates are kept on disk; whatever becomes of them there, pages are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from webrl_gym.sites.homepage.app import create_app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WEBRL_GYM_CACHE", str(tmp_path))
    return tmp_path / "templates"


def written(app: Flask) -> str:
    return app.jinja_env.get_template("base.html").render(url_for=lambda name, filename: f"/{name}/{filename}")


def test_they_are_kept_and_read_again(folder: Path) -> None:
    written(create_app())
    kept = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert kept
    written(create_app())
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == kept


def test_a_spoilt_one_is_made_anew(folder: Path) -> None:
    written(create_app())
    for path in folder.iterdir():
        path.write_bytes(b"spoilt")
    assert "<html" in written(create_app())


def test_where_none_can_be_kept_pages_are_written_all_the_same(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert "<html" in written(create_app())
