"""How long it takes to put the embedded sites back, and to start them.

    python -m benchmarks.reset [--repeats 200] [--starts 5]

A site is made dirty by writing twenty rows of each of its tables anew, indexes included: more than any task changes.
The start is that of ``webrl-gym serve``, from the command to ``Ready.``, with every site of world 0 built (an empty
cache folder) or found in the cache. Beside it stands what WebArena's containers are said to take: the README of
VisualAgentBench gives 3 to 5 minutes for a refresh of all sites.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from typing import Any

from benchmarks.record import write_record
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

PUBLISHED_REFRESH_S = (180, 300)
"""Seconds that a refresh of WebArena's containers takes (VAB-WebArena-Lite/README.md of THUDM/VisualAgentBench)."""

_ROWS_OF_A_TABLE = 20


def main() -> None:
    """Measures, prints the table and writes ``results/reset.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200, help="resets of each site, at least 2")
    parser.add_argument("--starts", type=int, default=5, help="starts of each kind")
    options = parser.parse_args()
    measured = {
        "reset": measure_resets(options.repeats),
        "isolated": environments_are_isolated(),
        "start_s": measure_starts(options.starts),
        "published_refresh_s": PUBLISHED_REFRESH_S,
    }
    print(table(measured))
    print(f"written to {write_record('reset', measured)}")


def measure_resets(repeats: int) -> dict[str, dict[str, float]]:
    """Resets of world 0: by site, and of ``all`` at once, the rows written and milliseconds at two percentiles."""
    with closing(World(0)) as world:
        stores = {site.value: [world.store(site)] for site in Site}
        kinds = stores | {"all": [store for (store,) in stores.values()]}
        return {name: _resets(some, repeats) for name, some in kinds.items()}


def _resets(stores: list[SiteStore], repeats: int) -> dict[str, float]:
    spent = []
    for _ in range(repeats):
        rows = sum(make_dirty(store) for store in stores)
        began = time.perf_counter()
        for store in stores:
            store.reset()
        spent.append(1000 * (time.perf_counter() - began))
    return {
        "rows": rows,
        "median_ms": round(statistics.median(spent), 3),
        "p95_ms": round(statistics.quantiles(spent, n=20, method="inclusive")[-1], 3),
    }


def make_dirty(store: SiteStore) -> int:
    """Takes rows out of every table and puts them back, with whatever hangs on them; returns how many."""
    rows = 0
    for (name,) in store.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        columns = ", ".join(f'"{row["name"]}"' for row in store.query("SELECT name FROM pragma_table_info(?)", (name,)))
        some = f'SELECT {columns} FROM "{name}" LIMIT {_ROWS_OF_A_TABLE}'
        store.execute(f'INSERT OR REPLACE INTO "{name}" ({columns}) {some}')
        rows += store.value(f"SELECT count(*) FROM ({some})")
    return rows


def environments_are_isolated() -> bool:
    """Whether one environment's writes and resets leave another one's writes to the same sites alone."""
    with closing(World(0)) as one, closing(World(0)) as two:
        for site in Site:
            mine, other = one.store(site), two.store(site)
            clean = mine.dump_hash()
            for store, note in ((mine, "one"), (other, "two")):
                store.execute("CREATE TABLE note (text TEXT)")
                store.execute("INSERT INTO note VALUES (?)", (note,))
            kept = other.dump_hash()
            mine.reset()
            if mine.dump_hash() != clean or other.dump_hash() != kept or other.value("SELECT text FROM note") != "two":
                return False
    return True


def measure_starts(starts: int) -> dict[str, float]:
    """Median seconds from the command to ``Ready.``, with an empty cache folder and with a filled one."""
    seconds: dict[str, list[float]] = {"from_nothing": [], "from_cache": []}
    for _ in range(starts):
        with tempfile.TemporaryDirectory() as cache:
            for spent in seconds.values():
                spent.append(_start(cache))
    return {kind: round(statistics.median(spent), 2) for kind, spent in seconds.items()}


def _start(cache: str) -> float:
    command = [sys.executable, "-m", "webrl_gym", "serve", "--port-base", "0"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "WEBRL_GYM_CACHE": cache}
    ) as process:
        assert process.stdout is not None
        ready = any(line == "Ready.\n" for line in process.stdout)
        seconds = time.perf_counter() - began
        process.send_signal(signal.SIGINT)
    if not ready:
        raise RuntimeError(f"{' '.join(command)} served nothing")
    return seconds


def table(measured: dict[str, Any]) -> str:
    """The figures as text, the published one beside them."""
    least, most = (seconds / 60 for seconds in measured["published_refresh_s"])
    lines = [f"{'reset of':16}{'rows written':>14}{'median ms':>11}{'95 % ms':>10}"]
    lines += [
        f"{name:16}{figures['rows']:14,}{figures['median_ms']:11.2f}{figures['p95_ms']:10.2f}"
        for name, figures in measured["reset"].items()
    ]
    return "\n".join(
        [
            *lines,
            f"WebArena's containers, published: {least:g} to {most:g} minutes",
            f"environments isolated from each other: {'yes' if measured['isolated'] else 'NO'}",
            f"start of all sites from nothing {measured['start_s']['from_nothing']} s,"
            f" from the cache {measured['start_s']['from_cache']} s (command to Ready.)",
        ]
    )


if __name__ == "__main__":
    main()
