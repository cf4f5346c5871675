"""Page-reading exercises: random pages with one question each, to pre-train the nano model on.

They teach what every site needs (find, copy, look up in a table, next to, compare, fill in, go on after earlier
actions) with words made up for each page, and know no site, no page and no task of ``webrl_gym``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from agents.nano import filling, pages, sketches, vocabulary
from agents.nano.judging import judged_episode
from agents.nano.sketches import Sketch
from agents.nano.wording import wandering
from webrl_gym.actions import ActionKind, format_action
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence, OrmPrompt
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
    question: OrmPrompt | None = None


_FILLERS = (0, 0, 0, 1, 1, 2, 2, 3, 5, 8)
"""Blocks beside the point on a page, equally likely; most pages are short, so that training is quick."""
_ERROR_SHARE = 0.05
"""Exercises in which the last action is told to have failed, which changes nothing of what is right."""
_ERRORS = (
    'There is no element "{number}" on this page.',
    "The element is a <button>, which takes no text.",
    "The element is a <input>, not a select box.",
    'There is no option "{name}".',
    "The element is disabled.",
    'The form was not sent: the field "{name}" must be filled in.',
)


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
    action = sketch.action()
    history = (*_earlier(rng), *sketch.history)
    error = ""
    if action.kind is not ActionKind.EXIT and rng.random() < _ERROR_SHARE:
        history = (*history, wandering(rng))
        error = rng.choice(_ERRORS).format(number=rng.randint(0, 99), name=vocabulary.phrase(rng))
    return Exercise(kind, _observation(sketch.instruction, page, error), history, format_action(action))


def _earlier(rng: random.Random) -> list[str]:
    """Actions that led here and decide nothing any more."""
    return [wandering(rng) for _ in range(rng.choice((0, 0, 0, 1, 2, 3, 5)))]


def _page(rng: random.Random, block: pages.Block, *, is_alone: bool = False) -> str:
    """A page with the block and things beside the point."""
    fillers = [pages.filler(rng, has_records=not is_alone) for _ in range(rng.choice(_FILLERS))]
    place = rng.randrange(len(fillers) + 1)
    return pages.write_page([*fillers[:place], block, *fillers[place:]])


def _judge(rng: random.Random) -> Exercise:
    """Was it done? An outcome reward model's prompt, and YES or NO."""
    episode = judged_episode(rng)
    page = _page(rng, episode.block, is_alone=episode.is_alone)
    question = DEFAULT_TEMPLATE.fill(Evidence(episode.instruction, episode.steps, page))
    return Exercise("judge", _observation(episode.instruction, page), (), "YES" if episode.is_done else "NO", question)


def _observation(instruction: str, page: str, error: str = "") -> Observation:
    return Observation(instruction=instruction, url="", html=page, last_action_error=error)


_MAKERS: dict[str, tuple[Callable[[random.Random], Sketch], float]] = {
    "find": (sketches.find, 0.6),
    "beside": (sketches.act_beside, 0.9),
    "read": (sketches.read, 2.2),
    "read_name": (sketches.read_name, 0.7),
    "compare": (sketches.compare, 0.9),
    "ordinal": (sketches.ordinal, 0.4),
    "fill": (filling.fill, 2.2),
    "imply": (filling.imply, 1.8),
    "range": (filling.set_range, 0.6),
    "search": (sketches.search, 1.5),
    "steps": (sketches.follow_steps, 0.9),
    "lead": (sketches.lead_on, 1.2),
    "scroll": (sketches.scroll, 0.1),
    "tab": (sketches.switch_tab, 0.2),
}
KINDS: tuple[str, ...] = (*_MAKERS, "judge")
"""Names of the exercises."""
_WEIGHTS = (*(weight for _, weight in _MAKERS.values()), 1.2)
