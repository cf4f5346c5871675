"""Which metrics of a run are drawn together, which charts stay empty, and how runs are compared."""

from __future__ import annotations

from agents.analyses.curves import (
    CURVE_KINDS,
    Phases,
    compare_runs,
    learning_curves,
    metric_names,
    phase_numbers,
    site_curves,
)
from agents.results import EpisodeResult, Rate

PHASES: Phases = [
    {
        "step": 10,
        "phase": 1,
        "data/unsure_successes": 3,
        "rollout/success_rate": 0.25,
        "rollout/rule_success_rate": 0.2,
        "critic/loss": None,
    }
    | {
        "rollout/trajectories": 20,
        "rollout/ruled": 15,
        "replay/chosen_success_rate": 1.0,
        "label/left_out": 4,
        "experience/too_unsure": 5,
        "experience/too_sure": 3,
    },
    {"step": 20, "phase": 2, "rollout/success_rate": 0.4, "critic/loss": 0.5, "own/thing": float("nan")}
    | {"experience/drawn": 9, "rollout/trajectories": 10},
    {"step": 30, "phase": 4, "own/thing": 7.0, "curriculum/kept": 4, "never/known": float("inf")},
]


def test_metrics_are_sorted_into_charts_and_none_is_lost() -> None:
    found = learning_curves(PHASES)
    assert [(one.title, [series.label for series in one.series]) for one in found.drawn] == [
        ("Success", ["sampled, by the labels", "sampled, by the rules"]),
        (
            "Replayed steps by perplexity",
            ["below the window (too sure)", "drawn from the window", "above the window (too unsure)"],
        ),
        ("Critic loss", ["critic: loss"]),
    ]
    assert [one.title for one in found.others] == [
        "data: unsure successes",
        "rollout: trajectories",
        "rollout: ruled",
        "replay: chosen success rate",
        "label: left out",
        "own: thing",
    ]
    assert found.drawn[0].numbers == (1.0, 2.0, 4.0)
    assert found.drawn[0].series[0].values == (0.25, 0.4, None)
    assert found.drawn[1].stacked
    assert {kind.title for kind in found.absent} == {kind.title for kind in CURVE_KINDS} - {
        one.title for one in found.drawn
    }
    assert any(kind.example == "policy/entropy" for kind in found.absent)


def test_a_success_rate_knows_over_how_many_attempts_it_is() -> None:
    labels, rules = learning_curves(PHASES).drawn[0].series
    assert labels.trials == (16, 10, None)
    assert labels.rate(0) == Rate(4, 16)
    assert rules.rate(0) == Rate(3, 15)
    assert rules.rate(1) is None
    assert labels.rate(2) is None
    assert learning_curves(PHASES).drawn[2].series[0].rate(1) is None


def test_a_run_without_metrics_has_no_charts_and_misses_none() -> None:
    found = learning_curves([])
    assert (found.drawn, found.absent, found.others) == ((), (), ())
    assert phase_numbers([{}, {"phase": 7}, {"phase": None}]) == (0.0, 7.0, 2.0)
    assert metric_names([{"step": 1, "phase": 1, "a/b": None}, {"c/d": 0.0}]) == ["c/d"]


def test_runs_are_compared_by_what_at_least_two_of_them_logged() -> None:
    other: Phases = [{"phase": 2, "rollout/success_rate": 0.5, "rollout/trajectories": 8, "eval/success_rate": 0.7}]
    charts = compare_runs({"webrl": PHASES, "digirl": other, "sft": [], "bc": [{"phase": 1, "eval/success_rate": 0.1}]})
    assert [chart.title for chart in charts] == ["Success: eval: success rate", "Success: sampled, by the labels"]
    greedy, sampled = charts
    assert [(series.label, series.values) for series in greedy.series] == [
        ("digirl", (None, 0.7, None)),
        ("bc", (0.1, None, None)),
    ]
    assert sampled.numbers == (1.0, 2.0, 4.0)
    assert sampled.is_share
    assert [series.rate(1) for series in sampled.series] == [Rate(4, 10), Rate(4, 8)]
    assert compare_runs({"alone": PHASES}) == []


def test_success_by_phase_of_each_site_that_was_attempted() -> None:
    def results(*columns: str) -> list[EpisodeResult]:
        return [EpisodeResult(str(index), name, "scored", index == 0, 2) for index, name in enumerate(columns)]

    charts = site_curves({1: results("Map", "OSS"), 2: results("OSS", "OSS")})
    assert [(chart.title, chart.series[0].values) for chart in charts] == [
        ("Map", (1.0, None)),
        ("OSS", (0.0, 0.5)),
        ("All", (0.5, 0.5)),
    ]
    assert charts[0].series[0].rate(1) is None
    assert charts[1].series[0].rate(1) == Rate(1, 2)
