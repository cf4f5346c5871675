"""What a language model is told of the embedded sites, and which words give a site away: plain data.

The words were checked against the sites' page templates and the training templates' wordings
(``tests/agents/test_site_guide.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from webrl_gym.types import Site


@dataclass(frozen=True, slots=True)
class SiteGuide:
    """One site in words.

    Attributes:
        name: What people call it, in lower case; an instruction that says a name is about that site.
        description: What can be done there, in one sentence.
        lacking: What somebody might ask for and the site does not have, as patterns over lower-case text.
    """

    name: tuple[str, ...]
    description: str
    lacking: tuple[str, ...]


GUIDES = {
    Site.SHOPPING: SiteGuide(
        ("one stop market", "onestopmarket"),
        "One Stop Market, a shop for signed-in customers: categories of products with prices, stock and reviews, a "
        "search, a cart, a wish list, a checkout, past orders, addresses, a newsletter and a contact form.",
        (r"track (my|the|an?) (order|package|parcel)", r"refunds?", r"(live )?chat", r"gift cards?", r"coupons?",
         r"invoices?", r"credit cards?", r"compare products", r"loyalty", r"notifications?"),
    ),
    Site.SHOPPING_ADMIN: SiteGuide(
        ("back office", "magento", "admin panel"),
        "the back office of a shop: orders and their status, comments and totals, customers, products with price and "
        "stock, reviews that wait for approval, search terms, price rules, content pages, and reports of sales.",
        (r"refunds?", r"credit memos?", r"exports?", r"csv", r"backups?", r"currenc(y|ies)", r"(live )?chat"),
    ),
    Site.REDDIT: SiteGuide(
        ("reddit", "postmill"),
        "a forum site: forums with posts, votes and comments, pages of users with a biography, subscriptions, hidden "
        "forums, private messages, and forms for new posts, comments and forums.",
        (r"polls?", r"crossposts?", r"gold", r"bookmarks?", r"trending", r"notifications?", r"live chat"),
    ),
    Site.GITLAB: SiteGuide(
        ("gitlab",),
        "a code host: projects with files, commits, branches, issues, merge requests, labels, milestones, members and "
        "stars, groups, to-dos, and the signed-in user's profile and status.",
        (r"pipelines?", r"runners?", r"wikis?", r"snippets?", r"webhooks?", r"kubernetes", r"ssh keys?", r"epics?",
         r"deploy(s|ed|ments?)?"),
    ),
    Site.MAP: SiteGuide(
        ("openstreetmap",),
        "a map: a search for places by name, kind and city, their addresses, phone numbers, web sites, zip codes and "
        "coordinates, and routes by car, bicycle or on foot with distance and time.",
        (r"traffic", r"weather", r"flights?", r"trains?", r"timetables?", r"tickets?", r"book(ing)?s?",
         r"favou?rites?", r"bookmarks?", r"ratings?", r"reviews?", r"satellite", r"street view",
         r"(my|current|real-time) location"),
    ),
    Site.WIKIPEDIA: SiteGuide(
        ("wikipedia",),
        "an encyclopedia: a search, and short articles to read.",
        (r"edit", r"history", r"talk page"),
    ),
}  # fmt: skip
"""The sites that an instruction may be about."""

_SHOPS = {Site.SHOPPING, Site.SHOPPING_ADMIN}
_MARKS: dict[str, set[Site]] = {
    r"products?|orders?|customers?|carts?|wish ?lists?|checkout|stock": _SHOPS,
    r"invoices?|coupons?|bestsellers?": {Site.SHOPPING_ADMIN},
    r"forums?|subreddits?|upvote|downvote|submissions?": {Site.REDDIT},
    r"repository|repositories|repos?|commits?|merge requests?|(?<!quality )issues?|branch(es)?|milestones?|projects?": {
        Site.GITLAB
    },
    r"routes?|zip codes?|postcodes?|latitude|longitude|coordinates|nearest|on foot|by car|by bicycle": {Site.MAP},
    r"encyclopedia|articles?": {Site.WIKIPEDIA},
}
"""Words that give a site away, beside its names."""
_PATTERNS = [
    *((re.compile(rf"\b(?:{words})\b"), sites) for words, sites in _MARKS.items()),
    *((re.compile(rf"\b(?:{'|'.join(guide.name)})\b"), {site}) for site, guide in GUIDES.items()),
]
_LACKING = {site: re.compile(rf"\b(?:{'|'.join(guide.lacking)})\b") for site, guide in GUIDES.items()}
_QUOTED = re.compile(r'"[^"]*"')


def describe_sites(sites: Iterable[Site]) -> str:
    """What can be done on these sites, one line each."""
    return "\n".join(f"- {site.value}: {GUIDES[site].description}" for site in sites)


def is_about_others(instruction: str, sites: Iterable[Site]) -> bool:
    """Whether an instruction's words belong to other sites than these, and none of them to these.

    Args:
        instruction: Any text; what is quoted does not count.
        sites: Where it is to be done.
    """
    text = _QUOTED.sub(" ", instruction).lower()
    own = set(sites)
    told = [marked for pattern, marked in _PATTERNS if pattern.search(text)]
    return bool(told) and not any(marked & own for marked in told)


def what_is_lacking(instruction: str, sites: Iterable[Site]) -> str:
    """The first word of an instruction that asks for something which none of the sites has; empty if there is none.

    Args:
        instruction: Any text; what is quoted does not count.
        sites: Where it is to be done.
    """
    text = _QUOTED.sub(" ", instruction).lower()
    found = [_LACKING[site].search(text) for site in sites]
    return found[0].group() if found and found[0] is not None and all(found) else ""
