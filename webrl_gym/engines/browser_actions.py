"""Carries out one action on a tab, with the input events that a person's hand would make."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from webrl_gym.actions import ActionKind
from webrl_gym.engines.browser_bounds import outside
from webrl_gym.engines.browser_frames import Asker, ForeignFrame, Target
from webrl_gym.engines.browser_tab import PageMoved, Tab
from webrl_gym.errors import ActionTargetError

_WAIT_LIMIT = 1_000
_SCROLL_SHARE = 2 / 3
"""Part of the window's height that one scroll moves, as in the released WebRL harness."""
GONE = "The page has changed since it was read; the element is no longer there."
"""What an action on an element of an earlier document is answered with."""


async def perform(
    tab: Tab, kind: ActionKind, argument: str, target: Target | None, frames: dict[int, ForeignFrame]
) -> None:
    """Carries out every action that concerns the current page alone.

    Args:
        tab: The agent's tab.
        kind: What to do.
        argument: Text or option, where the kind takes one.
        target: The element; None without one.
        frames: The page's foreign frames, as they were read.

    Raises:
        ActionTargetError: If it cannot be done; the text is for the agent.
    """
    try:
        if kind in _ON_PAGE:
            await _ON_PAGE[kind](tab)
        elif target is not None:
            await _ON_ELEMENT[kind](_Hand(tab, target, frames), argument)
        else:
            await tab.page.keyboard.press("Enter")
    except PageMoved:
        if target is not None:
            raise ActionTargetError(GONE) from None


class _Hand:
    """Mouse and keyboard, with the element they work on."""

    def __init__(self, tab: Tab, target: Target, frames: dict[int, ForeignFrame]) -> None:
        self.tab = tab
        self.mouse = tab.page.mouse
        self.keyboard = tab.page.keyboard
        self._ref = target.ref
        self._asker = Asker(tab, frames, target)

    async def ask(self, function: str, *arguments: Any) -> dict[str, Any]:
        """Value of a function of ``hands.js`` for the element."""
        # A JavaScript literal each; JSON is one, whatever the text holds.
        answer = await self._asker.ask(f"{function}({', '.join(map(json.dumps, (self._ref, *arguments)))})")
        if "error" in answer:
            raise ActionTargetError(answer["error"])
        if "blocked" in answer:
            self.tab.activity.refuse(answer["blocked"])
            raise ActionTargetError(outside(answer["blocked"]))
        return answer

    async def point(self, *, clicking: bool = False) -> dict[str, float]:
        """Where the element is, for the mouse; empty when nothing is to be clicked."""
        place = await self.ask("point", clicking)
        return await self._asker.on_page(place) if place else place


async def _click(hand: _Hand, _argument: str) -> None:
    place = await hand.point(clicking=True)
    if place:
        await hand.mouse.click(place["x"], place["y"])


async def _right_click(hand: _Hand, _argument: str) -> None:
    place = await hand.point()
    await hand.mouse.click(place["x"], place["y"], button="right")


async def _hover(hand: _Hand, _argument: str) -> None:
    place = await hand.point()
    await hand.mouse.move(place["x"], place["y"])


async def _type(hand: _Hand, text: str) -> None:
    state = await hand.ask("prepareTyping", text)
    if not state["typing"]:
        return
    if not text:
        await hand.keyboard.press("Backspace")
        return
    # All at once but for one letter by its key: pages that listen to keys look at the field after the last one.
    last = text[-1] if text[-1].isprintable() else ""
    before = text.removesuffix(last)
    await hand.keyboard.insert_text(before)
    if last:
        await hand.keyboard.type(last)
        # A page that keeps keys from a field, to have its buttons used, would leave the text without its end.
        with suppress(PageMoved):  # a key may have led away
            if (await hand.ask("holds", before))["holds"]:
                await hand.keyboard.insert_text(last)


async def _search(hand: _Hand, text: str) -> None:
    await _type(hand, text)
    await hand.keyboard.press("Enter")


async def _press_enter(hand: _Hand, _argument: str) -> None:
    await hand.ask("focus")
    await hand.keyboard.press("Enter")


async def _select_option(hand: _Hand, option: str) -> None:
    await hand.ask("choose", option)


async def _scroll(tab: Tab, direction: int) -> None:
    answer = await tab.ask(f"scroll({direction}, {_SCROLL_SHARE})")
    if "error" in answer:
        raise ActionTargetError(answer["error"])


async def _scroll_down(tab: Tab) -> None:
    await _scroll(tab, +1)


async def _scroll_up(tab: Tab) -> None:
    await _scroll(tab, -1)


async def _go_backward(tab: Tab) -> None:
    await tab.go(-1)


async def _go_forward(tab: Tab) -> None:
    await tab.go(+1)


async def _wait(tab: Tab) -> None:
    await tab.ask(f"nextChange({_WAIT_LIMIT})")


_ON_ELEMENT: dict[ActionKind, Callable[[_Hand, str], Awaitable[None]]] = {
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
    ActionKind.SCROLL_DOWN: _scroll_down,
    ActionKind.SCROLL_UP: _scroll_up,
    ActionKind.WAIT: _wait,
}
