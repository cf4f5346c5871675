"""Pages stay lean, now and as the sites grow: counted in tokens of the nano model over the pages that oracles visit."""

from __future__ import annotations

import statistics

from agents.actors import ScriptedOracle, task_info
from agents.models import load_model
from agents.prompting import PromptRenderer
from webrl_gym.env import WebArenaLiteEnv


def test_pages_are_lean_in_tokens() -> None:
    env = WebArenaLiteEnv(suite="practice-valid")
    nano = load_model("nano")
    renderer = PromptRenderer(nano, nano.context)
    oracle = ScriptedOracle(env.suite.get)
    sizes = []
    for task in env.suite.tasks[::2]:
        oracle.reset(task_info(task))
        observation, _ = env.reset(options={"task": task})
        over = False
        while not over:
            sizes.append(len(renderer.render({**observation, "instruction": ""}, ()).token_ids))
            observation, _, terminated, truncated, _ = env.step(oracle.act(observation))
            over = terminated or truncated
    env.close()
    assert len(sizes) > 300
    assert statistics.median(sizes) <= 400
    assert statistics.quantiles(sizes, n=20)[-1] <= 800
