"""The tables of a report as plain values."""

from agents.analyses.breakdown import Bucket, break_down
from agents.labelling import ConfusionMatrix
from agents.report.tables import bucket_table, card_groups, matrix_view, suite_table
from tests.agents.report.parts import result


def test_a_suite_table_names_the_best_agents_and_what_does_not_count():
    sft = [result(0, True), result(1, False), result(2, False, "unscored"), result(3, True, column="Map")]
    webrl = [result(0, True), result(1, True), result(3, False, tags=("novel",)), result(2, False, "failed")]
    rows = {"oracle": [result(number, True) for number in range(3)], "sft": sft, "webrl": webrl}
    table = suite_table("practice-test", rows, {"oracle"})
    assert [(row.agent, row.role) for row in table.rows] == [
        ("oracle", "yardstick"),
        ("sft", "best"),
        ("webrl", "best"),
    ]
    assert [heading for heading, _ in table.sites] == ["Reddit", "GitLab", "CMS", "Map", "OSS", "All"]
    assert dict(table.sites) == {"Reddit": 0, "GitLab": 0, "CMS": 0, "Map": 1, "OSS": 3, "All": 3}
    assert dict(table.slices) == {"seen templates": 3, "unseen words": 1, "unseen templates": 0}
    overall = table.overall(table.best[0])
    assert (overall.percent, overall.successes, overall.trials) == ("66.7", 2, 3)
    assert overall.low < 66.7 < overall.high
    assert [cell.partial for cell in table.rows[1].cells] == [
        False,
        False,
        False,
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert table.rows[0].cells[0].percent == ""
    assert table.not_counted == (
        "sft: 1 unscored, of 4 episodes",
        "webrl: 1 broken by the infrastructure, of 4 episodes",
    )


def test_an_agent_without_a_scored_episode_is_never_the_best():
    table = suite_table("s", {"sft": [result(0, False, "failed")], "oracle": [result(0, True)]}, {"oracle"})
    assert table.best == ()


def test_of_equals_all_are_the_best_and_nobody_is_without_a_success():
    half, equal, none = [result(0, True), result(1, False)], [result(0, False), result(1, True)], [result(0, False)]
    table = suite_table("s", {"a": half, "b": none, "c": equal})
    assert [row.agent for row in table.best] == ["a", "c"]
    assert [row.role for row in suite_table("s", {"a": none, "b": none}).rows] == ["compared", "compared"]


def test_who_has_not_finished_the_panel_is_not_the_best_yet():
    whole, stopped = [result(0, True), result(1, False)], [result(0, True)]
    assert [row.agent for row in suite_table("s", {"whole": whole, "stopped": stopped}).best] == ["whole"]
    assert suite_table("s", {"oracle": whole, "stopped": stopped}, {"oracle"}).best == ()


def test_nobody_is_the_best_where_conditions_differ():
    table = suite_table("s", {"a": [result(0, True)], "b": [result(0, False)]}, unlike=["engine (a: x; b: y)"])
    assert table.best == ()
    assert table.unlike == ("engine (a: x; b: y)",)


def test_the_scores_of_a_confusion_matrix():
    scores = {label: value for label, value, _ in matrix_view("held out", ConfusionMatrix(40, 10, 120, 10)).scores}
    assert scores["balanced accuracy"] == "86.2"
    assert scores["base rate"] == "27.8"
    assert scores["always NO"] == "72.2"
    assert all(value == "" for _, value, _ in matrix_view("empty", ConfusionMatrix()).scores)


def test_a_run_card_becomes_groups_of_facts():
    groups = card_groups({"commit": "abc", "seeds": [0, 1], "config": {"env": {"engine": "static"}}, "not_scored": {}})
    assert [(group.heading, group.facts) for group in groups] == [
        ("run", (("commit", "abc"), ("seeds", "0, 1"))),
        ("config", (("env.engine", "static"),)),
        ("not scored", (("none", ""),)),
    ]


def test_a_table_by_bucket_keeps_roles_and_says_where_an_agent_has_fewer_tasks():
    rows = {"oracle": [result(0, True), result(1, True)], "sft": [result(0, True), result(1, False, "failed")]}
    found = break_down(
        rows, {"practice-valid/0": 1, "practice-valid/1": 4, "practice-valid/9": 4}, [Bucket(1, 3), Bucket(4)]
    )
    table = bucket_table("practice-valid", "required steps", found, {"oracle": "yardstick", "sft": "best"})
    assert table.buckets == (("1\N{EN DASH}3", 1), ("4+", 1))
    assert [(row.agent, row.role) for row in table.rows] == [("oracle", "yardstick"), ("sft", "best")]
    assert [(cell.percent, cell.partial) for cell in table.rows[1].cells] == [("100.0", False), ("", True)]
