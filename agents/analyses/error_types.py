"""Why failed attempts failed: the paper's four error types, each decided from the attempt and known solutions.

**Words.** The *known solutions* of a task are the successful attempts at it in the comparison, an oracle's included. A
*page* is an address without its fragment, a trailing slash, empty parameters, and the title that only repeats a number
before it (``/401/my-post``); the order of parameters does not matter. A *state* is address and page text together. An
action *had an effect* when it is an action of the language, was carried out without an error, does not leave, and led
to another state. A page is *on the way* when a known solution visited it. A *mistake* is an action that could not be
carried out or, where a solution is known, that led to a page which is not on the way.

**Definition.** A failed attempt has the first of these types that fits:

1. *no reasonable attempt*: no action had an effect; or a solution is known that leaves the start page, the attempt saw
   no page of it but that one, and fewer than ``FEW_EFFECTS`` of its actions had an effect (fewer than the shortest
   solution takes before it leaves, if that is less);
2. *stuck midway*: the same action was written at least ``REPEATS`` times in the same state, or as often in a row on the
   same page (scrolling and waiting aside: a long page takes several);
3. *no recovery*: a mistake was made, and the attempt did not end by leaving, or its last action before leaving could
   not be carried out;
4. *stopped at a wrong page*: the agent left on a page on which no known solution ended;
5. *no solution known*: there is nothing to compare its last page with;
6. *other*: the agent left on a right page with a wrong answer or after wrong entries, or was on the way when its steps
   ran out.

Source: Qi et al. 2024, arXiv:2411.02337v1, figure 3 ("Get Stuck Midway", "Fail to Recover", "Stop at Wrong Page", "Fail
to Make Reasonable Attempt"), which explains the names by one example each and gives no definition; this one is ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from urllib.parse import parse_qsl, urlencode, urlsplit

from agents.types import Trajectory
from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.errors import ActionError

REPEATS = 3
"""Equal actions that are a loop."""
FEW_EFFECTS = 2
"""Actions with an effect that make an attempt a reasonable one, even where it led nowhere."""

_TITLE = re.compile(r"(/\d+)/[^/]*-[^/]*$")
_PATIENT = frozenset({ActionKind.SCROLL_DOWN, ActionKind.SCROLL_UP, ActionKind.WAIT})


class ErrorType(StrEnum):
    """The types in the order in which they are shown; the first four are the paper's."""

    STUCK = "stuck midway"
    NO_RECOVERY = "no recovery"
    WRONG_PAGE = "stopped at a wrong page"
    NO_ATTEMPT = "no reasonable attempt"
    OTHER = "other"
    NO_SOLUTION = "no solution known"


