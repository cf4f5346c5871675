"""Evaluates WebArena's locators on an lxml tree, without JavaScript.

A locator is a JavaScript expression. ``locator_parser`` reads the part of the language that task files use; here are
the properties and functions of the page that they name. Anything else is an ``EvaluationError``, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import lxml.html
from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from webrl_gym.engines.forms import option_text, selected_options
from webrl_gym.engines.locator_parser import (
    Either,
    Function,
    Item,
    Literal,
    Member,
    Name,
    Node,
    Spread,
    Sum,
    parse_locator,
)
from webrl_gym.engines.seen_text import seen_text
from webrl_gym.errors import EvaluationError, NothingLocated


@dataclass(frozen=True, slots=True)
class _Text:
    """A text node."""

    content: str


Value: TypeAlias = HtmlElement | _Text | list[HtmlElement] | list[str] | str | int | bool | None
"""What an expression can come to; None is both ``null`` and ``undefined``."""


class _CutShort(Exception):
    """Raised where ``?.`` meets nothing: the whole chain is undefined."""


def evaluate_locator(root: HtmlElement, expression: str) -> str:
    """Value of a locator on a document, as a text.

    Raises:
        EvaluationError: If the expression has another form, its selector is broken or it names an element.
        NothingLocated: If nothing matches it.
    """
    value = _Evaluation(root, expression).of(parse_locator(expression.strip()), {})
    if value is None:
        raise NothingLocated(f"the locator {expression!r} finds nothing on the page")
    if not isinstance(value, str | int):
        raise EvaluationError(f"the locator {expression!r} comes to an element or a list, not to a text")
    return _as_text(value)


class _Evaluation:
    """One locator on one document."""

    def __init__(self, root: HtmlElement, expression: str) -> None:
        self._root = root
        self._expression = expression

    def of(self, node: Node, names: Mapping[str, Value]) -> Value:
        """Value of a part of the expression; ``names`` are the functions' parameters."""
        match node:
            case Literal(value):
                return value
            case Name(name):
                return self._named(name, names)
            case Spread(inner):
                return self._list(self.of(inner, names))
            case Item(of, number):
                items = self._list(self.of(of, names))
                return items[number] if number < len(items) else None
            case Either(first, second):
                left = self.of(first, names)
                return left if _is_true(left) else self.of(second, names)
            case Sum(first, second):
                return self._added(self.of(first, names)) + self._added(self.of(second, names))
            case Member():
                return self._chain(node, names)
            case Function():
                raise self._unknown("a function that nothing calls")

    def _named(self, name: str, names: Mapping[str, Value]) -> Value:
        if name in names:
            return names[name]
        if name != "document":
            raise self._unknown(f"the name {name!r}")
        return self._root

    def _chain(self, node: Member, names: Mapping[str, Value]) -> Value:
        try:
            return self._member(node, names)
        except _CutShort:
            return None

    def _member(self, node: Member, names: Mapping[str, Value]) -> Value:
        of = self._member(node.of, names) if isinstance(node.of, Member) else self.of(node.of, names)
        if of is None:
            if node.maybe:
                raise _CutShort
            raise NothingLocated(f"the locator {self._expression!r} finds nothing on the page")
        if not node.called:
            return self._property(of, node.name)
        if node.name == "map" and isinstance(node.argument, Function):
            function = node.argument
            values = (self.of(function.body, {**names, function.parameter: item}) for item in self._list(of))
            return ["" if value is None else _as_text(value) for value in values]
        return self._call(of, node.name, None if node.argument is None else self.of(node.argument, names))

    def _call(self, of: Value, name: str, argument: Value) -> Value:
        match of, name, argument:
            case HtmlElement(), "querySelector", str():
                return next(iter(self._select(of, argument)), None)
            case HtmlElement(), "querySelectorAll", str():
                return self._select(of, argument)
            case HtmlElement(), "getElementById", str():
                return next(iter(of.xpath("//*[@id=$name]", name=argument)), None)
            case HtmlElement(), "getAttribute", str():
                return of.get(argument.lower())
            case list(), "join", str() | None:
                return ("," if argument is None else argument).join(map(_as_text, of))
            case str(), "trim", None:
                return of.strip()
            case str() | int(), "toString", None:
                return _as_text(of)
        raise self._unknown(f"{name}({argument!r})")

    def _select(self, of: HtmlElement, selector: str) -> list[HtmlElement]:
        try:
            found = _compiled(_closed(selector))(self._root)
        except SelectorError as error:
            raise EvaluationError(f"the selector {selector!r} is broken: {error}") from error
        elements = [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []
        if of is self._root:
            return elements
        # As in a page: the selector is about the whole document, the result about what lies inside the element.
        return [element for element in elements if of in element.iterancestors()]

    def _added(self, value: Value) -> str:
        if not isinstance(value, str):
            raise self._unknown("a sum with something else than texts")
        return value

    def _list(self, value: Value) -> list[HtmlElement] | list[str]:
        if isinstance(value, list):
            return value
        if value is None:
            raise NothingLocated(f"the locator {self._expression!r} finds nothing on the page")
        raise self._unknown("a list of something else than elements")

    def _property(self, of: Value, name: str) -> Value:
        if isinstance(of, _Text):
            if name in ("textContent", "nodeValue"):
                return of.content
        elif name == "length" and isinstance(of, list | str):
            return len(of)
        elif isinstance(of, HtmlElement) and name in _PROPERTIES:
            return _PROPERTIES[name](of)
        raise self._unknown(f"the property {name!r}")

    def _unknown(self, what: str) -> EvaluationError:
        return EvaluationError(f"the static engine does not know {what} of the locator {self._expression[:300]!r}")


def _is_true(value: Value) -> bool:
    """As JavaScript has it: elements and lists are true, empty ones too."""
    return value not in ("", 0, False, None) if isinstance(value, str | int | None) else True


def _as_text(value: Value) -> str:
    """As JavaScript writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=512)
def _compiled(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


def _closed(selector: str) -> str:
    """The selector with quotes and brackets closed that its end leaves open, as CSS has it."""
    open_marks: list[str] = []
    for letter in selector:
        if open_marks and open_marks[-1] in "\"'":
            if letter == open_marks[-1]:
                open_marks.pop()
        elif letter in "\"'":
            open_marks.append(letter)
        elif letter in "[(":
            open_marks.append("]" if letter == "[" else ")")
        elif open_marks and letter == open_marks[-1]:
            open_marks.pop()
    return selector + "".join(reversed(open_marks))


def _value(element: HtmlElement) -> str:
    if element.tag == "textarea":
        return element.text or ""
    if element.tag == "select":
        chosen = selected_options(element)
        return str(chosen[0].get("value", option_text(chosen[0]))) if chosen else ""
    return str(element.get("value", ""))


def _selected_index(element: HtmlElement) -> int:
    chosen = selected_options(element)
    return list(element.iter("option")).index(chosen[0]) if chosen else -1


def _checked(element: HtmlElement) -> bool | None:
    return element.get("checked") is not None if element.tag == "input" else None


def _first_child(element: HtmlElement) -> Value:
    return _Text(element.text) if element.text else next(iter(element), None)


def _last_child(element: HtmlElement) -> Value:
    last = element[-1] if len(element) else None
    text = element.text if last is None else last.tail
    return _Text(text) if text else last


def _inner_html(element: HtmlElement) -> str:
    return (element.text or "") + "".join(lxml.html.tostring(child, encoding="unicode") for child in element)


_PROPERTIES: dict[str, Callable[[HtmlElement], Value]] = {
    "outerText": seen_text,
    "innerText": seen_text,
    "textContent": lambda element: str(element.text_content()),
    "value": _value,
    "checked": _checked,
    "selectedIndex": _selected_index,
    "outerHTML": lambda element: str(lxml.html.tostring(element, encoding="unicode", with_tail=False)),
    "innerHTML": _inner_html,
    "firstChild": _first_child,
    "lastChild": _last_child,
    "firstElementChild": lambda element: next(iter(element), None),
    "lastElementChild": lambda element: element[-1] if len(element) else None,
    "parentElement": lambda element: element.getparent(),
    "children": list,
}
