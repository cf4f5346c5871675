"""Official tasks that cross from the map, in the first tab, to the site in the second."""

from __future__ import annotations

import re

from webrl_gym.actions import leave, switch_tab
from webrl_gym.tasks.official.map.moves import (
    BICYCLE,
    CAR,
    FOOT,
    asked_places,
    found,
    in_words,
    look_up,
    measure,
    minutes_shown,
    move,
    name_of,
)
from webrl_gym.tasks.official.script import Perturbation, Script, Solve
from webrl_gym.tasks.page_view import Moves, Oracle, OracleLost, PageView
from webrl_gym.tasks.practice.map_moves import open_place, read_route
from webrl_gym.tasks.practice.shopping_admin_moves import open_record

_MAP, _OTHER_SITE = 0, 1
"""Tabs."""


def _search_articles(pattern: str) -> Moves:
    """Searches the encyclopedia."""
    page = yield switch_tab(_OTHER_SITE)
    name = next(control.name for control in page.controls if control.tag == "input")
    page = yield page.search(name, pattern)
    return page


def _articles(page: PageView) -> list[str]:
    """Titles of the articles that a search of the encyclopedia found, best first."""
    begin = page.line_of("Results")
    return [control.text for control in page.controls if control.tag == "a" and control.line >= begin]


def _article(pattern: str) -> Moves:
    """Opens the encyclopedia's best article for some words."""
    page = yield from _search_articles(pattern)
    page = yield page.click(_articles(page)[0])
    return page


def _top_school(words: str, state: str) -> Moves:
    """Reads what the encyclopedia has on schools of a subject in a state; ends on the one that rankings put first."""
    page = yield from _search_articles(f"{words} {state}")
    for title in _articles(page):
        page = yield page.click(title)
        if any(re.search(r"\brankings?\b.*\bfirst\b", line, re.IGNORECASE) for line in page.plain_lines):
            return page
        page = yield page.back()
    raise OracleLost(f"no school of {words} in {state} is said to be the first")


def _drive_to_top_school(page: PageView) -> Oracle:
    start, words, state = asked_places(page, r"from (.+) to the top (.+) school in (\w+)")
    page = yield from _top_school(words, state)
    school = _title(page)
    page = yield switch_tab(_MAP)
    page = yield from measure(page, start, school, CAR)
    yield leave(read_route(page)[0].replace("km", " km"))


def _title(page: PageView) -> str:
    return next(text for line, text in zip(page.lines, page.plain_lines, strict=True) if line.startswith("<h1>"))


def _park_by_bicycle(page: PageView) -> Oracle:
    words, start = asked_places(page, r"closest (.+?) to (.+?)\?")
    page = yield from look_up(page, f"{words} near {start}")
    park = found(page)[0]
    page = yield from measure(page, start, park, BICYCLE)
    yield leave(f"{name_of(park)}, {in_words(minutes_shown(page))}")


def _crash_site(page: PageView) -> Oracle:
    page = yield from _article("September 11 attacks")
    page = yield page.click("United Airlines Flight 93")
    memorial = page.row("Memorial")["1"]
    page = yield switch_tab(_MAP)
    yield from open_place(page, memorial)
    yield leave()


def _another_memorial(page: PageView) -> Oracle:
    yield from open_place(page, "National September 11 Memorial & Museum")
    yield leave()


def _arena(page: PageView) -> Moves:
    """Looks up where the team plays; ends on the article."""
    city, league = asked_places(page, r"stadium of (\w+) home (\w+) team")
    page = yield from _article(f"{city} {league} team")
    return page


def _way_to_arena(engine: str) -> Solve:
    def solve(page: PageView) -> Oracle:
        (start,) = asked_places(page, r"from (.+) to the home")
        page = yield from _arena(page)
        arena = page.row("Arena")["1"]
        page = yield switch_tab(_MAP)
        yield from measure(page, start, arena, engine)
        yield leave()

    return solve


def _home_of_customer(page: PageView) -> Moves:
    """Looks up a customer of the shop in its back office; ends on the customer's page."""
    (customer,) = asked_places(page, r"customer (.+) lives")
    page = yield switch_tab(_OTHER_SITE)
    return (yield from open_record(page, "Customers", "All Customers", customer))


def _way_to_customer(*, backwards: bool) -> Solve:
    def solve(page: PageView) -> Oracle:
        (start,) = asked_places(page, r"from (.+) to the city")
        page = yield from _home_of_customer(page)
        town = f"{page.find('City').value}, {page.find('State/Province').value}"
        page = yield switch_tab(_MAP)
        ends = (town, start) if backwards else (start, town)
        yield from measure(page, *ends, CAR)
        yield leave()

    return solve


SCRIPTS: tuple[Script, ...] = (
    Script(
        23,
        _drive_to_top_school,
        "92 km",
        Perturbation((move("Massachusetts Institute of Technology", 42.2626, -71.8023),), "848 km"),
    ),
    Script(
        64,
        _park_by_bicycle,
        "Acadia National Park, 9h 33min",
        Perturbation((move("Acadia National Park", 41.2413, -81.5496),), "22h 43min"),
    ),
    Script(102, _crash_site, _another_memorial),
    Script(155, _way_to_arena(CAR), _way_to_arena(FOOT)),
    Script(158, _way_to_customer(backwards=False), _way_to_customer(backwards=True)),
)
