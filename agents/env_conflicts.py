"""Impossible values of what environments are made of (``env``, suites, ``only_sites``), found before one is needed.

The environment itself is asked, on embedded sites and without a browser, so that both say the same; loads no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents.environments import environment_problem, suite_of
from agents.server_conflicts import server_conflicts
from webrl_gym.errors import TaskFileError
from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Site

_CHOICES = {"engine": ("static", "chromium"), "profile": ("full", "webrl"), "sites": ("embedded", "urls")}
_SWITCHES = ("stable_ids", "overrides")
"""What of the group is true or false; any text (Hydra reads ``no`` and ``off`` as one) would count as true."""
_ASKED = ("max_steps", "budget", "semantics", "early_stops", "judge")
"""What the environment is asked about, each for itself."""


def env_conflicts(config: Mapping[str, Any], suites: Mapping[str, Any]) -> list[str]:
    """What is wrong with the environments of a configuration, one sentence each.

    Args:
        config: Of any command; ``env`` and ``only_sites`` are looked at.
        suites: The suites that it names, by their whole keys.
    """
    env = config["env"]
    found, problems = _suites(suites, env)
    return [
        *problems,
        *_sites_conflicts(config["only_sites"], found),
        *_value_conflicts(env),
        *_refused_values(env),
        *_combination_conflicts(env, suites),
    ]


def _suites(suites: Mapping[str, Any], env: Mapping[str, Any]) -> tuple[list[TaskSuite], list[str]]:
    """The suites that there are, and what is wrong with the others."""
    found, problems = [], []
    for key, name in suites.items():
        if not isinstance(name, str):
            problems.append(f"{key} must be the name of a suite, got {name!r}")
            continue
        read = {"semantics": "vab", "overrides": True, "task_file": env["task_file"] if name == OFFICIAL else None}
        try:
            found.append(suite_of(name, settings=read))
        except TaskFileError:
            continue  # files that are not installed contradict nothing; whoever reads the suite says what to install
        except ValueError as error:
            problems.append(f"{key}: {error}")
    return found, problems


def _sites_conflicts(only_sites: Any, suites: list[TaskSuite]) -> Iterator[str]:
    if not isinstance(only_sites, list) or not all(isinstance(name, str) for name in only_sites):
        yield f"only_sites must be a list of sites, as in [gitlab,map], got {only_sites!r}"
        return
    unknown = [name for name in only_sites if name not in tuple(Site)]
    if unknown:
        names = ", ".join(map(repr, unknown))
        yield f"only_sites: there is no site {names}; choose from {', '.join(Site)}"
    elif only_sites:
        for suite in suites:
            try:
                suite.only([Site(name) for name in only_sites])
            except ValueError as error:
                yield f"only_sites: {error}"


def _value_conflicts(env: Mapping[str, Any]) -> Iterator[str]:
    for key, choices in _CHOICES.items():
        if env[key] not in choices:
            yield f"env.{key} must be one of {', '.join(choices)}, got {env[key]!r}"
    for key in _SWITCHES:
        if not isinstance(env[key], bool):
            yield f"env.{key} must be true or false, got {env[key]!r}"
    if isinstance(env["judge"], Mapping) and "api_key_variable" in env["judge"]:
        yield from server_conflicts({"api_key_variable": env["judge"]["api_key_variable"]}, "env.judge.")
    if type(env["num_envs"]) is not int or env["num_envs"] < 1:
        yield f"env.num_envs must be a whole number of at least 1, got {env['num_envs']!r}"


def _refused_values(env: Mapping[str, Any]) -> Iterator[str]:
    for key in _ASKED:
        problem = environment_problem(key, env[key])
        if problem:
            yield f"env.{problem}" if problem.startswith(f"{key} ") else f"env.{key}: {problem}"


def _combination_conflicts(env: Mapping[str, Any], suites: Mapping[str, Any]) -> Iterator[str]:
    if env["profile"] == "webrl" and env["engine"] == "static":
        yield "env.profile=webrl needs env.engine=chromium, got 'static'"
    if env["profile"] == "webrl" and env["stable_ids"] is True:
        yield "env.stable_ids=true is for env.profile=full: profile webrl numbers each page anew"
    if env["task_file"] is not None and OFFICIAL not in suites.values():
        yield f"env.task_file is for suite {OFFICIAL}, got {env['task_file']!r}"
