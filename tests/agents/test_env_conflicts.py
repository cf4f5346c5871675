"""What is wrong with environments, suites and sites, told at once and before there is an environment."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest

from agents.env_conflicts import env_conflicts
from agents.hydra_entry import compose_config


@cache
def composed() -> dict[str, Any]:
    return compose_config("benchmark")


def told(only_sites: Any = (), suite: Any = "practice-valid", **env: Any) -> list[str]:
    config = copy.deepcopy(composed())
    config["only_sites"] = list(only_sites) if isinstance(only_sites, tuple) else only_sites
    config["env"].update(env)
    return env_conflicts(config, {"suite": suite})


def test_the_shipped_configurations_hold_no_conflict() -> None:
    assert told() == []
    assert told(("map", "gitlab"), engine="chromium", profile="webrl") == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"max_steps": 0}, "env.max_steps must be a whole number of at least 1, got 0"),
        ({"budget": "big"}, "env.budget must be a whole number of at least 500 characters, got 'big'"),
        ({"semantics": "none"}, "env.semantics must be vab or browsergym, got 'none'"),
        ({"early_stops": "no"}, "env.early_stops must be true, false or nothing, got 'no'"),
        ({"judge": {"base_url": "http://x/v1"}}, "env.judge: a judge needs the name of its model: model=..."),
        ({"engine": "netscape"}, "env.engine must be one of static, chromium, got 'netscape'"),
        ({"profile": "half"}, "env.profile must be one of full, webrl, got 'half'"),
        ({"sites": "moon"}, "env.sites must be one of embedded, urls, got 'moon'"),
        ({"stable_ids": "no"}, "env.stable_ids must be true or false, got 'no'"),
        ({"overrides": "off"}, "env.overrides must be true or false, got 'off'"),
        ({"num_envs": 0}, "env.num_envs must be a whole number of at least 1, got 0"),
        ({"num_envs": True}, "env.num_envs must be a whole number of at least 1, got True"),
        ({"profile": "webrl"}, "env.profile=webrl needs env.engine=chromium, got 'static'"),
        (
            {"profile": "webrl", "engine": "chromium", "stable_ids": True},
            "env.stable_ids=true is for env.profile=full: profile webrl numbers each page anew",
        ),
        ({"task_file": "mine.json"}, "env.task_file is for suite webarena-lite, got 'mine.json'"),
        ({"suite": None}, "suite must be the name of a suite, got None"),
        ({"only_sites": None}, "only_sites must be a list of sites, as in [gitlab,map], got None"),
        ({"only_sites": ("homepage",)}, "only_sites: suite practice-valid has no task on only ['homepage']"),
    ],
)
def test_a_value_that_cannot_be_is_named(values: dict[str, Any], said: str) -> None:
    assert told(**values) == [said]


def test_everything_is_told_at_once() -> None:
    found = told(("myspace", "map", "orkut"), "practice-tets", max_steps=0, semantics="none", stable_ids="no")
    assert [line.partition(" ")[0] for line in found] == [
        *("suite:", "only_sites:", "env.stable_ids", "env.max_steps", "env.semantics")
    ]
    assert "did you mean practice-test?" in found[0]
    assert "there is no site 'myspace', 'orkut'; choose from" in found[1]
