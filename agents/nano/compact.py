"""The nano model's own serialisation: simplified HTML and actions with one token for each piece of structure.

Pages: ``<a id="9"> View Order </a>`` becomes ``<|a|> View Order<|9|>``. There are no closing tags, and an element's id
stands after its text, where a model that reads from left to right has already read what it is the id of. The mapping is
one to one for every text: a line that the short form could not give back exactly is kept as it is behind ``<|raw|>``,
and a literal ``<|`` is written ``<<|esc|>|``.

Actions: ``do(action="Type", argument="Ada", element="7")`` becomes ``<|Type|><|7|> Ada``.

Words after an opening quote or bracket get a space before them, so that a copied word is the same token wherever it
stands.
"""

from __future__ import annotations

import re
from functools import lru_cache

from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.errors import ActionSyntaxError

CONTROLS = ("a", "button", "input", "select", "textarea", "summary")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
CELLS = ("td", "th")
ATTRIBUTES = ("type", "label", "value", "expanded")
FLAGS = ("checked", "multiple")
ELEMENT_IDS = 200
"""Element ids below this are one token each; larger ones are written in digits."""

_ARGUMENT_KINDS = frozenset(
    (
        ActionKind.TYPE,
        ActionKind.SEARCH,
        ActionKind.SWITCH_TAB,
        ActionKind.SELECT_DROPDOWN_OPTION,
        ActionKind.EXIT,
    )
)
_RAW = "<|raw|>"
_ESCAPE = "<|esc|>"

_TAG = re.compile(
    r"<(?P<close>/)?(?P<name>a|button|input|select|textarea|summary|h[1-6]|tr|td|th)"
    r'(?P<attributes>(?: (?:[a-z]+="[^"]*"|disabled|checked|multiple))*)>'
)
_ATTRIBUTE = re.compile(r' ([a-z]+)(?:="([^"]*)")?')
_STRUCTURE = re.compile(r"<\|id\|>(\d+)|<\|(?!esc\|)(\w[\w ]*)\|>")
_ACTION = re.compile(
    rf"<\|(?P<kind>{'|'.join(kind.value for kind in ActionKind)})\|>"
    r"(?:<\|(?P<element>\d+)\|>|<\|id\|>(?P<long>.*?)<\|text\|>)?",
    re.DOTALL,
)
_LOOSE = re.compile(r"""(?<!\S)(["'(\[#@“‘„]++)(?!\Z)""")
_TIGHT = re.compile(r"""(?<!\S)(["'(\[#@“‘„]+) """)


def structure_tokens() -> list[str]:
    """Every structure token, in the order of their ids."""
    names = [
        "pad",
        "end",
        "task",
        "history",
        "error",
        "page",
        "action",
        "yes",
        "no",
        "tr",
        *CELLS,
        *HEADINGS,
        *CONTROLS,
        *ATTRIBUTES,
        *FLAGS,
        "text",
        "disabled",
        "id",
        "raw",
        "esc",
        *(kind.value for kind in ActionKind),
        *(str(number) for number in range(ELEMENT_IDS)),
    ]
    return [f"<|{name}|>" for name in names]


def loosen(text: str) -> str:
    """Puts a space after opening quotes and brackets; ``tighten`` is the inverse."""
    return _LOOSE.sub(r"\1 ", text)


def tighten(text: str) -> str:
    """Takes the spaces out again that ``loosen`` put in."""
    return _TIGHT.sub(r"\1", text)


def escape(text: str) -> str:
    """Plain text in the compact form: loosened, and free of anything that looks like structure."""
    return loosen(text).replace("<|", f"<{_ESCAPE}|")


def unescape(text: str) -> str:
    """The inverse of ``escape``."""
    return tighten(text.replace(f"<{_ESCAPE}|", "<|"))


def to_compact(html: str) -> str:
    """A page of simplified HTML in the compact form, line by line."""
    return "\n".join(compact_line(line) for line in html.split("\n"))


def from_compact(text: str) -> str:
    """The simplified HTML that ``to_compact`` was given."""
    return "\n".join(html_line(line) for line in text.split("\n"))


@lru_cache(maxsize=16_384)
def compact_line(line: str) -> str:
    """One line in the compact form; ``html_line`` is the inverse for every line."""
    compact = _shorten(line)
    return compact if _lengthen(compact) == line else _RAW + escape(line)


def html_line(compact: str) -> str:
    """The line that ``compact_line`` was given."""
    return unescape(compact[len(_RAW) :]) if compact.startswith(_RAW) else _lengthen(compact)


