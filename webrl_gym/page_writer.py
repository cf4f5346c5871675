"""Writes a page tree as lines of simplified HTML: what is kept of an element, and what it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from webrl_gym.types import PageNode

_SKIPPED = frozenset("script style noscript template head svg canvas object embed audio video datalist".split())
_INLINE = frozenset(
    "a abbr b bdi bdo button cite code data del dfn em font i img input ins kbd label mark q s samp select slot small "
    "span strike strong sub sup td textarea th time tt u var wbr".split()
)
_KEPT = frozenset("h1 h2 h3 h4 h5 h6 td th tr".split())
_BUTTON_TYPES = frozenset(("submit", "button", "reset", "image"))
_TOGGLES = frozenset(("checkbox", "radio"))
_CONTROLS = frozenset("a button input select textarea".split())
_CONTROL_ROLES = frozenset(
    "button link checkbox radio tab menuitem menuitemcheckbox menuitemradio option switch textbox searchbox combobox "
    "slider spinbutton treeitem".split()
)
_TOGGLE_ROLES = frozenset(("checkbox", "radio", "switch"))
_TEXT_ROLES = frozenset(("textbox", "searchbox"))
_LABELLED = frozenset(["input", "select", "textarea"])
NOTE_ROOM = 60
"""Characters kept free for each note about what is not shown."""


@dataclass(slots=True)
class Line:
    """One block of a page.

    Attributes:
        pieces: Texts, tags and controls in document order (the nodes that a window counts); joined by spaces they are
            the line.
        controls: Positions in ``pieces`` that are controls.
    """

    pieces: list[str] = field(default_factory=list)
    controls: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        """The line as the agent reads it."""
        return " ".join(self.pieces)

    def rest(self, start: int) -> Line:
        """The line without its first ``start`` pieces."""
        if start == 0:
            return self
        return Line(self.pieces[start:], {position - start for position in self.controls if position >= start})

    def clip(self, room: int) -> tuple[str, int]:
        """As much of the line as fits: all of its controls if they do, and plain text in what room they leave.

        Args:
            room: Most characters of the result.

        Returns:
            The text, which says how many characters it leaves out, and the number of pieces that it stands for: the
            line goes on after them.
        """
        room -= NOTE_ROOM
        end = self._run(room)
        if end == 0:
            return f"{self.pieces[0][:room]} [{len(self.pieces[0]) - room} characters left out]", 1
        kept, left_out = [], 0
        for position in sorted(range(end), key=lambda index: index not in self.controls):
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
        return f"{text} [{left_out} characters left out]" if left_out else text, end

    def _run(self, room: int) -> int:
        """Number of leading pieces whose controls fit into ``room`` characters."""
        for position, piece in enumerate(self.pieces):
            if position in self.controls:
                room -= len(piece) + 1
                if room < 0:
                    return position
        return len(self.pieces)


def visible_text(node: PageNode) -> str:
    """All visible text below a node, white space collapsed."""
    found: list[str] = []
    _add_texts(node, found)
    return " ".join(" ".join(found).split())


def is_hidden(node: PageNode) -> bool:
    """True for what no one sees: ``hidden``, ``type=hidden``, and elements that never show."""
    tag, attrs = node.tag, node.attrs
    if not attrs:
        return tag in _SKIPPED
    return tag in _SKIPPED or "hidden" in attrs or (tag == "input" and attrs.get("type", "").lower() == "hidden")


def _add_texts(node: PageNode, found: list[str]) -> None:
    if is_hidden(node):
        return
    if node.tag == "img":
        found.append(node.attrs.get("alt", ""))
    for child in node.children:
        if isinstance(child, str):
            found.append(child)
        elif node.tag != "select":
            _add_texts(child, found)


def _label_texts(body: PageNode) -> dict[str | int, str]:
    """Label text by the labelled control's ``id`` attribute, or by ``id(node)`` for a control inside its label."""
    found, known = [], set()
    for node in body.walk():
        if node.tag == "label":
            found.append(node)
        elif node.tag in _LABELLED and "id" in node.attrs:
            known.add(node.attrs["id"])
    labels: dict[str | int, str] = {}
    for label in found:
        text = visible_text(label).rstrip(" *:")
        if label.attrs.get("for") in known:
            labels[label.attrs["for"]] = text
        for inner in label.walk():
            if inner.tag in _LABELLED:
                labels[id(inner)] = text
    return labels


