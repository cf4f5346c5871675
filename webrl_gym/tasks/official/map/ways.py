"""Official tasks about ways between places: how long they are and how long they take."""

from __future__ import annotations

from itertools import pairwise, permutations

from webrl_gym.actions import leave
from webrl_gym.tasks.official.map.moves import (
    CAR,
    FOOT,
    asked_places,
    found,
    in_words,
    look_up,
    measure,
    minutes_shown,
    move,
)
from webrl_gym.tasks.official.script import Perturbation, Script
from webrl_gym.tasks.page_view import Oracle, PageView

_HOMETOWNS = {"Joe Biden": "Scranton, Pennsylvania"}
"""What an agent knows."""


def _walk_and_drive(page: PageView) -> Oracle:
    start, goal = asked_places(page, r"from (.+) to (.+)$")
    page = yield from measure(page, start, goal, CAR)
    driving = in_words(minutes_shown(page))
    page = yield page.select("Travel mode", "Foot (OSRM)")
    page = yield page.click("Go")
    yield leave(f"driving: {driving}, walking: {in_words(minutes_shown(page))}")


def _police_in_reach(page: PageView) -> Oracle:
    police, city, start = asked_places(page, r"the (.+) in (\w+) can be .* from (.+)$")
    page = yield from look_up(page, start)
    building = found(page)[0]
    page = yield from look_up(page, f"{police} {city}")
    page = yield from measure(page, building, found(page)[0], CAR)
    yield leave("Yes" if minutes_shown(page) <= 60 else "No")


def _walk_to_library(page: PageView) -> Oracle:
    start, goal, campus = asked_places(page, r"from (.+) to a (\w+) at (\w+)\?")
    page = yield from look_up(page, f"{goal} {campus}")
    page = yield from measure(page, start, found(page)[0], FOOT)
    yield leave(f"{minutes_shown(page)} min")


def _best_order(page: PageView) -> Oracle:
    first, *others = asked_places(page, r"\['(.+?)', '(.+?)', '(.+?)'\]")
    totals = {}
    times: dict[tuple[str, str], int] = {}
    for order in permutations(others):
        stops = [first, *order]
        for leg in pairwise(stops):
            if leg not in times:
                page = yield from measure(page, *leg, CAR)
                times[leg] = minutes_shown(page)
        totals[", ".join(stops)] = sum(times[leg] for leg in pairwise(stops))
    yield leave(min(totals, key=lambda order: totals[order]))


def _walk_then_drive(page: PageView) -> Oracle:
    start, stop, goal = asked_places(page, r"walk from (.+) to (.+), and then drive to (.+)\?")
    page = yield from measure(page, start, stop, FOOT)
    walking = minutes_shown(page)
    page = yield from measure(page, stop, goal, CAR)
    yield leave(f"{walking + minutes_shown(page)} min")


def _drive_from_stay(page: PageView) -> Oracle:
    start, goal = asked_places(page, r"stay at (.+), what.* to reach (.+)\?")
    page = yield from measure(page, start, goal, CAR)
    yield leave(f"{minutes_shown(page)} minutes")


def _drive_from_hometown(page: PageView) -> Oracle:
    person, goal = asked_places(page, r"hometown of (.+) and (.+)\?")
    page = yield from measure(page, _HOMETOWNS[person], goal, CAR)
    yield leave(in_words(minutes_shown(page)))


def _drive(page: PageView) -> Oracle:
    start, goal = asked_places(page, r"from (.+?) to (.+?)(?: by car)?\?")
    page = yield from measure(page, start, goal, CAR)
    yield leave(in_words(minutes_shown(page)))


def _show_drive(page: PageView) -> Oracle:
    start, goal = asked_places(page, r"from (.+) to (.+) using driving")
    yield from measure(page, start, goal, CAR)
    yield leave()


def _show_walk(page: PageView) -> Oracle:
    start, goal = asked_places(page, r"from (.+) to (.+) using driving")
    yield from measure(page, start, goal, FOOT)
    yield leave()


SCRIPTS: tuple[Script, ...] = (
    Script(
        3,
        _walk_and_drive,
        "driving: 14min, walking: 1h 31min",
        Perturbation((move("Randyland", 40.4417, -79.9901),), "walking: 1h 1min"),
    ),
    Script(
        7,
        _police_in_reach,
        "No",
        Perturbation(
            (
                move("Pittsburgh Bureau of Police Zone 2", 41.5052, -81.6935),
                move("Pittsburgh Bureau of Police Zone 4", 41.5052, -81.6935),
            ),
            "No",
        ),
    ),
    Script(
        11, _walk_to_library, "21 min", Perturbation((move("Carnegie Museum of Art", 40.4384, -79.9229),), "35 min")
    ),
    Script(
        16,
        _best_order,
        "Massachusetts Institute of Technology, Boston Logan International Airport, Harvard University",
        Perturbation(
            (move("Harvard University", 42.5195, -70.8967),),
            "Massachusetts Institute of Technology, Boston Logan International Airport, Harvard University",
        ),
    ),
    Script(18, _walk_then_drive, "44 min", Perturbation((move("Harvard University", 42.3601, -71.0941),), "20 min")),
    Script(
        19,
        _drive_from_stay,
        "28 minutes",
        Perturbation((move("PPG Paints Arena", 40.4384, -79.9229),), "43 minutes"),
    ),
    Script(35, _drive_from_hometown, "2h 30min", Perturbation((move("Bridgeport", 41.7646, -72.6909),), "3h 58min")),
    Script(
        38,
        _drive,
        "19min",
        Perturbation((move("Schenley Park", 40.4384, -79.9229),), "10min"),
    ),
    Script(69, _drive, "5h 47min", Perturbation((move("Philadelphia", 40.0381, -76.3057),), "7h 0min")),
    Script(159, _show_drive, _show_walk),
)
