"""The report of a judge as Markdown: who was judged, how right the judge is, and where its P(YES) can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = (
    "attempts",
    "base rate",
    "always NO",
    "AUC",
    "balanced accuracy",
    "accuracy",
    "precision",
    "recall",
    "calibration error",
)


def agreement_line(record: Mapping[str, Any]) -> str:
    """How a training run's judge agrees with the rules, in one line.

    Args:
        record: The content of the run's ``orm.json``.
    """
    known = {name: record[name] for name in ("balanced_accuracy", "accuracy", "always_no_accuracy")}
    return ", ".join(
        f"{name.replace('_', ' ')} {'-' if value is None else format(value, '.3f')}" for name, value in known.items()
    )


def markdown_report(report: Mapping[str, Any]) -> str:
    """The report that ``agents.orm_run`` wrote, for people.

    Args:
        report: The content of ``orm_report.json``.
    """
    threshold, learned = report["threshold"], report["training"]
    parts = [
        "# Outcome reward model",
        f"Model: {report['model']}.",
        f"Learned from {learned['attempts']} attempts, {learned['successes']} of them successes; threshold "
        f"{threshold:.3g} ({report['threshold_from']}). What is true is what the tasks' rules say. In %, with "
        "95 % intervals: Wilson's, and for the balanced accuracy one from those of recall and specificity. Several "
        "attempts at one task count as independent.",
    ]
    for name, slices in report["judged"].items():
        parts.append(f"## Attempts of {name} at {report['evaluation_suite']}")
        parts += [_table(slices, key) for key in _thresholds(slices)]
        parts.append(_reliability(slices["all"]))
    if report["phases"]:  # of those that it did not learn from
        parts.append("## Attempts of the run's phases")
        parts += [_table(report["phases"], key) for key in _thresholds(report["phases"])]
    return "\n\n".join(parts) + "\n"


def _thresholds(slices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(next(iter(slices.values()))["at"])


def _table(slices: Mapping[str, Mapping[str, Any]], threshold: str) -> str:
    lines = [
        f"| P(YES) > {threshold} | {' | '.join(_HEAD)} |",
        "|---" * (len(_HEAD) + 1) + "|",
    ]
    for name, record in slices.items():
        at = record["at"][threshold]
        cells = [
            str(record["attempts"]),
            _percent(record["base_rate"]),
            _percent(record["always_no_accuracy"]),
            _number(record["area_under_curve"]),
            *(_with_interval(at[key]) for key in ("balanced_accuracy", "accuracy", "precision", "recall")),
            _number(record["calibration_error"]),
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _reliability(record: Mapping[str, Any]) -> str:
    lines = ["| P(YES) | attempts | mean P(YES) | successes, % |", "|---|---|---|---|"]
    for row in record["reliability"]:
        ends = f"{row['low']:.1f} to {row['high']:.1f}"
        lines.append(f"| {ends} | {row['count']} | {row['mean_p_yes']:.2f} | {_percent(row['success_rate'])} |")
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(share: Mapping[str, Any] | None) -> str:
    if share is None:
        return "-"
    low, high = share["interval"]
    return f"{100 * share['value']:.1f} [{100 * low:.0f}-{100 * high:.0f}]"
