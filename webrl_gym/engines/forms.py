"""HTML forms on an lxml tree: what a browser would send, and how controls change.

Follows the parts of the HTML standard that pages without JavaScript need: the form data set, implicit submission,
radio groups, the selectedness of options, constraint validation of required and e-mail fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from lxml.html import HtmlElement

from webrl_gym.errors import ActionTargetError

_TEXT_TYPES = frozenset(
    "text search email password tel url number range date time month week datetime-local color".split()
)
_FORMATS = {
    "date": ("%Y-%m-%d", re.compile(r"\d{4}-\d\d-\d\d")),
    "time": ("%H:%M", re.compile(r"\d\d:\d\d")),
    "month": ("%Y-%m", re.compile(r"\d{4}-\d\d")),
    "week": ("%G-W%V", re.compile(r"\d{4}-W\d\d")),
    "datetime-local": ("%Y-%m-%dT%H:%M", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")),
}
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][-+]?\d+)?")
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_PLAIN_TYPES = frozenset("text search email password tel url".split())
_SUBMIT_TYPES = frozenset(("submit", "image"))
_BUTTON_TYPES = _SUBMIT_TYPES | {"button", "reset"}
_DISABLED_BY_ATTRIBUTE = frozenset("button input select textarea option optgroup fieldset".split())
_FOCUSABLE = frozenset("button input select textarea summary iframe".split())
_LINE_BREAK = re.compile(r"\r\n?|\n")
_MOST_OPTIONS_NAMED = 12


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that submitting a form makes; ``body`` is None for GET."""

    url: str
    body: bytes | None


def input_type(element: HtmlElement) -> str:
    """The type of an input or button, with the default the standard gives it."""
    default = "submit" if element.tag == "button" else "text"
    return str(element.get("type", default)).lower()


def is_text_field(element: HtmlElement) -> bool:
    """True for fields that take typed text."""
    return element.tag == "textarea" or (element.tag == "input" and input_type(element) in _TEXT_TYPES)


def is_submit_button(element: HtmlElement) -> bool:
    """True for controls whose click submits their form."""
    return element.tag in ("button", "input") and input_type(element) in _SUBMIT_TYPES


def is_disabled(element: HtmlElement) -> bool:
    """True for controls and options that cannot be used, because they or a field set or group around them say so."""
    if element.get("disabled") is not None:
        return element.tag in _DISABLED_BY_ATTRIBUTE
    if element.tag == "option":
        group = element.getparent()
        return group is not None and group.tag == "optgroup" and group.get("disabled") is not None
    if element.tag not in _DISABLED_BY_ATTRIBUTE:
        return False
    inner = element
    for outer in element.iterancestors():
        if outer.tag == "fieldset" and outer.get("disabled") is not None:
            # The controls in its legend stay usable.
            return not (inner.tag == "legend" and outer.find("legend") is inner)
        inner = outer
    return False


def own_form(element: HtmlElement) -> HtmlElement | None:
    """The form a control belongs to."""
    named = element.get("form")
    if named:
        found = element.getroottree().getroot().xpath("//form[@id=$name]", name=named)
        return found[0] if found else None
    return next(element.iterancestors("form"), None)


def field_name(element: HtmlElement) -> str:
    """What to call a field in a message."""
    return str(element.get("aria-label") or element.get("placeholder") or element.get("name") or element.tag)


def set_text(element: HtmlElement, text: str) -> None:
    """Replaces what a text field holds.

    Raises:
        ActionTargetError: If the field takes no text, or not this one.
    """
    if not is_text_field(element):
        raise ActionTargetError(f"The element is a <{element.tag!s}>, which takes no text.")
    if element.get("readonly") is not None:
        raise ActionTargetError("The field is read-only.")
    if element.tag == "textarea":
        element.text = _xml_safe(_cut(element, text))
        return
    kind = input_type(element)
    if not _can_hold(kind, text.strip()):
        raise ActionTargetError(f'The field takes a {"number" if kind == "range" else kind}, not "{text[:60]}".')
    if kind in _PLAIN_TYPES:
        element.set("value", _xml_safe(_cut(element, " ".join(text.split("\n")))))
    else:
        element.set("value", text.strip().lower() if kind == "color" else text.strip())


def toggle(element: HtmlElement) -> None:
    """Clicks a check box or a radio button."""
    if input_type(element) == "checkbox":
        if element.attrib.pop("checked", None) is None:
            element.set("checked", "checked")
        return
    form, name = own_form(element), element.get("name")
    scope = form if form is not None else element.getroottree().getroot()
    for other in scope.iter("input"):
        if input_type(other) == "radio" and other.get("name") == name:
            other.attrib.pop("checked", None)
    element.set("checked", "checked")


def selected_options(select: HtmlElement) -> list[HtmlElement]:
    """Options that are chosen now; a plain select box always has one when it has any option."""
    options = list(select.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None]
    if select.get("multiple") is not None:
        return chosen
    if chosen:
        return chosen[-1:]
    return [option for option in options if option.get("disabled") is None][:1]


def option_text(option: HtmlElement) -> str:
    """What an option shows."""
    return " ".join(option.text_content().split())


def choose_option(select: HtmlElement, wanted: str) -> None:
    """Chooses an option by its text, else by its value, else by its text in any case.

    In a list that takes several, ``wanted`` may name several with ``|`` between them; exactly those are chosen.

    Raises:
        ActionTargetError: If there is none, or it is disabled; the message lists what there is.
    """
    if select.tag != "select":
        raise ActionTargetError(f"The element is a <{select.tag!s}>, not a select box.")
    options = list(select.iter("option"))
    several = select.get("multiple") is not None and _option_called(options, wanted) is None
    found = [_usable_option(options, name) for name in (wanted.split("|") if several else [wanted])]
    for option in options:
        option.attrib.pop("selected", None)
    for option in found:
        option.set("selected", "selected")


