"""Serves a folder of files as a site, for pages that are not made by a program."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


_DECLARED_WITHIN = 1_024
"""Bytes in which a browser looks for a page's character set."""
_CACHE = "max-age=3600"
"""The browser asks once an environment: its cache goes with the environment's context."""


class FolderApp:
    """A WSGI application that answers with the files of one folder."""

    def __init__(self, root: Path) -> None:
        """Serves the files below ``root``, those of nobody else."""
        self._root = root.resolve()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request: the file, or ``index.html`` of a folder."""
        # WSGI hands the path over as bytes in Latin-1 clothes.
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        file = self._find(path.lstrip("/"))
        if file is None:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"There is no such page."]
        if path and not path.endswith("/") and (self._root / path.lstrip("/")).is_dir():
            # Or the page's links would lead past its folder.
            query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
            start_response("301 Moved Permanently", [("Location", f"{quote(path.rpartition('/')[2])}/{query}")])
            return []
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        body = file.read_bytes()
        # A page may name its own, which the header would overrule.
        names_its_own = kind == "text/html" and b"charset" in body[:_DECLARED_WITHIN].lower()
        charset = "; charset=utf-8" if kind.startswith("text/") and not names_its_own else ""
        headers = [("Content-Type", kind + charset), ("Content-Length", str(len(body))), ("Cache-Control", _CACHE)]
        start_response("200 OK", headers)
        return [body]

    def _find(self, path: str) -> Path | None:
        """The file at a path, if it is one of the folder's."""
        if "\0" in path:
            return None
        file = (self._root / path).resolve()
        if file.is_dir():
            file = (file / "index.html").resolve()
        return file if file.is_relative_to(self._root) and file.is_file() else None
