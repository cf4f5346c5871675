"""Every template: its oracle succeeds, its answer follows the database, doing nothing fails."""

from __future__ import annotations

import string

import pytest

from tests.webrl_gym.tasks.episodes import do_nothing, draw, play
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.evaluation import match_answer
from webrl_gym.suites import load_suite
from webrl_gym.tasks.practice import all_templates, template_by_name
from webrl_gym.tasks.suite import PRACTICE_SUITES
from webrl_gym.tasks.template import Split, TaskKind, Template
from webrl_gym.types import Site

TEMPLATES = all_templates()
by_name = pytest.mark.parametrize("template", TEMPLATES, ids=[template.name for template in TEMPLATES])
WORLDS = (1, 9, 10)


def test_there_are_enough_templates_of_every_kind() -> None:
    assert len(TEMPLATES) >= 45
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES)
    assert {template.kind for template in TEMPLATES} == set(TaskKind)
    assert sum(template.split is Split.TEST_ONLY for template in TEMPLATES) >= 8
    assert sum(template.split is Split.VALID_ONLY for template in TEMPLATES) >= 4
    steps = [template.steps for template in TEMPLATES]
    assert min(steps) >= 2
    assert max(steps) <= 12


@by_name
def test_wordings_are_varied_and_say_every_parameter(template: Template) -> None:
    assert len(set(template.wordings)) >= 2
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in template.wordings]
    assert all(names == fields[0] for names in fields), template.name


@by_name
def test_the_oracle_succeeds_and_doing_nothing_does_not(template: Template, env: WebArenaLiteEnv) -> None:
    played = 0
    for world in WORLDS:
        for novel in (False, True):
            task = draw(template, world, novel=novel)
            if task is None:
                continue
            played += 1
            result = play(env, task)
            detail = f"{task.parameters}: answered {result.answer!r}: {result.info['verdict'].detail}"
            assert result.reward == 1.0, detail
            assert result.steps <= template.steps, detail
            assert do_nothing(env, task) == 0.0, task.parameters
    assert played >= len(WORLDS), f"{template.name} could be drawn {played} times only"


@by_name
def test_the_answer_follows_the_record_behind_it(template: Template, env: WebArenaLiteEnv) -> None:
    if template.kind is not TaskKind.READING:
        assert template.perturb is None
        return
    assert template.perturb is not None
    for seed in range(8):
        task = draw(template, 1, seed)
        if task is not None and task.evaluation["reference_answers"] != {"exact_match": "N/A"}:
            break
    else:
        pytest.fail(f"{template.name}: every draw has the answer N/A")
    before = play(env, task).answer
    statement = template.perturb(env.tables, task.parameters)

    def change() -> None:
        site, sql, parameters = statement
        env.world.store(site).execute(sql, parameters)

    # The start page was read before the change; no oracle takes its answer from it.
    after = play(env, task, change).answer
    assert after != before
    # The tables still hold the change: they are put back at the next reset only.
    changed = template.evaluate(env.tables, task.parameters)
    assert changed != task.evaluation
    assert match_answer(changed["reference_answers"], after) == 1.0, (changed["reference_answers"], after)


@pytest.mark.parametrize("name", list(PRACTICE_SUITES))
def test_suites_have_their_size_distribution_and_templates(name: str) -> None:
    spec, suite = PRACTICE_SUITES[name], load_suite(name)
    assert len(suite) == spec.size
    assert len({task.task_id for task in suite}) == spec.size
    assert {task.world for task in suite} <= set(spec.worlds)
    assert {template_by_name(task.template or "").split for task in suite} == spec.splits
    assert all(task.max_steps <= 15 for task in suite)
    if spec.size == 165:
        single = [task.sites[0].value for task in suite if len(task.sites) == 1]
        counts = {site: single.count(site) for site in set(single)}
        assert counts == {"shopping": 45, "shopping_admin": 35, "gitlab": 30, "map": 26, "reddit": 19}
        assert sum(set(task.sites) == {Site.MAP, Site.WIKIPEDIA} for task in suite) == 4
        assert sum(len(task.sites) > 1 for task in suite) == 10
    novel = sum("novel" in task.tags for task in suite) / spec.size
    assert 0.08 <= novel <= 0.3


def test_no_two_suites_share_a_template_with_the_same_parameters() -> None:
    keys = {name: [task.key for task in load_suite(name)] for name in PRACTICE_SUITES}
    for name, own in keys.items():
        assert len(set(own)) == len(own), name
        for other, others in keys.items():
            assert name == other or set(own).isdisjoint(others), (name, other)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", list(PRACTICE_SUITES))
def test_the_oracle_solves_every_task_of_every_suite(name: str, env: WebArenaLiteEnv) -> None:
    failed = []
    for task in load_suite(name):
        result = play(env, task)
        if result.reward != 1.0 or result.steps > task.max_steps:
            failed.append((task.task_id, result.answer, result.info["verdict"].detail))
    assert not failed
