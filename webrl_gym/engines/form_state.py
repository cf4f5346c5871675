"""What was typed and chosen on a page, kept for when somebody comes back to it, as browsers keep it. Static engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from lxml.html import HtmlElement

from webrl_gym.engines.forms import input_type, is_text_field, own_form, selected_options

FormState: TypeAlias = Mapping[tuple[str, str], Sequence["str | tuple[str, ...] | None"]]
"""What stands in the controls of each kind and name, in order: a text, the chosen options, or None for as it came."""


def form_state(root: HtmlElement, original: HtmlElement) -> FormState:
    """Notes the controls that differ from the page as it came.

    Neither passwords nor fields that are not to be completed are kept.

    Args:
        root: The page as it is.
        original: The same page as it came.
    """
    found: dict[tuple[str, str], list[str | tuple[str, ...] | None]] = {}
    for control, untouched in zip(_kept_controls(root), _kept_controls(original), strict=True):
        state = _state_of(control)
        changed = state != _state_of(untouched) and not _is_private(control)
        found.setdefault(_kind_and_name(control), []).append(state if changed else None)
    return found


def restore_state(root: HtmlElement, state: FormState) -> None:
    """Puts back what ``form_state`` noted, as far as the page still has such controls."""
    left = {key: iter(states) for key, states in state.items()}
    for control in _kept_controls(root):
        kept = next(left.get(_kind_and_name(control), iter(())), None)
        if kept is not None:
            _set_state(control, kept)


def _kept_controls(root: HtmlElement) -> Iterator[HtmlElement]:
    for element in root.iter("input", "select", "textarea"):
        if element.tag != "input" or is_text_field(element) or input_type(element) in ("checkbox", "radio"):
            yield element


def _kind_and_name(control: HtmlElement) -> tuple[str, str]:
    return (input_type(control) if control.tag == "input" else str(control.tag), control.get("name", ""))


def _is_private(control: HtmlElement) -> bool:
    form = own_form(control)
    places = (control,) if form is None else (control, form)
    return input_type(control) == "password" or any(place.get("autocomplete") == "off" for place in places)


def _state_of(control: HtmlElement) -> str | tuple[str, ...]:
    if control.tag == "select":
        options = list(control.iter("option"))
        return tuple(str(options.index(option)) for option in selected_options(control))
    if control.tag == "textarea":
        return control.text or ""
    if input_type(control) in ("checkbox", "radio"):
        return "" if control.get("checked") is None else "checked"
    return str(control.get("value", ""))


def _set_state(control: HtmlElement, state: str | tuple[str, ...]) -> None:
    if isinstance(state, tuple):
        for number, option in enumerate(control.iter("option")):
            option.attrib.pop("selected", None)
            if str(number) in state:
                option.set("selected", "selected")
    elif control.tag == "textarea":
        control.text = state
    elif input_type(control) in ("checkbox", "radio"):
        control.attrib.pop("checked", None)
        if state:
            control.set("checked", "checked")
    else:
        control.set("value", state)
