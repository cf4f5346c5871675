"""From a page tree to the simplified HTML that an agent reads (profile ``full``).

Pure: no browser, no database, no model. Both engines hand over the same tree for the same page, so both give the same
text. What stays of a page: its text, headings and tables, and every usable control with an ``id``, a name and its
state. What goes: layout, scripts, hidden parts, wrappers. One block of the page is one line::

    <h1> My Orders </h1>
    <tr> <th> Order # </th> <th> Date </th> <th> Status </th> </tr>
    <tr> <td> 000000170 </td> <td> 5/17/23 </td> <td> Canceled </td> <td> <a id="9"> View Order </a> </td> </tr>
    <select id="10" label="Sort By" value="Position"> Position | Product Name | Price </select>

A page longer than the budget is read through a window of whole lines that Scroll moves; the first and the last line
then say what lies above and below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from webrl_gym.types import PageNode, PageSnapshot

DEFAULT_BUDGET = 16_000
"""Longest observation text, in characters."""

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "canvas",
        "object",
        "embed",
        "audio",
        "video",
        "datalist",
    ]
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "button",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "select",
        "slot",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "textarea",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "td",
        "th",
    ]
)
_KEPT = frozenset("h1 h2 h3 h4 h5 h6 td th tr".split())
_BUTTON_TYPES = frozenset(("submit", "button", "reset", "image"))
_TOGGLES = frozenset(("checkbox", "radio"))
_CONTROL_ROLES = frozenset("button link checkbox radio tab menuitem option switch textbox combobox".split())
_LABELLED = frozenset(["input", "select", "textarea"])
_NOTE_ROOM = 60


@dataclass(slots=True)
class Line:
    """One block of a page.

    Attributes:
        pieces: Texts, tags and controls in document order; joined by spaces they are the line.
        controls: Positions in ``pieces`` that are controls.
    """

    pieces: list[str] = field(default_factory=list)
    controls: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        """The line as the agent reads it."""
        return " ".join(self.pieces)

    def clip(self, room: int) -> str:
        """The line cut to ``room`` characters: plain text goes before controls."""
        kept, left_out = [], 0
        room -= _NOTE_ROOM
        for position in sorted(range(len(self.pieces)), key=lambda index: index not in self.controls):
            piece = self.pieces[position]
            if position not in self.controls and len(piece) > room > 0:
                left_out += len(piece) - room
                piece = piece[:room]
            if len(piece) <= room:
                kept.append((position, piece))
                room -= len(piece) + 1
            else:
                left_out += len(piece)
        text = " ".join(piece for _, piece in sorted(kept))
        return f"{text} [{left_out} characters left out]"


@dataclass(frozen=True, slots=True)
class SimplifiedPage:
    """A page as text, with what its element ids stand for.

    Attributes:
        lines: The page's blocks in document order, without the window applied.
        elements: Element id to node, for every usable control of the whole page.
    """

    lines: tuple[Line, ...]
    elements: dict[str, PageNode]

    def window(self, start: int, budget: int) -> tuple[str, int]:
        """The text that fits, beginning at line ``start``.

        Args:
            start: Index of the first line; values past the last line give an empty window.
            budget: Most characters of the result, at least 200.

        Returns:
            The text, and the index of the first line below it.
        """
        head = f"[{start} lines above: Scroll Up to see them]" if start else ""
        room = budget - len(head) - _NOTE_ROOM
        shown: list[str] = []
        end = start
        for line in self.lines[start:]:
            text = str(line)
            if len(text) >= room:
                if not shown:
                    shown.append(line.clip(room))
                    end += 1
                break
            shown.append(text)
            room -= len(text) + 1
            end += 1
        below = len(self.lines) - end
        tail = f"[{below} lines below: Scroll Down to see them]" if below > 0 else ""
        return "\n".join(part for part in (head, *shown, tail) if part), end


def simplify(snapshot: PageSnapshot) -> SimplifiedPage:
    """Simplifies a page; ids count the usable controls in document order, from 0."""
    writer = _Writer(_label_texts(snapshot.body))
    if len(snapshot.tabs) > 1:
        names = (
            f"{'*' if index == snapshot.current_tab else ''}{index}: {title}"
            for index, title in enumerate(snapshot.tabs)
        )
        writer.text(f"[tabs {' | '.join(names)}]")
        writer.end_line()
    writer.node(snapshot.body)
    writer.end_line()
    return SimplifiedPage(tuple(writer.lines), writer.elements)


def visible_text(node: PageNode) -> str:
    """All visible text below a node, white space collapsed."""
    return " ".join(" ".join(_texts(node)).split())


def is_hidden(node: PageNode) -> bool:
    """True for what no one sees: ``hidden``, ``type=hidden``, and elements that never show."""
    return (
        node.tag in _SKIPPED
        or "hidden" in node.attrs
        or (node.tag == "input" and node.attrs.get("type", "").lower() == "hidden")
    )


def _texts(node: PageNode) -> Iterator[str]:
    if is_hidden(node):
        return
    if node.tag == "img":
        yield node.attrs.get("alt", "")
    for child in node.children:
        if isinstance(child, str):
            yield child
        elif node.tag != "select":
            yield from _texts(child)


def _walk(node: PageNode) -> Iterator[PageNode]:
    yield node
    for child in node.children:
        if isinstance(child, PageNode):
            yield from _walk(child)


def _label_texts(body: PageNode) -> dict[str | int, str]:
    """Label text by the labelled control's ``id`` attribute, or by ``id(node)`` for a control inside its label."""
    labels: dict[str | int, str] = {}
    known = {node.attrs["id"] for node in _walk(body) if node.tag in _LABELLED and "id" in node.attrs}
    for node in _walk(body):
        if node.tag != "label":
            continue
        text = visible_text(node).rstrip(" *:")
        if node.attrs.get("for") in known:
            labels[node.attrs["for"]] = text
        for inner in _walk(node):
            if inner.tag in _LABELLED:
                labels[id(inner)] = text
    return labels


