"""Carries out one action on a tab, with the input events that a person's hand would make."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from webrl_gym.actions import ActionKind
from webrl_gym.engines.browser_activity import outside
from webrl_gym.engines.browser_tab import PageMoved, Tab
from webrl_gym.errors import ActionTargetError

_WAIT_LIMIT = 1_000
GONE = "The page has changed since it was read; the element is no longer there."
"""What an action on an element of an earlier document is answered with."""


async def perform(tab: Tab, kind: ActionKind, argument: str, ref: int | None) -> None:
    """Carries out every action that concerns the current page alone.

    Args:
        tab: The agent's tab.
        kind: What to do.
        argument: Text or option, where the kind takes one.
        ref: The element as ``snapshot.js`` numbered it; None without element.

    Raises:
        ActionTargetError: If it cannot be done; the text is for the agent.
    """
    try:
        if kind is ActionKind.PRESS_ENTER and ref is None:
            await tab.page.keyboard.press("Enter")
        elif kind in _ON_ELEMENT:
            await _ON_ELEMENT[kind](tab, _js(ref), argument)
        else:
            await _ON_PAGE[kind](tab)
    except PageMoved:
        raise ActionTargetError(GONE) from None


async def _ask(tab: Tab, call: str) -> dict[str, Any]:
    answer: dict[str, Any] = await tab.ask(call)
    if "error" in answer:
        raise ActionTargetError(answer["error"])
    if "blocked" in answer:
        tab.activity.refused = answer["blocked"]
        raise ActionTargetError(outside(tab.activity.refused))
    return answer


def _js(value: Any) -> str:
    """A JavaScript literal; JSON is one, whatever the text holds."""
    return json.dumps(value)


async def _click(tab: Tab, ref: str, _argument: str) -> None:
    place = await _ask(tab, f"point({ref}, true)")
    if place:
        await tab.page.mouse.click(place["x"], place["y"])


async def _right_click(tab: Tab, ref: str, _argument: str) -> None:
    place = await _ask(tab, f"point({ref}, false)")
    await tab.page.mouse.click(place["x"], place["y"], button="right")


async def _hover(tab: Tab, ref: str, _argument: str) -> None:
    place = await _ask(tab, f"point({ref}, false)")
    await tab.page.mouse.move(place["x"], place["y"])


async def _type(tab: Tab, ref: str, text: str) -> None:
    state = await _ask(tab, f"prepareTyping({ref}, {_js(text)})")
    if not state["typing"]:
        return
    if text:
        await tab.page.keyboard.insert_text(text)
    else:
        await tab.page.keyboard.press("Backspace")


async def _search(tab: Tab, ref: str, text: str) -> None:
    await _type(tab, ref, text)
    await tab.page.keyboard.press("Enter")


async def _press_enter(tab: Tab, ref: str, _argument: str) -> None:
    await _ask(tab, f"focus({ref})")
    await tab.page.keyboard.press("Enter")


async def _select_option(tab: Tab, ref: str, option: str) -> None:
    await _ask(tab, f"choose({ref}, {_js(option)})")


async def _go_backward(tab: Tab) -> None:
    await tab.go(-1)


async def _go_forward(tab: Tab) -> None:
    await tab.go(+1)


async def _wait(tab: Tab) -> None:
    await tab.ask(f"nextChange({_WAIT_LIMIT})")


_ON_ELEMENT: dict[ActionKind, Callable[[Tab, str, str], Awaitable[None]]] = {
    ActionKind.CLICK: _click,
    ActionKind.RIGHT_CLICK: _right_click,
    ActionKind.HOVER: _hover,
    ActionKind.TYPE: _type,
    ActionKind.SEARCH: _search,
    ActionKind.PRESS_ENTER: _press_enter,
    ActionKind.SELECT_DROPDOWN_OPTION: _select_option,
}
_ON_PAGE: dict[ActionKind, Callable[[Tab], Awaitable[None]]] = {
    ActionKind.GO_BACKWARD: _go_backward,
    ActionKind.GO_FORWARD: _go_forward,
    ActionKind.WAIT: _wait,
}
