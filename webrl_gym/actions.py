"""The action language: text to ``Action`` and back.

This is the language that WebRL's released policies write (arXiv 2411.02337, figure 11)::

    # Element: the link "My Orders"
    do(action="Click", element="7")

``parse_action`` and ``format_action`` are inverse to each other. Nothing here is ever evaluated as code, and nothing
here knows a page: whether element 7 exists is the engine's question.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from webrl_gym.errors import ActionSyntaxError, ActionTargetError
from webrl_gym.wellformed import well_formed

MAX_ACTION_LENGTH = 16_384
"""Longest action that is read, in characters."""


class ActionKind(StrEnum):
    """Everything an agent can do, by the words it writes."""

    CLICK = "Click"
    RIGHT_CLICK = "Right Click"
    TYPE = "Type"
    SEARCH = "Search"
    HOVER = "Hover"
    SCROLL_UP = "Scroll Up"
    SCROLL_DOWN = "Scroll Down"
    PRESS_ENTER = "Press Enter"
    SWITCH_TAB = "Switch Tab"
    SELECT_DROPDOWN_OPTION = "Select Dropdown Option"
    WAIT = "Wait"
    EXIT = "exit"
    GO_BACKWARD = "go_backward"
    GO_FORWARD = "go_forward"


_NEEDS_ELEMENT = {
    ActionKind.CLICK,
    ActionKind.RIGHT_CLICK,
    ActionKind.TYPE,
    ActionKind.SEARCH,
    ActionKind.HOVER,
    ActionKind.SELECT_DROPDOWN_OPTION,
}
_NEEDS_ARGUMENT = {
    ActionKind.TYPE,
    ActionKind.SEARCH,
    ActionKind.SWITCH_TAB,
    ActionKind.SELECT_DROPDOWN_OPTION,
}
_TAKES_ARGUMENT = _NEEDS_ARGUMENT | {ActionKind.EXIT}
_TAKES_ELEMENT = _NEEDS_ELEMENT | {
    ActionKind.PRESS_ENTER,
    ActionKind.SCROLL_DOWN,
    ActionKind.SCROLL_UP,
}
_CALLS = {
    "exit": ActionKind.EXIT,
    "go_backward": ActionKind.GO_BACKWARD,
    "go_forward": ActionKind.GO_FORWARD,
}
_DO_KINDS = {kind.value.lower().replace("_", " "): kind for kind in ActionKind if kind is not ActionKind.EXIT}


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the agent.

    Attributes:
        kind: What to do.
        element: Id of the element on the page as the agent read it; None for actions without one.
        argument: Text to type, option to select, tab to switch to or answer to give.
        comments: The ``# Element:`` and ``# Note:`` lines before the action, without the leading ``#``.
    """

    kind: ActionKind
    element: str | None = None
    argument: str | None = None
    comments: tuple[str, ...] = ()


def click(element: str) -> Action:
    """``do(action="Click", element=...)``."""
    return Action(ActionKind.CLICK, element=element)


def type_text(element: str, text: str) -> Action:
    """``do(action="Type", argument=..., element=...)``: replaces what the field holds."""
    return Action(ActionKind.TYPE, element=element, argument=text)


def search(element: str, text: str) -> Action:
    """``do(action="Search", argument=..., element=...)``: types and presses Enter."""
    return Action(ActionKind.SEARCH, element=element, argument=text)


def select_option(element: str, option: str) -> Action:
    """``do(action="Select Dropdown Option", argument=..., element=...)``."""
    return Action(ActionKind.SELECT_DROPDOWN_OPTION, element=element, argument=option)


def switch_tab(number: int) -> Action:
    """Turns to another tab; tabs count from 0."""
    return Action(ActionKind.SWITCH_TAB, argument=str(number))


def leave(message: str = "") -> Action:
    """``exit(message=...)``: ends the episode with an answer, which may be empty."""
    return Action(ActionKind.EXIT, argument=message)


def format_action(action: Action) -> str:
    """Writes an action in the action language."""
    lines = [f"# {comment}" for comment in action.comments]
    if action.kind is ActionKind.EXIT:
        lines.append(f"exit(message={_quote(action.argument or '')})")
    elif action.kind in _CALLS.values():
        lines.append(f"{action.kind.value}()")
    else:
        parts = [f"action={_quote(action.kind.value)}"]
        if action.argument is not None:
            parts.append(f"argument={_quote(action.argument)}")
        if action.element is not None:
            parts.append(f"element={_quote(action.element)}")
        lines.append(f"do({', '.join(parts)})")
    return "\n".join(lines)


