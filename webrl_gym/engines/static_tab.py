"""A tab of the static engine: its page and its history, which gives back what a browser would.

Going back shows a page as it came, not as the site would answer now, with what was typed and chosen in it; that is
what Chromium keeps in its cache and its history entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import lxml.html
from lxml.html import HtmlElement

from webrl_gym.engines.form_state import FormState, form_state, restore_state
from webrl_gym.engines.protocol import NOT_KEPT
from webrl_gym.errors import ActionTargetError
from webrl_gym.types import PageNode

_UNAUTHORIZED = 401
"""Answers with this status are in no browser's cache."""
_PARSER = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
_FIRST_BREAK = re.compile(r"\A(?:\r\n?|\n)")
_EMPTY_PAGE = b"<html><head><title></title></head><body></body></html>"


def parse_page(content: bytes) -> HtmlElement:
    """A page's tree; an empty page where nothing came."""
    root = lxml.html.document_fromstring(content if content.strip() else _EMPTY_PAGE, parser=_PARSER)
    for area in root.iter("textarea"):
        # No part of the value (HTML standard, 13.2.6.4.7), which libxml2 does not know.
        area.text = _FIRST_BREAK.sub("", area.text or "", count=1)
    return root


@dataclass(slots=True)
class Source:
    """What a page came from; all history entries between which only the fragment changes share one.

    Attributes:
        content: What the site answered.
        posted: Whether it answered a form that was posted.
        status: Status of the answer.
        state: What was typed and chosen on the page when it was left.
    """

    content: bytes
    posted: bool = False
    status: int = 200
    state: FormState | None = None

    @property
    def kept(self) -> bool:
        """Whether a browser keeps it."""
        return self.status != _UNAUTHORIZED


@dataclass(slots=True)
class Document:
    """A page as it is shown.

    Attributes:
        url: Its address.
        source: What it came from.
        root: Its tree, form state included.
        focus: The element that has the focus.
        tree: The page as it was last read; None after an action.
        touched: Whether anything was typed or chosen on it.
    """

    url: str
    source: Source
    root: HtmlElement
    focus: HtmlElement | None = None
    tree: PageNode | None = None
    touched: bool = False

    @classmethod
    def of(cls, url: str, source: Source) -> Document:
        """The page that a source makes, as it was left."""
        made = cls(url, source, parse_page(source.content))
        if source.state is not None:
            restore_state(made.root, source.state)
            made.touched = True
        return made

    @property
    def title(self) -> str:
        """Its title in one line."""
        return " ".join((self.root.findtext(".//title") or "").split())

    def leave(self) -> None:
        """Notes what stands in its fields, for when somebody comes back."""
        if self.touched:
            self.source.state = form_state(self.root, parse_page(self.source.content))


@dataclass(slots=True)
class Tab:
    """A page and the addresses before and after it.

    Attributes:
        entries: Address and source of each page of its history.
        position: Of the one that is shown.
        document: That page; None in a tab that has opened nothing.
    """

    entries: list[tuple[str, Source]] = field(default_factory=list)
    position: int = -1
    document: Document | None = None

    def show(self, document: Document) -> None:
        """Goes on to a page; what lay ahead is forgotten."""
        if self.document is not None:
            self.document.leave()
        self._add(document.url, document.source)
        self.document = document

    def move_within(self, url: str) -> None:
        """Goes to another fragment of the same page."""
        assert self.document is not None, "a link was followed, so there is a page"
        if url != self.document.url:
            self._add(url, self.document.source)
            self.document.url = url

    def go(self, offset: int, reload: Callable[[str], Document], cached: Callable[[str], bytes | None]) -> None:
        """Moves in the history.

        Args:
            offset: -1 for back, 1 for forward.
            reload: Requests a page that no browser keeps.
            cached: What came last from an address.

        Raises:
            ActionTargetError: If there is no such entry, or its page came from a form and was not kept.
        """
        position = self.position + offset
        if not 0 <= position < len(self.entries):
            raise ActionTargetError(f"There is no {'earlier' if offset < 0 else 'later'} page in this tab.")
        url, source = self.entries[position]
        assert self.document is not None, "a tab with a history shows a page"
        if source is self.document.source:
            self.document.url = url
        elif source.kept:
            self.document.leave()
            if not source.posted:
                source.content = cached(url) or source.content
            self.document = Document.of(url, source)
        elif source.posted:
            raise ActionTargetError(NOT_KEPT)
        else:
            self.document.leave()
            self.document = reload(url)
            self.entries[position] = (self.document.url, self.document.source)
        self.position = position

    def _add(self, url: str, source: Source) -> None:
        self.entries[self.position + 1 :] = [(url, source)]
        self.position += 1
