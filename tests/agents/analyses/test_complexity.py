"""What an instruction requires."""

from __future__ import annotations

from typing import Any

import pytest

from agents.analyses.complexity import requirements, success_by_complexity
from agents.results import EpisodeResult, Rate
from tests.agents.toy_env import toy_task
from webrl_gym.tasks.record import Task


def task(instruction: str, **parameters: str) -> Task:
    return toy_task("Blue", 0, instruction=instruction, parameters=parameters)


@pytest.mark.parametrize(
    ("instruction", "parameters", "required"),
    [
        ("How much does Blue Lamp cost?", {"product": "Blue Lamp"}, ("Blue Lamp",)),
        ("Rate Blue Lamp with 3 stars", {"product": "blue lamp", "rating": "3 stars"}, ("Blue Lamp", "3 stars")),
        ("What is the cheapest lamp in Home & Kitchen?", {"section": "Home & Kitchen"}, ("Home & Kitchen", "cheapest")),
        ("Rename Guide to New Guide", {"page": "Guide", "title": "New Guide"}, ("New Guide", "Guide")),
        ("Orders from 1/1/2022 to 1/1/2022", {"start": "1/1/2022", "end": "1/1/2022"}, ("1/1/2022", "1/1/2022")),
        ("Open my cart", {"note": "never spoken", "empty": ""}, ()),
        ("Read First Aid", {"product": "First Aid"}, ("First Aid",)),
    ],
)
def test_of_a_task_with_parameters_what_was_filled_in_and_rankings(
    instruction: str, parameters: dict[str, str], required: tuple[str, ...]
) -> None:
    assert requirements(task(instruction, **parameters)) == required


@pytest.mark.parametrize(
    ("instruction", "required"),
    [
        ("What are the top-3 best-selling product in Jan 2023", ("Jan 2023", "top-3 best-selling")),
        ("Show all customers", ()),
        ("Get the date of the most recent pending order", ("most recent",)),
        ("Show order 170 and 189.", ("170", "189")),
        ("Show me the walking distance from CMU to University of Pittsburgh", ("University of Pittsburgh",)),
        ('Post "Good idea" in GitLab. Say N/A if not', ('"Good idea"',)),
        ("Who wrote on March 5, 2021 or 03/06/2021?", ("March 5, 2021", "03/06/2021")),
        ("Markus Young may pay $12.50 of $12.50", ("Young", "$12.50")),
        ("Find the nearest cafe. Then walk to Blue House for 15 minutes", ("nearest", "Blue House", "15")),
    ],
)
def test_of_a_task_without_parameters_what_its_words_name(instruction: str, required: tuple[str, ...]) -> None:
    assert requirements(task(instruction)) == required


def test_success_by_the_number_of_requirements_which_is_at_least_one() -> None:
    tasks: list[Any] = [
        task("Open my cart"),
        task("Open Blue Lamp", product="Blue Lamp"),
        task("Add 2 of 3 in May to 4"),
    ]
    names = ["none", "one", "four"]
    records = [
        toy_task("Red", 0, task_id=name, instruction=item.instruction, parameters=item.parameters)
        for name, item in zip(names, tasks, strict=True)
    ]
    results = {"sft": [EpisodeResult(name, "OSS", "scored", name == "none", 2) for name in (*names, "unknown")]}
    found = success_by_complexity(results, records)
    assert [bucket.label for bucket in found.buckets] == ["1", "4+"]
    assert (found.tasks, found.rates["sft"], found.left_out) == ((2, 1), (Rate(1, 2), Rate(0, 1)), 1)
