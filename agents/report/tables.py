"""The tables of a report as plain values: success by site and slice, the ORM's confusion matrix, the run card."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.analyses.breakdown import Breakdown
from agents.labelling import ConfusionMatrix
from agents.results import SLICES, EpisodeResult, Rate, failure_counts, site_rates, slice_rates, wilson_interval

_STATUS_WORDS = {
    "failed": "broken by the infrastructure",
    "unscored": "unscored",
    "undecided": "undecided",
}


@dataclass(frozen=True, slots=True)
class RateCell:
    """One success rate as the page shows it.

    Attributes:
        percent: Success in percent with one decimal; empty when nothing was measured.
        interval: Wilson's 95 % interval in percent, ``31-52``; empty when nothing was measured.
        value: Success in percent, 0 when nothing was measured.
        low: Lower end of the interval in percent.
        high: Upper end of the interval in percent.
        successes: Numerator.
        trials: Denominator.
        partial: Whether the agent has fewer scored tasks here than another agent of the table.
    """

    percent: str
    interval: str
    value: float
    low: float
    high: float
    successes: int
    trials: int
    partial: bool


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent of a suite's table: its name, its role (``best``, ``compared`` or ``yardstick``) and its cells."""

    agent: str
    role: str
    cells: tuple[RateCell, ...]


@dataclass(frozen=True, slots=True)
class SuiteTable:
    """The table of one suite.

    Attributes:
        name: Name of the suite.
        sites: Headings and largest denominators of the site columns, the last one over every task.
        slices: The same for the slices.
        rows: One row an agent, with the cells of sites and slices one after the other.
        not_counted: One sentence for each agent with episodes that do not count.
        episodes: Episodes of all agents.
        unlike: One phrase for each condition that was not the same for all (``agents.report.conditions``).
    """

    name: str
    sites: tuple[tuple[str, int], ...]
    slices: tuple[tuple[str, int], ...]
    rows: tuple[AgentRow, ...]
    not_counted: tuple[str, ...]
    episodes: int
    unlike: tuple[str, ...] = ()

    @property
    def best(self) -> tuple[AgentRow, ...]:
        """The best agents, yardsticks apart: several equal ones, none where nobody succeeded or conditions differed."""
        return tuple(row for row in self.rows if row.role == "best")

    def overall(self, row: AgentRow) -> RateCell:
        """A row's rate over every task of the suite."""
        return row.cells[len(self.sites) - 1]


@dataclass(frozen=True, slots=True)
class BucketTable:
    """Success by bucket: what the buckets count, the heading and size of each, one row an agent.

    Attributes:
        name: What was compared.
        counts: What the buckets count.
        buckets: Heading and tasks of each.
        rows: One row an agent.
        left_out: Tasks in no bucket.
    """

    name: str
    counts: str
    buckets: tuple[tuple[str, int], ...]
    rows: tuple[AgentRow, ...]
    left_out: int


def bucket_table(name: str, counts: str, breakdown: Breakdown, roles: Mapping[str, str]) -> BucketTable:
    """A breakdown as a table.

    Args:
        name: What was compared.
        counts: What the buckets count.
        breakdown: The rates.
        roles: The role of each agent in the table by site.
    """
    widest = [max(rates[place].trials for rates in breakdown.rates.values()) for place in range(len(breakdown.buckets))]
    rows = tuple(
        AgentRow(agent, roles[agent], tuple(_cell(rate, most) for rate, most in zip(rates, widest, strict=True)))
        for agent, rates in breakdown.rates.items()
    )
    headings = (bucket.label for bucket in breakdown.buckets)
    return BucketTable(name, counts, tuple(zip(headings, breakdown.tasks, strict=True)), rows, breakdown.left_out)


