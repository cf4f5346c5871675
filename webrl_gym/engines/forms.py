"""HTML forms on an lxml tree: what a browser would send, and how controls change.

Follows the parts of the HTML standard that pages without JavaScript need: the form data set, implicit submission,
radio groups, the selectedness of options, constraint validation of required and e-mail fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from lxml.html import HtmlElement

from webrl_gym.errors import ActionTargetError

_TEXT_TYPES = frozenset("text search email password tel url number date time month week datetime-local color".split())
_SUBMIT_TYPES = frozenset(("submit", "image"))
_BUTTON_TYPES = _SUBMIT_TYPES | {"button", "reset"}
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
        element.text = _xml_safe(text)
        return
    if input_type(element) == "number" and text and not _is_number(text):
        raise ActionTargetError(f'The field takes a number, not "{text[:60]}".')
    element.set("value", _xml_safe(" ".join(text.split("\n"))))


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

    Raises:
        ActionTargetError: If there is none, or it is disabled; the message lists what there is.
    """
    if select.tag != "select":
        raise ActionTargetError(f"The element is a <{select.tag!s}>, not a select box.")
    options = list(select.iter("option"))
    target = " ".join(wanted.split())
    tests = (
        lambda option: option_text(option) == target,
        lambda option: option.get("value") == wanted,
        lambda option: option_text(option).lower() == target.lower(),
    )
    found = next((option for test in tests for option in options if test(option)), None)
    if found is None:
        names = [option_text(option) for option in options]
        listed = " | ".join(names[:_MOST_OPTIONS_NAMED]) + (" | ..." if len(names) > _MOST_OPTIONS_NAMED else "")
        raise ActionTargetError(f'There is no option "{target[:60]}"; the options are {listed}.')
    if found.get("disabled") is not None:
        raise ActionTargetError(f'The option "{option_text(found)}" is disabled.')
    for option in options:
        option.attrib.pop("selected", None)
    found.set("selected", "selected")


def implicit_submitter(field: HtmlElement) -> tuple[HtmlElement, HtmlElement | None] | None:
    """The form and the button that Enter in ``field`` presses, or None when Enter does nothing."""
    form = own_form(field)
    if form is None:
        return None
    for control in _controls(form):
        if is_submit_button(control):
            return None if control.get("disabled") is not None else (form, control)
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
        if name and control.get("disabled") is None:
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
        if control.get("disabled") is not None or not is_text_field(control):
            continue
        value = (control.text or "") if control.tag == "textarea" else control.get("value", "")
        if control.get("required") is not None and not value:
            raise ActionTargetError(f'The form was not sent: the field "{field_name(control)}" must be filled in.')
        if input_type(control) == "email" and value and "@" not in value:
            raise ActionTargetError(f'The form was not sent: "{value[:60]}" is not an e-mail address.')


def _is_number(text: str) -> bool:
    try:
        float(text)
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
