"""Scores a stored run again: with other semantics, with better rules, or with a judge that was not there then.

Reads the trajectory files that ``agents`` writes (JSON lines, see their first line). Answers and last addresses are
stored, the pages that ``program_html`` looks at are gone: tasks that need them keep their verdict.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from webrl_gym.actions import ActionKind, parse_action
from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.episodes import resolve_url
from webrl_gym.errors import ActionError, EvaluationError, TaskFileError
from webrl_gym.evaluation import FuzzyJudge, evaluate_rules
from webrl_gym.tasks.record import task_from_dict
from webrl_gym.types import OutcomeVerdict, Semantics

_FORMAT = "webrl-gym trajectories"
_NEEDS_PAGES = frozenset(("program_html", "own_score"))


@dataclass(frozen=True, slots=True)
class Rescored:
    """One stored attempt.

    Attributes:
        task_id: Its task.
        before: The stored verdict of the task's rules, as data; None if there was none (a failure).
        after: The new one; None where the pages would be needed, or where there was none before.
    """

    task_id: str
    before: Mapping[str, Any] | None
    after: OutcomeVerdict | None

    @property
    def verdict(self) -> Mapping[str, Any] | None:
        """The one that holds now."""
        return self.before if self.after is None else self.after.as_dict()


def rescore(path: Path, *, semantics: str = Semantics.VAB, judge: FuzzyJudge | None = None) -> Iterator[Rescored]:
    """Every attempt of a stored run, scored again.

    Args:
        path: A trajectory file, or a folder that holds ``trajectories.jsonl``.
        semantics: ``vab`` or ``browsergym``.
        judge: Decides fuzzy answers that no rule can.

    Raises:
        TaskFileError: If there is no such file, or it is no trajectory file; the message names the line.
        ServerRefused: If the judge's server refuses every request.
    """
    file = path / "trajectories.jsonl" if path.is_dir() else path
    for number, line in enumerate(_lines(file), start=1):
        try:
            record = json.loads(line)
            if number == 1:
                if record["format"] != _FORMAT:
                    raise ValueError(f"expected the format {_FORMAT!r}")
                continue
            attempt = _rescored(record, semantics, judge)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise TaskFileError(f"{file}, line {number}: {type(error).__name__}: {error}") from error
        yield attempt


def _lines(file: Path) -> Iterator[str]:
    try:
        with _opened(file) as stream:
            yield from (line for line in stream if line.strip())
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TaskFileError(f"{file} cannot be read: {type(error).__name__}: {error}") from error


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return cast("TextIO", gzip.open(file, "rt", encoding="utf-8"))
    return file.open(encoding="utf-8")


def _rescored(record: Mapping[str, Any], semantics: str, judge: FuzzyJudge | None) -> Rescored:
    task = task_from_dict(record["task"])
    before = record["rule_verdict"]
    if before is None or _NEEDS_PAGES.intersection(task.evaluation["eval_types"]):
        return Rescored(task.task_id, before, None)
    last_url = str(record["final_observation"]["url"])
    answer = _answer(record["steps"])
    after = evaluate_rules(task, answer, last_url, _NoPages(), resolve_url, semantics=semantics, judge=judge)
    return Rescored(task.task_id, before, after)


def _answer(steps: list[Mapping[str, Any]]) -> str:
    """What the agent said when it left; empty if it did not."""
    try:
        action = parse_action(str(steps[-1]["completion"]["text"])) if steps else None
    except ActionError:
        return ""
    return (action.argument or "") if action is not None and action.kind is ActionKind.EXIT else ""


class _NoPages:
    """Stands where the engine was."""

    def evaluation_page(self, *, at_end: bool) -> AbstractContextManager[EvaluationPage]:
        """Refuses: the pages are gone."""
        raise EvaluationError(f"the {'last' if at_end else 'evaluated'} page was not stored")
