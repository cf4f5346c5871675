"""Learning curves: which metrics of a run belong in one chart, which charts a run's metrics cannot fill.

**Definitions.** A point is one phase. *Success* is over the attempts that the phase sampled: by the labels that
training used, and by the tasks' rules; a run that evaluates greedily logs it under ``eval/``. Its interval is Wilson's
over those attempts. *Distance to the reference* is in nats an action: ``policy/log_ratio`` is the mean log-ratio to the
reference policy, ``policy/divergence`` the mean of half its square (``agents.losses.reference_divergence``). *Replayed
steps by perplexity* counts the stored steps that were scored under the previous phase's policy: below the window (too
sure), drawn from inside it, above it (too unsure). *Labels against the rules* is the ORM's agreement on the attempts
that both judged. Source: Qi et al. 2024, arXiv:2411.02337v1, figures 5, 7 and 10, and table 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agents.results import COLUMNS, EpisodeResult, Rate, site_rates

Phases = Sequence[Mapping[str, float | int | None]]
"""Metrics of each phase by name (``rollout/success_rate``); ``phase`` is its number, by default its position; ``step``
counts environment steps."""

MAX_SERIES = 6
"""Most curves in one chart."""

_PHASE = "phase"
_POSITIONS = frozenset({_PHASE, "step"})
_CURRICULUM = "curriculum/"
_SHARE = "share of attempts"


@dataclass(frozen=True, slots=True)
class Series:
    """One curve.

    Attributes:
        label: Its name in words.
        values: One value a phase, None where there is none.
        trials: Attempts behind each value of a rate, None where unknown; empty where it is no rate.
    """

    label: str
    values: tuple[float | None, ...]
    trials: tuple[int | None, ...] = ()

    def rate(self, index: int) -> Rate | None:
        """The value at a place as a rate, where it is one and its denominator is known."""
        value = self.values[index]
        trials = self.trials[index] if self.trials else None
        return None if value is None or not trials else Rate(round(value * trials), trials)


@dataclass(frozen=True, slots=True)
class Curves:
    """What one chart shows.

    Attributes:
        title: What it is about.
        unit: What its values are.
        numbers: The phase of each value.
        series: Its curves, or the parts of its bars.
        is_share: Whether values are shares in [0, 1].
        stacked: Whether the series are counts that add up.
    """

    title: str
    unit: str
    numbers: tuple[float, ...]
    series: tuple[Series, ...]
    is_share: bool = False
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class CurveKind:
    """Which metrics belong in one chart.

    Attributes:
        title: What it is about.
        unit: What its values are.
        pattern: Metrics that it shows.
        example: A metric that would fill it, for readers of a run that logs none.
        is_share: Whether values are shares in [0, 1].
        stacked: Whether they are counts that add up.
    """

    title: str
    unit: str
    pattern: re.Pattern[str]
    example: str
    is_share: bool = False
    stacked: bool = False

    def is_called(self, label: str) -> bool:
        """Whether a label says no more than the title."""
        return label.replace(":", "").lower() == self.title.lower()


CURVE_KINDS = (
    CurveKind(  # what an algorithm replays it has chosen for its success
        "Success", _SHARE, re.compile(r"^(?!replay/)(.*[/_])?success(_rate)?$"), "rollout/success_rate", is_share=True
    ),
    CurveKind(
        "Distance to the reference policy",
        "nats an action",
        re.compile(r"(^|[/_])kl($|[/_])|divergence|log_ratio"),
        "policy/divergence",
    ),
    CurveKind(
        "Replayed steps by perplexity",
        "steps",
        re.compile(r"^experience/(too_sure|drawn|too_unsure)$"),
        "experience/drawn",
        stacked=True,
    ),
    CurveKind("Entropy of the policy", "nats a token", re.compile("entropy"), "policy/entropy"),
    CurveKind("Policy loss", "mean loss", re.compile(r"(policy|actor).*loss"), "policy/loss"),
    CurveKind("Critic loss", "mean loss", re.compile(r"(critic|value).*loss"), "critic/loss"),
    CurveKind("Value and advantage", "mean", re.compile(r"value_mean|^advantage/"), "critic/value_mean"),
    CurveKind(
        "Labels against the rules",
        "share of attempts judged by both",
        re.compile(r"^label/.*(accuracy|precision|recall)"),
        "label/balanced_accuracy",
        is_share=True,
    ),
    CurveKind("Length of an attempt", "steps", re.compile("mean_length"), "rollout/mean_length"),
)
"""The charts of a run, in the order in which they are shown."""

_LABELS = {
    "rollout/success_rate": "sampled, by the labels",
    "rollout/rule_success_rate": "sampled, by the rules",
    "experience/too_sure": "below the window (too sure)",
    "experience/drawn": "drawn from the window",
    "experience/too_unsure": "above the window (too unsure)",
    "policy/divergence": "half the mean squared log-ratio",
    "policy/log_ratio": "mean log-ratio",
    "advantage/mean": "advantage, mean",
    "advantage/std": "advantage, standard deviation",
    "critic/value_mean": "value, mean",
    "label/accuracy": "accuracy",
    "label/balanced_accuracy": "balanced accuracy",
}
_STACK_ORDER = tuple(_LABELS)
COMPARED = ("rollout/rule_success_rate", "rollout/success_rate", "policy/divergence", "policy/entropy", "critic/loss")
"""Metrics of which a comparison of runs draws one chart each; evaluations (``eval/…``) come first."""


@dataclass(frozen=True, slots=True)
class LearningCurves:
    """The charts of one run.

    Attributes:
        drawn: Those of ``CURVE_KINDS`` that have data.
        absent: Those that have none.
        others: One chart for each metric that belongs in none of them.
    """

    drawn: tuple[Curves, ...]
    absent: tuple[CurveKind, ...]
    others: tuple[Curves, ...]


def learning_curves(phases: Phases) -> LearningCurves:
    """Sorts a run's metrics into charts; every metric with a number is in exactly one, but for the curriculum's.

    Args:
        phases: Metrics by phase.
    """
    numbers = phase_numbers(phases)
    open_names = [name for name in metric_names(phases) if not name.startswith(_CURRICULUM)]
    drawn, absent = [], []
    for kind in CURVE_KINDS:
        chosen = [name for name in open_names if kind.pattern.search(name)][:MAX_SERIES]
        if kind.stacked:
            chosen.sort(key=_STACK_ORDER.index)
        if chosen:
            series = tuple(_series(phases, name) for name in chosen)
            drawn.append(Curves(kind.title, kind.unit, numbers, series, kind.is_share, kind.stacked))
            open_names = [name for name in open_names if name not in chosen]
        else:
            absent.append(kind)
    others = tuple(Curves(_words(name), "", numbers, (_series(phases, name),)) for name in open_names)
    return LearningCurves(tuple(drawn), tuple(absent) if phases else (), others)


def compare_runs(runs: Mapping[str, Phases]) -> list[Curves]:
    """One chart for each metric that several runs can be compared by, with a curve for each run.

    Args:
        runs: Metrics by phase, by run; beyond ``MAX_SERIES`` runs the last ones are left out.

    Returns:
        Charts of the metrics that at least two runs have, over all phases that any of them has.
    """
    kept = dict(list(runs.items())[:MAX_SERIES])
    numbers = tuple(sorted({number for phases in kept.values() for number in phase_numbers(phases)}))
    names = {run: metric_names(phases) for run, phases in kept.items()}
    evaluations = dict.fromkeys(name for known in names.values() for name in known if name.startswith("eval/"))
    charts = []
    for name in (*evaluations, *COMPARED):
        having = [run for run in kept if name in names[run]]
        if len(having) > 1:
            kind = next((kind for kind in CURVE_KINDS if kind.pattern.search(name)), None)
            series = tuple(_at(numbers, kept[run], replace(_series(kept[run], name), label=run)) for run in having)
            label = _LABELS.get(name, _words(name))
            title = f"{kind.title}: {label}" if kind and not kind.is_called(label) else label
            charts.append(Curves(title, kind.unit if kind else "", numbers, series, bool(kind and kind.is_share)))
    return charts


def site_curves(phases: Mapping[int, Sequence[EpisodeResult]]) -> list[Curves]:
    """Success by phase, one chart for each site and one over all.

    Args:
        phases: What each phase attempted, by its number.

    Returns:
        Charts of the sites that were attempted at all, in the order of the five-site table.
    """
    numbers = tuple(float(number) for number in phases)
    rates = [site_rates(results) for results in phases.values()]
    charts = []
    for column in (*COLUMNS, "All"):
        trials = tuple(rate[column].trials for rate in rates)
        values = tuple(rate[column].successes / rate[column].trials if rate[column].trials else None for rate in rates)
        if any(trials):
            charts.append(Curves(column, _SHARE, numbers, (Series("success", values, trials),), is_share=True))
    return charts


def metric_names(phases: Phases) -> list[str]:
    """Names of all metrics with at least one number, in order of their first appearance."""
    names = dict.fromkeys(name for row in phases for name in row if name not in _POSITIONS)
    return [name for name in names if any(_finite(row.get(name)) is not None for row in phases)]


def phase_numbers(phases: Phases) -> tuple[float, ...]:
    """The number of each phase: its ``phase`` value, else its position from 0."""
    found = [_finite(row.get(_PHASE)) for row in phases]
    return tuple(float(index) if number is None else number for index, number in enumerate(found))


def _series(phases: Phases, name: str) -> Series:
    values = tuple(_finite(row.get(name)) for row in phases)
    trials: tuple[int | None, ...] = ()
    if name == "rollout/success_rate":
        trials = tuple(_count(row, "rollout/trajectories", "label/left_out") for row in phases)
    elif name == "rollout/rule_success_rate":
        trials = tuple(_count(row, "rollout/ruled") for row in phases)
    return Series(_LABELS.get(name, _words(name)), values, trials)


def _at(numbers: Sequence[float], phases: Phases, series: Series) -> Series:
    """A run's series over the phases of all runs."""
    place = {number: index for index, number in enumerate(phase_numbers(phases))}
    places = [place.get(number) for number in numbers]
    values = tuple(None if index is None else series.values[index] for index in places)
    trials = tuple(None if index is None else series.trials[index] for index in places) if series.trials else ()
    return replace(series, values=values, trials=trials)


def _count(row: Mapping[str, float | int | None], name: str, less: str = "") -> int | None:
    whole = _finite(row.get(name))
    return None if whole is None else round(whole - (_finite(row.get(less)) or 0.0))


def _finite(value: float | int | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _words(metric: str) -> str:
    """A metric's name in words."""
    return metric.replace("/", ": ", 1).replace("_", " ")
