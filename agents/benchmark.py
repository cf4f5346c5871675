"""``webrl-benchmark``: runs one agent over a panel of tasks, by Hydra configuration (``conf/benchmark.yaml``)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from agents.actors import BUILT_IN_AGENTS, Agent, FixedAgent, RandomAgent, ScriptedOracle, load_agent, version_of
from agents.atomic_file import replacing
from agents.benchmark_conflicts import benchmark_conflicts, no_agent
from agents.console import ConsoleProgress
from agents.environments import addresses_of, blank_observation, make_env, make_vec_env, sites_there, suite_of
from agents.errors import ConfigConflict
from agents.hydra_entry import named_keys, run_entry_point
from agents.look_log import TEST_SUITES, log_look
from agents.metrics import Progress
from agents.model_agent import KEYS, ModelAgent, is_model_agent, loaded_as, model_agent
from agents.model_record import DTYPES
from agents.panel import PanelFolder, run_agent, run_policy
from agents.results import (
    EpisodeResult,
    as_record,
    failure_counts,
    markdown_table,
    rate,
    site_state_counts,
    slice_rates,
)
from agents.run_card import commit, files_sha256, run_card, without_secrets
from agents.run_folder import run_lock
from agents.screenshots import FOLDER as SCREENSHOTS
from agents.screenshots import add_screenshots
from agents.server_agent import OpenAIAgent
from webrl_gym.tasks.official.suite import MENDED
from webrl_gym.tasks.official.suite import NAME as OFFICIAL
from webrl_gym.tasks.suite import TaskSuite

"""Names of agents; a folder of such a name is not looked at."""


def main() -> int:
    """Runs the command line; returns the exit status."""
    named = named_keys(sys.argv[1:])
    return run_entry_point("benchmark", lambda config: benchmark(config, named))


def benchmark(config: dict[str, Any], named: Collection[str] = ()) -> int:
    """Runs one agent, prints its table, and writes results, trajectories and the run card.

    Args:
        config: ``conf/benchmark.yaml``, composed.
        named: Keys and groups that were given a value.

    Returns:
        The exit status: 1 when not one episode counts.

    Raises:
        ConfigConflict: If values contradict each other, or a key was named that means nothing to the agent.
    """
    card = _output_folder(config) / "card.json"
    made_before = _modified(card)
    results, folder = run_panel(config, ConsoleProgress(f"{config['agent']}: "), tell=print, named=named)
    if _is_replica(config):
        print(
            "On the embedded replica of the official sites: not comparable with published scores (docs/replica.md).\n"
        )
    print(markdown_table({_shown_name(config): results}))
    if slices := slice_rates(results):
        print(" | ".join(f"{name} {value}" for name, value in slices.items()))
    not_scored = failure_counts(results)
    if not_scored:
        print("not counted: " + ", ".join(f"{count} {status}" for status, count in not_scored.items()))
    for line in _completion_lines(config, results):
        print(line)
    states = site_state_counts(results)
    if set(states) - {"clean"}:
        print("sites were found " + ", ".join(f"{state} {count} times" for state, count in states.items()))
    failed = [result for result in results if result.status == "failed"]
    if failed:
        print(f"the same command tries the failed ones again; the first, {failed[0].task_id}: {failed[0].detail}")
    if made_before is not None and made_before == _modified(card):
        print("nothing was run: these results were there already; another output=... runs the agent anew")
    print(f"results, trajectories and run card: {folder}")
    return 0 if rate(results).trials else 1


def run_panel(
    config: Mapping[str, Any],
    progress: Progress,
    tell: Callable[[str], object] = lambda _: None,
    named: Collection[str] = (),
) -> tuple[list[EpisodeResult], Path]:
    """Runs the agent that a benchmark configuration names over its panel.

    Args:
        config: ``conf/benchmark.yaml``, composed.
        progress: Shown one unit a task.
        tell: Is told that a panel goes on.
        named: Keys that were given a value; none may mean nothing to the agent.

    Returns:
        The results in panel order and the folder that holds them.

    Raises:
        ConfigConflict: If values of the configuration contradict each other; all of them in one message.
        ValueError: If there is no such agent or suite.
        CheckpointMismatch: If the output folder holds results of another agent, panel or setting.
        RunInUse: If another process runs this panel.
    """
    name = str(config["agent"] or "")
    policy = _policy_of(config)
    problems = benchmark_conflicts(config, policy, named)
    if problems:
        raise ConfigConflict("\n".join(problems))
    suite = suite_of(config["suite"], sites_there(config["only_sites"], config["env"]), config["env"])
    agent = None if policy is not None else make_agent(config, suite)
    tasks = suite.tasks[: config["limit"]]
    folder = _output_folder(config)
    folder.mkdir(parents=True, exist_ok=True)
    with run_lock(folder):
        panel = PanelFolder(folder, name, tasks, _what_decides(config, policy, agent), config["suite"], commit())
        results = panel.results
        # The card of finished work says how that was made, and stays.
        if panel.open_tasks or not (folder / "card.json").exists():
            if results:
                tell(f"going on: {len(results)} of {len(tasks)} episodes were there already")
            results = _play(config, panel, suite, policy, agent, progress)
        if config["screenshots"] and not (folder / SCREENSHOTS).exists():
            with closing(make_env(config["suite"], config["only_sites"], config["env"])) as env:
                add_screenshots(folder, env, [task.task_id for task in tasks], progress)
    return results, folder


def _play(
    config: Mapping[str, Any],
    panel: PanelFolder,
    suite: TaskSuite,
    policy: ModelAgent | None,
    agent: Agent | None,
    progress: Progress,
) -> list[EpisodeResult]:
    """Plays what is open, and writes the card and the line of the log."""
    card_path = panel.folder / "card.json"
    shown_before = len(panel.results) if card_path.exists() else 0
    results, prompt_text, was_stopped = panel.results, None, True
    try:
        if policy is not None:
            results, prompt_text = _run_policy(config, policy, panel, progress)
        elif agent is not None:
            prompt_text = getattr(agent, "prompt_text", None)
            with closing(make_env(config["suite"], config["only_sites"], config["env"])) as env:
                results = run_agent(env, agent, panel, seed=config["seed"], progress=progress)
        was_stopped = False
    finally:
        card = run_card(
            config=config,
            panel=[task.task_id for task in panel.tasks],
            seeds=[config["seed"]],
            engine=config["env"]["engine"],
            model=_model_name(config, policy),
            model_files=() if policy is None else policy.weights,
            prompt_text=prompt_text,
            failures=failure_counts(results),
        )
        if panel.commits:
            card["commit"] = ", ".join(panel.commits)
        # Before the card, so that a kill between the two cannot hide a look; and also where the run was stopped.
        if config["suite"] in TEST_SUITES and len(panel.results) > shown_before:
            log_look(Path(config["test_log"]), card, rate(panel.results), was_stopped=was_stopped)
    with replacing(card_path) as temporary:
        mended = [task.task_id for task in panel.tasks if MENDED in task.tags]
        official = {"left_out": _left_out(config, suite), "mended": mended, "replica": _is_replica(config)}
        full = {**card, **as_record(results), **official, "deployment": addresses_of(config["env"])}
        if config["agent"] == "openai" or policy is not None:
            full["unfinished_completions"], full["cut_pages"] = _completion_counts(results)
            full["tokens"] = _tokens(results)
        full["unreadable_actions"] = sum(result.unreadable for result in results)
        if policy is not None:
            full["loaded_as"] = loaded_as(policy)
        temporary.write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return results


def _completion_lines(config: Mapping[str, Any], results: Sequence[EpisodeResult]) -> Iterator[str]:
    """What a reader must know of a model's completions to believe the table."""
    completions = sum(result.steps for result in results)
    if unreadable := [result for result in results if result.unreadable]:
        count = sum(result.unreadable for result in unreadable)
        first = json.dumps(unreadable[0].first_unreadable, ensure_ascii=False)
        yield f"{count} of {completions} actions are none of the action language (docs/environment.md): {first}, ..."
    unfinished, cut_pages = _completion_counts(results)
    if unfinished:
        policy = _policy_of(config)
        key, most = (
            ("max_tokens", config["max_tokens"]) if policy is None else ("max_new_tokens", policy.max_new_tokens)
        )
        where, advice = (f"{key}={most}", "raise") if most else ("the server's own limit", "set")
        yield f"{unfinished} of {completions} completions were empty or cut at {where}: {advice} {key}"
    if cut_pages:
        yield f"{cut_pages} of {completions} pages were cut: the server found the prompt too long for its model"
    if (tokens := _tokens(results))["prompt"]:
        yield f"{tokens['prompt']:,} tokens were read, {tokens['completion']:,} written"


