"""The text of an element as a person sees it (``innerText`` of the HTML standard), as far as tags alone tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

_BLOCKS = frozenset(
    "address article aside blockquote body dd details dialog div dl dt fieldset figure figcaption footer form h1 h2 h3 "
    "h4 h5 h6 header hgroup hr html legend li main nav ol optgroup option pre search section summary table tbody td "
    "tfoot th thead tr ul caption".split()
)
_UNSEEN = frozenset("script style noscript template head title input textarea img iframe video audio object".split())
_CELLS = frozenset(("td", "th"))
_SPACE = re.compile(r"[ \t\n\r\f]+")
_SPACED_OUT = 2
_Piece = str | int
"""A text, or a number of line breaks that must be between what stands before and after."""
_LINE = "\n"
_CELL_END = "\t"


def seen_text(element: HtmlElement) -> str:
    """Text as a person sees it: hidden parts left out, white space collapsed, blocks on lines of their own.

    Styles are not known: what they hide or lay out otherwise is read as the tags say.
    """
    if element.tag in ("textarea", "input"):
        return ""
    text, run, breaks = "", list[str](), 0
    for piece in (*_contents(element), 0):
        if isinstance(piece, str):
            run.append(piece)
            continue
        seen = _collapsed(run)
        if seen:
            text += _LINE * (breaks if text else 0) + seen
            breaks = 0
        breaks = max(breaks, piece)
        run.clear()
    return text


def _collapsed(run: list[str]) -> str:
    """Texts of one block, each line and cell without white space around it."""
    parts, between = [""], list[str]()
    for piece in run:
        if piece in (_LINE, _CELL_END):
            between.append(piece)
            parts.append("")
        else:
            parts[-1] += piece
    seen = [_SPACE.sub(" ", part).strip(" ") for part in parts]
    return seen[0] + "".join(mark + part for mark, part in zip(between, seen[1:], strict=True))


def _pieces(element: HtmlElement) -> Iterator[_Piece]:
    tag = element.tag
    if not isinstance(tag, str) or tag in _UNSEEN or element.get("hidden") is not None:
        return
    if tag == "br":
        yield _LINE
        return
    breaks = _SPACED_OUT if tag == "p" else 1
    is_block = (tag == "p" or tag in _BLOCKS) and tag not in _CELLS
    if is_block:
        yield breaks
    yield from _contents(element)
    if tag in _CELLS and any(sibling.tag in _CELLS for sibling in element.itersiblings()):
        yield _CELL_END
    if is_block:
        yield breaks


def _contents(element: HtmlElement) -> Iterator[_Piece]:
    closed = element.tag == "details" and element.get("open") is None
    if element.text and not closed:
        yield element.text.replace(_LINE, " ").replace(_CELL_END, " ")
    for child in element:
        if not closed or child.tag == "summary":
            yield from _pieces(child)
        if child.tail and not closed:
            yield child.tail.replace(_LINE, " ").replace(_CELL_END, " ")
