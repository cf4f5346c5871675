"""Parses WebArena's locators: the small part of JavaScript that task files are written in.

or      = sum { "||" sum }
sum     = chain { "+" chain }
chain   = atom { ("." | "?.") name [ "(" [ argument ] ")" ] | "[" number "]" }
atom    = name | text | number | "(" or ")" | "[" "..." or "]"
argument = [ "(" ] name [ ")" ] "=>" or | or
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from webrl_gym.errors import EvaluationError

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`\\$]*`)|(?P<number>\d+)|(?P<name>[A-Za-z_$][\w$]*)"""
    r"""|(?P<mark>\?\.|\|\||=>|\.\.\.|[.+()\[\]]))"""
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Name:
    """``document``, or the parameter of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a whole number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Spread:
    """``[...list]``: a list of the same."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Member:
    """``of.name``, ``of?.name`` or, with ``called``, ``of.name(argument)``."""

    of: Node
    name: str
    maybe: bool
    called: bool
    argument: Node | None


@dataclass(frozen=True, slots=True)
class Item:
    """``of[number]``."""

    of: Node
    number: int


@dataclass(frozen=True, slots=True)
class Either:
    """``first || second``."""

    first: Node
    second: Node


@dataclass(frozen=True, slots=True)
class Sum:
    """``first + second``."""

    first: Node
    second: Node


@dataclass(frozen=True, slots=True)
class Function:
    """``parameter => body``."""

    parameter: str
    body: Node


Node = Name | Literal | Spread | Member | Item | Either | Sum | Function


@lru_cache(maxsize=512)
def parse_locator(text: str) -> Node:
    """The expression that a locator is.

    Raises:
        EvaluationError: If it has another form.
    """
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text.strip().removesuffix(";")
        self._tokens = self._split()
        self._position = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._position != len(self._tokens):
            raise self._refusal()
        return node

    def _split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(self._text):
            found = _TOKEN.match(self._text, position)
            if found is None or found.lastgroup is None:
                raise self._refusal()
            tokens.append((found.lastgroup, found[found.lastgroup]))
            position = found.end()
        return tokens

    def _refusal(self) -> EvaluationError:
        return EvaluationError(
            f"the static engine cannot read the locator {self._text[:300]!r}; use the chromium engine"
        )

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def _take(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise self._refusal()
        self._position += 1
        return text

    def _skip(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._position += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise self._refusal()

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refusal()
        node = self._sum()
        while self._skip("||"):
            node = Either(node, self._sum())
        self._depth -= 1
        return node

    def _sum(self) -> Node:
        node = self._chain()
        while self._skip("+"):
            node = Sum(node, self._chain())
        return node

    def _chain(self) -> Node:
        node = self._atom()
        while True:
            maybe = self._skip("?.")
            if maybe or self._skip("."):
                name = self._take("name")
                called = self._skip("(")
                argument = self._argument() if called else None
                node = Member(node, name, maybe, called, argument)
            elif self._skip("["):
                node = Item(node, int(self._take("number")))
                self._expect("]")
            else:
                return node

    def _argument(self) -> Node | None:
        if self._skip(")"):
            return None
        function = self._function()
        node = self._either() if function is None else function
        self._expect(")")
        return node

    def _function(self) -> Function | None:
        start = self._position
        bracket = self._skip("(")
        if self._peek()[0] == "name":
            parameter = self._take("name")
            if (not bracket or self._skip(")")) and self._skip("=>"):
                return Function(parameter, self._either())
        self._position = start
        return None

    def _atom(self) -> Node:
        kind, text = self._peek()
        if kind == "mark":
            return self._bracketed()
        self._take(kind if kind in ("text", "number", "name") else "text")
        match kind:
            case "text":
                return Literal(_ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text[1:-1]))
            case "number":
                return Literal(int(text))
            case _:
                return Name(text)

    def _bracketed(self) -> Node:
        if self._skip("("):
            node = self._either()
            self._expect(")")
            return node
        self._expect("[")
        self._expect("...")
        node = Spread(self._either())
        self._expect("]")
        return node
