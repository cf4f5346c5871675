"""The learning rate of each arm: the one of the grid whose first phase gives the most success on practice-valid.

Test panels have no part in it. Some arms take the rate of another (``_RATE_OF``).
"""

from __future__ import annotations

import json
from typing import Any

from agents.atomic_file import replacing
from agents.hydra_entry import compose_config
from agents.results import rate
from agents.run_card import commit
from benchmarks.learning.arms import ARMS, GRID, Arm
from benchmarks.learning.cells import RESULTS, VALID, Cell, Workbench

SEED = 100
"""Of the starts on which rates are chosen: none of those that the table shows."""
PATH = RESULTS / "grid.json"
_RATE_OF = {name: "webrl" for name in ARMS if name == "no_curriculum" or name.startswith("window_")}
"""A curriculum has nothing to evolve before the second phase; windows are compared at WebRL's rate."""


def read_grid() -> dict[str, dict[str, float | None]]:
    """Success on practice-valid in percent by arm and learning rate, as far as it is known; None where it stopped."""
    return json.loads(PATH.read_text(encoding="utf-8"))["percent"] if PATH.exists() else {}


def chosen_rate(arm: Arm) -> float | None:
    """The learning rate of an arm; the lower one of equals, none at which a guard stopped training if another is left.

    None for an arm that does not learn, the configured one for an arm that is taken as it is shipped.

    Args:
        arm: The arm.

    Raises:
        ValueError: If its grid has not been run.
    """
    if not arm.learns:
        return None
    if arm.shipped:
        return float(compose_config("train", [f"algorithm={arm.algorithm}"])["algorithm"]["policy_learning_rate"])
    found = read_grid().get(_RATE_OF.get(arm.name, arm.name), {})
    if len(found) < len(GRID):
        raise ValueError(f"The grid of {arm.name} has {len(found)} of {len(GRID)} rates; first run --grid.")
    percents = {rate_: found[f"{rate_:g}"] for rate_ in GRID}
    return max(GRID, key=lambda rate_: (-1.0 if (percent := percents[rate_]) is None else percent, -rate_))


def open_points() -> list[tuple[Arm, float]]:
    """Arms and rates that are still to be tried."""
    known = read_grid()
    arms = [arm for arm in ARMS.values() if arm.learns and not arm.shipped and arm.name not in _RATE_OF]
    return [(arm, rate_) for arm in arms for rate_ in GRID if f"{rate_:g}" not in known.get(arm.name, {})]


def try_point(bench: Workbench, arm: Arm, learning_rate: float) -> float | None:
    """Success on practice-valid in percent after one phase; None if a guard stopped it.

    Args:
        bench: Where to work.
        arm: The arm.
        learning_rate: One of the grid.
    """
    cell = Cell(arm, SEED)
    learned = bench.learn(cell, learning_rate, phases=1)
    if learned.stopped:
        return None
    results = bench.score(learned.policy, VALID, bench.folder / cell.name / f"{VALID}-{learning_rate:g}")
    return rate(results).percent or 0.0


def record_point(arm: Arm, learning_rate: float, percent: float | None) -> None:
    """Writes down what ``try_point`` found.

    Args:
        arm: The arm.
        learning_rate: The rate.
        percent: What came out.
    """
    known: dict[str, Any] = read_grid()
    commits = json.loads(PATH.read_text(encoding="utf-8"))["commits"] if PATH.exists() else []
    known.setdefault(arm.name, {})[f"{learning_rate:g}"] = None if percent is None else round(percent, 1)
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {"suite": VALID, "seed": SEED, "phases": 1, "commits": sorted({*commits, commit()})}
    with replacing(PATH) as temporary:
        temporary.write_text(json.dumps({**record, "percent": known}, indent=1) + "\n", encoding="utf-8")
