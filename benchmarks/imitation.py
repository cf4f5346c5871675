"""What imitation alone makes of the demo's start: as many updates on its demonstrations as its WebRL made of attempts.

    make demo
    python -m benchmarks.imitation runs/demo

The supervised policy of a finished demo goes on with the demonstrations it began with, shown and optimized as the
demo's phases are, at three learning rates, the demo's own among them; practice-valid chooses one, and that one alone
acts on practice-test, which is logged. What was finished before a stop is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agents.algorithms.filtered_bc import OFFLINE, FilteredBC
from agents.algorithms.lookup import accepted_arguments
from agents.console import ConsoleProgress
from agents.demo_folder import SUMMARY, panel_folder
from agents.environments import suite_of
from agents.errors import AgentError
from agents.labelling import RuleLabeller
from agents.policy import LLMPolicy
from agents.results import rate
from agents.run_card import commit
from agents.training_run import TrainingRun
from agents.trajectory_io import read_trajectories
from benchmarks.learning.bootstrap import Interval, paired_difference
from benchmarks.learning.cells import VALID, Workbench, log_looks, outcome_text, policy_sha256
from benchmarks.record import write_record

GRID = (3.0e-4, 1.0e-3, 3.0e-3)
TEST = "practice-test"


def main() -> int:
    """Measures and writes ``results/imitation.json``; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, help="folder of a finished demo")
    parser.add_argument("--work", type=Path, default=Path("runs/imitation"), help="folder for what is under way")
    options = parser.parse_args()
    try:
        measured = measure(options.demo, options.work)
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept. Start the same command again to go on.", file=sys.stderr)
        return 130
    except (AgentError, OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(measured, indent=1))
    print(f"written to {write_record('imitation', measured)}")
    return 0


def measure(demo: Path, work: Path) -> dict[str, Any]:
    """Success in percent: by rate on practice-valid, of the chosen one on practice-test, and how far WebRL is above it.

    Args:
        demo: Folder of a finished demo.
        work: Keeps what is finished.

    Raises:
        ValueError: If the demo is not finished.
    """
    if not (demo / SUMMARY).exists():
        raise ValueError(f"Expected the folder of a finished demo, and {demo} has no {SUMMARY}; first run make demo.")
    config = json.loads((demo / "config.json").read_text(encoding="utf-8"))
    updates = updates_of(demo / "metrics.jsonl")
    bench, valid = Workbench(work), {}
    policies: dict[float, LLMPolicy] = {}
    for learning_rate in GRID:
        policies[learning_rate] = policy = _imitate(demo, config, work, learning_rate, sum(updates))
        valid[learning_rate] = rate(bench.score(policy, VALID, work / f"{VALID}-{learning_rate:g}"))
    # the lower rate of equals, as in the comparison of algorithms
    chosen = max(GRID, key=lambda learning_rate: (valid[learning_rate].percent or 0.0, -learning_rate))
    is_new = not (work / TEST / "results.jsonl").exists()
    tested = bench.score(policies[chosen], TEST, work / TEST)
    outcomes = outcome_text(tested)
    if is_new:
        look = {"arm": "imitation", "seed": config["seed"], "commit": commit(), "outcomes": {TEST: outcomes}}
        log_looks({**look, "model_sha256": policy_sha256(policies[chosen])})
    webrl = outcomes_of(panel_folder(demo, TEST, "WebRL") / "results.jsonl")
    return {
        "updates": updates,
        "valid": {f"{learning_rate:g}": str(value) for learning_rate, value in valid.items()},
        "chosen": chosen,
        "test": str(rate(tested)),
        "outcomes": outcomes,
        "webrl_outcomes": webrl,
        "webrl_less_imitation": difference(webrl, outcomes).in_points(signed=True),
    }


def updates_of(metrics: Path) -> list[int]:
    """Optimizer steps of the policy in each phase.

    Args:
        metrics: A run's ``metrics.jsonl``.
    """
    lines = map(json.loads, metrics.read_text(encoding="utf-8").splitlines())
    return [line["policy/updates"] for line in lines if "policy/updates" in line]


def outcomes_of(results: Path) -> str:
    """One letter a task of practice-test, as ``outcome_text`` has them.

    Args:
        results: A panel's ``results.jsonl``.
    """
    lines = {line["task_id"]: line for line in map(json.loads, results.read_text(encoding="utf-8").splitlines())}
    found = [lines[task.task_id] for task in suite_of(TEST)]
    return "".join(str(int(line["success"])) if line["status"] == "scored" else "-" for line in found)


def difference(first: str, second: str) -> Interval:
    """Success of the first less that of the second, with an interval over the tasks; what does not count is left out.

    Args:
        first: One letter a task.
        second: Likewise, of the same tasks.
    """
    values = [np.array([[float(letter) if letter in "01" else np.nan for letter in text]]) for text in (first, second)]
    return paired_difference(*values)


def _imitate(demo: Path, config: Mapping[str, Any], work: Path, learning_rate: float, updates: int) -> LLMPolicy:
    """Goes on from the demo's supervised policy, or takes what came of that before."""
    progress = ConsoleProgress(f"{learning_rate:g}: ")
    run = TrainingRun(demo, config, progress)
    policy, demonstrations = run.supervise(), read_trajectories(demo / "demonstrations.jsonl.gz").labelled
    shared = {name: value for name, value in config["algorithm"].items() if name in accepted_arguments(FilteredBC)}
    settings = {
        **shared,
        "mode": OFFLINE,
        "phases": 1,
        "attempts": demonstrations,
        "policy_learning_rate": learning_rate,
        "updates_per_trajectory": updates / len(demonstrations),
    }
    algorithm = FilteredBC(
        policy,
        None,
        labeller=RuleLabeller(),
        suite=suite_of(config["suite"], config["only_sites"]),
        seed=config["seed"],
        checkpoint_folder=work / f"checkpoints-{learning_rate:g}",
        progress=progress,
        **settings,
    )
    algorithm.resume()
    algorithm.learn()
    return algorithm.policy


if __name__ == "__main__":
    sys.exit(main())
