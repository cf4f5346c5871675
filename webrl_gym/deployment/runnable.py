"""Which tasks can run on a deployment, and what the others miss."""

from __future__ import annotations

from collections.abc import Mapping

from webrl_gym.deployment.addresses import Deployment
from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Site

LeftOut = Mapping[str, tuple[Site, ...]]
"""Ids of tasks that cannot run, with the sites that each misses."""
_NAMES_SHOWN = 12


def runnable(suite: TaskSuite, deployment: Deployment) -> tuple[TaskSuite, LeftOut]:
    """The tasks of a suite whose sites are all there, and the others.

    Raises:
        ValueError: If the suite is not about real sites, or no task can run.
    """
    if suite.name != OFFICIAL:
        raise ValueError(
            f'sites="urls" is for the suite {OFFICIAL}; the tasks of {suite.name} are about data that real sites do '
            "not have"
        )
    left_out = deployment.left_out(suite)
    if len(left_out) == len(suite):
        raise ValueError(f"no task of {suite.name} can run: {missing_in_words(left_out)}")
    return (suite.only(deployment.urls) if left_out else suite), left_out


def refuse_left_out(task_id: str, left_out: LeftOut) -> None:
    """Raises ``ValueError`` with what a task misses if it is one of those that cannot run."""
    missing = left_out.get(task_id)
    if missing:
        variables = " and ".join(site.name for site in missing)
        raise ValueError(f"{task_id} needs {' and '.join(missing)}, which has no address: set {variables}")


def missing_in_words(left_out: LeftOut) -> str:
    """What the left out tasks miss: how many need which site, by name."""
    groups: dict[tuple[Site, ...], list[str]] = {}
    for task_id, sites in left_out.items():
        groups.setdefault(tuple(sorted(sites)), []).append(task_id.rpartition("/")[2])
    return "; ".join(
        f"{len(ids)} need {' and '.join(sites)} ({_some(ids)}): set {' and '.join(site.name for site in sites)}"
        for sites, ids in groups.items()
    )


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:_NAMES_SHOWN]) + (" …" if len(ids) > _NAMES_SHOWN else "")
