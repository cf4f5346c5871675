"""The policies whose attempts ``webrl-orm`` takes: which they are, and that each acts as its training run says.

A policy under another prompt, budget or view of the pages than its own makes other attempts, and no number says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.benchmark_conflicts import prompt_conflicts
from agents.errors import CheckpointCorrupt, CheckpointError, ConfigConflict
from agents.model_agent import KEYS, model_agent, policy_folder
from agents.model_record import folder_problem
from agents.orm_conflicts import start_of
from agents.run_folder import stored_config

_OF_ACTING = ("model.max_prompt_tokens", "model.max_new_tokens")
"""Settings that mean nothing to a judge."""


def judged_policies(config: Mapping[str, Any]) -> dict[str, str]:
    """Policies to judge, by name: those that are named, or the run's.

    Args:
        config: ``conf/train_orm.yaml``, composed.
    """
    if config["policies"]:
        return {str(name): str(folder) for name, folder in config["policies"].items()}
    if not config["run"]:
        return {"the policy": attempting_policy(config)}
    found = {"SFT": Path(config["run"], "sft"), "final": Path(config["run"], "policy")}
    return {name: str(folder) for name, folder in found.items() if folder.exists()}


def attempting_policy(config: Mapping[str, Any]) -> str:
    """The policy that attempts tasks where there are no trajectories.

    Args:
        config: ``conf/train_orm.yaml``, composed.
    """
    return str(config["policy"] or config["model"]["name_or_path"])


def acts_as(config: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """How a policy is loaded, prompted and cut (``agents.model_agent.KEYS``): as its run says, else as ``model`` does.

    Args:
        config: ``conf/train_orm.yaml``, composed.
        policy: A folder, or a model's name.
    """
    own = (_trained_as(policy) or {}).get("model", {})
    return {key: own.get(key, config["model"][key]) for key in KEYS}


def place_of(policy: str) -> str:
    """What a policy is loaded from: of a run's folder, the policy in it.

    Args:
        policy: A folder, or a model's name.

    Raises:
        ValueError: If it is a folder and holds no model.
    """
    return str(policy_folder(Path(policy))) if Path(policy).is_dir() else policy


def policy_conflicts(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What is wrong with the models that are needed yet: to attempt tasks, or to become the judge; one sentence each.

    Args:
        config: ``conf/train_orm.yaml``, composed.
        folder: Of the run of ``webrl-orm``; what is done there needs no model.
    """
    acting = {
        f"policies.{name}" if config["policies"] else "run" if config["run"] else "policy": policy
        for name, policy in judged_policies(config).items()
        if not (folder / "judged" / f"{name}.jsonl.gz").exists()
    }
    needs_attempts = not config["trajectories"] and not config["run"] and not (folder / "orm").exists()
    if needs_attempts and not (folder / "attempts.jsonl.gz").exists():
        acting["policy"] = attempting_policy(config)
    needed = {**acting, **({} if (folder / "orm").exists() else {_start_key(config): start_of(config)})}
    yield from (f"{key}: {problem}" for key, model in needed.items() if (problem := folder_problem(model)))
    for key, policy in acting.items():
        if Path(policy).is_dir() and not folder_problem(policy):
            yield from (f"{key}: {problem}" for problem in _acting_conflicts(config, policy))


def require_no_other(config: Mapping[str, Any], named: Collection[str]) -> None:
    """Refuses settings for acting that a run's policy would not take.

    Args:
        config: ``conf/train_orm.yaml``, composed.
        named: Keys and groups that were given a value.

    Raises:
        ConfigConflict: If one was named that is another than the run's own; all of them in one message.
    """
    problems = []
    for policy in judged_policies(config).values():
        for key in _OF_ACTING:
            own, given = acts_as(config, policy)[key.partition(".")[2]], config["model"][key.partition(".")[2]]
            if key in named and own != given:
                problems.append(f"{key}={given} means nothing to {policy}, which acts as its run says ({own})")
    if problems:
        raise ConfigConflict("\n".join(problems))


def _start_key(config: Mapping[str, Any]) -> str:
    """The key that names the model which becomes the judge."""
    return next((key for key in ("start", "run", "policy") if config[key]), "model.name_or_path")


def _acting_conflicts(config: Mapping[str, Any], policy: str) -> list[str]:
    said = acts_as(config, policy)
    try:
        agent = model_agent({"agent": policy, **said})
    except (ValueError, OSError, CheckpointError) as error:
        return [str(error)]
    problems = prompt_conflicts({"env": config["env"], "agent": policy, "cut": said["cut"]}, agent)
    trained_on = (_trained_as(policy) or {}).get("env", {}).get("profile")
    if not problems and trained_on not in (None, config["env"]["profile"]):
        engine = " (env=chromium)" if trained_on == "webrl" else ""
        problems = [f"{policy} learned on pages of env.profile={trained_on}{engine}, got {config['env']['profile']!r}"]
    return problems


def _trained_as(policy: str) -> dict[str, Any] | None:
    """The configuration of the run that a policy comes from; None for other models."""
    try:
        return stored_config(policy_folder(Path(policy)).parent)
    except (FileNotFoundError, ValueError, CheckpointCorrupt):
        return None
