"""Steps per second and memory of 1, 2, 4 and 8 environments, in one process and in a process each."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.environment.fleet import MODES, Fleet, run_fleet
from benchmarks.environment.rows import Part, Row, Series

_ENGINES = ("static", "chromium")
_NUMBERS = (1, 2, 4, 8)
_FURTHER_MB = {"static": 15, "chromium": 90}
_NAMES = {
    "sync": "in one process, one after the other",
    "threads": "in one process, a thread each",
    "async": "a process each",
}
_WEIGHED = ("sync", "async")
"""Environments of one process weigh the same however they are stepped."""


def measure(*, quick: bool) -> Part:
    """Steps per second, resets included."""
    runs = _runs(MODES, quick=quick)
    series = [
        Series(f"{engine}, {_NAMES[mode]}", "steps/s", _medians(runs, engine, mode, "steps_per_s"))
        for engine in _ENGINES
        for mode in MODES
    ]
    return Part("Scaling: steps of all environments together, resets included", [], _details(runs), series)


def measure_memory(*, quick: bool) -> Part:
    """Memory while all environments are open and have played."""
    runs = _runs(_WEIGHED, quick=quick)
    series, rows = [], []
    for engine in _ENGINES:
        for mode in _WEIGHED:
            memory = _medians(runs, engine, mode, "memory_mb")
            series.append(Series(f"{engine}, {_NAMES[mode]}", "MB", memory))
            in_one = mode == "sync"
            name = f"{engine}: each further one {'in the process' if in_one else 'in a process of its own'}"
            rows.append(Row(name, further(memory), "MB", at_most=_FURTHER_MB[engine] if in_one else None))
            anonymous = _medians(runs, engine, mode, "anonymous_mb")
            rows.append(Row(f"{'':{len(engine)}}  of that anonymous", further(anonymous), "MB"))
    return Part("Memory: processes by proportional set size, and temporary files", rows, _details(runs), series)


def further(by_number: Mapping[int, float]) -> float:
    """What each environment after the first adds, from the fewest and the most environments."""
    few, many = min(by_number), max(by_number)
    return (by_number[many] - by_number[few]) / (many - few)


def _runs(modes: Sequence[str], *, quick: bool) -> list[Fleet]:
    """Every configuration once in each round, so that a noisy minute falls on all of them alike."""
    rounds, seconds = (1, 4.0) if quick else (3, 6.0)
    return [
        run_fleet(engine, mode, environments, seconds, number)
        for number in range(rounds)
        for engine, mode, environments in _configurations(modes)
    ]


def _configurations(modes: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    for engine in _ENGINES:
        for environments in _NUMBERS:
            for mode in modes:
                yield engine, mode, environments


def _medians(runs: Sequence[Fleet], engine: str, mode: str, figure: str) -> dict[int, float]:
    return {
        environments: statistics.median(
            getattr(run, figure)
            for run in runs
            if (run.engine, run.mode, run.environments) == (engine, mode, environments)
        )
        for environments in _NUMBERS
    }


def _details(runs: Sequence[Fleet]) -> dict[str, Any]:
    return {"runs": [asdict(run) for run in runs]}
