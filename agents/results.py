"""Results of benchmark episodes and the five-site table.

The table's columns follow the WebRL paper (arXiv 2411.02337, table 1): Map holds the map tasks and those that cross
between map and wikipedia; the other cross-site tasks count only in the last column. Intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from webrl_gym.tasks.record import Task
from webrl_gym.types import OutcomeVerdict, Site, VerdictStatus

COLUMNS = ("Reddit", "GitLab", "CMS", "Map", "OSS")
"""The paper's columns, in its order."""

_COLUMN_OF = {
    frozenset({Site.REDDIT}): "Reddit",
    frozenset({Site.GITLAB}): "GitLab",
    frozenset({Site.SHOPPING_ADMIN}): "CMS",
    frozenset({Site.MAP}): "Map",
    frozenset({Site.MAP, Site.WIKIPEDIA}): "Map",
    frozenset({Site.SHOPPING}): "OSS",
}
_Z95 = 1.959963984540054


@dataclass(slots=True)
class CompletionCounts:
    """What befell the completions of an agent on a model's server, in one episode.

    Attributes:
        unfinished: Completions that were empty, or cut at their greatest length.
        cut_pages: Pages that were cut, since the server found the prompt too long.
        prompt_tokens: Tokens that were read, as the server counts them.
        completion_tokens: Tokens that were written, thoughts included.
    """

    unfinished: int = 0
    cut_pages: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an agent asked a model last, and what that said; kept with the step in ``trajectories.jsonl``.

    Attributes:
        prompt: The whole prompt.
        answer: The whole answer, thoughts included.
    """

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """How one task of a panel went.

    Attributes:
        task_id: The task.
        column: Its column of the table; empty for the six other cross-site tasks.
        status: ``scored``, ``unscored``, ``undecided`` or ``failed`` (infrastructure).
        success: Whether it was done; False unless scored.
        steps: Actions taken.
        tags: The task's tags.
        answer: What the agent said at the end, at most 200 characters.
        detail: Which check failed, or what broke.
        seconds: Wall-clock time of the episode; of a batched policy the time since another one ended, so that all of
            them together are the time of the run.
        fuzzy_by: Who decided a fuzzy match: ``rules`` (our own), ``llm`` (a judge); empty when there was none.
        site_state: In what state the episode found its sites: ``clean``, ``dirty`` or ``unknown``; empty if it never
            began.
        unfinished: Completions of a language model that were empty or cut, as the agent's steps they are.
        cut_pages: Pages that a server's model could read only in part.
        prompt_tokens: Tokens that a model read; 0 where nobody counts them.
        completion_tokens: Tokens that it wrote.
        unreadable: Actions that are none of the action language.
        first_unreadable: The first of them, at most 80 characters.
    """

    task_id: str
    column: str
    status: str
    success: bool
    steps: int
    tags: tuple[str, ...] = ()
    answer: str = ""
    detail: str = ""
    seconds: float = 0.0
    fuzzy_by: str = ""
    site_state: str = ""
    unfinished: int = 0
    cut_pages: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unreadable: int = 0
    first_unreadable: str = ""

    def as_json(self) -> str:
        """One line of JSON, in ASCII: an answer may hold any separator."""
        return json.dumps(asdict(self))


def result_from_json(line: str) -> EpisodeResult:
    """Reads what ``EpisodeResult.as_json`` wrote; raises ``ValueError`` or ``TypeError`` on anything else."""
    record = json.loads(line)
    return EpisodeResult(**{**record, "tags": tuple(dict(record).get("tags", ()))})


def episode_result(
    task: Task,
    verdict: OutcomeVerdict | None,
    failure: str | None,
    steps: int,
    answer: str,
    seconds: float,
    site_state: str = "",
) -> EpisodeResult:
    """Sums an episode up; an infrastructure failure is never the agent's."""
    if failure is not None or verdict is None:
        status, success, detail = "failed", False, failure or "the episode ended without a verdict"
    else:
        status, success, detail = verdict.status.value, verdict.success, verdict.detail
    return EpisodeResult(
        task_id=task.task_id,
        column=column_of(task),
        status=status,
        success=success,
        steps=steps,
        tags=task.tags,
        answer=answer[:200],
        detail=detail[:300],
        seconds=round(seconds, 3),
        fuzzy_by=verdict.fuzzy_by if verdict is not None else "",
        site_state=site_state,
    )


