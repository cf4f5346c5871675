import json
from xml.etree import ElementTree

import pytest

from agents.environments import suite_of
from agents.results import SLICES
from benchmarks.learning import report
from benchmarks.learning.arms import ARMS, COMPARISONS
from benchmarks.learning.cells import PANELS


@pytest.fixture
def folder(tmp_path):
    """Three cells: WebRL does every second task, the start every fourth."""
    for arm, every, seeds in (("sft", 4, (0, 1)), ("webrl", 2, (0,))):
        for seed in seeds:
            outcomes = {
                panel: "".join("1" if n % every == 0 else "0" for n in range(len(suite_of(panel)))) for panel in PANELS
            }
            phases = [{"rollout/rule_success_rate": 0.1 * phase} for phase in range(4)] if arm == "webrl" else []
            why = "KL ceiling" if (arm, seed) == ("sft", 1) else ""
            cell = {"arm": arm, "seed": seed, "commit": "abc", "stopped": why}
            record = {**cell, "outcomes": outcomes, "phases": phases}
            (tmp_path / f"{arm}-{seed}.json").write_text(json.dumps(record))
    return tmp_path


def test_the_table_holds_what_is_done(folder):
    lines = list(report.table_lines(report.read_results(folder)))
    assert len(lines) == 4
    assert lines[2].startswith("| SFT | 2 of 5 | 25.5 [")
    assert lines[2].endswith(" | - |")
    assert lines[3].startswith("| WebRL | 1 of 5 | 50.3 [")
    assert lines[3].split(" | ")[-1].startswith("+25.")


def test_parts_of_the_panels_share_no_task():
    for panel in PANELS:
        parts = [set(report._kept(panel, part)) for part in SLICES]
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(suite_of(panel))
        assert all(parts)


def test_differences_are_paired_over_the_seeds_that_both_have(folder):
    lines = list(report.comparison_lines(report.read_results(folder)))
    assert len(lines) == 2 + len(COMPARISONS)
    assert lines[2].startswith("| WebRL less SFT | 1 | +25.")
    assert lines[3] == "| WebRL less SFT continued | 0 | - | - | - |"


def test_drawing_whole_templates_moves_no_mean(folder):
    results = report.read_results(folder)
    one, other = results["webrl"], results["sft"]
    by_task = report.difference(one, other, [0], "all")
    by_template = report.difference(one, other, [0], "all", by_template=True)
    assert by_template.mean == by_task.mean
    assert (by_template.low, by_template.high) != (by_task.low, by_task.high)


def test_the_figure_is_drawn_from_the_results(folder, monkeypatch, capsys):
    monkeypatch.setattr(report, "read_results", lambda read=report.read_results: read(folder))
    monkeypatch.setattr(report, "FIGURE", folder / "figure.svg")
    report.print_report()
    drawing = ElementTree.parse(folder / "figure.svg").getroot()
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert (texts.count("WebRL (1 seeds)"), texts.count("WebRL")) == (1, 1)
    assert (texts.count("SFT (2 seeds)"), texts.count("SFT")) == (1, 0)
    printed = capsys.readouterr().out
    assert f"3 of {sum(arm.seeds for arm in ARMS.values())} cells are done;" in printed
    assert "SFT with seed 1 acted with the policy of its last finished phase: KL ceiling" in printed
    assert printed.count("last finished phase") == 1


def test_a_cell_that_a_guard_ended_shortens_no_curve(folder):
    whole = report.read_results(folder)["webrl"]
    cut = {**whole.cells[0], "phases": [{"rollout/rule_success_rate": 0.5}]}
    assert report._curve(report.ArmResults(whole.arm, {**whole.cells, 1: cut})) == pytest.approx([0.25, 0.1, 0.2, 0.3])
    assert report._curve(report.ArmResults(whole.arm, {1: {**cut, "phases": []}})) == []
