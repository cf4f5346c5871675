"""What WebRL, its baselines and its ablations learn.

    python -m benchmarks.learning                 says what is left and what it will take; then works cell by cell
    python -m benchmarks.learning --report        the table and the figure from the committed results
    python -m benchmarks.learning --grid          chooses the learning rates first (practice-valid, first phase)
    python -m benchmarks.learning --arms webrl sft_continued --hours 2 --commit

A run may be stopped at any time and started again. With --commit each finished cell is committed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.learning.arms import ARMS
from benchmarks.learning.cells import RESULTS, Cell, Workbench
from benchmarks.learning.grid import PATH as GRID_PATH
from benchmarks.learning.grid import chosen_rate, open_points, try_point
from benchmarks.learning.report import print_report

_GUESSED_MINUTES = 10.0
"""What a cell takes where none of its arm is done yet."""


def main() -> int:
    """Reads the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true", help="print what the committed results say, and end")
    parser.add_argument("--grid", action="store_true", help="choose learning rates on practice-valid")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help="only these")
    parser.add_argument("--hours", type=float, default=10.0, help="begin no cell after so many hours")
    parser.add_argument("--work", type=Path, default=Path("runs/learning"), help="folder for what is under way")
    parser.add_argument("--commit", action="store_true", help="commit each finished cell")
    parser.add_argument("--estimate", action="store_true", help="say what is left and what it will take, and end")
    options = parser.parse_args()
    if options.report:
        print_report()
        return 0
    bench, ends = Workbench(options.work), time.monotonic() + 3600 * options.hours
    if options.grid:
        return _run_grid(bench, options.arms, ends)
    return _run_cells(bench, options, ends)


def _run_grid(bench: Workbench, arms: list[str], ends: float) -> int:
    points = [(arm, rate) for arm, rate in open_points() if arm.name in arms]
    print(f"{len(points)} points of the grid are left.")
    for arm, rate in points:
        if time.monotonic() > ends:
            return _out_of_time()
        print(f"{arm.name} at {rate:g}: {try_point(bench, arm, rate):.1f} % of practice-valid", flush=True)
    print(f"written to {GRID_PATH}")
    return 0


def _run_cells(bench: Workbench, options: argparse.Namespace, ends: float) -> int:
    wanted = [ARMS[name] for name in options.arms]
    most = max(arm.seeds for arm in wanted)
    # seed by seed, so that a table that is cut short compares what it has
    cells = [Cell(arm, seed) for seed in range(most) for arm in wanted if seed < arm.seeds]
    left = [cell for cell in cells if not cell.result_path.exists()]
    print(f"{len(left)} of {len(cells)} cells are left, about {sum(map(_minutes, left)) / 60:.1f} hours.", flush=True)
    if options.estimate:
        return 0
    for cell in left:
        if time.monotonic() > ends:
            return _out_of_time()
        result = bench.finish(cell, chosen_rate(cell.arm))
        seconds = result["seconds"]
        print(f"{cell.name}: learned in {seconds['learning']:.0f} s, acted in {seconds['acting']:.0f} s", flush=True)
        if options.commit:
            _commit(cell)
    print_report()
    return 0


def _out_of_time() -> int:
    print("The hours are over; the same command goes on.")
    return 0


def _minutes(cell: Cell) -> float:
    """What a cell took so far with other seeds."""
    known = [
        sum(json.loads(path.read_text(encoding="utf-8"))["seconds"].values()) / 60
        for path in RESULTS.glob(f"{cell.arm.name}-[0-9]*.json")
    ]
    return statistics.median(known) if known else _GUESSED_MINUTES


def _commit(cell: Cell) -> None:
    path = str(cell.result_path)
    subprocess.run(["git", "add", path], check=True)
    message = f"Record {cell.arm.title} with seed {cell.seed}"
    subprocess.run(["git", "commit", "--quiet", "--message", message, "--", path], check=True)


if __name__ == "__main__":
    sys.exit(main())