def parse_action(text: str) -> Action:
    """Reads one action.

    Args:
        text: What the agent wrote: any number of comment lines, then one call. A comment may go on in lines of its own
            without a mark, and may stand behind the call, as released policies write them.

    Returns:
        The action, complete: elements and arguments are there where the kind needs them.

    Raises:
        ActionSyntaxError: If the text is not exactly one action; the message says what was expected.
    """
    if len(text) > MAX_ACTION_LENGTH:
        raise ActionSyntaxError(f"The action has {len(text)} characters; at most {MAX_ACTION_LENGTH} are read.")
    before, call = _split_comments(text)
    call, behind = _cut_behind(call)
    comments = before + behind
    name, arguments = _parse_call(call)
    if name in _CALLS:
        return _bare_action(_CALLS[name], arguments, comments)
    if name == "do":
        return _do_action(arguments, comments)
    raise ActionSyntaxError(
        f'There is no function "{_shorten(name)}"; use do(...), exit(...), go_backward() or go_forward().'
    )


def tab_number(argument: str, tabs: int) -> int:
    """The tab that a Switch Tab names.

    Args:
        argument: What the agent wrote.
        tabs: Number of open tabs.

    Raises:
        ActionTargetError: If it names none.
    """
    wanted = argument.strip()
    if re.fullmatch("[0-9]{1,4}", wanted) is None or int(wanted) >= tabs:
        raise ActionTargetError(f'There is no tab "{_shorten(wanted)}"; tabs are numbered 0 to {tabs - 1}.')
    return int(wanted)


def describe_action(text: str, page: str) -> str:
    """An action in words that a reader of the history understands without the page.

    Args:
        text: An action of the language, or any other text.
        page: Simplified HTML of the page it was written for, to name the element.

    Returns:
        For example ``Click "My Orders"``, ``Type "5" in "Qty"`` or ``No action: hello``.
    """
    try:
        action = parse_action(text)
    except ActionSyntaxError:
        return _in_short(f"No action: {' '.join(text[:MAX_ACTION_LENGTH].split())}")
    name = "" if action.element is None else _element_name(action.element, page)
    argument = _in_short(" ".join((action.argument or "").split()))
    verb = _VERBS.get(action.kind, action.kind.value)
    if action.kind is ActionKind.EXIT:
        return f'{verb} "{argument}"'
    if action.argument is not None:
        return f'{verb} "{argument}"' + (f" in {name}" if name else "")
    return f"{verb} {name}".rstrip()


MAX_DESCRIPTION_LENGTH = 160
"""Longest name or argument in the description of an action, in characters."""

_VERBS = {
    ActionKind.EXIT: "Exit",
    ActionKind.GO_BACKWARD: "Go back",
    ActionKind.GO_FORWARD: "Go forward",
    ActionKind.SELECT_DROPDOWN_OPTION: "Select",
}
_NAMES = tuple(re.compile(f' {name}="([^"]+)"') for name in ("label", "data-text", "placeholder"))
"""Attributes that name an element: the label in profile ``full``, the others in ``webrl``."""


def _in_short(text: str) -> str:
    return text if len(text) <= MAX_DESCRIPTION_LENGTH else text[: MAX_DESCRIPTION_LENGTH - 1] + "…"


def _element_name(identity: str, page: str) -> str:
    """What a person would call an element: its label or another name, else its text, else its number."""
    opening = re.search(rf'<(\w+) id="{re.escape(identity)}"((?: [a-z-]+(?:="[^"]*")?)*)>', page)
    if opening is None:
        return f"element {_in_short(identity)}"
    names = (pattern.search(opening[2]) for pattern in _NAMES)
    text = next((html.unescape(name[1]).strip() for name in names if name), "")
    if not text and opening[1] != "input":
        text = page[opening.end() :].partition(f"</{opening[1]}>")[0].partition("\n")[0].strip()
    return f'"{_in_short(text)}"' if text else f"{opening[1]} {identity}"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(r"""((?:\\u[0-9A-Fa-f]{4})+)|\\([\\"'nrt])""")
_CALL = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)\s*\((.*)\)\s*;?", re.DOTALL)
_WHOLE_CALL = re.compile(
    r"""[A-Za-z_][A-Za-z_0-9]*\s*\((?:[^"'()#]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\)\s*;?""", re.DOTALL
)
_CALL_LINE = re.compile(rf"^[^\S\n]*(?:do|{'|'.join(_CALLS)})\s*\(", re.MULTILINE | re.IGNORECASE)
_ARGUMENT = re.compile(
    r"""\s*(?:([A-Za-z_]+)\s*=\s*)?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\d+|None))\s*(,|$)""", re.DOTALL
)


