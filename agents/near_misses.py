"""Failures that are nearly successes: an attempt that ends a step too early, answers or types something else.

What a policy gets wrong is mostly one thing, and a judge that has seen few such failures takes them for successes: an
empty answer, half of the text that was to be typed, a form that was filled in and not sent. Such failures are made of
successes here, in any number. After the "changed variables" of arXiv 2411.02337, section 3.8.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.augmentation import action_of
from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory
from webrl_gym.actions import Action, ActionKind, format_action
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus

_FAILED = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail="made of a success by changing one thing")
_TEXT = re.compile(r">([^<>\n]+)<")
_LONGEST_ANSWER = 60
"""Characters of a text that is answered instead of the right one."""
_ENDS_ONE_EARLY = 0.6
"""Share of unfinished attempts that lack their last step alone, which is the hardest to see."""
_NO_ANSWER = 0.35
"""Share of wrong answers that are empty."""
_OTHER_ANSWER = 0.55
"""Share of wrong answers that stand elsewhere on the page; the rest is the right one, cut."""
_BESIDE = 0.5
"""Share of those that stand beside the right one, in its line or the next, as the other cells of a table's row do."""
_ALIKE = 0.7
"""Share of the rest that have a digit if the right one has, and none if it has none."""
_TOO_MUCH = 0.4
"""Share of mistyped texts that are too long, where the instruction has more to say."""
_MOST_NEIGHBOURS = 3
_ELEMENT_ID = re.compile(r'(\bid="[^"]*")')
_FIELD = re.compile(r'<(?:input|textarea)\b[^>]*\bid="([^"]+)"')

_Spoil = Callable[[Trajectory, list["Action | None"], random.Random], "Trajectory | None"]


def near_misses(successes: Sequence[LabelledTrajectory], count: int, rng: random.Random) -> list[LabelledTrajectory]:
    """Failed attempts that differ from successes in one thing.

    Args:
        successes: Labelled trajectories that succeeded; drawn from with replacement.
        count: How many are tried; those that cannot be spoiled give none.
        rng: Decides everything.

    Returns:
        At most ``count`` labelled failures, without the token ids of what was changed.
    """
    made = [_near_miss(rng.choice(successes).trajectory, rng) for _ in range(count)] if successes else []
    return [LabelledTrajectory(trajectory, _FAILED) for trajectory in made if trajectory is not None]


def _near_miss(trajectory: Trajectory, rng: random.Random) -> Trajectory | None:
    actions = [action_of(step) for step in trajectory.steps]
    ways: list[_Spoil] = []
    last = actions[-1] if actions else None
    if last is not None and last.kind is ActionKind.EXIT:
        ways += [_unfinished] if len(actions) > 1 else []
        ways += [_misanswered] if last.argument else []
    if any(_types_something(action) for action in actions):
        ways += [_mistyped, _misplaced]
    spoiled = rng.choice(ways)(trajectory, actions, rng) if ways else None
    return None if spoiled is None else replace(spoiled, rule_verdict=_FAILED)


def _unfinished(trajectory: Trajectory, actions: list[Action | None], rng: random.Random) -> Trajectory:
    """Exits before the last step, or before any other, with what that page says or without an answer."""
    before = len(trajectory.steps) - 2
    place = before if rng.random() < _ENDS_ONE_EARLY else rng.randint(0, before)
    page = trajectory.steps[place].observation
    right = actions[-1].argument if actions[-1] is not None else None
    answer = _other_text(page, right, rng) if right and rng.random() < 0.5 else ""
    return replace(trajectory, steps=(*trajectory.steps[:place], _exit(page, answer)), final_observation=page)


def _misanswered(trajectory: Trajectory, actions: list[Action | None], rng: random.Random) -> Trajectory:
    """Answers nothing, something else of the page, or a part of the answer."""
    right = (actions[-1].argument if actions[-1] is not None else None) or ""
    draw = rng.random()
    if draw < _NO_ANSWER:
        answer = ""
    elif draw < _NO_ANSWER + _OTHER_ANSWER:
        answer = _other_text(trajectory.final_observation, right, rng)
    else:
        answer = _cut(right, rng)
    last = _exit(trajectory.steps[-1].observation, answer)
    return replace(trajectory, steps=(*trajectory.steps[:-1], last))


def _mistyped(trajectory: Trajectory, actions: list[Action | None], rng: random.Random) -> Trajectory | None:
    """Types less than a text, or more of the instruction, which then stands on the later pages too."""
    place, action = _some_typing(actions, rng)
    right = action.argument or ""
    longer = _with_neighbours(right, trajectory.task.instruction, rng) if rng.random() < _TOO_MUCH else ""
    wrong = longer or _cut(right, rng)
    steps = (
        *trajectory.steps[:place],
        _acted(trajectory.steps[place], replace(action, argument=wrong)),
        *(
            replace(step, prompt=Prompt((), ""), observation=_exchanged(step.observation, right, wrong))
            for step in trajectory.steps[place + 1 :]
        ),
    )
    last = _exchanged(trajectory.final_observation, right, wrong)
    return replace(trajectory, steps=steps, final_observation=last)


