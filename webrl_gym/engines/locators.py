"""Reads WebArena's locators on an lxml tree, without JavaScript.

A locator is a JavaScript expression. The static engine understands the forms that task files use::

    document.querySelector("CSS").outerText
    document.querySelectorAll("CSS")[0].value
    [...document.querySelectorAll("CSS")].map(x => x.outerText).join(", ")

with the properties outerText, innerText, textContent, value, checked, outerHTML and innerHTML, an optional ``?.`` for
``.`` and an optional ``.trim()``. Anything else is an ``EvaluationError``, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import lxml.html
from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from webrl_gym.engines.forms import option_text, selected_options
from webrl_gym.errors import EvaluationError, NothingLocated

_STRING = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`]*)`)"""
_ONE = re.compile(
    rf"""document\.(querySelector|querySelectorAll|getElementById)\({_STRING}\)(?:\[(\d+)\])?\??\.(\w+)(\.trim\(\))?;?"""
)
_MANY = re.compile(
    rf"""\[\.\.\.document\.querySelectorAll\({_STRING}\)\]\.map\(\(?\w+\)?\s*=>\s*\w+\??\.(\w+)(?:\.trim\(\))?\)"""
    rf"""(?:\.join\({_STRING}\))?;?"""
)
_BLOCKS = frozenset(
    "address article aside blockquote body dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header "
    "hr li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_UNSEEN = frozenset("script style noscript template head title".split())


def evaluate_locator(root: HtmlElement, expression: str) -> str:
    """Value of a locator on a document.

    Raises:
        EvaluationError: If the expression has another form or its selector is broken.
        NothingLocated: If nothing matches it.
    """
    text = expression.strip()
    one = _ONE.fullmatch(text)
    if one is not None:
        method, selector = one[1], one[2] or one[3] or one[4] or ""
        elements = _select(root, f"#{selector}" if method == "getElementById" else selector)
        position = int(one[5] or 0)
        if position >= len(elements):
            raise NothingLocated(f"the locator {text!r} finds nothing on the page")
        return _property(elements[position], one[6])
    many = _MANY.fullmatch(text)
    if many is not None:
        separator = many[5] or many[6] or many[7] or ","
        elements = _select(root, many[1] or many[2] or many[3] or "")
        return separator.join(_property(element, many[4]) for element in elements)
    raise EvaluationError(f"the static engine cannot read the locator {text!r}; use the chromium engine")


@lru_cache(maxsize=512)
def _compiled(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


def _select(root: HtmlElement, selector: str) -> list[HtmlElement]:
    try:
        found = _compiled(selector.replace('\\"', '"'))(root)
    except SelectorError as error:
        raise EvaluationError(f"the selector {selector!r} is broken: {error}") from error
    return [element for element in found if isinstance(element, HtmlElement)] if isinstance(found, list) else []


def _property(element: HtmlElement, name: str) -> str:
    match name:
        case "outerText" | "innerText":
            return seen_text(element)
        case "textContent":
            return str(element.text_content())
        case "value":
            return _value(element)
        case "checked":
            return "true" if element.get("checked") is not None else "false"
        case "outerHTML":
            return str(lxml.html.tostring(element, encoding="unicode", with_tail=False))
        case "innerHTML":
            inner = "".join(lxml.html.tostring(child, encoding="unicode") for child in element)
            return (element.text or "") + inner
        case _:
            raise EvaluationError(f"the static engine does not know the property {name!r} of a locator")


def _value(element: HtmlElement) -> str:
    if element.tag == "textarea":
        return element.text or ""
    if element.tag == "select":
        chosen = selected_options(element)
        return str(chosen[0].get("value", option_text(chosen[0]))) if chosen else ""
    return str(element.get("value", ""))


def seen_text(element: HtmlElement) -> str:
    """Text as a person sees it: hidden parts left out, one line a block."""
    lines = "".join(_seen_pieces(element)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _seen_pieces(element: HtmlElement) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in _UNSEEN or element.get("hidden") is not None:
        return
    block = element.tag in _BLOCKS or element.tag == "br"
    if block:
        yield "\n"
    if element.text:
        yield element.text.replace("\n", " ")
    closed = element.tag == "details" and element.get("open") is None
    for child in element:
        if not closed or child.tag == "summary":
            yield from _seen_pieces(child)
        if child.tail and not closed:
            yield child.tail.replace("\n", " ")
    if element.tag in ("td", "th"):
        yield " "
    if block:
        yield "\n"
