"""The three helper functions that official records call by name, in a page's address or as a locator.

A call is read by a parser of its own and never evaluated as code, so that neither a task file nor an address that the
agent chose can run anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.errors import EvaluationError, MalformedReference, NothingLocated

_CALL = re.compile(r"func:\s*(\w+)\((.*)\)\s*", re.DOTALL)
_ARGUMENT = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)"|(__page__))\s*(?:,|$)""")
LAST_URL = "__last_url__"


class Shop(Protocol):
    """What the evaluators ask the shop behind its pages."""

    def latest_order_url(self) -> str:
        """Address of the newest order's page.

        Raises:
            SiteError: If the shop does not answer as a shop should.
            EvaluationError: If there is no order.
        """


@dataclass(frozen=True, slots=True)
class Call:
    """A helper function and its arguments, ``__page__`` left out."""

    name: str
    arguments: tuple[str, ...]


def is_call(text: str) -> bool:
    """True for what calls a helper function."""
    return text.startswith("func")


def read_call(text: str) -> Call:
    """Reads ``func:name('argument', __page__)``.

    Raises:
        MalformedReference: If it is anything else.
    """
    found = _CALL.fullmatch(text)
    if found is None:
        raise MalformedReference(f"expected func:name('argument'), got {text[:200]!r}")
    arguments: list[str] = []
    position, inside = 0, found[2].strip()
    while position < len(inside):
        argument = _ARGUMENT.match(inside, position)
        if argument is None:
            raise MalformedReference(f"the arguments of {text[:200]!r} are not texts in quotes")
        if argument[3] is None:
            arguments.append(argument[1] if argument[1] is not None else argument[2])
        position = argument.end()
    return Call(found[1], tuple(arguments))


def called_url(text: str, last_url: str, shop: Shop | None) -> str:
    """The address that a call stands for.

    Args:
        text: The call.
        last_url: What ``__last_url__`` means.
        shop: Is asked for its newest order.

    Raises:
        MalformedReference: If there is no such function for addresses.
        EvaluationError: If it needs a shop and there is none.
        SiteError: If the shop fails.
    """
    match read_call(text):
        case Call("reddit_get_post_url", (url,)):
            return post_url(url.replace(LAST_URL, last_url))
        case Call("shopping_get_latest_order_url", ()):
            if shop is None:
                raise EvaluationError("there is no shop to ask for its newest order")
            return shop.latest_order_url()
    raise MalformedReference(f"there is no helper function {text[:200]!r} that gives an address")


def called_text(text: str, page: EvaluationPage) -> str:
    """The text that a call finds on a page; empty if it finds nothing.

    Raises:
        MalformedReference: If there is no such function for pages.
    """
    match read_call(text):
        case Call("gitlab_get_project_memeber_role", (account,)):
            return member_role(page, account)
    raise MalformedReference(f"there is no helper function {text[:200]!r} that reads a page")


def post_url(url: str) -> str:
    """An address within a post of the forum, cut down to the post's own; any other as it is."""
    parts = urlsplit(url)
    steps = parts.path.split("/")
    if len(steps) < 4 or steps[1] != "f":
        return url
    return f"{parts.scheme}://{parts.netloc}/f/{steps[2]}/{steps[3]}/"


def member_role(page: EvaluationPage, account: str) -> str:
    """The role of a member on a project's page of members; empty if there is no such member."""
    accounts = "[...document.querySelectorAll(\"td[data-label='Account'] span.gl-avatar-labeled-sublabel\")]"
    names = page.locate(accounts + ".map(name => name.outerText).join('|')").split("|")
    if f"@{account}" not in names:
        return ""
    try:
        position = names.index(f"@{account}")
        return page.locate(f'document.querySelectorAll("td.col-max-role span")[{position}].outerText')
    except NothingLocated:
        return ""
