"""Several environments at work, in a process of its own (``python -m benchmarks.environment.fleet``).

Prints one JSON object: steps per second, resets included, and the memory of the process tree while all environments
are open. A new process for each measurement, so that none finds what another left behind.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from typing import cast

import gymnasium
from gymnasium.vector import VectorEnv

from benchmarks.environment.memory import tree_memory
from webrl_gym import ENV_ID
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.tasks.oracle import OracleAgent
from webrl_gym.types import Observation

MODES = ("sync", "threads", "async")
"""``SyncVectorEnv``; environments of one process, each stepped by a thread; ``AsyncVectorEnv``."""
_SUITE = "practice-valid"
_START_LIMIT_S = 300


@dataclass(frozen=True, slots=True)
class Fleet:
    """What some environments did together.

    Attributes:
        engine: Engine of all of them.
        mode: One of ``MODES``.
        environments: How many there are.
        steps_per_s: Steps of all of them together in a second, resets included.
        memory_mb: Memory of the process tree.
        pss_mb: The processes' part of it.
        anonymous_mb: The part of that which no file on disk backs.
        files_mb: The files' part of it.
        by_role: The processes' part by what they do.
        processes: How many processes there are.
    """

    engine: str
    mode: str
    environments: int
    steps_per_s: float
    memory_mb: float
    pss_mb: float
    anonymous_mb: float
    files_mb: float
    by_role: dict[str, float]
    processes: int


@cache
def run_fleet(engine: str, mode: str, environments: int, seconds: float, number: int) -> Fleet:
    """Measures in a new process; repeated calls give the measurement they have.

    Args:
        engine: ``static`` or ``chromium``.
        mode: One of ``MODES``.
        environments: How many.
        seconds: How long to measure, after a warm-up of half that time.
        number: Tells repetitions apart.

    Raises:
        RuntimeError: If the process fails; its error output is in the message.
    """
    command = [sys.executable, "-m", "benchmarks.environment.fleet", engine, mode, str(environments), str(seconds)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_START_LIMIT_S + 2 * seconds)
    if result.returncode:
        raise RuntimeError(f"{environments} {engine} environments ({mode}) failed, run {number}: {result.stderr}")
    return Fleet(**json.loads(result.stdout))


def main() -> None:
    """Runs one fleet and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=["static", "chromium"])
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("environments", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    work = _threads if options.mode == "threads" else _vector
    print(json.dumps(asdict(work(options.engine, options.mode, options.environments, options.seconds))))


def _threads(engine: str, mode: str, environments: int, seconds: float) -> Fleet:
    envs = [WebArenaLiteEnv(suite=_SUITE, engine=engine) for _ in range(environments)]
    try:
        with ThreadPoolExecutor(environments) as pool:
            players = [_Player(env, seed) for seed, env in enumerate(envs)]

            def all_play(duration: float) -> int:
                deadline = time.perf_counter() + duration
                return sum(pool.map(lambda player: player.play_until(deadline), players))

            return _measure(engine, mode, environments, seconds, all_play)
    finally:
        for env in envs:
            env.close()


class _Player:
    """Plays one environment, task after task; a pause may fall inside an episode."""

    def __init__(self, env: WebArenaLiteEnv, seed: int) -> None:
        self._env = env
        self._agent = OracleAgent()
        self._observation, info = env.reset(seed=seed)
        self._agent.reset(info["task"])

    def play_until(self, deadline: float) -> int:
        """Steps done by then."""
        steps = 0
        while time.perf_counter() < deadline:
            self._observation, _, terminated, truncated, _ = self._env.step(self._agent.act(self._observation))
            steps += 1
            if terminated or truncated:
                self._observation, info = self._env.reset()
                self._agent.reset(info["task"])
        return steps


def _vector(engine: str, mode: str, environments: int, seconds: float) -> Fleet:
    vector = gymnasium.make_vec(ENV_ID, num_envs=environments, vectorization_mode=mode, suite=_SUITE, engine=engine)
    try:
        return _measure(engine, mode, environments, seconds, _VectorPlayer(vector).play_for)
    finally:
        vector.close()


class _VectorPlayer:
    """Plays a Gymnasium vector environment, which resets an environment in the step after its last."""

    def __init__(self, vector: VectorEnv) -> None:
        self._vector = vector
        self._agents = [OracleAgent() for _ in range(vector.num_envs)]
        self._over = [False] * vector.num_envs
        self._observations, infos = vector.reset(seed=0)
        for agent, task in zip(self._agents, infos["task"], strict=True):
            agent.reset(task)

    def play_for(self, duration: float) -> int:
        """Steps done in that time, those that only reset left out."""
        deadline = time.perf_counter() + duration
        steps = 0
        while time.perf_counter() < deadline:
            actions = ["" if over else self._act(index) for index, over in enumerate(self._over)]
            self._observations, _, terminated, truncated, infos = self._vector.step(actions)
            for index, was_over in enumerate(self._over):
                if was_over:
                    self._agents[index].reset(infos["task"][index])
                steps += not was_over
                self._over[index] = not was_over and bool(terminated[index] or truncated[index])
        return steps

    def _act(self, index: int) -> str:
        observation = {name: texts[index] for name, texts in self._observations.items()}
        return self._agents[index].act(cast("Observation", observation))


def _measure(engine: str, mode: str, environments: int, seconds: float, play: Callable[[float], int]) -> Fleet:
    """Warms up, then counts steps and weighs the process tree."""
    play(seconds / 2)
    began = time.perf_counter()
    steps = play(seconds)
    steps_per_s = steps / (time.perf_counter() - began)
    memory = tree_memory()
    return Fleet(
        engine=engine,
        mode=mode,
        environments=environments,
        steps_per_s=round(steps_per_s, 2),
        memory_mb=round(memory.total_mb, 1),
        pss_mb=round(memory.pss_mb, 1),
        anonymous_mb=round(memory.anonymous_mb, 1),
        files_mb=round(memory.files_mb, 1),
        by_role=memory.by_role,
        processes=memory.processes,
    )


if __name__ == "__main__":
    main()
