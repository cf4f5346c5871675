"""Stable-Baselines3's own PPO on tasks of two or three actions, through ``DiscreteControls``.

    python -m benchmarks.ppo [--steps 45000] [--seeds 0 1 2] [--engine static]

Trains on the tasks of practice-train that are made from ``TEMPLATES``, and counts successes of a random and of the
trained policy (its most likely action) on those tasks, and on tasks of the same templates in world 9, which no training
task is about. The random policy draws among the actions that have something to act on, leaving included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import webrl_gym
from agents.results import wilson_interval
from benchmarks.record import write_record
from webrl_gym.suites import load_suite, open_reader
from webrl_gym.tasks.practice import template_by_name
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import draw_task
from webrl_gym.wrappers import DiscreteControls

TEMPLATES = (
    "shopping.search",
    "shopping.show_product",
    "gitlab.open_todo",
    "map.open_place",
    "reddit.upvote_post",
    "reddit.unsubscribe",
)
"""Tasks that take one to two actions and leaving, and no answer."""
SETTINGS: dict[str, Any] = {
    "n_steps": 128,
    "batch_size": 64,
    "n_epochs": 10,
    "learning_rate": 1e-3,
    "gamma": 0.95,
    "ent_coef": 0.01,
}
ENVIRONMENTS = 8
_HELD_OUT_WORLD = 9
_TRIES = 200

Act = Callable[[DiscreteControls, NDArray[np.float32]], int]
"""Chooses an action."""


def main() -> None:
    """Trains, prints the table and writes ``results/ppo.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=45_000, help="environment steps of training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--engine", default="static", choices=["static", "chromium"])
    parser.add_argument("--workers", type=int, default=1, help="seeds at a time, a process each")
    options = parser.parse_args()
    run = partial(measure, steps=options.steps, engine=options.engine)
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        rows = [row for rows in pool.map(run, options.seeds) for row in rows]
    record = {"engine": options.engine, "steps": options.steps, "settings": SETTINGS, "templates": TEMPLATES}
    print(f"written to {write_record('ppo', {**record, 'environments': ENVIRONMENTS, 'runs': rows})}")


def measure(seed: int, steps: int, engine: str) -> list[dict[str, Any]]:
    """One seed's rows of the table: the random policy's and PPO's."""
    # More threads than one are slower for a network this small.
    torch.set_num_threads(1)
    seen = list(load_suite("practice-train").made_from(TEMPLATES))
    held_out = [task for name in TEMPLATES for task in held_out_tasks(name, 10, {task.key for task in seen})]
    env = DiscreteControls(gymnasium.make(webrl_gym.ENV_ID, engine=engine))
    count = partial(_row, seed=seed, env=env, parts={"training": seen, "held_out": held_out})
    rows = [count("random", random_policy(np.random.default_rng(seed)))]
    wall, cpu = time.perf_counter(), time.process_time()
    model = train(seed, steps, TEMPLATES, engine)
    spent = {"training_s": time.perf_counter() - wall, "training_cpu_s": time.process_time() - cpu}
    rows.append({**count("PPO", greedy(model)), **{name: round(value, 1) for name, value in spent.items()}})
    print(f"PPO     seed {seed}: trained for {spent['training_s']:.0f} s ({spent['training_cpu_s']:.0f} s of CPU time)")
    env.close()
    return rows


def train(seed: int, steps: int, templates: Sequence[str], engine: str = "static") -> PPO:
    """PPO with ``"MlpPolicy"`` as Stable-Baselines3 ships it, after ``steps`` environment steps."""
    vector = make_vec_env(
        webrl_gym.ENV_ID,
        ENVIRONMENTS,
        seed,
        wrapper_class=DiscreteControls,
        env_kwargs={"engine": engine, "only_templates": list(templates)},
    )
    model = PPO("MlpPolicy", vector, seed=seed, device="cpu", **SETTINGS)
    model.learn(steps)
    vector.close()
    return model


def held_out_tasks(template: str, count: int, taken: Iterable[tuple[str, ...]]) -> list[Task]:
    """Up to ``count`` tasks of a template in a world that no training task is about; none with a key in ``taken``."""
    rng = random.Random(template)
    seen = set(taken)
    tasks: list[Task] = []
    for _ in range(_TRIES):
        task = draw_task(template_by_name(template), open_reader(_HELD_OUT_WORLD), rng, novel=False)
        if task is not None and task.key not in seen and len(tasks) < count:
            seen.add(task.key)
            tasks.append(replace(task, task_id=f"held-out/{template}/{len(tasks)}"))
    return tasks


def random_policy(rng: np.random.Generator) -> Act:
    """Draws among the actions that have something to act on."""
    return lambda env, _: int(rng.choice(np.flatnonzero(env.action_masks())))


def greedy(model: PPO) -> Act:
    """The most likely action of a trained policy."""
    return lambda _, features: int(model.predict(features, deterministic=True)[0])


def successes(env: DiscreteControls, tasks: Iterable[Task], act: Act) -> list[bool]:
    """Plays each task once; whether it was done."""
    done = []
    for task in tasks:
        features, info = env.reset(options={"task": task})
        over = False
        while not over:
            features, _, terminated, truncated, info = env.step(act(env, features))
            over = terminated or truncated
        done.append(info["verdict"].success)
    return done


def _row(policy: str, act: Act, *, seed: int, env: DiscreteControls, parts: dict[str, list[Task]]) -> dict[str, Any]:
    row: dict[str, Any] = {"policy": policy, "seed": seed}
    for part, tasks in parts.items():
        done = successes(env, tasks, act)
        low, high = wilson_interval(sum(done), len(done))
        pairs = list(zip(tasks, done, strict=True))
        by_template = {name: [ok for task, ok in pairs if task.template == name] for name in TEMPLATES}
        row[part] = {
            "success": round(sum(done) / len(done), 3),
            "interval": [round(low, 3), round(high, 3)],
            "tasks": len(done),
            "by_template": {name: f"{sum(oks)} of {len(oks)}" for name, oks in by_template.items()},
        }
    shown = ", ".join(f"{part} {row[part]['success']:.1%} of {row[part]['tasks']} tasks" for part in parts)
    print(f"{policy:7} seed {seed}: {shown}", flush=True)
    return row


if __name__ == "__main__":
    main()
