"""The report's page: what is on it, and what must not be on it."""

import dataclasses
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from agents.labelling import ConfusionMatrix
from agents.report import ReportData, RunData, render_report, write_report
from agents.results import EpisodeResult
from tests.agents.report.pages import HOSTILE, HOSTILE_PAGE, PAGE, attempt, results


class TagChecker(HTMLParser):
    """Reads a page strictly: what is opened must be closed, in order, and no id may occur twice."""

    VOID = frozenset({"meta", "input", "br", "img", "link", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute occurs twice in {tag}: {attrs}"
        self.ids += [values["id"]] if "id" in values else []
        self.references += [values[name] for name in ("href", "src", "aria-labelledby") if name in values]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"{tag} is closed and was never opened"
        assert self.open.pop() == tag, f"{tag} is closed out of order"


def checked(text):
    checker = TagChecker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    for reference in checker.references:
        assert reference.removeprefix("#") in checker.ids, f"{reference} leads out of the page"
    return checker


SECTIONS = {
    "results": "suites",
    "difficulty": "suites",
    "failures": "trajectories",
    "learning": "runs",
    "critic": "trajectories",
    "orm": "orm",
    "curriculum": "runs",
    "trajectories": "trajectories",
    "card": "run_card",
}
"""Sections of the page and the part of the data that each comes from."""


def test_every_part_is_on_the_page(full):
    text = render_report(full)
    checker = checked(text)
    assert set(SECTIONS) - {"difficulty"} <= set(checker.ids)  # of these tasks all take two steps
    for words in ("practice-valid", "best agent: <b>webrl</b>", "86.2", "0123abc", "one line cannot be read"):
        assert words in text
    assert "Not drawn, since the run logged no such metric" in text
    assert "(policy/entropy)" in text
    assert render_report(full) == text


@pytest.mark.parametrize("part", sorted(set(SECTIONS.values())))
def test_every_part_stands_alone(full, part):
    checker = checked(render_report(ReportData(**{part: getattr(full, part)})))
    wanted = {section for section, source in SECTIONS.items() if source == part}
    assert set(checker.ids) & set(SECTIONS) == wanted - {"difficulty"}


def test_headings_are_in_order_and_tables_have_captions(full):
    longer = {"practice-valid": {"sft": [*results(True, False), EpisodeResult("toy/9", "OSS", "scored", True, 9)]}}
    text = render_report(dataclasses.replace(full, suites=longer))
    checker = checked(text)
    assert "difficulty" in checker.ids
    levels = [int(tag[1]) for tag in checker.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert checker.tags.count("table") == checker.tags.count("caption")
    charts = re.findall(r"<svg([^>]*)>", text)
    assert all('role="img" aria-label="' in chart or 'aria-hidden="true"' in chart for chart in charts)


def test_several_runs_stand_side_by_side(full):
    other = RunData([{"phase": 1, "rollout/success_rate": 0.4}])
    text = render_report(ReportData(runs={**full.runs, "other": other}))
    checked(text)
    assert "The runs side by side" in text
    assert text.count('<details class="run">') == 2
    assert "nano, phase 2" in text


def test_a_report_without_data_says_so():
    text = render_report(ReportData())
    checked(text)
    assert "This report has no data." in text
    assert "<script" not in text


def test_agents_without_episodes_and_phases_without_numbers_do_no_harm():
    runs = {"empty": RunData(), "r": RunData([{}, {"a/b": None}], {1: []})}
    data = ReportData(suites={"a": {}, "b": {"x": []}}, runs=runs, run_card={}, max_trajectories=0)
    checked(render_report(data))
    checked(render_report(dataclasses.replace(data, trajectories=[attempt("x")])))


def test_hostile_text_stays_text():
    item = attempt(HOSTILE, page=HOSTILE_PAGE, action=HOSTILE)
    card = {HOSTILE: HOSTILE, "config": {HOSTILE: [HOSTILE]}, "commit": HOSTILE}
    data = ReportData(
        title=HOSTILE,
        run_card=card,
        suites={HOSTILE: {HOSTILE: results(True), "x": [EpisodeResult("t", "OSS", HOSTILE, False, 1)]}},
        runs={HOSTILE: RunData([{HOSTILE: 1.0, f"rollout/success{HOSTILE}": 0.5, f"curriculum/{HOSTILE}": 1}])},
        orm={HOSTILE: ConfusionMatrix(1, 1, 1, 1)},
        trajectories=[item],
        notes=[HOSTILE],
    )
    text = render_report(data)
    checker = checked(text)
    assert checker.tags.count("script") == 2
    assert "img" not in checker.tags
    assert "<script>window" not in text
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(block)["trajectories"][0]["steps"][0]["action"] == f"# Note: look\n{HOSTILE}"


def test_writing_replaces_the_whole_file_or_nothing(tmp_path, full):
    path = tmp_path / "new" / "report.html"
    write_report(path, full)
    assert path.read_text(encoding="utf-8") == render_report(full)
    with pytest.raises(ValueError, match="at least 0"):
        write_report(path, dataclasses.replace(full, max_trajectories=-1))
    assert path.read_text(encoding="utf-8") == render_report(full)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    write_report(path, ReportData(title="half a pair \ud83d"))
    assert "half a pair ?" in path.read_text(encoding="utf-8")


def test_three_hundred_trajectories_stay_under_two_megabytes(tmp_path):
    items = [attempt("webrl", number, page=f"Page {number}\n" + PAGE * 30) for number in range(320)]
    write_report(tmp_path / "report.html", ReportData(trajectories=items))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert re.search(r"300 of 320 attempts.*left out:\s+20 of webrl\.", text, re.DOTALL)
