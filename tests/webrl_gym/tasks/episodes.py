"""Runs oracles and other small agents through an environment, for the task tests."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webrl_gym.actions import format_action, leave, parse_action
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.suites import open_reader
from webrl_gym.tasks.oracle import OracleAgent, Solve
from webrl_gym.tasks.practice import practice_oracle
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import draw_task
from webrl_gym.tasks.template import Template


@dataclass(frozen=True)
class Played:
    """One episode of an oracle."""

    reward: float
    steps: int
    answer: str
    info: dict[str, Any]


def draw(template: Template, world: int, seed: int = 0, *, novel: bool = False) -> Task | None:
    return draw_task(template, open_reader(world), random.Random(f"{template.name}/{seed}"), novel)


def play(
    env: WebArenaLiteEnv,
    task: Task,
    before_first_step: Callable[[], None] | None = None,
    solve: Solve = practice_oracle,
) -> Played:
    agent = OracleAgent(solve)
    agent.reset(task)
    observation, info = env.reset(options={"task": task})
    if before_first_step is not None:
        before_first_step()
    steps, over, reward, action = 0, False, 0.0, ""
    while not over:
        action = agent.act(observation)
        observation, reward, terminated, truncated, info = env.step(action)
        assert not info["action_error"], f"{task.task_id} {task.parameters}: {action}: {info['action_error']}"
        steps += 1
        over = terminated or truncated
    return Played(reward, steps, parse_action(action).argument or "", info)


def do_nothing(env: WebArenaLiteEnv, task: Task) -> float:
    env.reset(options={"task": task})
    return env.step(format_action(leave()))[1]