def _option_called(options: list[HtmlElement], wanted: str) -> HtmlElement | None:
    target = " ".join(wanted.split())
    tests = (
        lambda option: option_text(option) == target,
        lambda option: option.get("value") == wanted,
        lambda option: option_text(option).lower() == target.lower(),
    )
    return next((option for test in tests for option in options if test(option)), None)


def _usable_option(options: list[HtmlElement], wanted: str) -> HtmlElement:
    found = _option_called(options, wanted)
    if found is None:
        names = [option_text(option) for option in options]
        listed = " | ".join(names[:_MOST_OPTIONS_NAMED]) + (" | ..." if len(names) > _MOST_OPTIONS_NAMED else "")
        raise ActionTargetError(f'There is no option "{" ".join(wanted.split())[:60]}"; the options are {listed}.')
    if is_disabled(found):
        raise ActionTargetError(f'The option "{option_text(found)}" is disabled.')
    return found


def takes_focus(element: HtmlElement) -> bool:
    """True for what keys can be pressed on."""
    if element.get("tabindex") is not None or element.get("contenteditable", "false") != "false":
        return True
    if element.tag in ("a", "area"):
        return element.get("href") is not None
    return element.tag in _FOCUSABLE


def implicit_submitter(field: HtmlElement) -> tuple[HtmlElement, HtmlElement | None] | None:
    """The form and the button that Enter in ``field`` presses, or None when Enter does nothing."""
    form = own_form(field)
    if form is None:
        return None
    for control in _controls(form):
        if is_submit_button(control):
            return None if is_disabled(control) else (form, control)
    text_fields = [control for control in _controls(form) if control.tag == "input" and is_text_field(control)]
    return (form, None) if len(text_fields) == 1 else None


def submission(form: HtmlElement, button: HtmlElement | None, page_url: str) -> Submission:
    """The request that submitting ``form`` by ``button`` makes.

    Raises:
        ActionTargetError: If the browser would refuse because a field is not filled in as it must be.
    """
    if form.get("novalidate") is None and (button is None or button.get("formnovalidate") is None):
        _validate(form)
    source = button if button is not None else form
    url = urljoin(page_url, source.get("formaction") or form.get("action") or page_url)
    method = (source.get("formmethod") or form.get("method") or "get").lower()
    data = urlencode(list(_entries(form, button)))
    if method == "post":
        return Submission(url, data.encode())
    parts = urlsplit(url)
    return Submission(urlunsplit((parts.scheme, parts.netloc, parts.path, data, "")), None)


def _controls(form: HtmlElement) -> Iterator[HtmlElement]:
    for element in form.getroottree().getroot().iter("input", "select", "textarea", "button"):
        if own_form(element) is form:
            yield element


def _entries(form: HtmlElement, button: HtmlElement | None) -> Iterator[tuple[str, str]]:
    for control in _controls(form):
        name = control.get("name")
        if name and not is_disabled(control):
            for value in _values(control, button):
                yield name, value


def _values(control: HtmlElement, button: HtmlElement | None) -> list[str]:
    """What a control adds to the form data set: nothing, one value, or one for each chosen option."""
    if control.tag == "select":
        return [option.get("value", option_text(option)) for option in selected_options(control)]
    if control.tag == "textarea":
        return [_LINE_BREAK.sub("\r\n", control.text or "")]
    if control.tag == "button" or input_type(control) in _BUTTON_TYPES:
        return [control.get("value", "")] if button is not None and control is button else []
    if input_type(control) in ("checkbox", "radio"):
        return [control.get("value", "on")] if control.get("checked") is not None else []
    return [] if input_type(control) == "file" else [control.get("value", "")]


def _validate(form: HtmlElement) -> None:
    for control in _controls(form):
        if is_disabled(control) or not is_text_field(control):
            continue
        value = (control.text or "") if control.tag == "textarea" else control.get("value", "")
        if control.get("required") is not None and not value:
            raise ActionTargetError(f'The form was not sent: the field "{field_name(control)}" must be filled in.')
        if input_type(control) == "email" and value and "@" not in value:
            raise ActionTargetError(f'The form was not sent: "{value[:60]}" is not an e-mail address.')


def _cut(element: HtmlElement, text: str) -> str:
    """What of a text a field takes: ``maxlength`` counts units of UTF-16, and no character is cut in half."""
    limit = element.get("maxlength", "")
    if not (limit.isascii() and limit.isdigit()):
        return text
    return text.encode("utf-16-le")[: 2 * int(limit)].decode("utf-16-le", "ignore")


def _can_hold(kind: str, text: str) -> bool:
    """Whether a field of this type keeps a text; what a browser would empty it can not. A range is never empty."""
    if kind in ("number", "range"):
        return _NUMBER.fullmatch(text) is not None or (kind == "number" and not text)
    if kind == "color":
        return _COLOUR.fullmatch(text) is not None
    if kind not in _FORMATS or not text:
        return True
    form, shape = _FORMATS[kind]
    if shape.fullmatch(text) is None:
        return False
    try:
        # A week names a day only together with a weekday.
        datetime.strptime(text + "-1", form + "-%u") if kind == "week" else datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _xml_safe(text: str) -> str:
    """Characters that a document cannot hold become the replacement character, as in a browser's parser."""
    return "".join(
        char
        if char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
        else "\ufffd"
        for char in text
    )
