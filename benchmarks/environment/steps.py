"""Steps and resets over the embedded sites, both engines in turns, and where a step's time goes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.environment.rows import Part, Row
from benchmarks.episodes import Turn, one_core, panel, play
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.types import StepTiming

_STATIC_STEPS_PER_S = 400
_STATIC_RESET_MS = 15
_PHASES = ("act", "settle", "observe", "score")


def measure(*, quick: bool) -> Part:
    """Plays the oracles' episodes; the static engine on one core."""
    rounds, episodes = (1, 10) if quick else (5, 40)
    envs = {name: WebArenaLiteEnv(suite="practice-valid", engine=name) for name in ("static", "chromium")}
    tasks = panel(envs["static"].suite, episodes)
    turns: dict[str, list[Turn]] = {name: [] for name in envs}
    for number in range(rounds + 1):
        for name, env in envs.items():
            if name == "static":
                with one_core():
                    turn = play(env, tasks)
            else:
                turn = play(env, tasks)
            if number:  # the first round warms up
                turns[name].append(turn)
    for env in envs.values():
        env.close()
    details = {name: _details(of_engine) for name, of_engine in turns.items()}
    rows = [
        Row("static: steps", _median_steps(turns["static"]), "/s", at_least=_STATIC_STEPS_PER_S),
        Row("static: reset", _median_reset(turns["static"]), "ms", at_most=_STATIC_RESET_MS),
        Row("chromium: steps", _median_steps(turns["chromium"]), "/s"),
        Row("chromium: reset", _median_reset(turns["chromium"]), "ms"),
        *(Row(f"chromium: {phase}, mean over steps", details["chromium"]["mean_ms"][phase], "ms") for phase in _PHASES),
    ]
    return Part("Embedded sites, observation included (static: one core)", rows, {"episodes": len(tasks), **details})


def _median_steps(turns: Sequence[Turn]) -> float:
    return statistics.median(turn.steps_per_s for turn in turns)


def _median_reset(turns: Sequence[Turn]) -> float:
    return statistics.median(turn.reset_ms for turn in turns)


def _details(turns: Sequence[Turn]) -> dict[str, Any]:
    timings = [timing for turn in turns for timing in turn.timings]
    return {
        "steps_per_s": [round(turn.steps_per_s, 1) for turn in turns],
        "reset_ms": [round(turn.reset_ms, 2) for turn in turns],
        "mean_ms": mean_ms(timings),
    }


def mean_ms(timings: Sequence[StepTiming]) -> dict[str, float]:
    """Mean milliseconds of each phase of a step; only an episode's last step is scored."""
    return {phase: round(1000 * statistics.fmean(getattr(timing, phase) for timing in timings), 2) for phase in _PHASES}
