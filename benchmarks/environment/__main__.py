"""Measures the environment, prints the table and writes ``results/environment.json``.

    python -m benchmarks.environment [--only steps observation peer scaling memory leak] [--quick]

Contestants take turns within one run and medians over the turns are reported. The peer (BrowserGym) is installed into a
virtual environment of its own in the cache folder at first use. ``--quick`` tries everything out with few repetitions;
its figures are rough and it writes no file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from agents.run_card import commit, machine
from benchmarks.environment import leak, observation, peer, scaling, steps
from benchmarks.environment.rows import Part, table
from benchmarks.record import read_record, write_record

_NAME = "environment"
PARTS: dict[str, Callable[..., Part]] = {
    "steps": steps.measure,
    "observation": observation.measure,
    "peer": peer.measure,
    "scaling": scaling.measure,
    "memory": scaling.measure_memory,
    "leak": leak.measure,
}


def main() -> None:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to measure")
    parser.add_argument("--quick", action="store_true", help="few repetitions and no file, to try it out")
    options = parser.parse_args()
    # The first part that is written makes the checkout differ from its commit.
    measured_at = commit()
    parts = []
    for name in options.only:
        print(f"measuring {name} ...", flush=True)
        part = PARTS[name](quick=options.quick)
        parts.append(part)
        if not options.quick:
            keep(name, part, measured_at)
    facts = machine()
    print(f"\ncommit {measured_at}, {facts['cores']} cores of {facts['processor']}, {facts['memory_gb']} GB\n")
    print(table(parts))


def keep(name: str, part: Part, measured_at: str) -> None:
    """Writes a part into the file as soon as it is there; parts that are not measured again stay as they are.

    Args:
        name: Name of the part.
        part: Its figures.
        measured_at: Commit that was measured.
    """
    kept = read_record(_NAME).get("parts", {})
    kept[name] = {
        "title": part.title,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": measured_at,
        "machine": machine(),
        "rows": [row.as_dict() for row in part.rows],
        "series": [asdict(series) for series in part.series],
        **part.details,
    }
    write_record(_NAME, {"commit": measured_at, "parts": {each: kept[each] for each in PARTS if each in kept}})


if __name__ == "__main__":
    main()
