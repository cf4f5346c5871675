"""Where a curriculum's proposals went."""

from __future__ import annotations

from agents.analyses.proposals import ENDS, Proposals, proposals_by_phase
from agents.curriculum import CurriculumReport


def test_every_count_of_the_curriculum_is_an_end_or_stands_beside_them() -> None:
    report = CurriculumReport(proposed=9, kept=4, too_hard=3, too_easy=2, retried=5)
    phases = [
        {"phase": 1, "policy/loss": 0.5},
        {"phase": 2, "curriculum/from_suite": 1, **{f"curriculum/{key}": n for key, n in report.as_dict().items()}},
        {"phase": 3, "curriculum/kept": 2, "curriculum/infeasible": 1, "curriculum/odd": 1, "curriculum/mean": 0.5},
    ]
    first, second = proposals_by_phase(phases)
    assert list(first.ends) == [*ENDS[:4], "odd"] == list(second.ends)
    assert (first.phase, first.proposed, sum(first.ends.values())) == (2.0, 9, 9)
    assert first.besides == {"from suite": 1, "retried": 5}
    assert second == Proposals(3.0, 4, {"kept": 2, "too hard": 0, "too easy": 0, "infeasible": 1, "odd": 1}, {})


def test_a_run_without_a_curriculum_has_no_proposals() -> None:
    assert proposals_by_phase([{"phase": 1, "curriculum/kept": None}]) == []
    assert proposals_by_phase([]) == []
