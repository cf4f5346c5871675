"""Official tasks about what is near: candidates come from a search, their order from the ways to them."""

from __future__ import annotations

from collections.abc import Generator

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.map.moves import (
    BICYCLE,
    CAR,
    FOOT,
    asked_places,
    found,
    look_up,
    measure,
    metres_shown,
    minutes_shown,
    move,
    name_of,
    rename,
)
from webrl_gym.tasks.official.script import Perturbation, Script
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice.map_moves import read_route

_CANDIDATES = 4
"""Search results whose ways are measured: the nearest as the crow flies."""

Nearest = Generator[Action, PageView, tuple[PageView, str, str]]
"""Moves that end on a page of the map, with the nearest place and the length of the way there."""


def _nearest(page: PageView, words: str, anchor: str) -> Nearest:
    page = yield from look_up(page, f"{words} near {anchor}")
    best, shortest, length = "", float("inf"), ""
    for candidate in found(page)[:_CANDIDATES]:
        page = yield from measure(page, anchor, candidate, FOOT)
        if metres_shown(page) < shortest:
            best, shortest, length = candidate, metres_shown(page), read_route(page)[0]
    return page, best, length


def _supermarket_of_hotel(page: PageView) -> Oracle:
    airport, brand = asked_places(page, r"arrive (.+?) soon.* a (\w+) hotel")
    page = yield from look_up(page, f"{brand} hotel near {airport}")
    hotel = found(page)[0]
    page, _, length = yield from _nearest(page, "supermarket", hotel)
    yield leave(f"{name_of(hotel)}, {length}")


def _supermarkets_in_reach(page: PageView) -> Oracle:
    airport, brand = asked_places(page, r"arriving at (.+?)\. .* a (\w+) hotel")
    (limit,) = asked_places(page, r"within (\d+)mins")
    page = yield from look_up(page, f"{brand} hotel near {airport}")
    hotel = found(page)[0]
    page = yield from look_up(page, f"supermarkets near {hotel}")
    within = []
    for candidate in found(page)[:_CANDIDATES]:
        page = yield from measure(page, hotel, candidate, CAR)
        if minutes_shown(page) <= int(limit):
            within.append(name_of(candidate))
    yield leave(f"{name_of(hotel)}: {', '.join(dict.fromkeys(within))}")


def _closest_cafe(page: PageView) -> Oracle:
    words, anchor = asked_places(page, r"closest (\w+)\(s\) to (.+)$")
    _, cafe, _ = yield from _nearest(page, words, anchor)
    yield leave(name_of(cafe))


def _tea_cafe(page: PageView) -> Oracle:
    words, anchor = asked_places(page, r"nearest (.+) to (.+), and")
    _, cafe, length = yield from _nearest(page, words, anchor)
    yield leave(f"{cafe}, {length}")


def _pharmacy(page: PageView) -> Oracle:
    words, anchor = asked_places(page, r"nearest (\w+) from (.+) I can")
    (limit,) = asked_places(page, r"within (\d+)mins")
    page, pharmacy, _ = yield from _nearest(page, words, anchor)
    page = yield from measure(page, anchor, pharmacy, FOOT)
    yield leave(pharmacy if minutes_shown(page) <= int(limit) else "N/A")


def _closest_branch(page: PageView) -> Oracle:
    anchor, brand = asked_places(page, r"between (.+) and (\w+) \(")
    _, _, length = yield from _nearest(page, brand, anchor)
    yield leave(length)


def _hotels_in_reach(page: PageView) -> Oracle:
    goal, limit = asked_places(page, r"hotels to (.+), that take at most (\d+) minutes")
    page = yield from look_up(page, f"hotels near {goal}")
    within = []
    for hotel in found(page)[:_CANDIDATES]:
        page = yield from measure(page, hotel, goal, FOOT)
        if minutes_shown(page) <= int(limit):
            within.append(f"{name_of(hotel)}: {read_route(page)[0]}")
    yield leave(", ".join(within) or "N/A")


def _post_office(page: PageView) -> Oracle:
    anchor, words = asked_places(page, r"I am at (.+?), .*nearest (\w+) ")
    page, office, _ = yield from _nearest(page, words, anchor)
    times = []
    for label, mode in (("Walk", FOOT), ("Drive", CAR), ("Bike", BICYCLE)):
        page = yield from measure(page, anchor, office, mode)
        minutes = minutes_shown(page)
        unit = "minute" if minutes == 1 else "minutes"
        times.append(f"{label}: {minutes} {unit}" if minutes else f"{label}: less than 1 minute")
    yield leave(", ".join(times))


def _immigration_office(page: PageView) -> Oracle:
    anchor, first, second = asked_places(page, r"arriving at (.+?)\. Find the nearby (.+) and .* nearest (.+) from")
    page = yield from look_up(page, f"{first} near {anchor}")
    offices = found(page)
    if not offices:
        yield leave("N/A")
        return
    _, _, length = yield from _nearest(page, second, offices[0])
    yield leave(f"{name_of(offices[0])}, {length}")


SCRIPTS: tuple[Script, ...] = (
    Script(
        6,
        _supermarket_of_hotel,
        "DoubleTree by Hilton Hotel Pittsburgh Airport, 2.9km",
        Perturbation((move("Giant Eagle", 40.4961, -80.1672, "Moon Township"),), "4.1km"),
    ),
    Script(
        12,
        _closest_cafe,
        "Starbucks",
        Perturbation((rename("De Fer Coffee & Tea", "Elm Roasters"),), "Elm Roasters"),
    ),
    Script(
        24,
        _tea_cafe,
        "Kung Fu Tea, 5825, Forbes Avenue, Squirrel Hill South, Pittsburgh, 3.0km",
        Perturbation((move("Fuku Tea", 40.4436, -79.9512),), "344m"),
    ),
    Script(
        52,
        _hotels_in_reach,
        "Wyndham Pittsburgh University Cente: 338m, The Oaklander Hotel: 375m",
        Perturbation((move("Residence Inn Pittsburgh Oakland/University Place", 40.4453, -79.9569),), "Residence Inn"),
    ),
    Script(
        53,
        _post_office,
        "Walk: 15 minutes, Drive: 4 minutes, Bike: 6 minutes",
        Perturbation((move("United States Postal Service", 40.4525, -79.9505),), "Drive: 3 minutes"),
    ),
    Script(
        57,
        _pharmacy,
        "CVS, 4610, Centre Avenue, North Oakland, Pittsburgh, Allegheny County, Pennsylvania, 15213, United States",
        Perturbation((move("Schiller's Pharmacy", 40.4384, -79.9229),), "CVS"),
    ),
    Script(85, _closest_branch, "2.5km", Perturbation((move("CVS", 40.4384, -79.9229, "Centre Avenue"),), "2.0km")),
    Script(
        91,
        _immigration_office,
        "2.4km",
        Perturbation((rename("UPMC Shadyside", "US Citizenship and Immigration Services"),), "1.9km"),
    ),
    Script(
        92,
        _supermarkets_in_reach,
        "Hyatt Regency Pittsburgh International Airport: Shop 'n Save",
        Perturbation((move("Shop 'n Save", 40.4961, -80.2372),), "Shop 'n Save"),
    ),
)