class PageWriter:
    """Collects lines while walking the tree once.

    Attributes:
        lines: What is written so far.
        elements: Element id to node, for every usable control.
    """

    def __init__(self, body: PageNode, identify: Callable[[PageNode], str] | None = None) -> None:
        """Prepares for the page below ``body``; ``identify`` gives a control its id, None counts them."""
        self.lines: list[Line] = []
        self.elements: dict[str, PageNode] = {}
        self._identify = identify
        self._labels = _label_texts(body)
        self._line = Line()
        self._flat = 0

    def text(self, text: str) -> None:
        """Writes plain text."""
        shown = _shown(text)
        if shown:
            self._line.pieces.append(shown)

    def end_line(self) -> None:
        """Begins a new line, unless the line holds nothing or a heading or row goes on."""
        if self._flat == 0 and self._line.pieces:
            self.lines.append(self._line)
            self._line = Line()

    def node(self, node: PageNode) -> None:
        """Writes an element and what is below it."""
        if not is_hidden(node):
            _WRITERS.get(node.tag, PageWriter._plain)(self, node)

    def _image(self, node: PageNode) -> None:
        self.text(node.attrs.get("alt", ""))

    def _plain(self, node: PageNode) -> None:
        """A control or a wrapper; blocks begin and end a line."""
        is_block = node.tag not in _INLINE
        if is_block:
            self.end_line()
        if _is_control(node):
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
        if node.attrs.get("for") in self._labels or any(inner.tag in _LABELLED for inner in node.walk()):
            self._inner_controls(node)
        else:
            self._children(node)

    def _inner_controls(self, node: PageNode) -> None:
        for child in node.children:
            if isinstance(child, str) or is_hidden(child):
                continue
            if _is_control(child):
                self.node(child)
            else:
                self._inner_controls(child)

    def _details(self, node: PageNode) -> None:
        self.end_line()
        is_open = "open" in node.attrs
        for child in node.children:
            if isinstance(child, PageNode) and child.tag == "summary":
                self._write_control(child, "summary", [f'expanded="{str(is_open).lower()}"'], visible_text(child))
                self._inner_controls(child)
                self.end_line()
            elif is_open:
                self.text(child) if isinstance(child, str) else self.node(child)
        self.end_line()

    def _kept(self, node: PageNode) -> None:
        """Headings and rows are lines of their own; what is inside them stays on the line.

        A heading or a cell that can be clicked holds the button that it is.
        """
        tag = node.tag
        starts_line = tag not in ("td", "th")
        if starts_line:
            self.end_line()
        self._flat += 1
        pieces = self._line.pieces
        mark = len(pieces)
        pieces.append(f"<{tag}>")
        if tag != "tr" and _is_control(node):
            self._made_control(node)
        else:
            self._children(node)
        if len(pieces) == mark + 1 and starts_line:
            pieces.pop()
        else:
            pieces.append(f"</{tag}>")
        self._flat -= 1
        if starts_line:
            self.end_line()

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
        elif node.tag in ("a", "button"):
            self._write_control(node, node.tag, _states(node), visible_text(node) or self._name(node))
            self._inner_controls(node)
        else:
            self._made_control(node)

    def _made_control(self, node: PageNode) -> None:
        """Something that a role or a script made a control of, as the control that it stands for."""
        role = node.attrs.get("role", "")
        text = visible_text(node)
        if role in _TEXT_ROLES or node.attrs.get("contenteditable", "false") != "false":
            self._write_control(node, "textarea", self._label_part(node), text)
        elif role in _TOGGLE_ROLES:
            name = self._label_part(node) or ([f'label="{_attribute(text)}"'] if text else [])
            self._write_control(node, "input", [f'type="{role}"', *name, *_states(node)], None)
        elif any(_is_control(inner) for inner in node.walk() if inner is not node):
            # What is inside can be used by itself, so the outer control is written around it.
            mark = len(self._line.pieces)
            self._write_control(node, node.tag, _states(node), None)
            self._children(node)
            if self._flat or mark < len(self._line.pieces):
                self._line.pieces.append(f"</{node.tag}>")
        else:
            tag = "a" if role == "link" else "button"
            self._write_control(node, tag, _states(node), text or self._name(node))

    def _input(self, node: PageNode, kind: str) -> None:
        parts = [] if kind in ("text", "search") else [f'type="{_attribute(kind)}"']
        parts.extend(self._label_part(node))
        if kind in _TOGGLES:
            parts.extend(["checked"] if "checked" in node.attrs else [])
        elif kind != "password" and node.attrs.get("value"):
            parts.append(f'value="{_attribute(node.attrs["value"])}"')
        self._write_control(node, "input", parts, None)

    def _select(self, node: PageNode) -> None:
        options = [inner for inner in node.walk() if inner.tag == "option" and "hidden" not in inner.attrs]
        chosen = [visible_text(option) for option in options if "selected" in option.attrs]
        parts = [*self._label_part(node), f'value="{_attribute(" | ".join(chosen))}"']
        if "multiple" in node.attrs:
            parts.append("multiple")
        self._write_control(node, "select", parts, " | ".join(visible_text(option) for option in options))

    def _write_control(self, node: PageNode, tag: str, parts: list[str], inner: str | None) -> None:
        if "disabled" in node.attrs or node.attrs.get("aria-disabled") == "true":
            head = "disabled"
        else:
            identity = self._identify(node) if self._identify else str(len(self.elements))
            self.elements[identity] = node
            head = f'id="{identity}"'
            self._line.controls.add(len(self._line.pieces))
        opening = " ".join((f"<{tag} {head}", *parts))
        shown = _shown(inner) if inner else ""
        closing = "" if inner is None else f" {shown} </{tag}>" if shown else f" </{tag}>"
        self._line.pieces.append(f"{opening}>{closing}")


