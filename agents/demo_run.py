"""The work behind ``make demo`` (``agents.demo``), part by part; what is done already is only read."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from agents.atomic_file import replacing
from agents.benchmark import run_panel
from agents.console import ConsoleProgress
from agents.demo_folder import AGENTS, PRINTED, REPORT, SUITES, SUMMARY, panel_folder, run_settings
from agents.environments import make_env
from agents.hydra_entry import compose_config
from agents.policy import LLMPolicy
from agents.report import load_report, write_report
from agents.results import EpisodeResult, markdown_table, rate, slice_rates
from agents.run_card import commit, machine, package_versions
from agents.screenshots import FOLDER as SCREENSHOTS
from agents.screenshots import add_screenshots
from agents.training_run import TrainingRun
from agents.values import add_values, has_values, load_critic
from webrl_gym.errors import InfrastructureError

_Results = dict[str, dict[str, list[EpisodeResult]]]
"""By suite and agent."""


def run_demo(folder: Path, config: Mapping[str, Any]) -> float:
    """Does what is not done yet, and leaves summary and report in the folder.

    Args:
        folder: The run's.
        config: ``conf/demo.yaml``, composed.

    Returns:
        What it took, in seconds.
    """
    began = time.monotonic()
    ends: dict[str, float] = {}
    results: _Results = {suite: {} for suite in SUITES}
    shared = {key: config[key] for key in ("seed", "env", "only_sites", "test_log")}
    benchmark = {**compose_config("benchmark"), **shared}

    def score(name: str, agent: str) -> None:
        for suite in SUITES:
            output = str(panel_folder(folder, suite, name))
            panel = {**benchmark, "agent": agent, "suite": suite, "output": output}
            results[suite][name], _ = run_panel(panel, ConsoleProgress(f"{name} on {suite}: "))

    def ended(part: str) -> None:
        ends[part] = round(time.monotonic() - began, 1)

    run = TrainingRun(folder, run_settings(config), ConsoleProgress())
    print(run.memory.table())
    for floor in AGENTS[:3]:
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
    _add_values(folder, policy, [panel_folder(folder, "practice-test", name) for name in ("oracle", "SFT", "WebRL")])
    pictured = _screenshots(config, panel_folder(folder, "practice-test", "WebRL"), results["practice-test"]["WebRL"])
    if pictured or not (folder / REPORT).exists():  # it takes seconds, and says the same of the same attempts
        write_report(folder / REPORT, load_report([folder], "webrl-gym: the demo"))
    ended("report")
    learned = policy.language_model.record.description
    (folder / PRINTED).write_text("\n".join(_summary(results, learned, run.orm_summary)) + "\n", encoding="utf-8")
    if not (folder / SUMMARY).exists():  # that of a demo done at one go is not replaced by a later look's seconds
        _write_record(folder / SUMMARY, results, ends)
    return ends["report"]


def _summary(results: _Results, learned: str, orm_summary: str) -> Iterator[str]:
    """The lines that a demo ends with.

    Args:
        results: Of all agents.
        learned: What model SFT and WebRL are.
        orm_summary: How far the ORM can be believed; empty without one.
    """
    yield f"practice-test, success in % [95 % Wilson interval]\n\n{markdown_table(results['practice-test'])}\n"
    yield f"SFT and WebRL: {learned}\n"
    for name in ("SFT", "WebRL"):
        slices = ", ".join(f"{part} {value}" for part, value in slice_rates(results["practice-test"][name]).items())
        yield f"{name}: practice-valid {rate(results['practice-valid'][name])}; on practice-test: {slices}"
    if orm_summary:
        yield orm_summary


def _write_record(
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
