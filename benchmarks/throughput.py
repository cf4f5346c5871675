"""How fast the environment and the nano policy are on one core.

    python -m benchmarks.throughput [--engines static chromium] [--episodes 40] [--no-policy]

Environment: the oracles' own actions over tasks of all five sites, observation included; resets are timed apart.
Engines take turns within one run, and medians over the turns are reported. Policy: actions per second of the nano
model, greedy, prompt reading included, for batches of 1, 8 and 16 pages that the oracles visit.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.episodes import one_core, panel, play
from benchmarks.record import write_record
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.types import Observation

_TURNS = 5
_BATCHES = (1, 8, 16)
_POLICY_SECONDS = 5.0


@dataclass
class Engine:
    """One engine's measurements: one value a turn."""

    env: WebArenaLiteEnv
    steps_per_s: list[float] = field(default_factory=list)
    reset_ms: list[float] = field(default_factory=list)


def main() -> None:
    """Measures and writes ``results/throughput.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=["static", "chromium"], choices=["static", "chromium"])
    parser.add_argument("--episodes", type=int, default=40, help="episodes of each engine in each turn")
    parser.add_argument("--no-policy", action="store_true", help="measure the environment only")
    options = parser.parse_args()
    with one_core():
        episodes, measured = _measure(options.engines, options.episodes, with_policy=not options.no_policy)
    for name, values in measured.items():
        print(f"{name:20} {values}")
    print(f"written to {write_record('throughput', {'cores_used': 1, 'episodes': episodes, **measured})}")


def _measure(names: list[str], episodes: int, *, with_policy: bool) -> tuple[int, dict[str, Any]]:
    """Episodes of a turn, and the figures by engine."""
    engines = {name: Engine(WebArenaLiteEnv(suite="practice-valid", engine=name)) for name in names}
    tasks = panel(next(iter(engines.values())).env.suite, episodes)
    pages: list[Observation] = []
    for number in range(_TURNS + 1):
        for engine in engines.values():
            turn = play(engine.env, tasks)
            if number:  # the first turn warms up
                engine.steps_per_s.append(turn.steps_per_s)
                engine.reset_ms.append(turn.reset_ms)
            else:
                pages += turn.pages
    measured: dict[str, Any] = {
        name: {
            "steps_per_s": round(statistics.median(engine.steps_per_s), 1),
            "reset_ms": round(statistics.median(engine.reset_ms), 2),
            "turns": [round(value, 1) for value in engine.steps_per_s],
        }
        for name, engine in engines.items()
    }
    for engine in engines.values():
        engine.env.close()
    if with_policy:
        measured["nano_actions_per_s"] = _policy(pages)
    return len(tasks), measured


def _policy(pages: list[Observation]) -> dict[str, float]:
    """Greedy actions per second on one thread, by batch size."""
    import torch

    from agents.models import load_model
    from agents.policy import LLMPolicy

    torch.set_num_threads(1)
    policy = LLMPolicy(load_model("nano"))
    prompts = [policy.renderer.render(page, []) for page in pages]
    measured = {}
    for batch in _BATCHES:
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < _POLICY_SECONDS:
            start = done % max(1, len(prompts) - batch)
            policy.act(prompts[start : start + batch], temperature=0.0)
            done += batch
        measured[str(batch)] = round(done / (time.perf_counter() - began), 1)
    return measured


if __name__ == "__main__":
    main()