_WRITERS = {
    **dict.fromkeys(_KEPT, PageWriter._kept),
    "label": PageWriter._label,
    "details": PageWriter._details,
    "img": PageWriter._image,
}


def _is_control(node: PageNode) -> bool:
    tag, attrs = node.tag, node.attrs
    if tag in _CONTROLS:
        return tag != "a" or "href" in attrs or "onclick" in attrs or attrs.get("role", "") in _CONTROL_ROLES
    if not attrs:
        return False
    if attrs.get("contenteditable", "false") != "false":
        return True
    return tag != "body" and (attrs.get("role", "") in _CONTROL_ROLES or "onclick" in attrs)


def _states(node: PageNode) -> list[str]:
    """What a script says of a control's state: checked or pressed, selected, expanded."""
    attrs = node.attrs
    states = []
    if "true" in (attrs.get("aria-checked"), attrs.get("aria-pressed")):
        states.append("checked")
    if attrs.get("aria-selected") == "true":
        states.append("selected")
    if attrs.get("aria-expanded") in ("true", "false"):
        states.append(f'expanded="{attrs["aria-expanded"]}"')
    return states


def _shown(text: str) -> str:
    """White space collapsed; a page's text cannot pass for a control."""
    return " ".join(text.split()).replace("<", "&lt;")


def _attribute(text: str) -> str:
    return _shown(text).replace('"', "&quot;")
