"""The rows of the table: what was measured, what was asked, and whether it was met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        name: What was measured.
        value: The figure.
        unit: Its unit; ``x`` for a ratio.
        at_least: The least that was asked; None without such a demand.
        at_most: The most that was asked; None without such a demand.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the figure is what was asked; None where nothing was."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def asked(self) -> str:
        """The demand in words; empty without one."""
        if self.at_least is not None:
            return f">= {_number(self.at_least)} {self.unit}"
        return "" if self.at_most is None else f"<= {_number(self.at_most)} {self.unit}"

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON-ready data."""
        return {**asdict(self), "value": round(self.value, 3), "met": self.met}


@dataclass(frozen=True, slots=True)
class Series:
    """One figure for several numbers of environments.

    Attributes:
        name: What was measured.
        unit: Its unit.
        values: The figure by number of environments.
    """

    name: str
    unit: str
    values: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the benchmark.

    Attributes:
        title: What it is about.
        rows: Its rows of the table.
        details: What else belongs into the JSON file.
        series: Figures by number of environments, all for the same numbers.
    """

    title: str
    rows: Sequence[Row]
    details: dict[str, Any] = field(default_factory=dict)
    series: Sequence[Series] = ()


def table(parts: Sequence[Part]) -> str:
    """All figures as a text table with a heading for each part."""
    names = [row.name for part in parts for row in part.rows]
    names += [series.name for part in parts for series in part.series]
    width = max(map(len, names), default=0) + 2
    lines = [f"  {'':{width}}{'asked':>16}{'measured':>16}"]
    for part in parts:
        lines += ["", part.title]
        lines += [_line(row, width) for row in part.rows]
        if part.series:
            lines.append(f"  {'environments':{width}}" + "".join(f"{number:>8}" for number in part.series[0].values))
        for series in part.series:
            values = "".join(f"{_number(value):>8}" for value in series.values.values())
            lines.append(f"  {series.name:{width}}{values} {series.unit}")
    return "\n".join(lines)


def _line(row: Row, width: int) -> str:
    mark = {True: "met", False: "missed", None: ""}[row.met]
    return f"  {row.name:{width}}{row.asked:>16}{f'{_number(row.value)} {row.unit}':>16}  {mark}".rstrip()


def _number(value: float) -> str:
    """Three significant digits, and all digits of what is larger."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
