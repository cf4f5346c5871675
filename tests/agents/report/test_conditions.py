"""What results of one suite were made under, where it is not the same."""

import pytest

from agents.report.conditions import unlike_conditions

SETTINGS = {"engine": "static", "max_steps": None, "overrides": True, "judge": {"model": None}, "temperature": 0.0}


def header(*tasks, **settings):
    """What a ``panel.json`` says."""
    return {"tasks": list(tasks), "settings": {**SETTINGS, **settings}}


@pytest.mark.parametrize(
    ("headers", "phrases"),
    [
        ([header("a"), header("a", temperature=1.0)], []),
        ([header("a", engine="chromium"), header("a"), header("a")], ["engine (0: chromium; others: static)"]),
        ([header("a", max_steps=1), header("a")], ["max_steps (0: 1; 1: default)"]),
        ([header("a", overrides=False), header("a")], ["overrides (0: no; 1: yes)"]),
        ([header("a", judge={"model": "m", "base_url": "x"}), header("a")], ["judge (0: m; 1: default)"]),
        ([header("a"), header("a", "b"), header("a", "b")], ["tasks (0: 1; others: 2)"]),
        ([header("a"), header("b")], ["tasks (0: 1 [0eb5b8d]; 1: 1 [a8950f0])"]),
        (
            [header("a", engine="chromium"), header("a"), header("a"), {}, {"settings": [], "tasks": None}],
            ["engine (0: chromium; 1, 2: static)"],
        ),
    ],
)
def test_what_differs_is_named_with_who_differs(headers, phrases):
    assert unlike_conditions({str(place): one for place, one in enumerate(headers)}) == phrases