def column_of(task: Task) -> str:
    """The table column a task counts in, or an empty text for the other cross-site tasks."""
    return _COLUMN_OF.get(frozenset(task.sites), "")


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's score interval of a proportion at 95 %.

    Args:
        successes: 0 to ``trials``.
        trials: At least 0; without trials the interval is (0, 1).

    Returns:
        Lower and upper bound, each in [0, 1].

    Source:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    spread = _Z95 * math.sqrt(share * (1 - share) / trials + _Z95**2 / (4 * trials**2))
    center = share + _Z95**2 / (2 * trials)
    scale = 1 + _Z95**2 / trials
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


@dataclass(frozen=True, slots=True)
class Rate:
    """A success rate that knows its denominator."""

    successes: int
    trials: int

    @property
    def percent(self) -> float | None:
        """Success in percent; None without trials, since nothing measured is not zero."""
        return 100 * self.successes / self.trials if self.trials else None

    def __str__(self) -> str:
        if self.percent is None:
            return "-"
        low, high = wilson_interval(self.successes, self.trials)
        return f"{self.percent:.1f} [{100 * low:.0f}-{100 * high:.0f}]"


def rate(results: Iterable[EpisodeResult], keep: Callable[[EpisodeResult], bool] = lambda _: True) -> Rate:
    """Success over the scored results that ``keep`` lets through."""
    scored = [result for result in results if result.status == VerdictStatus.SCORED and keep(result)]
    return Rate(sum(result.success for result in scored), len(scored))


def site_rates(results: Sequence[EpisodeResult]) -> dict[str, Rate]:
    """Rates by column of the paper's table, and ``All`` over every task."""
    rates = {name: rate(results, lambda result, name=name: result.column == name) for name in COLUMNS}  # type: ignore[misc] # mypy cannot type a default in a lambda
    return {**rates, "All": rate(results)}


_SLICED = ("practice-valid/", "practice-test/", "practice-test-large/")
"""How the ids of tasks begin that are drawn as training's are, and that nobody learns."""
SLICES = ("seen templates", "unseen words", "unseen templates")
"""Parts of a panel, apart from each other: by how far a task is from those that are learned from."""


def slice_of(tags: Collection[str]) -> str:
    """Which of ``SLICES`` a task with these tags is in; an unseen template in unseen words is an unseen template."""
    if "unseen_template" in tags:
        return "unseen templates"
    return "unseen words" if "novel" in tags else "seen templates"


def slice_rates(results: Sequence[EpisodeResult]) -> dict[str, Rate]:
    """Rates by slice; each task is in one slice. None for training's own tasks and for those of no practice suite."""
    if not all(result.task_id.startswith(_SLICED) for result in results):
        return {}
    return {name: rate(results, lambda result, name=name: slice_of(result.tags) == name) for name in SLICES}  # type: ignore[misc] # mypy cannot type a default in a lambda


def markdown_table(rows: Mapping[str, Sequence[EpisodeResult]]) -> str:
    """The five-site table in Markdown: success in % with Wilson intervals, one row an agent.

    The head counts the panel's tasks; a rate over fewer, because some episodes do not count, says over how many.
    """
    sizes = dict.fromkeys((*COLUMNS, "All"), 0)
    for results in rows.values():
        columns = Counter(result.column for result in results)
        for name in sizes:
            sizes[name] = max(sizes[name], len(results) if name == "All" else columns[name])
    head = ["agent"] + [f"{name} {count}" for name, count in sizes.items()]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for agent, results in rows.items():
        cells = [
            str(value) if value.trials == sizes[name] else f"{value} of {value.trials}"
            for name, value in site_rates(results).items()
        ]
        lines.append("| " + " | ".join([agent, *cells]) + " |")
    return "\n".join(lines)


def failure_counts(results: Iterable[EpisodeResult]) -> dict[str, int]:
    """How many results do not count, by status."""
    counts: dict[str, int] = {}
    for result in results:
        if result.status != VerdictStatus.SCORED:
            counts[result.status] = counts.get(result.status, 0) + 1
    return counts


def site_state_counts(results: Iterable[EpisodeResult]) -> dict[str, int]:
    """How many episodes found their sites in which state; those that never began apart."""
    return dict(Counter(result.site_state for result in results if result.site_state).most_common())


def as_record(results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Rates and counts as JSON-ready data for result files."""
    rates = {**site_rates(results), **slice_rates(results)}
    return {
        "rates": {name: {"successes": value.successes, "trials": value.trials} for name, value in rates.items()},
        "not_scored": failure_counts(results),
        "site_states": site_state_counts(results),
        "episodes": len(results),
    }
