"""Official tasks about one place: its tags, its page, what it borders on."""

from __future__ import annotations

from webrl_gym.actions import click, leave
from webrl_gym.tasks.official.map.moves import asked_places, found, look_up, measure, metres_shown, move, retag
from webrl_gym.tasks.official.script import Perturbation, Script
from webrl_gym.tasks.page_view import Moves, Oracle, PageView
from webrl_gym.tasks.practice.map_moves import open_place, read_tag
from webrl_gym.tasks.template import Statement
from webrl_gym.types import Site

_CODE_OF_STATES = "US-"
_TRIES = 3


def _airports(page: PageView) -> Oracle:
    limit, start = asked_places(page, r"distance of (\d+) km to (.+)$")
    page = yield from look_up(page, f"international airports near {start}")
    within, misses = [], 0
    for airport in found(page, "Aerodrome"):
        page = yield from measure(page, start, airport, "by car")
        if metres_shown(page) <= 1000 * int(limit):
            within.append(airport)
        else:
            misses += 1
        if misses == _TRIES:
            break
    yield leave("; ".join(within) or "N/A")


def _zip_code(page: PageView) -> Oracle:
    (name,) = asked_places(page, r"zip code of (.+?)\?")
    page = yield from open_place(page, name)
    yield leave(read_tag(page, "addr:postcode"))


def _phone(page: PageView) -> Oracle:
    (name,) = asked_places(page, r"phone number of (.+)$")
    page = yield from open_place(page, name)
    yield leave(read_tag(page, "phone"))


def _coordinates(page: PageView) -> Oracle:
    name, anchor = asked_places(page, r"coordinates of (.+) near (\w+)")
    page = yield from look_up(page, f"{name} near {anchor}")
    page = yield page.click(found(page)[0])
    yield leave(", ".join(f"{float(degrees):.3f}" for degrees in page.after("Location:").split(", ")))


def _open_described(page: PageView) -> Oracle:
    (name,) = asked_places(page, r"page of (.+) on Map")
    yield from open_place(page, name)
    yield leave()


def _open_another(page: PageView) -> Oracle:
    yield from open_place(page, "Carnegie Museum of Art")
    yield leave()


def _search_around(page: PageView, words: str, anchor: str) -> Moves:
    page = yield from look_up(page, f"{words}s near {anchor}")
    return page


def _hotels_around(page: PageView) -> Oracle:
    words, anchor = asked_places(page, r"the (\w+) around (.+)$")
    yield from _search_around(page, words, anchor)
    yield leave()


def _hotels_elsewhere(page: PageView) -> Oracle:
    words, _ = asked_places(page, r"the (\w+) around (.+)$")
    yield from _search_around(page, words, "Carnegie Museum of Art")
    yield leave()


def _neighbours(page: PageView) -> Oracle:
    """Follows each border of the state to the states that share it."""
    (state,) = asked_places(page, r"border (.+)\?")
    page = yield from open_place(page, state)
    borders = [control for control in page.controls if control.tag == "a" and control.text.isdecimal()]
    neighbours: list[str] = []
    for border in borders:
        page = yield click(border.id)
        begin = page.line_of("Part of")
        sharing = [c for c in page.controls if c.line > begin and " (" in c.text and not c.text.startswith(state)]
        page = yield click(sharing[0].id)
        if read_tag(page, "ISO3166-2").startswith(_CODE_OF_STATES):
            neighbours.append(read_tag(page, "name"))
        page = yield page.back()
        page = yield page.back()
    yield leave(", ".join(neighbours))


def _share_border(state: str, neighbour: str, other: str) -> Statement:
    """Makes the border of two states one with another state."""
    named = "(SELECT id FROM element WHERE type = 'relation' AND name = ?)"
    return (
        Site.MAP,
        f"UPDATE member SET position = 99, relation_id = {named} WHERE relation_id = {named}"
        f" AND id IN (SELECT id FROM member WHERE relation_id = {named})",
        (other, neighbour, state),
    )


SCRIPTS: tuple[Script, ...] = (
    Script(
        1,
        _airports,
        "Allegheny County Airport, Lebanon Church Road, West Mifflin, Allegheny County, 15122, United States",
        Perturbation((move("Erie International Airport", 40.42, -80.06),), "Erie International Airport"),
    ),
    Script(15, _zip_code, "15213", Perturbation((retag("Chatham University", "addr:postcode", "15299"),), "15299")),
    Script(
        20,
        _neighbours,
        "Massachusetts, Vermont, New York",
        Perturbation(
            (_share_border("New Hampshire", "Maine", "Rhode Island"),),
            "Rhode Island",
        ),
    ),
    Script(60, _coordinates, "40.543, -80.008", Perturbation((move("Apple Store", 40.4487, -79.9501),), "40.449")),
    Script(
        61,
        _phone,
        "+1 412 647 2345",
        Perturbation((retag("Western Pennsylvania Hospital", "phone", "+1 412 555 0199"),), "555 0199"),
    ),
    Script(87, _open_described, _open_another),
    Script(90, _hotels_around, _hotels_elsewhere),
)
