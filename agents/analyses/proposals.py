"""Where a curriculum's proposals went: by phase, how many instructions were proposed and where each of them ended.

**Definition.** Read from the metrics ``curriculum/…`` of each phase. ``proposed`` counts proposals; ``retried`` and
``from_suite`` count instructions that nobody proposed (failed tasks attempted again, tasks that fill up the phase).
Every other whole number is an end, and each proposal has exactly one: ``kept``, or the filter that dropped it. Ends
that no proposal of the run had are left out.
Source: Qi et al. 2024, arXiv:2411.02337v1, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.analyses.curves import Phases, phase_numbers

ENDS = (
    *("kept", "too hard", "too easy", "infeasible", "undecided"),
    *("repeated", "near duplicate", "protected", "unreachable"),
)
"""Ends in the order in which they are shown; others come after them."""

_PREFIX = "curriculum/"
_PROPOSED = "proposed"
_BESIDES = frozenset({"retried", "from suite"})


@dataclass(frozen=True, slots=True)
class Proposals:
    """What became of one phase's proposals.

    Attributes:
        phase: Its number.
        proposed: Proposals made.
        ends: How many ended where, by words.
        besides: Instructions of the phase that nobody proposed, by words.
    """

    phase: float
    proposed: int
    ends: Mapping[str, int]
    besides: Mapping[str, int]


def proposals_by_phase(phases: Phases) -> list[Proposals]:
    """What became of the proposals; phases that proposed nothing are left out.

    Args:
        phases: Metrics by phase.
    """
    rows = [(number, _counts(row)) for number, row in zip(phase_numbers(phases), phases, strict=True)]
    apart = {_PROPOSED, *_BESIDES}
    names = dict.fromkeys(name for _, counts in rows for name in counts if name not in apart and counts[name])
    ends = [*(name for name in ENDS if name in names), *(name for name in names if name not in ENDS)]
    return [
        Proposals(
            number,
            counts.get(_PROPOSED, sum(counts.get(name, 0) for name in ends)),
            {name: counts.get(name, 0) for name in ends},
            {name: counts[name] for name in counts if name in _BESIDES},
        )
        for number, counts in rows
        if counts
    ]


def _counts(row: Mapping[str, float | int | None]) -> dict[str, int]:
    return {
        name.removeprefix(_PREFIX).replace("_", " "): value
        for name, value in row.items()
        if name.startswith(_PREFIX) and isinstance(value, int)
    }
