"""Pictures for the report: repeats recorded attempts in Chromium and keeps a screenshot of each page.

The attempts were made on either engine; their actions are repeated as they stand, which gives the same pages, since
both engines show the same text with the same element ids.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gymnasium

from agents.metrics import Progress, SilentProgress
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.types import Trajectory
from webrl_gym.types import Observation

FOLDER = "screenshots"
"""Folder of the pictures inside a result folder; there when all of them are."""


def add_screenshots(
    folder: Path, env: gymnasium.Env[Observation, str], task_ids: Sequence[str], progress: Progress | None = None
) -> int:
    """Puts a picture beside each step of some attempts of a result folder.

    Args:
        folder: A folder of ``agents.panel``; its ``trajectories.jsonl`` is rewritten with the pictures' names.
        env: An environment on the chromium engine.
        task_ids: Tasks whose attempts get pictures.
        progress: Shown one unit an attempt.

    Returns:
        Pictures taken.

    Raises:
        ValueError: If the environment's engine takes no pictures.
        InfrastructureError: If site or browser fail twice at a start; the folder is as it was then.
    """
    shown = progress or SilentProgress()
    path = folder / "trajectories.jsonl"
    # The pictures get their final place last, so that a folder with pictures is a folder that is done.
    pictures = folder / ".screenshots.unfinished"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir()
    trajectories = list(read_trajectories(path).trajectories)
    places = [place for place, item in enumerate(trajectories) if item.task.task_id in set(task_ids)]
    taken = 0
    shown.begin("screenshots", len(places))
    try:
        for place in places:
            trajectories[place] = _with_pictures(trajectories[place], pictures, env)
            taken += sum("screenshot" in step.info for step in trajectories[place].steps)
            shown.advance()
    finally:
        shown.end()
    write_trajectories(path, trajectories)
    (folder / FOLDER).mkdir(exist_ok=True)
    for picture in pictures.iterdir():
        picture.replace(folder / FOLDER / picture.name)
    pictures.rmdir()
    return taken


def _with_pictures(trajectory: Trajectory, pictures: Path, env: gymnasium.Env[Observation, str]) -> Trajectory:
    steps = list(trajectory.steps)
    name = trajectory.task.task_id.replace("/", "_")
    seed = steps[0].info.get("seed") if steps else None
    observation, _ = env.reset(seed=seed, options={"task": trajectory.task})
    take = env.get_wrapper_attr("screenshot")
    for number, step in enumerate(steps):
        if observation["html"] != step.observation["html"]:
            break  # the engines differ here; no picture is better than a wrong one
        png = take()
        if png is None:
            raise ValueError("pictures need an environment on the chromium engine")
        picture = f"{name}_{number}.png"
        (pictures / picture).write_bytes(png)
        steps[number] = replace(step, info={**step.info, "screenshot": f"{FOLDER}/{picture}"})
        observation, _, terminated, truncated, _ = env.step(step.completion.text)
        if terminated or truncated:
            break
    return replace(trajectory, steps=tuple(steps))
