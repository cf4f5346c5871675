"""The task record: one instruction with its start, its step limit and its evaluation, as plain data.

The evaluation is kept in the official schema of WebArena's task files, so the same code scores both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from webrl_gym.errors import TaskFileError
from webrl_gym.types import Site

OWN_SCORE = "own_score"
"""Evaluation type of a page task, which scores itself and needs none of the embedded sites."""
EVALUATION_TYPES = frozenset(("string_match", "url_match", "program_html", OWN_SCORE))
OFFICIAL_STEP_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Attributes:
        task_id: Unique within its suite.
        sites: Embedded sites that the task needs, the one it starts on first; none for a page task.
        instruction: What to do, in words (WebArena's intent).
        start_urls: Pages opened at the start, one a tab, with placeholders such as ``__SHOPPING__``.
        evaluation: The official ``eval`` record; without evaluation types where there are no rules.
        max_steps: Steps after which the episode is truncated.
        suite: Name of the suite it belongs to.
        world: World of the embedded sites that it is about.
        template: Name of the template it was made from; None for tasks without one.
        parameters: What was filled into the template.
        parent: Id of the failed task from which a curriculum evolved it.
        tags: Words for reports: ``reading``, ``novel``, ``unseen_template`` …
        signed_in: Sites whose account is signed in at the start; None for every site that has one.
    """

    task_id: str
    sites: tuple[Site, ...]
    instruction: str
    start_urls: tuple[str, ...]
    evaluation: Mapping[str, Any]
    max_steps: int = OFFICIAL_STEP_LIMIT
    suite: str = ""
    world: int = 0
    template: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    tags: tuple[str, ...] = ()
    signed_in: tuple[Site, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON-ready data."""
        fields = {**asdict(self), "sites": [site.value for site in self.sites], "tags": list(self.tags)}
        signed_in = fields.pop("signed_in")
        return fields if signed_in is None else {**fields, "signed_in": [site.value for site in signed_in]}

    @property
    def has_rules(self) -> bool:
        """Whether the evaluation checks anything; an instruction that a language model wrote comes without."""
        return self.evaluation.get("eval_types") not in ([], ())

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two tasks the same task, whatever their wording and world: template and parameters."""
        pairs = (f"{name}={value}" for name, value in sorted(self.parameters.items()))
        return (self.template or self.task_id, *pairs)


def task_from_dict(record: Mapping[str, Any]) -> Task:
    """Reads what ``Task.as_dict`` wrote.

    Raises:
        TaskFileError: If a field is missing or has a value that cannot be; the message names it.
    """
    try:
        sites = tuple(Site(name) for name in record["sites"])
        types = set(record["evaluation"]["eval_types"])
        signed_in = record.get("signed_in")
        if not (sites or OWN_SCORE in types) or types - EVALUATION_TYPES:
            raise ValueError(f"sites {record['sites']} and evaluation types {sorted(types)}")
        return Task(
            task_id=str(record["task_id"]),
            sites=sites,
            instruction=str(record["instruction"]),
            start_urls=tuple(record["start_urls"]),
            evaluation=cast("Mapping[str, Any]", record["evaluation"]),
            max_steps=int(record["max_steps"]),
            suite=str(record["suite"]),
            world=int(record["world"]),
            template=record["template"],
            parameters=dict(record["parameters"]),
            parent=record["parent"],
            tags=tuple(record["tags"]),
            signed_in=None if signed_in is None else tuple(Site(name) for name in signed_in),
        )
    except (KeyError, TypeError, ValueError) as error:
        name = record.get("task_id", "without an id") if isinstance(record, Mapping) else repr(record)[:80]
        raise TaskFileError(f"Task {name} cannot be used: {type(error).__name__}: {error}") from error
