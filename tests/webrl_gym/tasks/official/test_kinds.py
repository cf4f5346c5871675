"""Which official tasks change something: what a reset is needed for."""

from __future__ import annotations

from collections import Counter

import pytest

from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.suites import find_suite
from webrl_gym.tasks.official.kinds import kind_of
from webrl_gym.tasks.official.suite import NAME, OfficialSuite
from webrl_gym.types import Site


@pytest.mark.parametrize(
    ("number", "types", "kind"),
    [
        (0, ["string_match"], "reading"),
        (9, ["url_match"], "navigating"),
        (44, ["string_match", "url_match"], "reading"),
        (121, ["program_html"], "changing"),
        (132, ["url_match", "program_html"], "changing"),
        (87, ["program_html"], "navigating"),
        (142, ["url_match", "program_html"], "navigating"),
        (145, ["url_match", "program_html"], "changing"),
        (162, ["string_match"], "changing"),
    ],
)
def test_a_task_is_of_the_kind_that_its_evaluation_says_unless_it_is_listed(
    number: int, types: list[str], kind: str
) -> None:
    assert kind_of(number, types) == kind


@pytest.fixture(scope="module")
def suite() -> OfficialSuite:
    try:
        find_official_file()
    except TaskFileError as missing:
        pytest.skip(str(missing))
    found = find_suite(NAME)
    assert isinstance(found, OfficialSuite)
    return found


def test_every_official_task_is_of_one_kind(suite: OfficialSuite) -> None:
    assert Counter(task.tags[0] for task in suite) == {"changing": 60, "reading": 77, "navigating": 28}


def test_a_part_of_the_suite_is_still_the_official_one(suite: OfficialSuite) -> None:
    part = suite.only([Site.GITLAB])
    assert isinstance(part, OfficialSuite)
    assert (len(part), part.overrides) == (30, suite.overrides)
    with pytest.raises(ValueError, match="has no task 'webarena-lite/0'"):
        part.get("webarena-lite/0")
