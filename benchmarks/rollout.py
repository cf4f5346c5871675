"""How fast a policy acts: batched generation over 16 static environments, and what the environments cost inside it.

    python -m benchmarks.rollout [--models nano smollm2] [--tasks 48] [--slots 16] [--threads 1] [--turns 8]

Actions per second are over whole rollouts: resets, prompts, generation and environment steps. The environment's time
per step inside a rollout is put beside its time alone: the same actions at the same tasks, replayed one after the other
without a model. Both take turns, after one that is not counted, since pages and templates are slow the first time.
Medians over the turns are reported, and the figures of each turn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import gymnasium
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.environments import suite_of
from agents.errors import CheckpointMismatch
from agents.models import load_model
from agents.policy import LLMPolicy
from agents.rollout import Rollout, RolloutCollector
from agents.run_card import commit, machine
from benchmarks.record import read_record, write_record
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.tasks.record import Task

_PROMPT_TOKENS = {"nano": 1024, "smollm2": 1792}


class Timed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Adds up the seconds that an environment's steps take."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        """Times ``env``."""
        super().__init__(env)
        self.seconds: list[float] = []

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """The inner step, timed."""
        began = time.perf_counter()
        result = self.env.step(action)
        self.seconds.append(time.perf_counter() - began)
        return result


def main() -> None:
    """Measures and writes ``results/rollout.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["nano", "smollm2"], help="names or folders")
    parser.add_argument("--tasks", type=int, default=48, help="tasks of each rollout")
    parser.add_argument("--slots", type=int, default=16, help="environments")
    parser.add_argument("--threads", type=int, default=1, help="threads of the model")
    parser.add_argument("--turns", type=int, default=8, help="rollouts, each beside its actions alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    suite = suite_of("practice-valid").tasks
    tasks = suite[:: max(1, len(suite) // options.tasks)][: options.tasks]
    settings = {"slots": options.slots, "threads": options.threads, "tasks": len(tasks), "turns": options.turns}
    measured = {}
    for name in options.models:
        try:
            policy = LLMPolicy(load_model(name, autocast="auto"), max_tokens=_PROMPT_TOKENS.get(name))
        except (ValueError, FileNotFoundError, CheckpointMismatch) as error:
            parser.error(str(error))
        figures = _measure(policy, tasks, options.slots, options.turns)
        measured[name] = {**figures, **settings, "commit": commit(), "processor": machine()["processor"]}
        print(f"{name}: {measured[name]}", flush=True)
    kept = {**read_record("rollout").get("models", {}), **measured}
    print(f"written to {write_record('rollout', {'models': kept})}")


def _measure(policy: LLMPolicy, tasks: Sequence[Task], slots: int, turns: int) -> dict[str, Any]:
    inside = [Timed(WebArenaLiteEnv(suite="practice-valid")) for _ in range(slots)]
    actions_per_s, tokens_per_s, inside_ms, alone_ms = [], [], [], []
    with closing(DummyVecEnv([lambda env=env: env for env in inside])) as env, closing(_alone()) as alone:
        collector = RolloutCollector(env, policy)
        for turn in range(turns + 1):
            for timed in (*inside, alone):
                timed.seconds.clear()
            began = time.perf_counter()
            rollout = collector.collect(tasks, phase=0, temperature=1.0, seed=turn)
            seconds = time.perf_counter() - began
            _replay(alone, rollout)
            if not turn:
                continue
            actions_per_s.append(rollout.steps / seconds)
            tokens_per_s.append(_tokens(rollout) / seconds)
            inside_ms.append(1000 * statistics.fmean(second for timed in inside for second in timed.seconds))
            alone_ms.append(1000 * statistics.fmean(alone.seconds))
    of_turns = {
        "actions_per_s": actions_per_s,
        "tokens_per_s": tokens_per_s,
        "environment_ms_per_step": inside_ms,
        "environment_ms_per_step_alone": alone_ms,
        "environment_ratio": [one / other for one, other in zip(inside_ms, alone_ms, strict=True)],
    }
    medians = {name: round(statistics.median(values), 3) for name, values in of_turns.items()}
    return {**medians, "of_turns": {name: [round(value, 3) for value in values] for name, values in of_turns.items()}}


def _alone() -> Timed:
    return Timed(WebArenaLiteEnv(suite="practice-valid"))


def _replay(env: Timed, rollout: Rollout) -> None:
    """The same actions at the same tasks, with no model beside them."""
    for trajectory in rollout.trajectories:
        env.reset(options={"task": trajectory.task})
        for step in trajectory.steps:
            env.step(step.completion.text)


def _tokens(rollout: Rollout) -> int:
    return sum(len(step.completion.token_ids) for trajectory in rollout.trajectories for step in trajectory.steps)


if __name__ == "__main__":
    main()
