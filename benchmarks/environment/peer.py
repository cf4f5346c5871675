"""BrowserGym beside us: the same MiniWoB++ problems, the same actions, in turns.

The peer runs three times: as it is by default; without the pause before each observation; and also without the pause
that its MiniWoB++ tasks put into every input event. What was asked for "its fixed delay off" is held against the last,
which is its fastest. Each page gets an environment of its own, as BrowserGym has it, so its resets never have to close
the browser of the episode before. What either side's agent does between two steps is not timed.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from benchmarks.environment.peer_process import VERSION, Peer, PeerInstallation, install_peer, running_peer
from benchmarks.environment.rows import Part, Row
from benchmarks.environment.steps import mean_ms
from webrl_gym.actions import Action, ActionKind, format_action
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.tasks.miniwob.page import set_up_script
from webrl_gym.tasks.miniwob.suite import ORIGIN, MiniwobTask
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.page_task import TaskPage
from webrl_gym.types import StepTiming

_STEPS_RATIO = 12
_STEPS_RATIO_NO_DELAY = 3
_RESET_RATIO = 15
_DEFAULTS = "at its defaults"
_NO_PAUSE = "no pause before observing"
_NO_DELAY = "no delay at all"
_ATTEMPTS = 3
_SETTINGS: dict[str, dict[str, Any]] = {
    _DEFAULTS: {},
    _NO_PAUSE: {"pre_observation_delay": 0.0},
    _NO_DELAY: {"pre_observation_delay": 0.0, "slow_mo": 0},
}


@dataclass(frozen=True, slots=True)
class Move:
    """One action in words that both sides understand.

    Attributes:
        role: Kind of its element: ``button``, ``textbox``, ``checkbox`` or ``radio``.
        place: Which of that kind, in document order.
        text: What to type; None is a click.
    """

    role: str
    place: int
    text: str | None = None


_SUBMIT = Move("button", 0)
_SCRIPTS: dict[str, tuple[Move, ...]] = {
    "click-button": (Move("button", 0),),
    "click-test-2": (Move("button", 1),),
    "click-checkboxes": (Move("checkbox", 0), _SUBMIT),
    "click-option": (Move("radio", 0), _SUBMIT),
    "enter-text": (Move("textbox", 0, "Ada"), _SUBMIT),
    "enter-password": (Move("textbox", 0, "Ada"), Move("textbox", 1, "Ada"), _SUBMIT),
    "login-user": (Move("textbox", 0, "Ada"), Move("textbox", 1, "secret"), _SUBMIT),
    "simple-arithmetic": (Move("textbox", 0, "7"), _SUBMIT),
}
"""Page to actions; the last one ends the episode, rightly or wrongly."""


@dataclass
class Times:
    """What one contestant took in one round.

    Attributes:
        step_s: Seconds of each step.
        reset_s: Seconds of each reset.
        timings: Where the time of each of our own steps went.
        repeats: Episodes of the peer's that were played again.
    """

    step_s: list[float] = field(default_factory=list)
    reset_s: list[float] = field(default_factory=list)
    timings: list[StepTiming] = field(default_factory=list)
    repeats: int = 0


class Problem(MiniwobTask):
    """A page of MiniWoB++ with the problem that the peer draws there."""

    def __init__(self, name: str, seed: int) -> None:
        """The page called ``name`` for an environment seed of the peer's."""
        super().__init__(name)
        self.task_id = problem_id(name, seed)
        self._page_seed = page_seed(seed)

    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:  # noqa: ARG002 - the peer's seed decides
        """Draws the peer's problem."""
        return str(page.evaluate(set_up_script(self._page_seed)))


def page_seed(seed: int) -> int:
    """What BrowserGym seeds a page with when its environment is reset with ``seed``."""
    return int(np.random.RandomState(seed).randint(0, 1_000_000))


def problem_id(name: str, seed: int) -> str:
    """Id of the task for a page and an environment seed."""
    return f"{name}/{seed}"


def measure(*, quick: bool) -> Part:
    """Plays the scripts, contestant after contestant, round after round."""
    rounds = 1 if quick else 5
    installation = install_peer()
    ours: list[Times] = []
    peers: dict[str, list[Times]] = {name: [] for name in _SETTINGS}
    env = WebArenaLiteEnv(suite=_suite(installation, rounds + 1), engine="chromium")
    try:
        with running_peer(installation) as peer:
            _ours(env, 0)
            _peers(peer, 0, _SETTINGS[_NO_DELAY])
            for seed in range(1, rounds + 1):  # the round before these warmed up
                our_times, our_goals = _ours(env, seed)
                ours.append(our_times)
                for name, settings in _SETTINGS.items():
                    times, goals = _peers(peer, seed, settings)
                    _check_same(our_goals, goals)
                    peers[name].append(times)
    finally:
        env.close()
    details = {
        "peer": f"BrowserGym {VERSION}",
        "pages": list(_SCRIPTS),
        "ours": {**_details(ours), "mean_ms": mean_ms([timing for times in ours for timing in times.timings])},
        "peers": {name: _details(times) for name, times in peers.items()},
    }
    return Part(f"MiniWoB++ pages beside BrowserGym {VERSION}, chromium", _rows(ours, peers), details)


