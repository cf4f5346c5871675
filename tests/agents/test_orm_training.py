"""Fine-tuning a judge, and what is kept apart from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.fitting import FitSettings
from agents.hydra_entry import compose_config
from agents.labelling import evidence_of
from agents.orm_data import OrmRecipe
from agents.orm_folder import judge_of
from agents.orm_training import OrmSettings, fit_orm, orm_settings, split_for_calibration, without_templates
from agents.types import LabelledTrajectory
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToySuite, demonstration, toy_task
from tests.agents.toy_runs import TASKS, demonstrations
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE

FAILED = ['do(action="Click", element="1")', "exit()"]


def attempts(orders: int = 1) -> list[LabelledTrajectory]:
    return [demonstration(task, way) for task in ToySuite(orders).tasks for way in (None, FAILED)]


def test_a_judge_learns_to_tell_successes_from_failures() -> None:
    failed = [item for item in (demonstration(task, FAILED) for task in TASKS) if not item.label.success]
    items = [*demonstrations(), *failed]
    orm = judge_of(tiny_model())
    fit = FitSettings(learning_rate=5e-3, epochs=40, tokens_per_batch=512, schedule="linear")
    recipe = OrmRecipe(changed_variables_per_success=0.0, near_misses_per_success=0.0)
    settings = OrmSettings(DEFAULT_TEMPLATE, ("YES", "NO"), recipe, fit)
    report = fit_orm(orm, items, ToySuite(orders=1), settings)
    assert (report.attempts, report.successes) == (len(items), len(TASKS))
    assert report.examples == 40 * 2 * len(TASKS)
    verdicts = orm.judge_all([evidence_of(item.trajectory) for item in items])
    assert [verdict.success for verdict in verdicts] == [item.label.success for item in items]


def test_attempts_that_the_judge_cannot_read_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    suite = ToySuite(orders=1)
    long = toy_task("Red", 0, "toy-long", instruction="Open Red " + "\n" * 300, template=TASKS[0].template)
    suite.tasks += (long,)  # other attempts are told as this task, too
    fit = FitSettings(learning_rate=1e-3, epochs=2, tokens_per_batch=512)
    settings = OrmSettings(DEFAULT_TEMPLATE, ("YES", "NO"), OrmRecipe(changed_variables_per_success=3.0), fit)
    items = attempts()
    report = fit_orm(judge_of(tiny_model()), [*items, demonstration(long)], suite, settings)
    assert (report.attempts, report.too_long) == (len(items), 1)
    assert report.successes == sum(item.label.success for item in items)
    assert "1 of 7 attempts are too long for the judge" in caplog.text


def test_attempts_at_one_task_stay_together() -> None:
    items = attempts(orders=6)
    used, apart = split_for_calibration(items, 0.25, seed=3)
    assert len(used) + len(apart) == len(items)
    names = [{item.trajectory.task.task_id for item in part} for part in (used, apart)]
    assert names[0].isdisjoint(names[1])
    assert len(names[1]) == round(0.25 * 18)
    assert split_for_calibration(items, 0.25, seed=3) == (used, apart)
    assert split_for_calibration(items, 0.25, seed=4) != (used, apart)
    assert split_for_calibration(items, 0.0, seed=3) == (items, [])


def test_templates_that_are_held_out_are_not_learned_from() -> None:
    other = demonstration(toy_task("Red", 0, template="toy.other"))
    items = [*attempts(), other]
    assert without_templates(items, ["toy.other"]) == items[:-1]
    assert without_templates(items, []) == items
    with pytest.raises(ValueError, match=r"no attempt of the templates map\.phone"):
        without_templates(items, ["toy.other", "map.phone"])


def test_the_configuration_group_says_how(tmp_path: Path) -> None:
    config = compose_config("train_orm")["orm"]
    settings = orm_settings(config, seed=4)
    assert (settings.template, settings.answers) == (DEFAULT_TEMPLATE, ("YES", "NO"))
    assert (settings.fit.seed, settings.fit.schedule) == (4, "linear")
    assert settings.recipe.renamed_share == config["renamed_share"]
    path = tmp_path / "judge.txt"
    path.write_text("{instruction} {actions} {page}", encoding="utf-8")
    given = {**config, "prompt_template": str(path), "max_page_length": 10, "answers": ["Done", "Missed"]}
    other = orm_settings(given, seed=4)
    assert (other.template.user, other.template.max_page_length) == ("{instruction} {actions} {page}", 10)
    assert other.answers == ("Done", "Missed")
