"""The moves of the map's oracles: searching, measuring ways, and reading the instruction."""

from __future__ import annotations

from webrl_gym.tasks.official.script import asked
from webrl_gym.tasks.page_view import Moves, PageView
from webrl_gym.tasks.practice.map_moves import open_route, read_route
from webrl_gym.tasks.template import Statement
from webrl_gym.types import Site

CAR, BICYCLE, FOOT = "by car", "by bicycle", "on foot"

_OPTIONS = {CAR: "Car (OSRM)", BICYCLE: "Bicycle (OSRM)", FOOT: "Foot (OSRM)"}
_KNOWN_AS = {
    "CMU": "Carnegie Mellon University",
    "CMU Pittsburgh": "Carnegie Mellon University",
    "Carnegie Mellon": "Carnegie Mellon University",
    "Pitt": "University of Pittsburgh",
}
"""What people call things, and what the map does."""


def asked_places(page: PageView, pattern: str) -> tuple[str, ...]:
    """What ``asked`` gives, by the names that the map knows."""
    return tuple(_KNOWN_AS.get(part, part) for part in asked(page, pattern))


def look_up(page: PageView, query: str) -> Moves:
    """Searches the map, from any of its pages."""
    if not any(control.name == "Search" for control in page.controls):
        page = yield page.click("OpenStreetMap")
    page = yield page.search("Search", query)
    return page


def found(page: PageView, kind: str = "") -> list[str]:
    """Names and addresses on a page of search results; only those of a kind, if one is named."""
    return [
        control.text
        for control in page.controls
        if control.tag == "a" and ", " in control.text and page.plain_lines[control.line].startswith(kind)
    ]


def name_of(result: str) -> str:
    """The name of a search result."""
    return result.partition(", ")[0]


def measure(page: PageView, start: str, goal: str, mode: str) -> Moves:
    """Asks for directions; changes only what differs on a page that shows some already."""
    fields = {control.name: control for control in page.controls}
    if "From" not in fields:
        page = yield from open_route(page, start, goal, mode)
        return page
    if page.find("Travel mode").value != _OPTIONS[mode]:
        page = yield page.select("Travel mode", _OPTIONS[mode])
    if fields["From"].value != start and fields["To"].value != goal:
        page = yield page.type("From", start)
    if fields["From"].value != start and fields["To"].value == goal:
        page = yield page.search("From", start)
    else:
        page = yield page.search("To", goal)
    return page


def metres_shown(page: PageView) -> float:
    """Length of the way on a page with directions."""
    text = read_route(page)[0]
    return float(text[:-2]) * 1000 if text.endswith("km") else float(text[:-1])


def minutes_shown(page: PageView) -> int:
    """Travel time on a page with directions."""
    hours, minutes = read_route(page)[1].split(":")
    return 60 * int(hours) + int(minutes)


def in_words(minutes: int) -> str:
    """A travel time as people say it: ``1h 45min``."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}h {rest}min" if hours else f"{rest}min"


def move(name: str, lat: float, lon: float, address: str = "") -> Statement:
    """Moves the elements of a name (and of an address that holds a text) elsewhere."""
    return (
        Site.MAP,
        "UPDATE element SET lat = ?, lon = ? WHERE name = ? AND address LIKE ?",
        (lat, lon, name, f"%{address}%"),
    )


def rename(name: str, other: str) -> Statement:
    """Gives the elements of a name another one."""
    return Site.MAP, "UPDATE element SET name = ? WHERE name = ?", (other, name)


def retag(name: str, key: str, value: str) -> Statement:
    """Changes a tag of the elements of a name."""
    return (
        Site.MAP,
        "UPDATE tag SET value = ? WHERE key = ? AND (type, id) IN (SELECT type, id FROM element WHERE name = ?)",
        (value, key, name),
    )