def _quote(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


def _unquote(text: str) -> str:
    """What Python reads a literal as; a backslash before anything else stands for itself."""
    return _ESCAPED.sub(lambda match: _characters(match[1]) if match[1] else _UNESCAPES[match[2]], text)


def _characters(escapes: str) -> str:
    units = bytes.fromhex(escapes.replace("\\u", ""))  # two of them may be one character
    return well_formed(units.decode("utf-16-be", "replace"))


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _split_comments(text: str) -> tuple[tuple[str, ...], str]:
    comments: list[str] = []
    rest = text.strip()
    while rest.startswith("#"):
        line, _, rest = rest.partition("\n")
        comments.append(line[1:].strip())
        rest = rest.lstrip()
    call = _CALL_LINE.search(rest) if comments else None
    if call is not None:
        comments += _comments_of(rest[: call.start()])
        rest = rest[call.start() :].lstrip()
    return tuple(comments), rest


def _cut_behind(call: str) -> tuple[str, tuple[str, ...]]:
    """A call without the comments behind it."""
    match = _WHOLE_CALL.match(call)
    behind = [] if match is None else [line for line in call[match.end() :].split("\n") if line.strip()]
    if match is None or not all(line.lstrip().startswith("#") for line in behind):
        return call, ()
    return match[0], tuple(_comments_of("\n".join(behind)))


def _comments_of(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.strip():
            yield line.strip().removeprefix("#").strip()


def _parse_call(call: str) -> tuple[str, dict[str, str]]:
    if not call:
        raise ActionSyntaxError('There is no action; write one, for example do(action="Click", element="0").')
    match = _CALL.fullmatch(call)
    if match is None:
        raise ActionSyntaxError(
            f'"{_shorten(call)}" is not an action; write one call, for example do(action="Click", element="0").'
        )
    name, inner = match[1].lower(), match[2]
    positional = iter(("message",) if name == "exit" else ("action", "argument", "element"))
    arguments: dict[str, str] = {}
    position = 0
    while inner[position:].strip():
        piece = _ARGUMENT.match(inner, position)
        if piece is None or piece.end() == position:
            raise ActionSyntaxError(
                f'"{_shorten(inner[position:].strip())}" is not an argument; write name="value", with \\" for a quote.'
            )
        key = piece[1] or next(positional, None)
        if key is None or key in arguments:
            raise ActionSyntaxError(f'"{_shorten(call)}" has an argument too many or one twice.')
        quoted = piece[2] if piece[2] is not None else piece[3]
        if quoted is not None:
            arguments[key] = _unquote(quoted)
        elif piece[4] != "None":
            arguments[key] = piece[4]
        position = piece.end()
    return name, arguments


def _refuse_unknown(arguments: dict[str, str], known: set[str], call: str) -> None:
    unknown = sorted(set(arguments) - known)
    if unknown:
        raise ActionSyntaxError(f'{call} takes no argument "{_shorten(unknown[0])}".')


def _bare_action(kind: ActionKind, arguments: dict[str, str], comments: tuple[str, ...]) -> Action:
    known = {"message"} if kind is ActionKind.EXIT else set()
    _refuse_unknown(arguments, known, f"{kind.value}()")
    argument = arguments.get("message", "") if kind is ActionKind.EXIT else None
    return Action(kind, argument=argument, comments=comments)


def _do_action(arguments: dict[str, str], comments: tuple[str, ...]) -> Action:
    _refuse_unknown(arguments, {"action", "argument", "element"}, "do()")
    name = arguments.get("action")
    if name is None:
        raise ActionSyntaxError('do() needs action="...", for example do(action="Click", element="0").')
    kind = _DO_KINDS.get(name.strip().lower().replace("_", " "))
    if kind is None:
        choices = ", ".join(kind.value for kind in _DO_KINDS.values() if kind not in _CALLS.values())
        raise ActionSyntaxError(f'There is no action "{_shorten(name)}"; choose one of {choices}.')
    element, argument = arguments.get("element"), arguments.get("argument")
    if kind in _NEEDS_ELEMENT and element is None:
        raise ActionSyntaxError(f'{kind.value} needs element="<id>".')
    if kind in _NEEDS_ARGUMENT and argument is None:
        raise ActionSyntaxError(f'{kind.value} needs argument="...".')
    return Action(
        kind,
        element=element.strip() if element is not None and kind in _TAKES_ELEMENT else None,
        argument=argument if kind in _TAKES_ARGUMENT else None,
        comments=comments,
    )
