"""Difficulty, failures and the critic's values on the page."""

import dataclasses

from agents.analyses.error_types import ErrorType
from agents.report.sections import critic_views, difficulty_views, error_types_of, failure_views
from agents.report.tables import suite_table
from agents.results import EpisodeResult
from tests.agents.report.parts import attempt
from tests.agents.toy_env import demonstration, toy_task


def wrong(number, agent="sft", **changes):
    """An attempt that opened another colour than ``attempt`` does."""
    item = attempt(number, agent, success=False, **changes)
    other = demonstration(toy_task("Red", 1, task_id=f"toy/{number}")).trajectory
    return dataclasses.replace(
        item,
        trajectory=dataclasses.replace(item.trajectory, steps=other.steps, final_observation=other.final_observation),
    )


def test_difficulty_is_shown_as_far_as_tasks_are_known_and_differ():
    results = {
        "oracle": [EpisodeResult(f"toy/{number}", "OSS", "scored", True, 2 + 3 * number) for number in range(3)],
        "sft": [EpisodeResult(f"toy/{number}", "OSS", "scored", number == 0, 9) for number in range(3)],
    }
    table = suite_table("practice-valid", results, {"oracle"})
    alike = [toy_task("Blue", 1, task_id=f"toy/{number}") for number in range(3)]
    (steps,) = difficulty_views(table, results, {task.task_id: task for task in alike})
    assert steps.chart.title == "By required steps: practice-valid"
    assert [heading for heading, _ in steps.table.buckets] == ["1–3", "4–5", "8–10"]
    assert steps.chart.labels == (("sft", "series-0"),)  # the oracle is in the table only
    assert [row.agent for row in steps.table.rows] == ["oracle", "sft"]
    longer = dataclasses.replace(alike[1], instruction='Open "a", "b", "c" and "d"', parameters={})
    _, complexity = difficulty_views(table, results, {"toy/0": alike[0], "toy/1": longer})
    assert [heading for heading, _ in complexity.table.buckets] == ["1", "4+"]
    assert complexity.table.left_out == 1
    assert difficulty_views(table, {"sft": results["sft"]}, {}) == []


def test_difficulty_is_drawn_of_agents_with_a_scored_episode_alone():
    tasks = {f"toy/{number}": toy_task("Blue", 1, task_id=f"toy/{number}") for number in range(2)}

    def episodes(status):
        return [
            EpisodeResult(name, "OSS", status, status == "scored", 2 + 3 * place) for place, name in enumerate(tasks)
        ]

    results = {"oracle": episodes("scored"), "mine": episodes("undecided")}
    table = suite_table("practice-valid", results, {"oracle"})
    (steps,) = difficulty_views(table, results, tasks)
    assert [label for label, _ in steps.chart.labels] == ["oracle"]
    assert [row.agent for row in steps.table.rows] == ["oracle", "mine"]
    longer = {**tasks, "toy/1": dataclasses.replace(tasks["toy/1"], instruction='Open "a", "b" and "c"', parameters={})}
    alone = {"mine": results["mine"]}
    assert difficulty_views(suite_table("practice-valid", alone), alone, longer) == []


def test_failures_are_compared_with_every_solution_and_counted_by_group():
    items = [
        attempt(0, "oracle", group="valid"),
        wrong(0, group="valid"),
        attempt(1, "sft", group="valid"),
        wrong(0, group="training"),
        wrong(9, group="training"),
        dataclasses.replace(
            wrong(2, group="valid"), trajectory=dataclasses.replace(wrong(2).trajectory, failure="SiteError: gone")
        ),
    ]
    types = error_types_of(items)
    wrong_page = ErrorType.WRONG_PAGE
    assert types == {0: None, 1: wrong_page, 2: None, 3: wrong_page, 4: ErrorType.NO_SOLUTION}
    valid, training = failure_views(items, types)
    assert (valid.name, [row.bar.name for row in valid.rows]) == ("valid", ["sft"])
    assert (valid.rows[0].counts.successes, valid.rows[0].counts.failures) == (1, 1)
    assert valid.kinds == (wrong_page,)
    assert valid.legend == (("done", "end-done"), ("stopped at a wrong page", "end-stopped-at-a-wrong-page"))
    assert training.kinds == (wrong_page, ErrorType.NO_SOLUTION)
    assert failure_views(items[:1], {0: None}) == []


def test_the_critics_values_are_shown_of_every_agent_that_has_some():
    items = [
        attempt(0, group="valid", values=(0.2, 0.9)),
        attempt(1, group="valid", values=(0.1, 0.3), success=False),
        attempt(2, "webrl", group="valid"),
        attempt(3, "webrl", values=(0.5, None)),
    ]
    (view,) = critic_views(items)
    assert view.name == "sft on valid"
    assert [chart.title for chart in view.charts] == ["Value along an attempt", "Value of the start"]
    assert critic_views([attempt(0, values=(0.5, 0.5))])[0].name == "sft"
