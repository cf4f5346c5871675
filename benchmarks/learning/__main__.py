"""What WebRL, its baselines and its ablations learn.

    python -m benchmarks.learning                 says what is left and what it will take; then works cell by cell
    python -m benchmarks.learning --report        the table and the figure from the committed results
    python -m benchmarks.learning --grid          chooses the learning rates first (practice-valid, first phase)
    python -m benchmarks.learning --arms webrl sft_continued --hours 2 --commit

Two processes work side by side, with one thread each on two cores (--workers). A run may be stopped at any time and
started again. With --commit each finished cell is committed, and what --grid found.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agents.errors import AgentError
from benchmarks.learning.arms import ARMS, Arm
from benchmarks.learning.cells import LOOKS, RESULTS, Cell, Workbench, is_logged, log_looks
from benchmarks.learning.grid import PATH as GRID_PATH
from benchmarks.learning.grid import SEED, chosen_rate, open_points, record_point, try_point
from benchmarks.learning.report import print_report
from benchmarks.learning.workers import Unit, work_through

_GUESSED_MINUTES = 10.0
"""What a cell takes where none of its arm is done yet."""


def main() -> int:
    """Reads the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true", help="print what the committed results say, and end")
    parser.add_argument("--grid", action="store_true", help="choose learning rates on practice-valid")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help="only these")
    parser.add_argument("--hours", type=float, default=10.0, help="begin no cell after so many hours")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side")
    parser.add_argument("--work", type=Path, default=Path("runs/learning"), help="folder for what is under way")
    parser.add_argument("--commit", action="store_true", help="commit each finished cell, or the rates that were tried")
    parser.add_argument("--estimate", action="store_true", help="say what is left and what it will take, and end")
    options = parser.parse_args()
    if options.report:
        print_report()
        return 0
    bench, ends = Workbench(options.work), time.monotonic() + 3600 * options.hours
    try:
        left = _run_grid(bench, options, ends) if options.grid else _run_cells(bench, options, ends)
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept. Start the same command again to go on.", file=sys.stderr)
        return 130
    except (AgentError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if left:
        print("The hours are over; the same command goes on.")
    return 0


def _run_grid(bench: Workbench, options: argparse.Namespace, ends: float) -> list[Unit]:
    """Returns what was not begun."""
    points = {f"{arm.name} at {rate:g}": (arm, rate) for arm, rate in open_points() if arm.name in options.arms}
    print(f"{len(points)} points of the grid are left.", flush=True)
    if options.estimate or not points:
        return []
    start = _start(bench, [Cell(arm, SEED) for arm, _ in points.values()])
    units = [Unit(name, partial(try_point, bench, *point), start.name) for name, point in points.items()]

    def record(unit: Unit, percent: Any) -> None:
        if unit is not start:
            record_point(*points[unit.name], percent)
            found = "stopped by a guard" if percent is None else f"{percent:.1f} % of practice-valid"
            print(f"{unit.name}: {found}", flush=True)

    left = work_through([start, *units], options.workers, ends, record)
    print(f"written to {GRID_PATH}")
    if options.commit and len(left) < len(units):
        _commit("Record learning rates tried on practice-valid", GRID_PATH)
    return left


def _run_cells(bench: Workbench, options: argparse.Namespace, ends: float) -> list[Unit]:
    """Returns what was not begun."""
    wanted = [ARMS[name] for name in options.arms]
    most = max(arm.seeds for arm in wanted)
    # seed by seed, so that a table that is cut short compares what it has
    by_seed = [[Cell(arm, seed) for arm in wanted if seed < arm.seeds] for seed in range(most)]
    left = [[cell for cell in cells if not cell.result_path.exists()] for cells in by_seed]
    _catch_up([cell for cells in by_seed for cell in cells if cell.result_path.exists()], commits=options.commit)
    count, minutes = sum(map(len, left)), sum(_minutes(cell.arm) for cells in left for cell in cells)
    hours = minutes / 60 / options.workers
    print(f"{count} of {sum(map(len, by_seed))} cells are left, about {hours:.1f} hours.", flush=True)
    if options.estimate:
        return []
    units: list[Unit] = []
    for cells in filter(None, left):
        units += _with_start(bench, cells)

    def report(_: Unit, result: Any) -> None:
        if result is not None:
            log_looks(result)
            _tell(result, commits=options.commit)

    not_begun = work_through(units, options.workers, ends, report)
    print_report()
    return not_begun


def _with_start(bench: Workbench, cells: Sequence[Cell]) -> list[Unit]:
    """The cells of a seed, after what they share."""
    sharing = [cell for cell in cells if cell.arm.demonstrations != "all"]
    starts = [_start(bench, sharing)] if sharing else []
    units = [
        Unit(
            cell.name,
            partial(bench.finish, cell, chosen_rate(cell.arm)),
            starts[0].name if cell in sharing else None,
        )
        for cell in cells
    ]
    return [*starts, *units]


def _start(bench: Workbench, cells: Sequence[Cell]) -> Unit:
    """What some cells of a seed share."""
    offline = any(cell.arm.data == "offline" for cell in cells)
    name = f"start of seed {cells[0].seed}"
    return Unit(name, partial(bench.prepare, cells[0], offline=offline))


def _catch_up(finished: Sequence[Cell], *, commits: bool) -> None:
    """Logs and commits what was written just before this process was killed."""
    unlogged = [cell for cell in finished if not is_logged(cell)]
    for cell in unlogged:
        log_looks(cell.result())
    command = ["git", "ls-files", "--others", "--", str(RESULTS)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() if commits else []
    names = {Path(name).name for name in found}
    for cell in finished:
        if cell in unlogged or cell.result_path.name in names:
            _tell(cell.result(), commits=commits)


def _tell(result: dict[str, Any], *, commits: bool) -> None:
    cell, seconds = Cell(ARMS[result["arm"]], result["seed"]), result["seconds"]
    print(f"{cell.name}: learned in {seconds['learning']:.0f} s, acted in {seconds['acting']:.0f} s", flush=True)
    if commits:
        _commit(f"Record {cell.arm.title} with seed {cell.seed}", cell.result_path, LOOKS)


def _minutes(arm: Arm) -> float:
    """What a cell of an arm took so far."""
    known = [
        sum(json.loads(path.read_text(encoding="utf-8"))["seconds"].values()) / 60
        for path in RESULTS.glob(f"{arm.name}-[0-9]*.json")
    ]
    return statistics.median(known) if known else _GUESSED_MINUTES


def _commit(message: str, *paths: Path) -> None:
    names = [str(path) for path in paths]
    subprocess.run(["git", "add", *names], check=True)
    subprocess.run(["git", "commit", "--quiet", "--message", message, "--", *names], check=True)


if __name__ == "__main__":
    sys.exit(main())
