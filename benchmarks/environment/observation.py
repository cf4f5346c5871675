"""Reading one large page: a table of 300 orders, 2,400 elements and 38 kB, in Chromium over loopback."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.environment.rows import Part, Row
from webrl_gym.engines.chromium import ChromiumEngine
from webrl_gym.observation import DEFAULT_BUDGET, simplify
from webrl_gym.observation_webrl import simplify_webrl
from webrl_gym.sites.server import SiteServer
from webrl_gym.types import PageNode, PageSnapshot

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_HOST = "large.test"
_ORDERS = 300
_OBSERVATION_MS = 20
_TEXT_MS = 6
_WRITERS: dict[str, Callable[[PageSnapshot], object]] = {
    "full": lambda page: simplify(page).window(0, DEFAULT_BUDGET),
    "webrl": simplify_webrl,
}
"""What makes the text of a page that was read, by profile."""


def measure(*, quick: bool) -> Part:
    """Reads the page again and again, for each profile in turns."""
    repeats, rounds = (20, 1) if quick else (50, 5)
    observed: dict[str, list[float]] = {profile: [] for profile in _WRITERS}
    written: dict[str, list[float]] = {profile: [] for profile in _WRITERS}
    with ExitStack() as stack:
        engines = {profile: stack.enter_context(_large_page(profile)) for profile in _WRITERS}
        pages = {profile: engine.snapshot() for profile, engine in engines.items()}
        for _ in range(rounds):
            for profile, write in _WRITERS.items():
                observed[profile] += _milliseconds(partial(_observe, engines[profile], write), repeats)
                written[profile] += _milliseconds(partial(write, pages[profile]), repeats)
    rows = []
    for profile in _WRITERS:
        rows += [
            Row(f"profile {profile}: observation", statistics.median(observed[profile]), "ms", at_most=_OBSERVATION_MS),
            Row(f"profile {profile}: text alone", statistics.median(written[profile]), "ms", at_most=_TEXT_MS),
        ]
    elements = count_elements(pages["full"].body)
    details = {
        "elements": elements,
        "page_bytes": len(large_page()),
        "repeats": rounds * repeats,
        "profiles": {
            profile: {"observe_ms": spread(observed[profile]), "text_ms": spread(written[profile])}
            for profile in _WRITERS
        },
    }
    return Part(f"Observation of a page of {elements} elements, chromium", rows, details)


def large_page() -> bytes:
    """A page of orders: in each row a number, a link, a customer, an amount and a button."""
    rows = "".join(
        f"<tr><td>{number:06}</td><td><a href='/order/{number}'>Order {number}</a></td><td>Customer {number}</td>"
        f"<td>${number * 2.17:.2f}</td><td><button>Show</button></td></tr>"
        for number in range(_ORDERS)
    )
    controls = "<input type=text placeholder=Find><select><option>25</option><option selected>50</option></select>"
    return f"<!DOCTYPE html><html><body><div>{controls}</div><table>{rows}</table></body></html>".encode()


def count_elements(node: PageNode) -> int:
    """Elements of a tree, its root included."""
    return 1 + sum(count_elements(child) for child in node.children if isinstance(child, PageNode))


@contextmanager
def _large_page(profile: str) -> Iterator[ChromiumEngine]:
    """An engine that shows the page and reads it for ``profile``."""
    content = large_page()

    def answer(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(content)))])
        return [content]

    engine = ChromiumEngine(None, server=SiteServer(answer, [_HOST]), origins=[f"http://{_HOST}"], profile=profile)
    try:
        engine.start([f"http://{_HOST}/"], [])
        yield engine
    finally:
        engine.close()


def _observe(engine: ChromiumEngine, write: Callable[[PageSnapshot], object]) -> None:
    write(engine.snapshot())


def _milliseconds(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return times


def spread(times: Sequence[float]) -> dict[str, float]:
    """Least, median and 95th percentile."""
    ordered = sorted(times)
    return {
        "least": round(ordered[0], 2),
        "median": round(statistics.median(ordered), 2),
        "percentile_95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
    }
