"""The peer's side of the comparison: BrowserGym, told what to do by JSON lines.

Runs in the peer's own virtual environment, so it imports nothing of this project. Each line of the standard input is a
request, each line of the standard output its answer::

    {"do": "open", "task": "click-button", "settings": {"pre_observation_delay": 0.0}}   -> {}
    {"do": "reset", "seed": 3}    -> {"seconds": 1.9, "goal": "Click on the ..."}
    {"do": "step", "role": "textbox", "place": 0, "text": "Ada"}
                                  -> {"seconds": 0.7, "over": false, "reward": 0.0, "error": ""}
    {"do": "close"}               -> {}

A step names its element by role and place among the elements of that role in document order; without ``text`` it is a
click. Looking the element up is an agent's work and not timed. A request that fails is answered by ``{"failed": ...}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import gymnasium
from browsergym import miniwob


class PeerSide:
    """One BrowserGym environment at a time."""

    def __init__(self, executable: str) -> None:
        """Runs the browser at ``executable``."""
        self._executable = executable
        self._env: Any = None
        self._page: dict[str, Any] = {}
        self._answers: dict[str, Callable[..., dict[str, Any]]] = {
            "open": self._open,
            "reset": self._reset,
            "step": self._step,
            "close": self._close,
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carries out one request."""
        arguments = {name: value for name, value in request.items() if name != "do"}
        return self._answers[request["do"]](**arguments)

    def _open(self, task: str, settings: dict[str, Any]) -> dict[str, Any]:
        self._close()
        self._env = gymnasium.make(
            f"browsergym/miniwob.{task}",
            disable_env_checker=True,
            pw_chromium_kwargs={"executable_path": self._executable},
            **settings,
        )
        return {}

    def _reset(self, seed: int) -> dict[str, Any]:
        began = time.perf_counter()
        self._page, _ = self._env.reset(seed=seed)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "goal": self._page["goal"]}

    def _step(self, role: str, place: int, text: str | None = None) -> dict[str, Any]:
        element = elements(self._page["axtree_object"], role)[place]
        action = f"click({element!r})" if text is None else f"fill({element!r}, {text!r})"
        began = time.perf_counter()
        self._page, reward, terminated, truncated, _ = self._env.step(action)
        seconds = time.perf_counter() - began
        over = bool(terminated or truncated)
        return {"seconds": seconds, "over": over, "reward": float(reward), "error": self._page["last_action_error"]}

    def _close(self) -> dict[str, Any]:
        if self._env is not None:
            self._env.close()
            self._env = None
        return {}


def elements(tree: dict[str, Any], role: str) -> list[str]:
    """BrowserGym's ids of the elements with a role, in document order, which is the order of the numbers it gives."""
    found = [
        node["browsergym_id"]
        for node in tree["nodes"]
        if node["role"]["value"] == role and node.get("browsergym_id") is not None
    ]
    return sorted(found, key=int)


def main() -> None:
    """Answers requests until the input ends."""
    assert miniwob.ALL_MINIWOB_TASKS, "importing the package registers its tasks"
    # Only answers may go to the standard output; what libraries print there goes to the error output.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        side = PeerSide(sys.argv[1])
        for line in sys.stdin:
            try:
                reply = side.answer(json.loads(line))
            except Exception as error:  # every failure is an answer; the other side decides
                reply = {"failed": f"{type(error).__name__}: {error}"}
            answers.write(json.dumps(reply) + "\n")
            answers.flush()
        side.answer({"do": "close"})


if __name__ == "__main__":
    main()
