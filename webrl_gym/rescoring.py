"""Scores a stored run again: with other semantics, with better rules, or with a judge that was not there then.

Reads the trajectory files that ``agents`` writes (JSON lines, see their first line), and beside them the run card where
there is one. Answers and last addresses are stored, the pages that ``program_html`` looks at are gone: tasks that need
them keep their verdict.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO, cast

from webrl_gym.actions import ActionKind, parse_action
from webrl_gym.deployment.addresses import Deployment, find_deployment
from webrl_gym.engines.protocol import EvaluationPage
from webrl_gym.episodes import resolve_url
from webrl_gym.errors import ActionError, EvaluationError, TaskFileError
from webrl_gym.evaluation import FuzzyJudge, evaluate_rules
from webrl_gym.suites import open_reader
from webrl_gym.tasks.official.suite import official_suite
from webrl_gym.tasks.record import Task, task_from_dict
from webrl_gym.types import OutcomeVerdict, Semantics, Site
from webrl_gym.web_address import origin_of

_FORMAT = "webrl-gym trajectories"
_NEEDS_PAGES = frozenset(("program_html", "own_score"))
_EMBEDDED = Deployment({site: resolve_url(site.placeholder) for site in Site})


@dataclass(frozen=True, slots=True)
class Rescored:
    """One stored attempt.

    Attributes:
        task_id: Its task.
        before: The stored verdict of the task's rules, as data; None if there was none (a failure).
        after: The new one; None where the old one is kept, or where there was none before.
        stray: Scheme, host and port of its last page, where the old verdict is kept since that is none of a known site.
    """

    task_id: str
    before: Mapping[str, Any] | None
    after: OutcomeVerdict | None
    stray: str = ""

    @property
    def verdict(self) -> Mapping[str, Any] | None:
        """The one that holds now."""
        return self.before if self.after is None else self.after.as_dict()


def rescore(
    path: Path,
    *,
    semantics: str | None = None,
    judge: FuzzyJudge | None = None,
    deployment: Deployment | None = None,
) -> Iterator[Rescored]:
    """Every attempt of a stored run, scored again.

    The sites that it was played on are those of ``deployment``, of the run card, or the embedded ones: whichever its
    last page belongs to. An official record is taken as a run under ``semantics`` has it, unless it is another file's.

    Args:
        path: A trajectory file, or a folder that holds ``trajectories.jsonl``.
        semantics: ``vab`` or ``browsergym``; None for those of the run card, which are ``vab`` where there is none.
        judge: Decides fuzzy answers that no rule can.
        deployment: Real sites that the run may have been played on.

    Raises:
        TaskFileError: If there is no such file, or it is no trajectory file; the message names the line.
        ServerRefused: If the judge's server refuses every request.
    """
    file = _trajectories(path)
    card = _card(file)
    asked = card.semantics if semantics is None else semantics
    places = [place for place in (deployment, card.deployment, _EMBEDDED) if place is not None]
    scorer = _Scorer(asked, judge, places, _official_tasks(asked, card.overrides))
    for number, line in enumerate(_lines(file), start=1):
        try:
            record = json.loads(line)
            if number == 1:
                if record["format"] != _FORMAT:
                    raise ValueError(f"expected the format {_FORMAT!r}")
                continue
            attempt = scorer.rescored(record)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise TaskFileError(f"{file}, line {number}: {type(error).__name__}: {error}") from error
        yield attempt


@dataclass(frozen=True, slots=True)
class _Scorer:
    """How attempts are scored now.

    Attributes:
        semantics: Whose evaluators score.
        judge: Decides fuzzy answers that no rule can.
        places: Sites that the run may have been played on.
        official: Official evaluations by the text of what may be stored in their place; see ``_official_tasks``.
    """

    semantics: str
    judge: FuzzyJudge | None
    places: Sequence[Deployment]
    official: Mapping[tuple[str, str], Mapping[str, Any]]

    def rescored(self, record: Mapping[str, Any]) -> Rescored:
        stored = task_from_dict(record["task"])
        evaluation = self.official.get((stored.task_id, _text(stored.evaluation)), stored.evaluation)
        task = replace(stored, evaluation=evaluation)
        before = record["rule_verdict"]
        if before is None or _NEEDS_PAGES.intersection(task.evaluation["eval_types"]):
            return Rescored(task.task_id, before, None)
        last_url = str(record["final_observation"]["url"])
        place = next((place for place in self.places if origin_of(last_url) in place.origins), None)
        if place is None and _names_sites(task):
            return Rescored(task.task_id, before, None, stray=origin_of(last_url) or last_url)
        resolve = resolve_url if place is None else place.resolve
        answer = _answer(record["steps"])
        after = evaluate_rules(task, answer, last_url, _NoPages(), resolve, semantics=self.semantics, judge=self.judge)
        return Rescored(task.task_id, before, after)


def _names_sites(task: Task) -> bool:
    """Whether a task's rules depend on where its sites are."""
    return "url_match" in task.evaluation["eval_types"] or any(
        site.placeholder in _text(task.evaluation) for site in Site
    )


@dataclass(frozen=True, slots=True)
class _Card:
    """What a run card says of how a run was scored; what holds where there is none.

    Attributes:
        deployment: Real sites that it was played on.
        overrides: Whether its official records were mended.
        semantics: Whose evaluators scored.
    """

    deployment: Deployment | None = None
    overrides: bool = True
    semantics: str = Semantics.VAB


def recorded_semantics(path: Path) -> str:
    """Whose evaluators scored a stored run: ``rescore``'s own, if it is not told others.

    Args:
        path: As for ``rescore``.

    Raises:
        TaskFileError: If there is a run card that cannot be used.
    """
    return _card(_trajectories(path)).semantics


def _trajectories(path: Path) -> Path:
    return path / "trajectories.jsonl" if path.is_dir() else path


def _card(trajectories: Path) -> _Card:
    """The card beside a trajectory file; there is none beside what a training or a demonstration wrote."""
    file = trajectories.parent / "card.json"
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        urls, env = card.get("deployment"), card["config"]["env"]
        deployment = find_deployment(urls, environ={}) if urls else None
        semantics = Semantics(env.get("semantics", Semantics.VAB))
        return _Card(deployment, bool(env.get("overrides", True)), semantics)
    except FileNotFoundError:
        return _Card()
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TaskFileError(f"the run card {file} cannot be used: {type(error).__name__}: {error}") from error


def _official_tasks(semantics: str, overrides: bool) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The evaluation of each official task under ``semantics``, by its id and the text of what may be stored for it.

    A record is mended for the harness that it is played under. Empty where the official file is not installed; a record
    of another file is not in here.
    """
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    with suppress(TaskFileError):
        wanted = official_suite(open_reader, overrides=overrides, semantics=semantics)
        for played in Semantics:
            for task in official_suite(open_reader, overrides=overrides, semantics=played):
                found[task.task_id, _text(task.evaluation)] = wanted.get(task.task_id).evaluation
    return found


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


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
