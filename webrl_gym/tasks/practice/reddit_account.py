"""Tasks on the forum site about the account: its subscriptions, profile, messages, and a forum of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice import reddit_moves as moves
from webrl_gym.tasks.template import TaskKind, Template, WorldReader

_FORUM_STARTS = "Sunday Rural Tiny Modern Lazy Honest Local Secret Slow Happy".split()
_FORUM_ENDS = "Bakers Painters Readers Runners Singers Farmers Sailors Pilots Knitters Climbers".split()


def _draw_unsubscribed(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return moves.draw_forum(world, rng, novel, "NOT f.subscribed")


def _draw_subscribed(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return moves.draw_forum(world, rng, novel, "f.subscribed")


def _button_says(text: str) -> Callable[[WorldReader, Parameters], dict[str, Any]]:
    """An evaluation: the button on the forum's page offers ``text``."""

    def evaluate(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
        page = f"__REDDIT__/f/{parameters['forum']}"
        return pages_show(page_check(page, moves.text_of(".subscribe-button"), text, exactly=True))

    return evaluate


def _solve_subscribe(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    yield page.click("Subscribe")
    yield leave()


def _solve_unsubscribe(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click(parameters["forum"], near="Subscribed forums")
    yield page.click("Unsubscribe")
    yield leave()


def _draw_visible(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    # The page that is checked lists the hidden forums, so the name must not be a part of what stands there already.
    standing = " ".join(["Forum Unhide", *(row["name"] for row in moves.forums(world, "f.hidden"))]).lower()
    names = [row["name"] for row in moves.forums(world, "f.novel = ?", (int(novel),))]
    names = [name for name in names if name.lower() not in standing]
    return {"forum": rng.choice(names)} if names else None


def _evaluate_hide(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = f"__REDDIT__/user/{moves.ACCOUNT}/hidden_forums"
    return pages_show(page_check(page, moves.text_of("#hidden-forums"), parameters["forum"]))


def _solve_hide(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_forum(page, parameters["forum"])
    page = yield page.click("Hide this forum")
    yield page.click("Hide", tag="button")
    yield leave()


def _draw_biography(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    return None if novel else {"text": moves.some_words(rng, rng.randint(3, 5))}


def _evaluate_biography(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = f"__REDDIT__/user/{moves.ACCOUNT}"
    return pages_show(page_check(page, moves.text_of(".user-bio__biography"), parameters["text"], exactly=True))


def _solve_biography(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click(moves.ACCOUNT, tag="summary")
    page = yield page.click("Profile")
    page = yield page.click("Edit biography")
    page = yield page.type("Biography", parameters["text"])
    yield page.click("Save")
    yield leave()


def _draw_message(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = [row for row in moves.others_posts(world, novel) if row["reachable"]]
    return {"post": rng.choice(rows)["title"], "text": moves.some_words(rng, 4)} if rows else None


def _evaluate_message(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    author = moves.post(world, parameters["post"])["author"]
    return pages_show(page_check("__REDDIT__/messages", moves.text_of("#threads"), author, parameters["text"]))


def _solve_message(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from moves.open_author(page, parameters)
    page = yield page.click("Send message")
    page = yield page.type("Message", parameters["text"])
    yield page.click("Send", tag="button")
    yield leave()


def _draw_new_forum(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    name = rng.choice(_FORUM_STARTS) + rng.choice(_FORUM_ENDS)
    return {"name": name, "description": moves.some_words(rng, 3), "rule": moves.some_words(rng, 3)}


def _evaluate_new_forum(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
    page = f"__REDDIT__/f/{parameters['name']}/edit"
    return pages_show(
        page_check(page, 'document.querySelector("#forum_description").value', parameters["description"]),
        page_check(page, 'document.querySelector("#forum_sidebar").value', parameters["rule"]),
    )


def _solve_new_forum(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.click("Forums", tag="a")
    page = yield page.click("Create forum")
    page = yield page.type("Name", parameters["name"])
    page = yield page.type("Title", parameters["name"])
    page = yield page.type("Description", parameters["description"])
    page = yield page.type("Sidebar", parameters["rule"])
    yield page.click("Create forum", tag="button")
    yield leave()


ACCOUNT_TEMPLATES = (
    Template(
        name="reddit.subscribe",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            "Subscribe to the {forum} forum.",
            "I want to follow /f/{forum}, subscribe me.",
            "Open the forum {forum} and subscribe.",
        ),
        draw=_draw_unsubscribed,
        evaluate=_button_says("Unsubscribe"),
        solve=_solve_subscribe,
        steps=5,
    ),
    Template(
        name="reddit.unsubscribe",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            "Unsubscribe from the {forum} forum.",
            "I no longer want to follow /f/{forum}, unsubscribe me.",
            "Cancel my subscription to the forum {forum}.",
        ),
        draw=_draw_subscribed,
        evaluate=_button_says("Subscribe"),
        solve=_solve_unsubscribe,
        steps=3,
    ),
    Template(
        name="reddit.hide_forum",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            "Hide the {forum} forum from my front page.",
            "I do not want to see submissions from /f/{forum} any more, hide that forum.",
            "Add {forum} to my hidden forums.",
        ),
        draw=_draw_visible,
        evaluate=_evaluate_hide,
        solve=_solve_hide,
        steps=6,
    ),
    Template(
        name="reddit.edit_biography",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Change my reddit bio to "{text}".',
            'Set the biography of my profile to "{text}".',
            'Update my user biography so that it says "{text}".',
        ),
        draw=_draw_biography,
        evaluate=_evaluate_biography,
        solve=_solve_biography,
        steps=6,
    ),
    Template(
        name="reddit.message_author",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Send a private message saying "{text}" to the author of the post "{post}".',
            'Message whoever submitted "{post}" with the text "{text}".',
            'Write "{text}" in a message to the user who posted "{post}".',
        ),
        draw=_draw_message,
        evaluate=_evaluate_message,
        solve=_solve_message,
        steps=6,
    ),
    Template(
        name="reddit.create_forum",
        sites=moves.SITE,
        kind=TaskKind.CHANGING,
        wordings=(
            'Create a new forum named {name}, with a description of "{description}", and "{rule}" in the sidebar.',
            'Open a forum called {name}. Its description is "{description}" and its sidebar says "{rule}".',
            'Set up the forum {name} with the description "{description}" and the sidebar "{rule}".',
        ),
        draw=_draw_new_forum,
        evaluate=_evaluate_new_forum,
        solve=_solve_new_forum,
        steps=8,
    ),
)
"""Templates about the account."""