def _completion_counts(results: Sequence[EpisodeResult]) -> tuple[int, int]:
    """Completions that were empty or cut, and pages that were cut."""
    return sum(result.unfinished for result in results), sum(result.cut_pages for result in results)


def _tokens(results: Sequence[EpisodeResult]) -> dict[str, int]:
    """What models read and wrote, for whoever pays by it."""
    read, written = (result.prompt_tokens for result in results), (result.completion_tokens for result in results)
    return {"prompt": sum(read), "completion": sum(written)}


def make_agent(config: Mapping[str, Any], suite: TaskSuite) -> Agent:
    """The agent that a benchmark configuration names, policies apart.

    Raises:
        ValueError: If there is none; the message lists the built-in ones.
    """
    name = str(config["agent"] or "")
    match name:
        case "oracle":
            return ScriptedOracle(suite.get, suite.solve)
        case "random":
            return RandomAgent(config["seed"])
        case "do_nothing":
            return FixedAgent("")
        case "na_at_once":
            return FixedAgent("N/A")
        case "openai":
            names = ("base_url", "model", "api_key_variable", "temperature", "max_tokens", "timeout_s")
            return OpenAIAgent(**{name: config[name] for name in names})
    if ":" in name:
        sys.path.insert(0, "")  # the user's own module may lie in the current folder
        return load_agent(name, config["agent_arguments"])
    raise ValueError(no_agent(name))


