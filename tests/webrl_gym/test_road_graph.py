from __future__ import annotations

import itertools
import random

import pytest

from webrl_gym.road_graph import (
    SPEEDS,
    Road,
    RoadGraph,
    TravelMode,
    distance_text,
    duration_text,
    great_circle_metres,
)


def grid(seed: int) -> tuple[dict[int, tuple[float, float]], list[Road]]:
    """A 4 by 4 grid with roads of random classes and lengths."""
    rng = random.Random(seed)
    junctions = {
        4 * row + column + 1: (40 + row * 0.01, -80 + column * 0.01) for row in range(4) for column in range(4)
    }
    roads = []
    for one, other in itertools.combinations(junctions, 2):
        (lat, lon), (other_lat, other_lon) = junctions[one], junctions[other]
        if abs(lat - other_lat) + abs(lon - other_lon) < 0.011 and rng.random() < 0.85:
            highway = rng.choice(["primary", "residential", "footway", "cycleway", "motorway"])
            roads.append(Road(one, other, f"road {one}-{other}", highway, rng.uniform(500, 3000)))
    return junctions, roads


def all_seconds(
    junctions: dict[int, tuple[float, float]], roads: list[Road], mode: TravelMode
) -> dict[tuple[int, int], float]:
    """Travel times between all junctions, by trying every junction as a stop (Floyd and Warshall)."""
    infinite = float("inf")
    times = {(one, other): 0.0 if one == other else infinite for one in junctions for other in junctions}
    for road in roads:
        if road.highway in SPEEDS[mode]:
            seconds = road.metres / SPEEDS[mode][road.highway] * 3.6
            times[road.start, road.end] = times[road.end, road.start] = min(times[road.start, road.end], seconds)
    for stop, one, other in itertools.product(junctions, repeat=3):
        times[one, other] = min(times[one, other], times[one, stop] + times[stop, other])
    return times


@pytest.mark.parametrize("mode", list(TravelMode))
@pytest.mark.parametrize("seed", range(4))
def test_routes_are_as_fast_as_those_found_by_trying_everything(seed: int, mode: TravelMode) -> None:
    junctions, roads = grid(seed)
    graph = RoadGraph(junctions, roads)
    times = all_seconds(junctions, roads, mode)
    stops = {
        junction
        for road in roads
        if road.highway in SPEEDS[mode] and road.highway != "motorway"
        for junction in (road.start, road.end)
    }
    checked = 0
    for one, other in itertools.combinations(sorted(stops), 2):
        route = graph.route(junctions[one], junctions[other], mode)
        if route is None:
            assert times[one, other] == float("inf")
            continue
        checked += 1
        assert route.seconds == pytest.approx(times[one, other])
        assert route.stretches[0].start == pytest.approx(junctions[one])
        assert route.stretches[-1].end == pytest.approx(junctions[other])
        for before, after in itertools.pairwise(route.stretches):
            assert before.end == pytest.approx(after.start)
    assert checked > 5


def test_a_route_may_begin_and_end_beside_the_middle_of_a_road() -> None:
    graph = RoadGraph({1: (40.0, -80.0), 2: (40.0, -79.9)}, [Road(1, 2, "Long Road", "primary", 9000)])
    route = graph.route((40.001, -79.975), (39.999, -79.925), TravelMode.FOOT)
    assert route is not None
    assert route.metres == pytest.approx(4500)
    assert route.seconds == pytest.approx(4500 / 5 * 3.6)


def test_each_mode_keeps_to_its_roads() -> None:
    junctions = {1: (40.0, -80.0), 2: (40.0, -79.95), 3: (40.02, -79.975)}
    roads = [
        Road(1, 2, "Path", "footway", 4000),
        Road(1, 3, "First Street", "residential", 4000),
        Road(3, 2, "Second Street", "residential", 4000),
    ]
    graph = RoadGraph(junctions, roads)
    ways = {mode: graph.route(junctions[1], junctions[2], mode) for mode in TravelMode}
    lengths = {mode: way.metres if way else None for mode, way in ways.items()}
    assert lengths == {
        TravelMode.CAR: pytest.approx(8000),
        TravelMode.BICYCLE: pytest.approx(8000),
        TravelMode.FOOT: pytest.approx(4000),
    }


def test_no_way_is_none() -> None:
    junctions = {1: (40.0, -80.0), 2: (40.0, -79.9), 3: (41.0, -80.0), 4: (41.0, -79.9)}
    roads = [Road(1, 2, "South", "primary", 9000), Road(3, 4, "North", "primary", 9000)]
    assert RoadGraph(junctions, roads).route((40.0, -80.0), (41.0, -80.0), TravelMode.CAR) is None
    assert RoadGraph({}, []).route((40.0, -80.0), (41.0, -80.0), TravelMode.CAR) is None


def test_a_degree_of_latitude_is_about_111_kilometres() -> None:
    assert great_circle_metres((40.0, -80.0), (41.0, -80.0)) == pytest.approx(111_195, abs=1)


@pytest.mark.parametrize(
    ("metres", "text"), [(0, "0m"), (999.4, "999m"), (999.6, "1.0km"), (5240, "5.2km"), (52_400, "52km")]
)
def test_distances_read_as_on_openstreetmap(metres: float, text: str) -> None:
    assert distance_text(metres) == text


@pytest.mark.parametrize(("seconds", "text"), [(20, "0:00"), (31, "0:01"), (725, "0:12"), (3600 * 26 + 60, "26:01")])
def test_times_read_as_on_openstreetmap(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_roads_within_a_box_have_an_end_there() -> None:
    junctions = {1: (40.0, -80.0), 2: (40.1, -80.0), 3: (41.0, -80.0)}
    roads = [Road(1, 2, "a", "primary", 12_000), Road(2, 3, "b", "primary", 110_000), Road(3, 3, "c", "primary", 1)]
    assert [road.street for road in RoadGraph(junctions, roads).roads_within(39.9, -80.1, 40.2, -79.9)] == ["a", "b"]
    assert RoadGraph({}, []).roads_within(0, 0, 1, 1) == []


def test_nobody_gets_on_or_off_a_ferry_at_sea() -> None:
    junctions = {1: (44.0, -69.0), 2: (44.0, -68.9), 3: (44.0, -68.8)}
    roads = [Road(1, 2, "Ferry", "ferry", 8_000), Road(2, 3, "Shore Road", "residential", 8_000)]
    route = RoadGraph(junctions, roads).route((44.0, -69.0), junctions[3], TravelMode.FOOT)
    assert route is not None
    assert [stretch.street for stretch in route.stretches] == ["Shore Road"]
