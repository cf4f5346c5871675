"""What the tests of Chromium do with its test pages: open them, find a control by its name, act on it, read."""

from __future__ import annotations

from tests.webrl_gym.engines.conftest import ROOT
from webrl_gym.actions import Action, ActionKind
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.observation import simplify
from webrl_gym.page_writer import visible_text
from webrl_gym.types import PageNode, PageSnapshot


def nodes(node: PageNode) -> list[PageNode]:
    found = [node]
    for child in node.children:
        if isinstance(child, PageNode):
            found += nodes(child)
    return found


def element(page: PageSnapshot, name: str) -> PageNode:
    """The first control with this text, label or ``name`` attribute."""
    for node in simplify(page).elements.values():
        if name in (visible_text(node), node.attrs.get("name"), node.attrs.get("aria-label")):
            return node
    raise LookupError(f"no {name!r} on the page:\n{text_of(page)}")


def text_of(page: PageSnapshot) -> str:
    return simplify(page).window(0, 16_000)[0]


def visit(engine: ChromiumEngine, page: str) -> PageSnapshot:
    engine.start([f"{ROOT}/page/{page}.html"], [])
    return engine.snapshot()


def act(engine: ChromiumEngine, kind: ActionKind, name: str = "", argument: str | None = None) -> PageSnapshot:
    target = element(engine.snapshot(), name).ref if name else None
    engine.execute(Action(kind, argument=argument), target)
    return engine.snapshot()


def click(engine: ChromiumEngine, name: str) -> PageSnapshot:
    return act(engine, ActionKind.CLICK, name)


def said(page: PageSnapshot) -> str:
    return next(visible_text(node) for node in nodes(page.body) if node.attrs.get("id") == "said")
