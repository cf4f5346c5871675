"""Makes environments and fetches task suites through Gymnasium, the only door between learner and environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

import webrl_gym
from webrl_gym.deployment.addresses import find_deployment
from webrl_gym.errors import InfrastructureError
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.registry import find_page_suite
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Observation, Site

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv


def blank_observation() -> Observation:
    """What stands for a page that could not be opened."""
    return Observation(instruction="", url="", html="", last_action_error="")


class ReportedResets(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Reports an ``InfrastructureError`` of ``reset`` as ``info["failure"]``, as ``step`` does.

    An exception would end the worker process of a ``SubprocVecEnv``; wrapped in this, the slot lives on.
    """

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """The inner reset, or an empty observation and the failure.

        Args:
            seed: Seed of the environment.
            options: Passed on.
        """
        try:
            return self.env.reset(seed=seed, options=options)
        except InfrastructureError as error:
            return blank_observation(), {"failure": f"{type(error).__name__}: {error}"}


def make_env(suite: str, only_sites: Sequence[str], settings: Mapping[str, Any]) -> gymnasium.Env[Observation, str]:
    """One environment.

    Args:
        suite: Name of its task suite.
        only_sites: Keep only tasks that need no other sites than these.
        settings: The configuration group ``env``: ``engine``, ``profile``, ``budget``, ``stable_ids``, ``max_steps``,
            ``semantics``, ``early_stops``, ``task_file``, ``overrides``, ``judge``, ``chromium_path``, ``sites``,
            ``deployment``.
    """
    return gymnasium.make(
        webrl_gym.ENV_ID,
        disable_env_checker=True,
        suite=suite,
        only_sites=list(only_sites),
        engine=settings["engine"],
        profile=settings["profile"],
        budget=settings["budget"],
        stable_ids=settings["stable_ids"],
        max_steps=settings["max_steps"],
        semantics=settings["semantics"],
        early_stops=settings["early_stops"],
        task_file=settings["task_file"],
        overrides=settings["overrides"],
        judge=settings["judge"],
        chromium_path=settings["chromium_path"],
        sites=settings["sites"],
        deployment=settings["deployment"],
    )


def environment_problem(argument: str, value: Any) -> str:
    """What the environment says to a value of one of its arguments; empty where it takes it.

    Args:
        argument: One that concerns neither suite nor engine, such as ``max_steps``, ``semantics`` or ``judge``.
        value: For it.
    """
    try:
        # The static engine costs milliseconds; whether there is a browser is another question.
        gymnasium.make(webrl_gym.ENV_ID, disable_env_checker=True, **{argument: value}).close()
    except ValueError as error:
        return str(error)
    return ""


def make_vec_env(suite: str, only_sites: Sequence[str], settings: Mapping[str, Any]) -> VecEnv:
    """``num_envs`` environments of this process, for a policy that answers in batches; arguments as ``make_env``."""
    # It loads torch, which a benchmark of agents that are no models never needs.
    from stable_baselines3.common.vec_env import DummyVecEnv

    return DummyVecEnv([lambda: make_env(suite, only_sites, settings)] * int(settings["num_envs"]))


def environment_seed(seed: int, index: int) -> int:
    """The seed of the environment for the task at a place, the same whichever slot takes it.

    Args:
        seed: Seed of the collection, >= 0.
        index: Place of the task, >= 0.
    """
    return int(np.random.SeedSequence((seed, index)).generate_state(1)[0])


def addresses_of(settings: Mapping[str, Any]) -> dict[str, str] | None:
    """Root of each site of the deployment by the site's name; None on the embedded sites.

    Raises:
        ValueError: If the deployment's addresses cannot be used.
    """
    if settings["sites"] != "urls":
        return None
    options = settings["deployment"] or {}
    deployment = find_deployment(options.get("urls"), options.get("extra_origins") or ())
    return {site.value: root for site, root in deployment.urls.items()}


def sites_there(only_sites: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    """``only_sites`` without those that a deployment does not have; all that it has when that is empty.

    Raises:
        ValueError: If the deployment's addresses cannot be used, or none of the sites is there.
    """
    addresses = addresses_of(settings)
    if addresses is None:
        return list(only_sites)
    there = [site for site in addresses if not only_sites or site in only_sites]
    if not there:
        raise ValueError(f"the deployment has none of the sites {', '.join(only_sites)}")
    return there


@cache
def held_out_tasks() -> tuple[Task, ...]:
    """The embedded sites' validation and test tasks, on which nothing is ever trained."""
    return tuple(task for name in ("practice-valid", "practice-test", "practice-test-large") for task in suite_of(name))


def suite_of(name: str, only_sites: Sequence[str] = (), settings: Mapping[str, Any] | None = None) -> TaskSuite:
    """The suite called ``name``, as the environment has it.

    Args:
        name: Its name.
        only_sites: Keep only tasks that need no other sites than these.
        settings: The configuration group ``env``, on which the official tasks depend.

    Raises:
        ValueError: If there is no such suite or site.
        TaskFileError: If the suite's pages are not installed.
    """
    pages = find_page_suite(name)
    if pages is not None:  # its environment would start a browser
        return pages.only([Site(site) for site in only_sites]) if only_sites else pages
    read = {key: settings[key] for key in ("semantics", "task_file", "overrides")} if settings else {}
    env = gymnasium.make(webrl_gym.ENV_ID, disable_env_checker=True, suite=name, only_sites=list(only_sites), **read)
    suite: TaskSuite = env.get_wrapper_attr("suite")
    env.close()
    return suite