def suite_table(
    name: str,
    results: Mapping[str, Sequence[EpisodeResult]],
    yardsticks: Collection[str] = (),
    unlike: Sequence[str] = (),
) -> SuiteTable:
    """Sums a suite up.

    Args:
        name: Name of the suite.
        results: Episodes by agent, in the order of the rows.
        yardsticks: Floors and the oracle: never the best one, and neither is who has not finished the panel.
        unlike: One phrase for each condition that was not the same for all; nobody is the best one then.
    """
    slices = {agent: slice_rates(rows) for agent, rows in results.items()}
    parts = SLICES if all(slices.values()) else ()
    rates = {
        agent: [*site_rates(rows).items(), *((part, slices[agent][part]) for part in parts)]
        for agent, rows in results.items()
    }
    headings = [*site_rates([]), *parts]
    widest = [max((cells[index][1].trials for cells in rates.values()), default=0) for index in range(len(headings))]
    split = len(site_rates([]))
    fullest = max(map(len, results.values()), default=0)
    compared = [agent for agent, rows in results.items() if agent not in yardsticks and len(rows) == fullest]
    overall = {agent: rates[agent][split - 1][1] for agent in compared}
    shares = {agent: total.successes / total.trials for agent, total in overall.items() if total.successes}
    best = [agent for agent, share in shares.items() if share == max(shares.values()) and not unlike]
    columns = tuple(zip(headings, widest, strict=True))
    return SuiteTable(
        name=name,
        sites=columns[:split],
        slices=columns[split:],
        rows=tuple(
            AgentRow(
                agent,
                "best" if agent in best else "yardstick" if agent in yardsticks else "compared",
                tuple(_cell(value, width) for (_, value), width in zip(cells, widest, strict=True)),
            )
            for agent, cells in rates.items()
        ),
        not_counted=tuple(_not_counted(results)),
        episodes=sum(len(rows) for rows in results.values()),
        unlike=tuple(unlike),
    )


def _cell(rate: Rate, widest: int) -> RateCell:
    if rate.percent is None:
        return RateCell("", "", 0.0, 0.0, 100.0, 0, 0, partial=widest > 0)
    low, high = (100 * bound for bound in wilson_interval(rate.successes, rate.trials))
    return RateCell(
        f"{rate.percent:.1f}",
        f"{low:.0f}\N{EN DASH}{high:.0f}",
        rate.percent,
        low,
        high,
        rate.successes,
        rate.trials,
        partial=rate.trials < widest,
    )


def _not_counted(results: Mapping[str, Sequence[EpisodeResult]]) -> list[str]:
    sentences = []
    for agent, rows in results.items():
        counts = failure_counts(rows)
        if counts:
            parts = ", ".join(f"{count} {_STATUS_WORDS.get(status, status)}" for status, count in counts.items())
            sentences.append(f"{agent}: {parts}, of {len(rows)} episodes")
    return sentences


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A confusion matrix for the page.

    Attributes:
        name: What was judged.
        matrix: The counts.
        scores: Names, values in percent and a note for each score; an empty value where it is undefined.
    """

    name: str
    matrix: ConfusionMatrix
    scores: tuple[tuple[str, str, str], ...]


def matrix_view(name: str, matrix: ConfusionMatrix) -> MatrixView:
    """A confusion matrix with its scores, the one that matters first."""
    scores = (
        ("balanced accuracy", matrix.balanced_accuracy, "mean of recall and specificity; 50 % is a coin"),
        ("recall", matrix.recall, "successes that it saw"),
        ("specificity", matrix.specificity, "non-successes that it saw"),
        ("precision", matrix.precision, "of its YES answers, how many are right"),
        ("accuracy", matrix.accuracy, "all answers"),
        ("always NO", matrix.always_no_accuracy, "accuracy of a judge that never says YES"),
        ("base rate", matrix.base_rate, "share of true successes"),
    )
    shown = tuple((label, "" if value is None else f"{100 * value:.1f}", note) for label, value, note in scores)
    return MatrixView(name, matrix, shown)


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts of a run card that belong together: a heading and pairs of name and value."""

    heading: str
    facts: tuple[tuple[str, str], ...]


def card_groups(card: Mapping[str, Any]) -> list[FactGroup]:
    """A run card as groups of facts: its plain facts first, then one group for each nested mapping.

    Args:
        card: What ``agents.run_card.run_card`` gives, or any JSON-ready mapping.
    """
    plain = {key: value for key, value in card.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in card.items() if isinstance(value, Mapping)}
    groups = [FactGroup("run", tuple(_facts(plain)))] if plain else []
    groups.extend(FactGroup(_words(key), tuple(_facts(value)) or (("none", ""),)) for key, value in nested.items())
    return groups


def _facts(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            facts.extend(_facts(value, f"{name}."))
        else:
            facts.append((name, _fact_text(value)))
    return facts


def _fact_text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value) or "none"
    return json.dumps(value, ensure_ascii=False, default=str)


def _words(key: str) -> str:
    return key.replace("_", " ")
