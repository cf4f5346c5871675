"""Stands in for BrowserGym in the tests of ``peer_program.py``: one page with two fields and a button."""

from __future__ import annotations

from typing import Any

import gymnasium

ALL_MINIWOB_TASKS = ["enter-text"]
NODES = [("button", "12"), ("textbox", "10"), ("textbox", "9"), ("textbox", None)]


class Page(gymnasium.Env[dict[str, Any], str]):
    def __init__(self, pw_chromium_kwargs: dict[str, Any], pre_observation_delay: float = 0.5) -> None:
        print("libraries print to the standard output")
        self.observation_space = gymnasium.spaces.Dict()
        self.action_space = gymnasium.spaces.Text(100)
        self.about = f"{pw_chromium_kwargs['executable_path']} {pre_observation_delay}"

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.page(f"{self.about} {seed}"), {}

    def step(self, action: str) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        return self.page(action), 1.0, action.startswith("click"), False, {}

    def page(self, text: str) -> dict[str, Any]:
        nodes = [{"role": {"value": role}, "browsergym_id": element} for role, element in NODES]
        return {"goal": text, "axtree_object": {"nodes": nodes}, "last_action_error": text}


gymnasium.register("browsergym/miniwob.enter-text", entry_point=Page)
