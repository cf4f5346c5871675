from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import Client

from webrl_gym.sites.folder import FolderApp


@pytest.fixture
def client(tmp_path: Path) -> Client:
    pages = tmp_path / "pages"
    (pages / "sub").mkdir(parents=True)
    (pages / "sub" / "index.html").write_text("<h1>Grüße</h1>", encoding="utf-8")
    (pages / "ä b.js").write_text("1", encoding="utf-8")
    (pages / "data").write_bytes(b"\x00")
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    (pages / "way-out.html").symlink_to(tmp_path / "secret.html")
    return Client(FolderApp(pages))


def test_files_come_with_their_type(client: Client) -> None:
    answer = client.get("/sub/")
    assert (answer.status_code, answer.text) == (200, "<h1>Grüße</h1>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert client.get("/sub/index.html").data == answer.data
    assert client.get("/ä b.js").headers["Content-Type"].startswith("text/javascript")
    assert client.get("/data").headers["Content-Type"] == "application/octet-stream"


def test_a_pages_own_character_set_is_not_overruled(tmp_path: Path) -> None:
    (tmp_path / "old.html").write_bytes('<meta charset="latin-1"><p>Gr\u00fc\u00dfe'.encode("latin-1"))
    assert Client(FolderApp(tmp_path)).get("/old.html").headers["Content-Type"] == "text/html"


def test_a_folder_is_shown_under_an_address_by_which_its_links_hold(client: Client) -> None:
    answer = client.get("/sub?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "sub/?x=1")
    assert client.get("/sub", follow_redirects=True).text == "<h1>Gr\u00fc\u00dfe</h1>"


@pytest.mark.parametrize(
    "path", ["/nothing", "/", "/../secret.html", "/%2e%2e/secret.html", "/way-out.html", "/a\x00b"]
)
def test_nothing_else_comes(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
