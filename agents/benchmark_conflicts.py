"""Contradictions and impossible values of a benchmark's configuration, all found before the first episode."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any

from agents.actors import BUILT_IN_AGENTS
from agents.env_conflicts import env_conflicts
from agents.look_log import TEST_SUITES
from agents.model_agent import KEYS, ModelAgent
from agents.model_record import CUTS, DTYPES, PROMPTS
from agents.released_prompt import RELEASED_CHARACTERS
from agents.server_conflicts import SERVER_KEYS, server_conflicts
from webrl_gym.tasks.official.suite import NAME as OFFICIAL


def benchmark_conflicts(
    config: Mapping[str, Any], policy: ModelAgent | None = None, named: Collection[str] = ()
) -> list[str]:
    """Every contradiction in a benchmark configuration, one sentence each.

    Args:
        config: ``conf/benchmark.yaml``, composed.
        policy: The agent's model, where the agent is a folder.
        named: Keys that were given a value.
    """
    problems = _agent_conflicts(config) + _deployment_conflicts(config) + _run_conflicts(config)
    problems += _idle_conflicts(config, policy is not None, named)
    problems += env_conflicts(config, {"suite": config["suite"]})
    if policy is not None:
        return problems + _policy_conflicts(config, policy) + prompt_conflicts(config, policy)
    name = str(config["agent"] or "")
    if name not in BUILT_IN_AGENTS and ":" not in name:
        return [*problems, no_agent(name)]  # and no word of the keys that a folder of that name would take
    return problems + [
        f"{key} means nothing to agent={config['agent']}; it belongs to a model's folder"
        for key in KEYS
        if config[key] is not None
    ]


def _idle_conflicts(config: Mapping[str, Any], is_model: bool, named: Collection[str]) -> Iterator[str]:
    """Keys that were given a value and decide nothing."""
    agent = config["agent"]
    if agent != "openai":
        owners = dict.fromkeys(("max_tokens", "timeout_s", "api_key_variable"), "agent=openai")
        if is_model:
            owners["max_tokens"] += "; a model's folder takes max_new_tokens"
        else:
            owners["temperature"] = "agent=openai and to a model's folder"
        for key in (key for key in owners if key in named):
            yield f"{key} means nothing to agent={agent}; it belongs to {owners[key]}"
    if "env.num_envs" in named and config["env"]["num_envs"] != 1 and not is_model:
        yield (
            f"env.num_envs means nothing to agent={agent}, whose episodes are played one after the other; it belongs "
            "to a model's folder"
        )


def no_agent(name: str) -> str:
    """What to say where nothing is called ``name``."""
    built_in = ", ".join(BUILT_IN_AGENTS)
    return f"there is no agent and no folder {name!r}: choose one of {built_in}, package.module:Class, or a run folder"


def _policy_conflicts(config: Mapping[str, Any], policy: ModelAgent) -> list[str]:
    # Imported here: it loads torch, which other agents do not need.
    from agents.config_conflicts import device_conflicts

    problems = device_conflicts("device", config["device"])
    if config["autocast"] not in (True, False, "auto"):
        problems.append(f"autocast must be one of True, False, auto, got {config['autocast']!r}")
    for key, choices in (("prompt", PROMPTS), ("cut", CUTS), ("dtype", DTYPES)):
        if config[key] is not None and config[key] not in choices:
            problems.append(f"{key} must be null or one of {', '.join(choices)}, got {config[key]!r}")
    problems += [
        f"{key} must be null or a whole number of at least 1, got {config[key]!r}"
        for key in ("max_prompt_tokens", "max_new_tokens")
        if config[key] is not None and (type(config[key]) is not int or config[key] < 1)
    ]
    if policy.context is not None:
        problems += [
            f"{key} must be {'below' if is_written else 'at most'} the context of {config['agent']}, {policy.context} "
            f"tokens; got {config[key]}"
            for key, is_written in (("max_prompt_tokens", False), ("max_new_tokens", True))
            if type(config[key]) is int and config[key] >= policy.context + (not is_written)
        ]
    if policy.adapted_dtype not in ("", policy.dtype):
        problems.append(
            f"dtype must be null or {policy.adapted_dtype}, that of the weights on which the adapters of "
            f"{config['agent']} learned; got {policy.dtype!r}"
        )
    return problems


def prompt_conflicts(config: Mapping[str, Any], policy: ModelAgent) -> list[str]:
    """A released prompt belongs to its own view of a page; and what nobody said of a prompt is not guessed there.

    Args:
        config: ``env``, the folder's name as ``agent``, and ``cut``.
        policy: The model in that folder.
    """
    env, record, name = config["env"], policy.record, config["agent"]
    if record.prompt == "auto":
        problems = []
        if config["cut"] == "characters":
            problems.append("cut=characters belongs to the released policies' prompts, got prompt 'auto'")
        if env["profile"] == "webrl" and not policy.is_prompt_known:
            problems.append(
                f"env.profile=webrl is read by WebRL's released policies, and {name} does not say how it is prompted: "
                "give prompt=webrl_llama3 or prompt=webrl_glm4 for theirs, prompt=auto for our own"
            )
        return problems
    if env["profile"] != "webrl":
        return [f"{name} is prompted as {record.prompt} and needs env.profile=webrl"]
    if record.cut == "characters" and isinstance(env["budget"], int) and env["budget"] < RELEASED_CHARACTERS:
        return [
            f"env.budget must be at least {RELEASED_CHARACTERS} for {name}, whose prompt {record.prompt} cuts pages "
            f"itself; got {env['budget']}"
        ]
    return []


def _agent_conflicts(config: Mapping[str, Any]) -> list[str]:
    problems = []
    if config["agent"] == "openai":
        missing = [key for key in ("base_url", "model") if not config[key]]
        problems += [f"agent=openai needs {key}=..." for key in missing]
        problems += server_conflicts({key: config[key] for key in SERVER_KEYS if key not in missing})
    else:
        problems += [
            f"{key} means nothing to agent={config['agent']}; it belongs to agent=openai"
            for key in ("base_url", "model")
            if config[key]
        ]
    timeout = config["timeout_s"]
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < inf:
        problems.append(f"timeout_s must be a number above 0, got {timeout!r}")
    if config["agent_arguments"] and ":" not in str(config["agent"]):
        problems.append("agent_arguments belong to agent=package.module:Class")
    return problems


def _deployment_conflicts(config: Mapping[str, Any]) -> list[str]:
    problems = []
    if config["env"]["sites"] == "urls" and config["suite"] != OFFICIAL:
        problems.append(f"env.sites=urls needs suite={OFFICIAL}: the other suites are about data of their own")
    if config["env"]["sites"] == "urls" and config["env"]["num_envs"] != 1:
        problems.append(
            "env.num_envs must be 1 with env.sites=urls: an episode that changes something has the deployment alone, "
            f"and environments in step would wait for each other; got {config['env']['num_envs']!r}"
        )
    return problems


def _run_conflicts(config: Mapping[str, Any]) -> list[str]:
    problems = []
    if not isinstance(config["screenshots"], bool):
        problems.append(f"screenshots must be true or false, got {config['screenshots']!r}")
    elif config["screenshots"] and config["env"]["engine"] != "chromium":
        problems.append("screenshots=true needs env=chromium")
    problems += _log_conflicts(config)
    for key, least, may_be_null in (("limit", 1, True), ("seed", 0, False), ("max_tokens", 1, True)):
        value = config[key]
        if not (value is None and may_be_null) and (type(value) is not int or value < least):
            problems.append(
                f"{key} must be {'null or ' * may_be_null}a whole number of at least {least}, got {value!r}"
            )
    temperature = config["temperature"]
    if temperature is None and config["agent"] == "openai":  # left out of the request
        return problems
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0 <= temperature < inf:
        problems.append(f"temperature must be a number of at least 0, got {temperature!r}")
    return problems


def _log_conflicts(config: Mapping[str, Any]) -> list[str]:
    """Whether the log of looks can be written: after the panel it would be too late."""
    if not config["test_log"]:
        return ["test_log must name a file: every look at practice-test leaves a line there"]
    if config["suite"] not in TEST_SUITES:
        return []
    path = Path(str(config["test_log"]))
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    place = path if path.exists() else folder
    is_right = path.is_file() if path.exists() else folder.is_dir()
    if is_right and os.access(place, os.W_OK):
        return []
    return [f"test_log must name a file that can be written, got {config['test_log']!r} (look at {place})"]