def _misplaced(trajectory: Trajectory, actions: list[Action | None], rng: random.Random) -> Trajectory | None:
    """Types into another field; what the later pages show of it is gone."""
    place, action = _some_typing(actions, rng)
    fields = [field for field in _FIELD.findall(trajectory.steps[place].observation["html"]) if field != action.element]
    if not fields:
        return None
    right = action.argument or ""
    steps = (
        *trajectory.steps[:place],
        _acted(trajectory.steps[place], replace(action, element=rng.choice(fields))),
        *(
            replace(step, prompt=Prompt((), ""), observation=_exchanged(step.observation, right, ""))
            for step in trajectory.steps[place + 1 :]
        ),
    )
    return replace(trajectory, steps=steps, final_observation=_exchanged(trajectory.final_observation, right, ""))


def _some_typing(actions: list[Action | None], rng: random.Random) -> tuple[int, Action]:
    return rng.choice([(place, action) for place, action in enumerate(actions) if action and _types_something(action)])


def _types_something(action: Action | None) -> bool:
    return action is not None and action.kind is ActionKind.TYPE and len(action.argument or "") > 1


def _acted(step: Step, action: Action) -> Step:
    return replace(step, prompt=Prompt((), ""), completion=Completion(format_action(action)))


def _exit(page: Observation, answer: str) -> Step:
    text = format_action(Action(ActionKind.EXIT, argument=answer))
    return Step(observation=page, prompt=Prompt((), ""), completion=Completion(text))


def _other_text(page: Observation, right: str | None, rng: random.Random) -> str:
    """Another text of the page: one near the right one, mostly a number instead of a number, or any; may be nothing."""
    lines = page["html"].split("\n")
    found = [place for place, line in enumerate(lines) if right and right in line]
    beside = [lines[near] for place in found for near in (place - 1, place, place + 1) if 0 <= near < len(lines)]
    near, others = _texts(beside, right), _texts(lines, right)
    if near and rng.random() < _BESIDE:
        return rng.choice(near)
    alike = [text for text in others if _has_digit(text) == _has_digit(right or "")]
    chosen_from = alike if alike and rng.random() < _ALIKE else others
    return rng.choice(chosen_from) if chosen_from else ""


def _texts(lines: Sequence[str], right: str | None) -> list[str]:
    """What stands between the tags of some lines, short enough for an answer, and not the right one."""
    texts = [text.strip() for line in lines for text in _TEXT.findall(line)]
    return [text for text in texts if text and text != right and len(text) <= _LONGEST_ANSWER]


def _cut(text: str, rng: random.Random) -> str:
    """A part of a text, or a number with another digit; never the text itself."""
    words = text.split()
    draw = rng.random()
    if len(words) > 1:
        middle = rng.randrange(1, len(words))
        if draw < 0.4:
            return " ".join(words[:middle])
        if draw < 0.6:
            return " ".join(words[middle:])
        left_out = rng.randrange(len(words))
        return " ".join(words[:left_out] + words[left_out + 1 :])
    digits = [place for place, character in enumerate(text) if character in "0123456789"]
    if digits and draw < 0.6:
        place = rng.choice(digits)
        return text[:place] + rng.choice("0123456789".replace(text[place], "")) + text[place + 1 :]
    return text[: rng.randrange(1, len(text))] if len(text) > 1 else ""


def _with_neighbours(text: str, instruction: str, rng: random.Random) -> str:
    """A text with some words that stand before or behind it in the instruction; nothing if it does not stand there."""
    before, found, behind = instruction.partition(text)
    left, right = (part.replace('"', " ").split() for part in (before, behind))
    if not found or not (left or right):
        return ""
    count = rng.randint(1, _MOST_NEIGHBOURS)
    if left and (not right or rng.random() < 0.5):
        return " ".join([*left[-count:], text])
    return f"{text} {' '.join(right[:count])}"


def _exchanged(page: Observation, old: str, new: str) -> Observation:
    """A page with one text instead of another; the numbers of elements, which may look like it, stay."""
    parts = _ELEMENT_ID.split(page["html"])
    parts[::2] = [part.replace(old, new) for part in parts[::2]]
    return Observation(
        instruction=page["instruction"],
        url=page["url"],
        html="".join(parts),
        last_action_error=page["last_action_error"],
    )


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)
