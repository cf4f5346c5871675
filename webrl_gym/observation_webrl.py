"""The text that WebRL's released policies read (profile ``webrl``), from a page as ``layout.js`` reads it.

Pure: no browser, no model. Nested tags, one line, only what is in the viewport; boxes are x, y, width and height in CSS
pixels. What can be clicked is numbered in document order::

    <tr data-bbox="10,31,310,23"> <td data-text="000001" data-bbox="10,31,50,23"> 000001 </td>
    <a id="2" data-text="Order 1" data-bbox="63,34,49,17"> Order 1 </a> </tr>

The format is that of VisualAgentBench's ``html_tools``: text is not escaped, and only text before an element's first
child is written out; what follows stands in its ``data-text``.
"""

from __future__ import annotations

from dataclasses import dataclass

from webrl_gym.types import PageNode, PageSnapshot

_ATTRIBUTES = (
    "title",
    "value",
    "type",
    "placeholder",
    "selected",
    "data-value",
    "data-text",
    "data-testid",
    "data-label",
    "data-bbox",
    "data-status",
)
_LONGEST = 500
"""Longest text and longest attribute value, in characters."""


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """A page's viewport as text, with what its element ids stand for.

    Attributes:
        text: What the policy reads; not limited in length.
        elements: Element id to node.
    """

    text: str
    elements: dict[str, PageNode]


def simplify_webrl(snapshot: PageSnapshot) -> LayoutPage:
    """Writes the viewport of a page as the released policies read it.

    Args:
        snapshot: A page read for profile ``webrl``: its ``body`` is the document, whose elements are those that are
            written, with their ``id`` and ``data-`` attributes.
    """
    elements: dict[str, PageNode] = {}
    return LayoutPage(_parts(snapshot.body, elements), elements)


def _parts(node: PageNode, elements: dict[str, PageNode]) -> str:
    texts = (
        child.strip()[:_LONGEST] if isinstance(child, str) else _element(child, elements) for child in node.children
    )
    return " ".join(text for text in texts if text)


def _element(node: PageNode, elements: dict[str, PageNode]) -> str:
    attrs = node.attrs
    opening = node.tag
    if "id" in attrs:
        elements[attrs["id"]] = node
        opening += f' id="{attrs["id"]}"'
    written = {""}
    for name in _ATTRIBUTES:
        # A value that an earlier attribute has shown is not repeated.
        if name in attrs and (value := attrs[name].strip()[:_LONGEST]) not in written:
            written.add(value)
            opening += f' {name}="{value}"'
    inner = _parts(node, elements)
    return f"<{opening}> {inner} </{node.tag}>" if inner else f"<{opening}> </{node.tag}>"