EXPLANATIONS: Mapping[ErrorType, str] = {
    ErrorType.NO_ATTEMPT: "nothing the agent did had an effect, or it did little and saw no page of a solution",
    ErrorType.STUCK: f"the same action {REPEATS} times in the same state, or in a row on the same page",
    ErrorType.NO_RECOVERY: "something went wrong, and the steps ran out or the agent left right after an action failed",
    ErrorType.WRONG_PAGE: "it left on a page on which no known solution ends",
    ErrorType.NO_SOLUTION: "nobody here solved the task to compare with",
    ErrorType.OTHER: "the right page with a wrong answer or wrong entries, or on the way when the steps ran out",
}
"""Each type in one line, in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """How the attempts of one agent ended.

    Attributes:
        successes: Attempts that did their task.
        errors: Failed attempts by type; every type is there.
    """

    successes: int
    errors: Mapping[ErrorType, int]

    @property
    def failures(self) -> int:
        """Failed attempts."""
        return sum(self.errors.values())

    @property
    def attempts(self) -> int:
        """All attempts that count."""
        return self.successes + self.failures


def error_types(attempts: Sequence[tuple[Trajectory, bool]]) -> list[ErrorType | None]:
    """The type of each failed attempt of one comparison, None for a success.

    Args:
        attempts: Attempts that count, of every agent in the comparison, each with whether it did its task.
    """
    solutions: dict[str, list[Trajectory]] = {}
    for attempt, success in attempts:
        if success:
            solutions.setdefault(attempt.task.task_id, []).append(attempt)
    return [
        None if success else error_type(attempt, solutions.get(attempt.task.task_id, ()))
        for attempt, success in attempts
    ]


def count_errors(types: Iterable[ErrorType | None]) -> ErrorCounts:
    """Counts what ``error_types`` gave for the attempts of one agent.

    Args:
        types: The type of each failed attempt, None for a success.
    """
    counts = Counter(types)
    return ErrorCounts(counts[None], {kind: counts[kind] for kind in ErrorType})


def error_type(attempt: Trajectory, solutions: Sequence[Trajectory] = ()) -> ErrorType:
    """The type of a failed attempt (the definition stands in the module's docstring).

    Args:
        attempt: An attempt that failed.
        solutions: Successful attempts at the same task.
    """
    walk = _Walk.of(attempt)
    if not walk.tried(solutions):
        return ErrorType.NO_ATTEMPT
    if walk.loops():
        return ErrorType.STUCK
    if walk.has_mistake(solutions) and (not walk.left or walk.gave_up):
        return ErrorType.NO_RECOVERY
    if not solutions:
        return ErrorType.NO_SOLUTION
    if not walk.left:
        return ErrorType.OTHER
    ends = {page_of(solution.final_observation["url"]) for solution in solutions}
    return ErrorType.OTHER if walk.pages[-1] in ends else ErrorType.WRONG_PAGE


def page_of(url: str) -> str:
    """An address as it is compared: no fragment, trailing slash, empty parameters or title; parameters in order.

    Args:
        url: Any address.
    """
    parts = urlsplit(url)
    path = _TITLE.sub(r"\1", parts.path.rstrip("/"))
    query = urlencode(sorted(parse_qsl(parts.query)))
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")


@dataclass(frozen=True, slots=True)
class _Walk:
    """An attempt as it is judged: T actions between T + 1 pages.

    Attributes:
        pages: The page before each action, and the last one.
        actions: What was written, in one form; what is no action of the language as it stands.
        kinds: The kind of each action; None for what is none.
        states: The state before each action, and the last one.
        failed: Whether each action could not be carried out.
    """

    pages: tuple[str, ...]
    actions: tuple[str, ...]
    kinds: tuple[ActionKind | None, ...]
    states: tuple[tuple[str, str], ...]
    failed: tuple[bool, ...]

    @classmethod
    def of(cls, attempt: Trajectory) -> _Walk:
        observations = [*(step.observation for step in attempt.steps), attempt.final_observation]
        parsed = [_parsed(step.completion.text) for step in attempt.steps]
        return cls(
            pages=tuple(page_of(observation["url"]) for observation in observations),
            actions=tuple(
                step.completion.text.strip() if action is None else _spoken(action)
                for step, action in zip(attempt.steps, parsed, strict=True)
            ),
            kinds=tuple(None if action is None else action.kind for action in parsed),
            states=tuple((observation["url"], observation["html"]) for observation in observations),
            failed=tuple(
                bool(step.info.get("action_error") or after["last_action_error"])
                for step, after in zip(attempt.steps, observations[1:], strict=True)
            ),
        )

    @property
    def left(self) -> bool:
        """Whether the agent ended the attempt itself."""
        return bool(self.kinds) and self.kinds[-1] is ActionKind.EXIT

    @property
    def gave_up(self) -> bool:
        """Whether it left after an action that could not be carried out."""
        return self.left and len(self.failed) > 1 and self.failed[-2]

    @property
    def effects(self) -> list[int]:
        """Numbers of the actions that had an effect."""
        return [
            number
            for number, kind in enumerate(self.kinds)
            if kind not in (None, ActionKind.EXIT)
            and not self.failed[number]
            and self.states[number] != self.states[number + 1]
        ]

    def tried(self, solutions: Sequence[Trajectory]) -> bool:
        """Whether there was a reasonable attempt."""
        if not self.effects:
            return False
        start = {self.pages[0]}
        beyond = _pages(solutions) - start
        if not beyond or beyond & set(self.pages):
            return True
        shortest = min(len(solution.steps) for solution in solutions)
        return len(self.effects) >= min(FEW_EFFECTS, shortest - 1)

    def loops(self) -> bool:
        """Whether the agent went in a circle."""
        pairs = zip(self.states[:-1], self.actions, strict=True)
        if max(Counter(pairs).values(), default=0) >= REPEATS:
            return True
        moves = zip(self.pages[:-1], self.actions, self.kinds, strict=True)
        return any(key[2] not in _PATIENT and len(list(run)) >= REPEATS for key, run in groupby(moves))

    def has_mistake(self, solutions: Sequence[Trajectory]) -> bool:
        """Whether something went wrong on the way."""
        if any(self.failed):
            return True
        way = _pages(solutions)
        return bool(way) and any(self.pages[number + 1] not in way for number in self.effects)


def _pages(attempts: Iterable[Trajectory]) -> set[str]:
    """Every page of some attempts."""
    return {
        page_of(observation["url"])
        for attempt in attempts
        for observation in (*(step.observation for step in attempt.steps), attempt.final_observation)
    }


def _parsed(text: str) -> Action | None:
    try:
        return parse_action(text)
    except ActionError:
        return None


def _spoken(action: Action) -> str:
    """The action without its comments."""
    return format_action(Action(action.kind, action.element, action.argument))