def _what_decides(config: Mapping[str, Any], policy: ModelAgent | None, agent: Agent | None) -> dict[str, Any]:
    """What decides results beside agent and tasks; a folder holds results of one such set only."""
    keys = ["seed", "temperature", "agent_arguments", "base_url", "model"]
    if config["agent"] == "openai":
        keys.append("max_tokens")
    deciding = [
        *("engine", "profile", "budget", "stable_ids", "max_steps"),
        *("semantics", "early_stops", "overrides", "sites"),
    ]
    env = {key: config["env"][key] for key in deciding}
    env["judge"] = {key: config["env"]["judge"][key] for key in ("base_url", "model", "max_tokens", "temperature")}
    env["deployment"] = addresses_of(config["env"])
    if agent is not None and ":" in str(config["agent"]):
        env["agent_version"] = version_of(agent)
    model: dict[str, Any] = {"model_sha256": None}
    if policy is not None:
        keys.append("autocast")
        model = {"model_sha256": files_sha256(policy.weights), **{key: config[key] for key in KEYS}}
        # Full precision is what nobody says: panels that were begun before it could be said go on.
        model["dtype"] = None if policy.dtype == DTYPES[0] else policy.dtype
    return without_secrets({key: config[key] for key in keys} | env | model)


def _is_replica(config: Mapping[str, Any]) -> bool:
    """True for the official tasks on the embedded sites."""
    return bool(config["suite"] == OFFICIAL and config["env"]["sites"] == "embedded")


def _left_out(config: Mapping[str, Any], suite: TaskSuite) -> list[str]:
    """Ids of the tasks that a deployment cannot run."""
    if config["env"]["sites"] != "urls":
        return []
    kept = {task.task_id for task in suite}
    return [
        task.task_id
        for task in suite_of(config["suite"], config["only_sites"], config["env"])
        if task.task_id not in kept
    ]


def _output_folder(config: Mapping[str, Any]) -> Path:
    if config["output"]:
        return Path(config["output"])
    name = "_".join(str(part) for part in (config["agent"], config["model"]) if part)
    return Path(config["paths"]["runs"], "benchmark", config["suite"]) / re.sub(r"[^\w.-]+", "_", name).strip("_")


def _run_policy(
    config: Mapping[str, Any], agent: ModelAgent, panel: PanelFolder, progress: Progress
) -> tuple[list[EpisodeResult], str]:
    """Results, and the fixed text of the policy's prompt."""
    # Imported here: the floors and other people's agents need no language model.
    from agents.generation import InProcess
    from agents.models import load_model
    from agents.policy import LLMPolicy
    from agents.rollout import RolloutCollector

    language_model = load_model(
        str(agent.folder),
        device=config["device"],
        dtype=agent.dtype,
        autocast=config["autocast"],
        prompt=agent.record.prompt,
        cut=agent.record.cut,
    )
    backend = InProcess(language_model, max_new_tokens=agent.max_new_tokens)
    policy = LLMPolicy(language_model, max_tokens=agent.max_prompt_tokens, backend=backend)
    with closing(make_vec_env(config["suite"], config["only_sites"], config["env"])) as vec_env:
        results = run_policy(
            RolloutCollector(vec_env, policy),
            panel,
            temperature=config["temperature"],
            seed=config["seed"],
            progress=progress,
            end_ids=language_model.prompt_format.end_ids,
        )
    return results, policy.renderer.render(blank_observation(), []).text


def _model_name(config: Mapping[str, Any], policy: ModelAgent | None) -> str | None:
    """What the card calls the model; None where an agent has none that we know of."""
    if policy is not None:
        return policy.record.description
    return str(config["model"]) if config["agent"] == "openai" else None


def _shown_name(config: Mapping[str, Any]) -> str:
    """The agent in a table; a policy with what its model is."""
    name, policy = str(config["agent"] or ""), _policy_of(config)
    return name if policy is None else f"{name}: {policy.record.description}"


def _modified(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.exists() else None


def _policy_of(config: Mapping[str, Any]) -> ModelAgent | None:
    """The model that the agent is; None for agents that are none."""
    name = str(config["agent"] or "")
    return model_agent(config) if name not in BUILT_IN_AGENTS and is_model_agent(name) else None


if __name__ == "__main__":
    sys.exit(main())
