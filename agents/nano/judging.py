"""Finished episodes for the exercises that judge: done, or off by one thing, as a weak agent's failures are."""

from __future__ import annotations

import random
from dataclasses import dataclass

from agents.nano import filling, pages, sketches, vocabulary
from agents.nano.pages import Block, Control
from agents.nano.wording import wandering
from webrl_gym.actions import ActionKind, describe_action, format_action, leave


@dataclass(frozen=True, slots=True)
class JudgedEpisode:
    """The end of an episode.

    Attributes:
        instruction: What was to be done.
        steps: All actions in words.
        block: The point of the last page.
        is_done: Whether the instruction was done.
        is_alone: No other records may stand on the page.
    """

    instruction: str
    steps: tuple[str, ...]
    block: Block
    is_done: bool
    is_alone: bool = False


def judged_episode(rng: random.Random) -> JudgedEpisode:
    """An episode that answers a question, fills in a form or follows a path; half of them do it right."""
    make = rng.choices((_answered, _filled_in, _walked), (3, 3, 1))[0]
    return make(rng, is_done=rng.random() < 0.5)


def _exit(answer: str = "") -> str:
    return describe_action(format_action(leave(answer)), "")


def _answered(rng: random.Random, *, is_done: bool) -> JudgedEpisode:
    make = rng.choices((sketches.read, sketches.read_name, sketches.ordinal, sketches.compare), (4, 1, 1, 1))[0]
    while (right := (sketch := make(rng)).action()).kind is not ActionKind.EXIT:
        pass
    way = [wandering(rng) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    answer = right.argument or ""
    if is_done:
        way.append(_exit(answer))
    elif rng.random() < 0.85:
        way.append(_exit(_wrong_answer(rng, answer, sketch.rivals)))
    return JudgedEpisode(sketch.instruction, tuple(way), sketch.block, is_done, sketch.is_alone)


def _wrong_answer(rng: random.Random, answer: str, rivals: tuple[str, ...]) -> str:
    """Another thing on the page, a piece of the right one, nothing at all, or something made up."""
    words = answer.split(" ")
    style = rng.random()
    if rivals and style < 0.65:
        return rng.choice(rivals)
    if len(words) > 1 and style < 0.8:
        return " ".join(words[:-1] if rng.random() < 0.5 else words[1:])
    return rng.choice(("", "N/A", vocabulary.phrase(rng)))


def _filled_in(rng: random.Random, *, is_done: bool) -> JudgedEpisode:
    make = rng.choice((filling.named_form, filling.unnamed_form))
    block, wishes, submit, instruction = make(rng)
    if make is filling.named_form:
        instruction += f" and press {submit.name}"
    spoiled = None if is_done else rng.choice(("left out", "other value", "other value", "not sent", "not begun"))
    if spoiled == "left out":
        wishes.pop(rng.randrange(len(wishes)))
    elif spoiled == "other value":
        spoiled = _spoil_value(rng, wishes)
    steps = [wandering(rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    if spoiled != "not begun":
        steps += [filling.carry_out(control, value) for control, value in wishes]
        if spoiled != "not sent":
            steps.append(f'Click "{submit.name}"')
            if rng.random() < 0.6:
                block = [[rng.choice(pages.THANKS)], *block]
    if rng.random() < (0.95 if is_done else 0.7):
        steps.append(_exit())
    return JudgedEpisode(instruction, tuple(steps), block, is_done)


def _spoil_value(rng: random.Random, wishes: list[tuple[Control, str]]) -> str:
    """Puts something else into one field; a check box is left alone instead. Returns what was done."""
    place = rng.randrange(len(wishes))
    control, value = wishes[place]
    if control.kind == "checkbox":
        wishes.pop(place)
        return "left out"
    others = [other for _, other in wishes if other not in ("", value)] if control.tag != "select" else []
    words = value.split(" ")
    if others and rng.random() < 0.3:
        value = rng.choice(others)
    elif len(words) > 1 and control.tag != "select" and rng.random() < 0.4:
        value = " ".join(words[:-1])
    else:
        while (other := filling.wish(rng, control)) == value and len(control.options) != 2:
            pass
        value = other if other != value else control.value
    wishes[place] = control, value
    return "other value"


def _walked(rng: random.Random, *, is_done: bool) -> JudgedEpisode:
    names = pages.different(rng, rng.randint(4, 8), (vocabulary.phrase,))
    path = rng.sample(names, rng.choice((1, 1, 2, 3)))
    instruction = rng.choice(("Click ", "Open ", "Go to ")) + rng.choice((", then ", " and then ")).join(path)
    walked = list(path)
    if not is_done and rng.random() < 0.4:
        walked.pop()
    elif not is_done:
        walked[-1] = rng.choice([name for name in names if name not in path])
    steps = [f'Click "{name}"' for name in walked]
    if rng.random() < 0.85:
        steps.append(_exit())
    links = pages.links(rng, pages.different(rng, rng.randint(2, 5), (vocabulary.phrase,))).block
    heading: Block = [["<h1>", walked[-1], "</h1>"]] if walked else []
    return JudgedEpisode(instruction, tuple(steps), [*heading, *links], is_done)