def _rows(ours: Sequence[Times], peers: dict[str, list[Times]]) -> list[Row]:
    steps, reset = _steps_per_s(ours), _reset_ms(ours)
    rows = [Row("ours: steps", steps, "/s"), Row("ours: reset", reset, "ms")]
    for name, times in peers.items():
        rows += [
            Row(f"peer, {name}: steps", _steps_per_s(times), "/s"),
            Row(f"peer, {name}: reset", _reset_ms(times), "ms"),
        ]
    asked = {_DEFAULTS: _STEPS_RATIO, _NO_PAUSE: None, _NO_DELAY: _STEPS_RATIO_NO_DELAY}
    rows += [
        Row(f"steps, ours / peer {name}", steps / _steps_per_s(peers[name]), "x", at_least=ratio)
        for name, ratio in asked.items()
    ]
    rows += [
        Row(
            f"reset, peer {name} / ours",
            _reset_ms(times) / reset,
            "x",
            at_least=_RESET_RATIO if name == _DEFAULTS else None,
        )
        for name, times in peers.items()
    ]
    return rows


def _suite(installation: PeerInstallation, rounds: int) -> PageSuite:
    makers: list[Callable[[], Problem]] = [partial(Problem, name, seed) for name in _SCRIPTS for seed in range(rounds)]
    return PageSuite("miniwob-beside-peer", makers, origins=[ORIGIN], pages=installation.pages)


def _ours(env: WebArenaLiteEnv, seed: int) -> tuple[Times, list[str]]:
    """Our times, and the instructions.

    Raises:
        RuntimeError: If a move fails, or the last one does not end the episode.
    """
    times, goals = Times(), []
    for name, script in _SCRIPTS.items():
        began = time.perf_counter()
        observation, _ = env.reset(options={"task": problem_id(name, seed)})
        times.reset_s.append(time.perf_counter() - began)
        goals.append(observation["instruction"])
        over = False
        for move in script:
            action = action_text(move, observation["html"])
            began = time.perf_counter()
            observation, _, terminated, truncated, info = env.step(action)
            times.step_s.append(time.perf_counter() - began)
            times.timings.append(info["timing"])
            error = observation["last_action_error"] or info["failure"]
            if error:
                raise RuntimeError(f"{name}, ours: {move} failed: {error}")
            over = terminated or truncated
        if not over:
            raise RuntimeError(f"{name}, ours: the script did not end the episode")
    return times, goals


def _peers(peer: Peer, seed: int, settings: dict[str, Any]) -> tuple[Times, list[str]]:
    """The peer's times, and the instructions."""
    times, goals = Times(), []
    for name in _SCRIPTS:
        for attempt in range(1, _ATTEMPTS + 1):
            episode = Times()
            goal, error = _peers_episode(peer, name, seed, settings, episode)
            if not error:
                break
            # It gives an input event half a second, which a busy machine may not have.
            if attempt == _ATTEMPTS:
                raise RuntimeError(f"{name}, peer: {error}")
        times.step_s += episode.step_s
        times.reset_s += episode.reset_s
        times.repeats += attempt - 1
        goals.append(goal)
    return times, goals


def _peers_episode(peer: Peer, name: str, seed: int, settings: dict[str, Any], times: Times) -> tuple[str, str]:
    """The instruction, and what went wrong."""
    peer.ask("open", task=name, settings=settings)
    start = peer.ask("reset", seed=seed)
    times.reset_s.append(start["seconds"])
    answer = {"error": "", "over": False}
    for move in _SCRIPTS[name]:
        answer = peer.ask("step", role=move.role, place=move.place, text=move.text)
        times.step_s.append(answer["seconds"])
        if answer["error"]:
            break
    peer.ask("close")
    return start["goal"], answer["error"] or ("" if answer["over"] else "the script did not end the episode")


_CONTROL = re.compile(r'<(button|input|textarea) id="(\d+)"(?: type="(\w+)")?')


def action_text(move: Move, html: str) -> str:
    """The move in our action language, its element looked up in an observation.

    Raises:
        LookupError: If the page has no such element.
    """
    found = [
        element
        for tag, element, kind in _CONTROL.findall(html)
        if move.role == (tag if tag == "button" else kind if kind in ("checkbox", "radio") else "textbox")
    ]
    if move.place >= len(found):
        raise LookupError(f"no {move.role} number {move.place} on the page:\n{html}")
    kind = ActionKind.CLICK if move.text is None else ActionKind.TYPE
    return format_action(Action(kind, element=found[move.place], argument=move.text))


def _check_same(ours: Sequence[str], peers: Sequence[str]) -> None:
    for mine, theirs in zip(ours, peers, strict=True):
        if " ".join(mine.split()) != " ".join(theirs.split()):
            raise RuntimeError(f"the two sides show different problems: {mine!r} and {theirs!r}")


def _steps_per_s(rounds: Sequence[Times]) -> float:
    return statistics.median(len(times.step_s) / sum(times.step_s) for times in rounds)


def _reset_ms(rounds: Sequence[Times]) -> float:
    return 1000 * statistics.median(statistics.median(times.reset_s) for times in rounds)


def _details(rounds: Sequence[Times]) -> dict[str, Any]:
    return {
        "steps_per_s": [round(len(times.step_s) / sum(times.step_s), 2) for times in rounds],
        "reset_ms": [round(1000 * statistics.median(times.reset_s), 1) for times in rounds],
        "steps_of_a_round": len(rounds[0].step_s),
        "repeated_episodes": sum(times.repeats for times in rounds),
    }
