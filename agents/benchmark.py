"""``webrl-benchmark``: runs one agent over a panel of tasks, by Hydra configuration (``conf/benchmark.yaml``)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.actors import Agent, FixedAgent, OpenAIAgent, RandomAgent, ScriptedOracle, load_agent
from agents.console import ConsoleProgress
from agents.environments import make_env, make_vec_env, suite_of
from agents.errors import ConfigConflict
from agents.hydra_entry import run_entry_point
from agents.metrics import Progress
from agents.panel import PanelFolder, run_agent, run_policy
from agents.results import EpisodeResult, as_record, failure_counts, markdown_table, slice_rates
from agents.run_card import run_card
from webrl_gym.tasks.suite import TaskSuite

_BUILT_IN = ("oracle", "random", "do_nothing", "na_at_once", "openai")


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("benchmark", benchmark)


def benchmark(config: dict[str, Any]) -> int:
    """Runs one agent, prints its table, and writes results, trajectories and the run card."""
    results, folder = run_panel(config, ConsoleProgress(f"{config['agent']}: "))
    print(markdown_table({str(config["agent"]): results}))
    print(" | ".join(f"{name} {value}" for name, value in slice_rates(results).items()))
    not_scored = failure_counts(results)
    if not_scored:
        print("not counted: " + ", ".join(f"{count} {status}" for status, count in not_scored.items()))
    print(f"results, trajectories and run card: {folder}")
    return 0


def run_panel(config: Mapping[str, Any], progress: Progress) -> tuple[list[EpisodeResult], Path]:
    """Runs the agent that a benchmark configuration names over its panel.

    Returns:
        The results in panel order and the folder that holds them.

    Raises:
        ConfigConflict: If values of the configuration contradict each other; all of them in one message.
        ValueError: If there is no such agent or suite.
        CheckpointMismatch: If the output folder holds results of another agent or panel.
    """
    problems = conflicts(config)
    if problems:
        raise ConfigConflict("\n".join(problems))
    suite = suite_of(config["suite"], config["only_sites"])
    tasks = suite.tasks[: config["limit"]]
    name = str(config["agent"])
    folder = Path(
        config["output"] or Path(config["paths"]["runs"]) / "benchmark" / config["suite"] / _folder_name(name)
    )
    model_files: list[Path] = []
    if _is_policy(name):
        policy_folder = _policy_folder(Path(name))
        model_files = list(policy_folder.glob("*.safetensors"))
        results = _run_policy(config, policy_folder, PanelFolder(folder, name, tasks), progress)
    else:
        agent = make_agent(config, suite)
        env = make_env(config["suite"], config["only_sites"], config["env"])
        try:
            results = run_agent(env, agent, PanelFolder(folder, name, tasks), seed=config["seed"], progress=progress)
        finally:
            env.close()
    card = run_card(
        config=config,
        panel=[task.task_id for task in tasks],
        seeds=[config["seed"]],
        engine=config["env"]["engine"],
        model_files=model_files,
        failures=failure_counts(results),
    )
    record = {**card, **as_record(results)}
    (folder / "card.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return results, folder


def make_agent(config: Mapping[str, Any], suite: TaskSuite) -> Agent:
    """The agent that a benchmark configuration names, policies apart.

    Raises:
        ValueError: If there is none; the message lists the built-in ones.
    """
    name = str(config["agent"])
    match name:
        case "oracle":
            return ScriptedOracle(suite.get)
        case "random":
            return RandomAgent(config["seed"])
        case "do_nothing":
            return FixedAgent("")
        case "na_at_once":
            return FixedAgent("N/A")
        case "openai":
            return OpenAIAgent(config["base_url"], config["model"], config["api_key_variable"], config["temperature"])
    if ":" in name:
        sys.path.insert(0, "")  # the user's own module may lie in the current folder
        return load_agent(name, config["agent_arguments"])
    raise ValueError(
        f"there is no agent {name!r}: choose one of {', '.join(_BUILT_IN)}, package.module:Class, or a run folder"
    )


def conflicts(config: Mapping[str, Any]) -> list[str]:
    """Every contradiction in a benchmark configuration, one sentence each."""
    problems = []
    if config["agent"] == "openai":
        problems += [f"agent=openai needs {key}=..." for key in ("base_url", "model") if not config[key]]
    elif config["base_url"]:
        problems.append(f"base_url means nothing to agent={config['agent']}; it belongs to agent=openai")
    if config["agent_arguments"] and ":" not in str(config["agent"]):
        problems.append("agent_arguments belong to agent=package.module:Class")
    if config["limit"] is not None and config["limit"] < 1:
        problems.append(f"limit must be at least 1, got {config['limit']}")
    return problems


def _run_policy(
    config: Mapping[str, Any], policy_folder: Path, panel: PanelFolder, progress: Progress
) -> list[EpisodeResult]:
    # Imported here: the floors and other people's agents need no language model.
    from agents.models import load_model
    from agents.policy import LLMPolicy
    from agents.rollout import RolloutCollector

    policy = LLMPolicy(load_model(str(policy_folder), autocast=config["autocast"]))
    vec_env = make_vec_env(config["suite"], config["only_sites"], config["env"])
    try:
        collector = RolloutCollector(vec_env, policy)
        return run_policy(collector, panel, temperature=config["temperature"], seed=config["seed"], progress=progress)
    finally:
        vec_env.close()


def _is_policy(name: str) -> bool:
    return name not in _BUILT_IN and ":" not in name and Path(name).is_dir()


def _policy_folder(folder: Path) -> Path:
    """The model folder inside a run folder, or the folder itself when it is one."""
    for candidate in (folder / "policy", folder):
        if (candidate / "config.json").exists() and list(candidate.glob("*.safetensors")):
            return candidate
    raise ValueError(
        f"{folder} holds no policy yet: finish the run with webrl-train resume={folder}, or name its sft folder"
    )


def _folder_name(agent: str) -> str:
    return re.sub(r"[^\w.-]+", "_", agent).strip("_")


if __name__ == "__main__":
    sys.exit(main())
