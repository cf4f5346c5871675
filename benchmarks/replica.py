"""The official tasks on the embedded replica: what the scripted oracles solve, beside floors that do nothing useful.

    python -m benchmarks.replica --engine chromium
    python -m benchmarks.replica --engine static [--semantics browsergym] [--only 13 47]

It is a replica: its scores are not comparable with published ones. ``webarena-lite`` must be installed
(``pip install --no-deps browsergym-webarenalite``).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from unittest.mock import patch

from benchmarks.record import read_record, write_record
from webrl_gym.actions import format_action, leave
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.sites import dispatch
from webrl_gym.sites.web import site_app
from webrl_gym.tasks.official.suite import NAME, official_scripts
from webrl_gym.tasks.oracle import OracleAgent
from webrl_gym.tasks.page_view import OracleLost
from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Site

_SPRAY = ", ".join(f"{number}, {number} min, {number} km, ${number}.00" for number in range(101))
FLOORS = {"do nothing": "", "N/A at once": "N/A", "a spray of numbers": _SPRAY}
"""Answers given at once, on the first page."""


@dataclass(frozen=True)
class Outcome:
    """How one task ended.

    Attributes:
        task: Its number.
        sites: The sites that it needs.
        solved: Whether the rules say that it was done.
        fuzzy: Who decided a fuzzy match; empty when there was none.
        steps: Actions taken.
        reason: Why it was not solved; empty when it was.
    """

    task: int
    sites: str
    solved: bool
    fuzzy: str
    steps: int
    reason: str


def main() -> None:
    """Plays everything, prints the table and writes ``results/replica.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("static", "chromium"), default="static")
    parser.add_argument("--semantics", choices=("vab", "browsergym"), default="vab")
    parser.add_argument("--only", nargs="+", type=int, help="numbers of the tasks to play; nothing is written then")
    options = parser.parse_args()
    renders: list[float] = []
    with closing(WebArenaLiteEnv(suite=NAME, engine=options.engine, semantics=options.semantics)) as env:
        tasks = [task for task in env.suite if options.only is None or number_of(task) in options.only]
        with timed_renders(renders):
            outcomes = [play_oracle(env, task) for task in tasks]
        floors = {name: sum(play_answer(env, task, answer) for task in tasks) for name, answer in FLOORS.items()}
    measured = {
        "solved": sum(outcome.solved for outcome in outcomes),
        "of": len(outcomes),
        "by_our_fuzzy_rules": sum(outcome.solved and outcome.fuzzy == "rules" for outcome in outcomes),
        "floors": floors,
        "render_ms": percentiles(renders),
        "tasks": [asdict(outcome) for outcome in outcomes],
    }
    print(report(outcomes, measured, f"{options.engine}, {options.semantics} semantics"))
    if options.only is None:
        runs = read_record("replica").get("runs", {})
        runs[f"{options.engine}/{options.semantics}"] = measured
        print(f"written to {write_record('replica', {'runs': runs})}")


def number_of(task: Task) -> int:
    """The task's number in the official file."""
    return int(task.task_id.rpartition("/")[2])


def play_oracle(env: WebArenaLiteEnv, task: Task) -> Outcome:
    """Plays a task by its script."""
    number, sites = number_of(task), "+".join(site.value for site in task.sites)
    if number not in official_scripts():
        return Outcome(number, sites, solved=False, fuzzy="", steps=0, reason="there is no script for it")
    agent = OracleAgent(env.suite.solve)
    agent.reset(task)
    observation, info = env.reset(options={"task": task})
    over = False
    while not over:
        try:
            action = agent.act(observation)
        except OracleLost as lost:
            return Outcome(number, sites, False, "", info["step"], f"the oracle is lost: {str(lost).splitlines()[0]}")
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    verdict: OutcomeVerdict | None = info["verdict"]
    if verdict is None:
        return Outcome(number, sites, False, "", info["step"], info["failure"])
    reason = "" if verdict.success else f"{verdict.status}: {verdict.detail}"
    return Outcome(number, sites, verdict.success, verdict.fuzzy_by, info["step"], reason)


def play_answer(env: WebArenaLiteEnv, task: Task, answer: str) -> bool:
    """Whether a task counts as done when its agent leaves at once with ``answer``."""
    env.reset(options={"task": task})
    verdict: OutcomeVerdict | None = env.step(format_action(leave(answer)))[4]["verdict"]
    return verdict is not None and verdict.success


@contextmanager
def timed_renders(seconds: list[float]) -> Iterator[None]:
    """Notes how long the sites take for each answer."""

    def timed(site: Site) -> Callable[..., Sequence[bytes]]:
        def answer(environ: Any, start_response: Any) -> Sequence[bytes]:
            began = time.perf_counter()
            body = list(site_app(site)(environ, start_response))
            seconds.append(time.perf_counter() - began)
            return body

        return answer

    with patch.object(dispatch, "site_app", timed):
        yield


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"median": round(1000 * cuts[49], 2), "p99": round(1000 * cuts[98], 2), "answers": len(seconds)}


def report(outcomes: Sequence[Outcome], measured: dict[str, Any], how: str) -> str:
    """The table by site, the floors, and the rest by number."""
    totals = Counter(group(outcome) for outcome in outcomes)
    solved = Counter(group(outcome) for outcome in outcomes if outcome.solved)
    lines = [f"webarena-lite on the embedded replica ({how}); not comparable with published scores", ""]
    lines += [f"  {name:16} {solved[name]:4} of {total}" for name, total in totals.items()]
    lines += [f"  {'all':16} {measured['solved']:4} of {measured['of']}"]
    lines += [f"  of these, {measured['by_our_fuzzy_rules']} rest on our own rules for fuzzy answers", ""]
    lines += [f"  floor: {name:20} {count:4} of {measured['of']}" for name, count in measured["floors"].items()]
    if measured["render_ms"]:
        render = "  a site's answer takes {median} ms at the median, {p99} ms at the 99th percentile"
        lines += ["", render.format(**measured["render_ms"])]
    lines += ["", "not solved:"]
    lines += [f"  {outcome.task:4} {outcome.sites:24} {outcome.reason}" for outcome in outcomes if not outcome.solved]
    return "\n".join(lines)


def group(outcome: Outcome) -> str:
    """The row of the table: the site, or ``cross-site``."""
    return "cross-site" if "+" in outcome.sites else outcome.sites


if __name__ == "__main__":
    main()