class _Writer:
    """Collects lines while walking the tree once."""

    def __init__(self, labels: dict[str | int, str]) -> None:
        self.lines: list[Line] = []
        self.elements: dict[str, PageNode] = {}
        self._labels = labels
        self._line = Line()
        self._flat = 0

    def text(self, text: str) -> None:
        shown = _shown(text)
        if shown:
            self._line.pieces.append(shown)

    def end_line(self) -> None:
        if self._flat == 0 and self._line.pieces:
            self.lines.append(self._line)
            self._line = Line()

    def node(self, node: PageNode) -> None:
        if is_hidden(node):
            return
        if node.tag == "label":
            self._label(node)
        elif node.tag == "details":
            self._details(node)
        elif node.tag in _KEPT:
            self._kept(node)
        elif node.tag == "img":
            self.text(node.attrs.get("alt", ""))
        else:
            self._plain(node)

    def _plain(self, node: PageNode) -> None:
        """A control or a wrapper; blocks begin and end a line."""
        is_block = node.tag not in _INLINE
        if is_block:
            self.end_line()
        if self._is_control(node):
            self._control(node)
        else:
            self._children(node)
        if is_block:
            self.end_line()

    def _children(self, node: PageNode) -> None:
        for child in node.children:
            if isinstance(child, str):
                self.text(child)
            else:
                self.node(child)

    def _label(self, node: PageNode) -> None:
        """A label's text is the name of its control, so only the control is written."""
        controls = [inner for inner in _walk(node) if inner.tag in _LABELLED]
        if controls:
            for control in controls:
                self.node(control)
        elif node.attrs.get("for") not in self._labels:
            self._children(node)

    def _details(self, node: PageNode) -> None:
        self.end_line()
        is_open = "open" in node.attrs
        for child in node.children:
            if isinstance(child, PageNode) and child.tag == "summary":
                self._write_control(child, "summary", [f'expanded="{str(is_open).lower()}"'], visible_text(child))
                self.end_line()
            elif is_open:
                self.text(child) if isinstance(child, str) else self.node(child)
        self.end_line()

    def _kept(self, node: PageNode) -> None:
        """Headings and rows are lines of their own; what is inside them stays on the line."""
        starts_line = node.tag not in ("td", "th")
        if starts_line:
            self.end_line()
        self._flat += 1
        mark = len(self._line.pieces)
        self._line.pieces.append(f"<{node.tag}>")
        self._children(node)
        if len(self._line.pieces) == mark + 1 and starts_line:
            self._line.pieces.pop()
        else:
            self._line.pieces.append(f"</{node.tag}>")
        self._flat -= 1
        if starts_line:
            self.end_line()

    @staticmethod
    def _is_control(node: PageNode) -> bool:
        attrs = node.attrs
        return (
            node.tag in ("button", "input", "select", "textarea")
            or (node.tag == "a" and "href" in attrs)
            or attrs.get("role", "") in _CONTROL_ROLES
            or attrs.get("contenteditable", "false") != "false"
            or "onclick" in attrs
        )

    def _name(self, node: PageNode) -> str:
        attrs = node.attrs
        label = self._labels.get(id(node)) or self._labels.get(attrs.get("id", "")) or ""
        return label or attrs.get("aria-label") or attrs.get("placeholder") or attrs.get("title") or ""

    def _label_part(self, node: PageNode) -> list[str]:
        name = self._name(node)
        return [f'label="{_attribute(name)}"'] if name else []

    def _control(self, node: PageNode) -> None:
        attrs = node.attrs
        kind = attrs.get("type", "text").lower()
        if node.tag == "input" and kind in _BUTTON_TYPES:
            self._write_control(node, "button", [], attrs.get("value") or self._name(node) or kind.capitalize())
        elif node.tag == "input":
            self._input(node, kind)
        elif node.tag == "select":
            self._select(node)
        elif node.tag == "textarea":
            self._write_control(node, "textarea", self._label_part(node), attrs.get("value", ""))
        else:
            tag = "a" if node.tag == "a" else "button"
            self._write_control(node, tag, [], visible_text(node) or self._name(node))

    def _input(self, node: PageNode, kind: str) -> None:
        parts = [] if kind in ("text", "search") else [f'type="{_attribute(kind)}"']
        parts.extend(self._label_part(node))
        if kind in _TOGGLES:
            parts.extend(["checked"] if "checked" in node.attrs else [])
        elif kind != "password" and node.attrs.get("value"):
            parts.append(f'value="{_attribute(node.attrs["value"])}"')
        self._write_control(node, "input", parts, None)

    def _select(self, node: PageNode) -> None:
        options = [inner for inner in _walk(node) if inner.tag == "option" and "hidden" not in inner.attrs]
        chosen = [visible_text(option) for option in options if "selected" in option.attrs]
        parts = [*self._label_part(node), f'value="{_attribute(" | ".join(chosen))}"']
        if "multiple" in node.attrs:
            parts.append("multiple")
        self._write_control(node, "select", parts, " | ".join(visible_text(option) for option in options))

    def _write_control(self, node: PageNode, tag: str, parts: list[str], inner: str | None) -> None:
        if "disabled" in node.attrs:
            head = "disabled"
        else:
            identity = str(len(self.elements))
            self.elements[identity] = node
            head = f'id="{identity}"'
            self._line.controls.add(len(self._line.pieces))
        opening = " ".join([f"<{tag} {head}", *parts]) + ">"
        shown = _shown(inner or "")
        closing = "" if inner is None else f" {shown} </{tag}>" if shown else f" </{tag}>"
        self._line.pieces.append(opening + closing)


def _shown(text: str) -> str:
    """White space collapsed; a page's text cannot pass for a control."""
    return " ".join(text.split()).replace("<", "&lt;")


def _attribute(text: str) -> str:
    return _shown(text).replace('"', "&quot;")
