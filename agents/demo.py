"""``make demo``: floors, oracle, supervised policy, three WebRL phases, one table, one report page.

Everything is kept in the run's folder; a demo that was stopped goes on, one that is finished is shown again at once.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from agents.atomic_file import replacing
from agents.benchmark import run_panel
from agents.console import ConsoleProgress
from agents.environments import make_env
from agents.hydra_entry import compose_config, run_entry_point
from agents.policy import LLMPolicy
from agents.report import load_report, write_report
from agents.results import EpisodeResult, markdown_table, rate, slice_rates
from agents.run_card import commit, machine, package_versions
from agents.screenshots import FOLDER as SCREENSHOTS
from agents.screenshots import add_screenshots
from agents.training_run import TrainingRun
from agents.values import add_values, has_values, load_critic
from webrl_gym.errors import InfrastructureError

_SUITES = ("practice-valid", "practice-test")
_FLOORS = ("do_nothing", "random", "oracle")


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("demo", demo)


def demo(config: dict[str, Any]) -> int:
    """Does what is not done yet, then prints the table and writes the report."""
    began = time.monotonic()
    folder = Path(config["run"])
    settings = {name: value for name, value in config.items() if name not in ("screenshot_tasks", "test_log")}
    folders: dict[str, dict[str, Path]] = {suite: {} for suite in _SUITES}
    results: dict[str, dict[str, list[EpisodeResult]]] = {suite: {} for suite in _SUITES}

    shared = {key: config[key] for key in ("seed", "env", "only_sites", "test_log")}
    benchmark = {**compose_config("benchmark"), **shared}

    def score(name: str, agent: str) -> None:
        for suite in _SUITES:
            panel = {**benchmark, "agent": agent, "suite": suite, "output": str(folder / "scores" / suite / name)}
            results[suite][name], folders[suite][name] = run_panel(panel, ConsoleProgress(f"{name} on {suite}: "))

    ends: dict[str, float] = {}

    def ended(part: str) -> None:
        ends[part] = round(time.monotonic() - began, 1)

    run = TrainingRun(folder, settings, ConsoleProgress())
    print(run.memory.table())
    for floor in _FLOORS:
        score(floor, floor)
    ended("floors and oracle")
    run.supervise()
    ended("supervised start")
    score("SFT", str(folder / "sft"))
    ended("SFT scored")
    policy = run.train()
    ended("ORM and phases")
    score("WebRL", str(folder / "policy"))
    ended("WebRL scored")
    _add_values(folder, policy, [folders["practice-test"][name] for name in ("oracle", "SFT", "WebRL")])

    pictured = _screenshots(config, folders["practice-test"]["WebRL"], results["practice-test"]["WebRL"])
    report = folder / "report.html"
    summary = folder / "summary.json"
    if pictured or not (report.exists() and summary.exists()):  # it takes seconds, and a finished demo does not change
        write_report(report, load_report([folder], "webrl-gym: the demo"))
    table = markdown_table(results["practice-test"])
    table += f"\n\nSFT and WebRL: {policy.language_model.record.description}"
    (folder / "table.md").write_text(table + "\n", encoding="utf-8")
    print(f"\npractice-test, success in % [95 % Wilson interval]\n\n{table}\n")
    for name in ("SFT", "WebRL"):
        slices = ", ".join(f"{part} {value}" for part, value in slice_rates(results["practice-test"][name]).items())
        print(f"{name}: practice-valid {rate(results['practice-valid'][name])}; on practice-test: {slices}")
    if run.orm_summary:
        print(run.orm_summary)
    ended("report")
    took = f"{ends['report'] / 60:.1f} minutes"
    if summary.exists():
        took = f"Finished before, shown again in {ends['report']:.0f} seconds"
    else:
        _write_summary(summary, results, ends)
    print(f"\n{took}. The report: {report.resolve()}")
    return 0


def _write_summary(
    path: Path, results: Mapping[str, Mapping[str, Sequence[EpisodeResult]]], ends: Mapping[str, float]
) -> None:
    """What it took and what came out."""
    kilobyte = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in differs
    summary = {
        "commit": commit(),
        "machine": machine(),
        "packages": package_versions(),
        "seconds_from_the_start": dict(ends),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte,
        "success": {suite: {name: str(rate(of)) for name, of in agents.items()} for suite, agents in results.items()},
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def _add_values(folder: Path, policy: LLMPolicy, panels: Sequence[Path]) -> None:
    """Has the last phase's critic value every step that the report shows."""
    attempts = [panel / "trajectories.jsonl" for panel in panels]
    missing = [path for path in attempts if not has_values(path)]
    critic = load_critic(folder, policy.language_model) if missing else None
    if critic is not None:
        for path in missing:
            add_values(path, critic, policy.renderer)


def _screenshots(config: Mapping[str, Any], folder: Path, results: Sequence[EpisodeResult]) -> bool:
    """Takes pictures of some attempts, successes and failures, unless there are some; returns whether it did.

    Without a Chromium the report shows the pages as text.
    """
    if (folder / SCREENSHOTS).exists() or not config["screenshot_tasks"]:
        return False
    half = (config["screenshot_tasks"] + 1) // 2
    chosen: list[str] = []
    for wanted in (True, False):
        matching = [result.task_id for result in results if result.success is wanted]
        chosen += matching[:: max(1, len(matching) // half)][:half]
    try:
        with closing(make_env("practice-test", (), {**config["env"], "engine": "chromium"})) as env:
            add_screenshots(folder, env, chosen, ConsoleProgress())
    except InfrastructureError as error:
        print(f"The report has no screenshots: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