def _shorten(line: str) -> str:
    parts: list[str] = []
    identity = ""
    position = 0
    for match in _TAG.finditer(line):
        parts.append(_inner(line[position : match.start()], is_last=False))
        position = match.end()
        name = match["name"]
        if match["close"]:
            if name in CONTROLS:
                parts.append(identity)
            continue
        parts.append(f"<|{name}|>")
        identity = ""
        for key, value in _ATTRIBUTE.findall(match["attributes"]):
            if key == "id":
                identity = f"<|{value}|>" if value.isdecimal() and int(value) < ELEMENT_IDS else f"<|id|>{value}"
            elif key == "disabled":
                identity = "<|disabled|>"
            elif key in FLAGS:
                parts.append(f"<|{key}|>")
            else:
                parts.append(f"<|{key}|>" + escape(f" {value}" if value else ""))
        if name == "input":
            parts.append(identity)
        elif name in ("select", "textarea", "summary"):
            parts.append("<|text|>")
    parts.append(_inner(line[position:], is_last=True))
    return "".join(parts)


def _inner(text: str, *, is_last: bool) -> str:
    """Text between two tags, without the one space that stands before a tag."""
    return escape(text if is_last else text.removesuffix(" "))


class _LineWriter:
    """Writes one line of simplified HTML from its compact form."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self._cell_or_block: list[str] = []
        self._control: str | None = None
        self._attributes: list[str] = []
        self._inner = ""
        self._in_attribute = False

    def text(self, text: str) -> None:
        plain = unescape(text)
        if self._control is None:
            self.out.append(plain)
        elif self._in_attribute:
            self._attributes[-1] = self._attributes[-1][:-1] + plain.removeprefix(" ") + '"'
        else:
            self._inner += plain

    def structure(self, name: str) -> None:
        if name in CONTROLS:
            self._open(name)
            self._control, self._attributes, self._inner, self._in_attribute = name, [], "", False
        elif name in ATTRIBUTES:
            self._attributes.append(f'{name}=""')
            self._in_attribute = True
        elif name in FLAGS:
            self._attributes.append(name)
        elif name == "text":
            self._in_attribute = False
        elif name in ("tr", *CELLS, *HEADINGS):
            self._open_block(name)
        else:
            self._close_control("disabled" if name == "disabled" else f'id="{name}"')

    def finish(self) -> str:
        while self._cell_or_block:
            self.out.append(f" </{self._cell_or_block.pop()}>")
        return "".join(self.out)

    def _open(self, name: str) -> None:
        if self.out:
            self.out.append(" ")
        self.out.append(f"<{name}")

    def _open_block(self, name: str) -> None:
        if name in CELLS and self._cell_or_block and self._cell_or_block[-1] in CELLS:
            self.out.append(f" </{self._cell_or_block.pop()}>")
        self._open(name)
        self.out.append(">")
        self._cell_or_block.append(name)

    def _close_control(self, head: str) -> None:
        self.out.append(" ".join([f" {head}", *self._attributes]) + ">")
        if self._control != "input":
            self.out.append(f"{self._inner} </{self._control}>")
        self._control = None


def _lengthen(compact: str) -> str:
    writer = _LineWriter()
    position = 0
    for match in _STRUCTURE.finditer(compact):
        if match.start() > position:
            writer.text(compact[position : match.start()])
        writer.structure(match[1] or match[2])
        position = match.end()
    if position < len(compact):
        writer.text(compact[position:])
    return writer.finish()


def compact_action(text: str) -> str:
    """An action in the compact form, comments left out; a text that is no action is kept behind ``<|raw|>``."""
    try:
        action = parse_action(text)
    except ActionSyntaxError:
        return _RAW + escape(f" {text}")
    element = ""
    if action.element is not None:
        is_short = re.fullmatch(r"0|[1-9]\d{0,8}", action.element) and int(action.element) < ELEMENT_IDS
        element = f"<|{action.element}|>" if is_short else f"<|id|>{escape(action.element)}<|text|>"
    argument = escape(f" {action.argument}") if action.argument else ""
    return f"<|{action.kind.value}|>{element}{argument}"


def expand_action(compact: str) -> str:
    """The action language's text of a compact action; the inverse of ``compact_action`` on canonical actions.

    What a model wrote may not be an action; then the text is as near to one as it gets, and the environment answers
    it with an action error.
    """
    if compact.startswith(_RAW):
        return unescape(compact[len(_RAW) :]).removeprefix(" ")
    match = _ACTION.match(compact)
    if match is None:
        return unescape(compact)
    kind = ActionKind(match["kind"])
    element = match["element"] if match["long"] is None else unescape(match["long"])
    rest = compact[match.end() :]
    argument = unescape(rest).removeprefix(" ") if rest or kind in _ARGUMENT_KINDS else None
    return format_action(Action(kind, element=element, argument=argument))
