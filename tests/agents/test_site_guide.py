"""What is said of the sites is true of them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from agents.site_guide import GUIDES, describe_sites, is_about_others, what_is_lacking
from webrl_gym.suites import load_suite
from webrl_gym.tasks.practice import all_templates
from webrl_gym.tasks.record import Task
from webrl_gym.types import Site

SITES = Path(str(files("webrl_gym"))) / "sites"
TASKS = [*load_suite("practice-train").tasks[::3], *load_suite("practice-valid").tasks]


@pytest.mark.parametrize("site", list(GUIDES))
def test_no_page_shows_what_a_site_is_said_to_lack(site: Site) -> None:
    pages = sorted((SITES / site.value).rglob("*.html"))
    assert pages
    markup = re.compile(r"\{[{%#].*?[}%#]\}|<[^>]*>", re.DOTALL)
    text = "\n".join(markup.sub(" ", page.read_text(encoding="utf-8")) for page in pages).lower()
    shown = {pattern: re.search(rf"\b{pattern}\b", text) for pattern in GUIDES[site].lacking}
    assert [pattern for pattern, found in shown.items() if found] == []


def test_every_site_of_a_training_task_has_a_guide() -> None:
    assert {site for template in all_templates() for site in template.sites} == set(GUIDES)
    assert describe_sites([Site.MAP, Site.GITLAB]).splitlines()[1].startswith("- gitlab: a code host")


@pytest.mark.parametrize("task", TASKS[::40], ids=lambda task: task.task_id)
def test_a_task_is_about_its_own_site(task: Task) -> None:
    assert not is_about_others(task.instruction, task.sites)


def test_all_tasks_ask_for_what_there_is() -> None:
    assert [task.task_id for task in TASKS if is_about_others(task.instruction, task.sites)] == []
    assert [task.task_id for task in TASKS if what_is_lacking(task.instruction, task.sites)] == []


def test_most_tasks_give_their_site_away() -> None:
    single = [task for task in TASKS if len(task.sites) == 1]
    other = {Site.MAP: Site.GITLAB, Site.REDDIT: Site.MAP}
    caught = [is_about_others(task.instruction, [other.get(task.sites[0], Site.REDDIT)]) for task in single]
    assert sum(caught) > 0.5 * len(single)


@pytest.mark.parametrize(
    ("instruction", "sites", "lacking"),
    [
        ("Show me the weather in Boston", [Site.MAP], "weather"),
        ('Search for "weather station"', [Site.SHOPPING], ""),
        ("Open the page of the cafe in Boston", [Site.MAP], ""),
        ("Read the reviews of the cafe on the map", [Site.MAP], "reviews"),
        ("Read the reviews of the lamp on the map", [Site.MAP, Site.SHOPPING], ""),
    ],
)
def test_what_is_lacking_is_named(instruction: str, sites: list[Site], lacking: str) -> None:
    assert what_is_lacking(instruction, sites) == lacking
