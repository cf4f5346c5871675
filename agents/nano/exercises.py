"""Page-reading exercises: random pages with one question each, to pre-train the nano model on.

They teach what every site needs (find, copy, look up in a table, next to, compare, fill in, go on after earlier
actions) with words made up for each page, and know no site, no page and no task of ``webrl_gym``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from agents.nano import pages, sketches
from agents.nano.judging import judged_episode
from agents.nano.sketches import Sketch
from webrl_gym.actions import format_action
from webrl_gym.reward import render_orm_prompt
from webrl_gym.types import Observation


@dataclass(frozen=True, slots=True)
class Exercise:
    """One question with its answer.

    Attributes:
        kind: Which exercise it is.
        observation: Instruction and page.
        history: Earlier actions in words.
        action: The right next action, or ``YES`` or ``NO`` where ``question`` is set.
        question: The whole question, for exercises that judge instead of act.
    """

    kind: str
    observation: Observation
    history: tuple[str, ...]
    action: str
    question: str | None = None


_FILLERS = (0, 0, 0, 1, 1, 1, 2, 2, 3, 6)
"""Blocks beside the point on a page, equally likely; most pages are short, so that training is quick."""


def make_exercise(rng: random.Random, kind: str | None = None) -> Exercise:
    """One exercise.

    Args:
        rng: Source of chance; the same state gives the same exercise.
        kind: One of ``KINDS``; drawn by their weights when None.

    Raises:
        KeyError: If there is no such kind.
    """
    if kind is None:
        kind = rng.choices(KINDS, _WEIGHTS)[0]
    if kind == "judge":
        return _judge(rng)
    return _finish(rng, kind, _MAKERS[kind][0](rng))


def _finish(rng: random.Random, kind: str, sketch: Sketch) -> Exercise:
    page = sketch.head + _page(rng, sketch.block, is_alone=sketch.is_alone) + sketch.tail
    return Exercise(kind, _observation(sketch.instruction, page), sketch.history, format_action(sketch.action()))


def _page(rng: random.Random, block: pages.Block, *, is_alone: bool = False) -> str:
    """A page with the block and things beside the point."""
    fillers = [pages.filler(rng, has_records=not is_alone) for _ in range(rng.choice(_FILLERS))]
    place = rng.randrange(len(fillers) + 1)
    return pages.write_page([*fillers[:place], block, *fillers[place:]])


def _judge(rng: random.Random) -> Exercise:
    """Was it done? An outcome reward model's prompt, and YES or NO."""
    episode = judged_episode(rng)
    page = _page(rng, episode.block, is_alone=episode.is_alone)
    question = render_orm_prompt(episode.instruction, episode.steps, page)
    return Exercise("judge", _observation(episode.instruction, page), (), "YES" if episode.is_done else "NO", question)


def _observation(instruction: str, page: str) -> Observation:
    return Observation(instruction=instruction, url="", html=page, last_action_error="")


_MAKERS: dict[str, tuple[Callable[[random.Random], Sketch], float]] = {
    "find": (sketches.find, 0.6),
    "beside": (sketches.act_beside, 0.9),
    "read": (sketches.read, 2.2),
    "read_name": (sketches.read_name, 0.7),
    "compare": (sketches.compare, 0.5),
    "ordinal": (sketches.ordinal, 0.4),
    "fill": (sketches.fill, 2.2),
    "range": (sketches.set_range, 0.6),
    "search": (sketches.search, 1.5),
    "steps": (sketches.follow_steps, 0.9),
    "scroll": (sketches.scroll, 0.1),
    "tab": (sketches.switch_tab, 0.2),
}
KINDS: tuple[str, ...] = (*_MAKERS, "judge")
"""Names of the exercises."""
_WEIGHTS = (*(weight for _, weight in _MAKERS.values()), 1.2)
