"""Policies that webrl-orm judges act as their own runs say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ConfigConflict
from agents.hydra_entry import compose_config
from agents.orm_policies import acts_as, place_of, policy_conflicts, require_no_other
from tests.agents.small_llama import small_llama

MODEL = {"prompt": "auto", "cut": None, "dtype": "bfloat16", "max_prompt_tokens": 300, "max_new_tokens": 12}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training run on pages of profile webrl, with one policy, and a policy of no run."""
    monkeypatch.chdir(tmp_path)
    folder = Path("runs/webrl")
    small_llama().save(folder / "sft")
    small_llama().save("other")
    written(folder)
    return folder


def written(folder: Path, **model: object) -> None:
    stored = {"demonstrations": 1, "model": {**MODEL, **model}, "env": {"profile": "webrl"}}
    (folder / "config.json").write_text(json.dumps(stored), encoding="utf-8")


def config(*overrides: str) -> dict[str, Any]:
    return compose_config("train_orm", ["run=runs/webrl", *overrides])


def test_a_policy_of_a_run_acts_as_the_run_says(run: Path) -> None:
    assert acts_as(config(), str(run / "sft")) == MODEL
    nano = {"prompt": "auto", "cut": None, "dtype": "float32", "max_prompt_tokens": 1024, "max_new_tokens": 96}
    small_llama().save(run / "policy")
    assert (place_of(str(run)), place_of("other"), place_of("nano")) == ("runs/webrl/policy", "other", "nano")
    assert acts_as(config(), str(run)) == MODEL
    assert acts_as(config(), "other") == acts_as(config(), "nano") == nano


def test_the_pages_must_be_those_that_it_learned_on(run: Path) -> None:
    out = Path("runs/orm")
    (problem,) = policy_conflicts(config(), out)
    assert problem == "run: runs/webrl/sft learned on pages of env.profile=webrl (env=chromium), got 'full'"
    assert not list(policy_conflicts(config("env=chromium", "env.profile=webrl"), out))
    assert not list(policy_conflicts(config("policies.Mine=other"), out))
    written(run, prompt="webrl_llama3")
    (problem,) = policy_conflicts(config("policies.Mine=runs/webrl"), out)
    assert problem.startswith("policies.Mine: runs/webrl holds no policy yet")
    (problem,) = policy_conflicts(config("policies.Mine=runs/webrl/sft"), out)
    assert problem == "policies.Mine: runs/webrl/sft is prompted as webrl_llama3 and needs env.profile=webrl"
    (out / "judged").mkdir(parents=True)
    (out / "judged" / "Mine.jsonl.gz").touch()  # it has nothing to do any more
    assert not list(policy_conflicts(config("policies.Mine=runs/webrl/sft"), out))


def test_a_model_that_is_needed_yet_must_be_there(run: Path) -> None:
    out = Path("runs/orm")
    there = ("env=chromium", "env.profile=webrl")
    assert list(policy_conflicts(config("policies.SFT=runs/sftt", "start=/typo", *there), out)) == [
        "policies.SFT: runs/sftt holds no model (there is no config.json or adapter_config.json)",
        "start: /typo holds no model (there is no config.json or adapter_config.json)",
    ]
    (out / "orm").mkdir(parents=True)
    assert not list(policy_conflicts(config("start=/typo", *there), out))
    alone = compose_config("train_orm", ["policy=./typo"])
    assert {problem.partition(" ")[0] for problem in policy_conflicts(alone, Path("runs/new"))} == {"policy:"}


def test_a_setting_that_it_would_not_take_is_refused_where_it_is_named(run: Path) -> None:
    given = config("model.max_new_tokens=20")
    require_no_other(given, ["model.dtype"])
    require_no_other(config("model.max_new_tokens=12"), ["model.max_new_tokens"])
    with pytest.raises(ConfigConflict) as refused:
        require_no_other(given, ["model.max_new_tokens"])
    said = "model.max_new_tokens=20 means nothing to runs/webrl/sft, which acts as its run says (12)"
    assert str(refused.value) == said
