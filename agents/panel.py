"""Runs an agent over a panel of tasks, each once, and keeps every finished episode.

A result folder holds ``panel.json`` (which agent, which tasks), ``results.jsonl`` (one line an episode) and
``trajectories.jsonl`` (see ``agents.trajectory_io``). Running the same panel into the same folder again continues where
it stopped: finished episodes are kept, episodes that the infrastructure broke are tried anew. A line that a kill or a
full disk cut is dropped, and its episode runs again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

from agents.actors import Agent, begin_task, next_action
from agents.atomic_file import replacing
from agents.environments import environment_seed
from agents.episode_counts import with_tokens, with_unreadable
from agents.errors import AgentError, AgentFailed, CheckpointCorrupt, CheckpointMismatch
from agents.flat_settings import differences
from agents.metrics import Progress, SilentProgress
from agents.results import CompletionCounts, EpisodeResult, Exchange, episode_result, result_from_json
from agents.trajectory_io import FORMAT, VERSION, trajectory_to_dict
from agents.types import Completion, Prompt, Step, Trajectory
from webrl_gym.actions import ActionKind, parse_action
from webrl_gym.errors import ActionError, InfrastructureError
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict
from webrl_gym.wellformed import well_formed

if TYPE_CHECKING:
    from agents.rollout import RolloutCollector

_log = logging.getLogger(__name__)
_ATTEMPTS = 2
_MAY_DIFFER = ("base_url",)
"""Settings that do not decide whether a panel goes on: a server comes back at another address."""
_KEPT = ("trajectories.jsonl", "results.jsonl")
_HOPELESS = 3
"""Broken tasks at the start of a panel after which the others are not tried: every one would wait as long in vain."""


class PanelFolder:
    """The files of one agent's run over one panel.

    Attributes:
        folder: Where they are.
        tasks: The panel.
        commits: Of the code that its episodes were played with, in order.
    """

    def __init__(
        self,
        folder: Path,
        agent: str,
        tasks: Sequence[Task],
        settings: Mapping[str, Any] | None = None,
        suite: str = "",
        commit: str = "",
    ) -> None:
        """Opens or begins a result folder.

        Args:
            folder: The folder; made when it is not there.
            agent: Name of the agent.
            tasks: The panel, each task once.
            settings: What else decides the results (seed, model, step limit …), JSON-ready.
            suite: Name of the suite, for whoever reads the folder.
            commit: Of the code that plays now; kept for whoever reads the folder where it adds an episode.

        Raises:
            ValueError: If a task occurs twice.
            CheckpointMismatch: If the folder holds results of another agent, other settings or another panel; the
                message names the values that differ.
            CheckpointCorrupt: If its ``panel.json`` cannot be read.
        """
        self.folder = folder
        self.tasks = tuple(tasks)
        names = [task.task_id for task in tasks]
        if len(set(names)) < len(names):
            raise ValueError(f"a panel has each task once, got {len(names)} tasks of {len(set(names))} ids")
        header = {
            "agent": agent,
            "suite": suite,
            "settings": dict(settings or {}),
            "tasks_sha256": _tasks_hash(tasks),
            "tasks": names,
        }
        folder.mkdir(parents=True, exist_ok=True)
        self._header = json.loads(json.dumps(header))
        self._commit = commit
        self.commits: list[str] = []
        if self._has_results():
            self.commits += self._require_same().get("commits", ())
        else:  # a run that was refused or stopped before its first result holds no folder
            self._write_header()
        for name in _KEPT:
            _drop_cut_line(folder / name)
        self._results = {result.task_id: result for result in self._read() if result.status != "failed"}

    @property
    def results(self) -> list[EpisodeResult]:
        """Finished episodes in panel order."""
        return [self._results[task.task_id] for task in self.tasks if task.task_id in self._results]

    @property
    def open_tasks(self) -> list[Task]:
        """Tasks without a finished episode, in panel order."""
        return [task for task in self.tasks if task.task_id not in self._results]

    def add(self, result: EpisodeResult, trajectory: Trajectory) -> None:
        """Keeps an episode; it is on disk when this returns.

        Raises:
            CheckpointMismatch: If another panel was begun in the folder before this one's first result.
        """
        if not self._results:
            self._require_same()
        if self._commit and self._commit not in self.commits:
            self.commits.append(self._commit)
            self._write_header()
        path = self.folder / "trajectories.jsonl"
        with path.open("a", encoding="utf-8") as stream:
            if not path.stat().st_size:
                stream.write(json.dumps({"format": FORMAT, "version": VERSION}) + "\n")
            stream.write(json.dumps(trajectory_to_dict(trajectory), ensure_ascii=False) + "\n")
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(result.as_json() + "\n")
        self._results[result.task_id] = result

    def _has_results(self) -> bool:
        paths = (self.folder / name for name in _KEPT)
        return any(path.exists() and path.stat().st_size for path in paths)

    def _write_header(self) -> None:
        header = self._header | ({"commits": self.commits} if self.commits else {})
        with replacing(self.folder / "panel.json") as temporary:
            temporary.write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")

    def _require_same(self) -> dict[str, Any]:
        return _require_same_panel(self.folder / "panel.json", self._header)

    def _read(self) -> Iterator[EpisodeResult]:
        path = self.folder / "results.jsonl"
        if not path.exists():
            return
        # Bytes, since text would also be split at separators that may stand inside an answer.
        for line in path.read_bytes().split(b"\n"):
            try:
                yield result_from_json(line.decode())
            except (ValueError, TypeError):
                continue  # a damaged line: its episode runs again


def _require_same_panel(path: Path, header: Mapping[str, Any]) -> dict[str, Any]:
    try:
        stored = dict(json.loads(path.read_text(encoding="utf-8")))
        settings = dict(stored.get("settings", {}))
    except (ValueError, TypeError) as error:
        raise CheckpointCorrupt(f"{path} cannot be read ({error}); choose another output folder") from error
    differing = differences({"agent": stored.get("agent")}, {"agent": header["agent"]})
    differing += differences(settings, header["settings"], _MAY_DIFFER)
    if stored.get("tasks_sha256") != header["tasks_sha256"]:
        differing.append(f"tasks: {len(stored.get('tasks', ()))} there, {len(header['tasks'])} now, and not the same")
    if differing:
        raise CheckpointMismatch(
            f"{path.parent} holds results of another run ({'; '.join(differing)}); choose another output folder"
        )
    return stored


def _drop_cut_line(path: Path) -> None:
    """Takes away what stands after the last line end, so that the next line does not become part of it."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as stream:
            stream.truncate(whole)


def run_agent(
    env: gymnasium.Env[Observation, str],
    agent: Agent,
    folder: PanelFolder,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[EpisodeResult]:
    """Runs an agent over the open tasks of a panel, one after the other.

    Args:
        env: An environment of this package.
        agent: The agent.
        folder: Where results go; what is finished there is not run again.
        seed: Decides the environment's seeds.
        progress: Shown one unit a task.

    Returns:
        Results of the whole panel in its order; tasks that the infrastructure broke twice have status ``failed``.

    Raises:
        AgentFailed: If the agent's code raises, or returns something else than a text; what was finished is kept.
        InfrastructureError: If the first tasks of a panel are all broken, and more are to come.
    """
    shown = progress or SilentProgress()
    broken: dict[str, EpisodeResult] = {}
    shown.begin("episodes", len(folder.open_tasks))
    try:
        for task in folder.open_tasks:
            if len(broken) == _HOPELESS and not folder.results:
                last = list(broken.values())[-1].detail
                raise InfrastructureError(f"none of the first {_HOPELESS} tasks could be run; the last: {last}")
            for _attempt in range(_ATTEMPTS):
                result, trajectory = play_task(env, agent, task, environment_seed(seed, folder.tasks.index(task)))
                if result.status != "failed":
                    folder.add(result, trajectory)
                    break
                broken[task.task_id] = result
            else:
                _warn_of(result)
            shown.advance()
    finally:
        shown.end()
    finished = {result.task_id: result for result in folder.results}
    return [finished.get(task.task_id) or broken[task.task_id] for task in folder.tasks]


def run_policy(
    collector: RolloutCollector,
    folder: PanelFolder,
    *,
    temperature: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
    end_ids: Collection[int] = (),
) -> list[EpisodeResult]:
    """Runs a policy over the open tasks of a panel, batched over the collector's environments.

    An attempt is on disk as soon as it has ended, so a run that is stopped loses those that were running.

    Args:
        collector: Environments and policy.
        folder: Where results go; what is finished there is not run again.
        temperature: Of sampling; 0 is greedy.
        seed: Decides sampling.
        progress: Shown one unit a task.
        end_ids: Tokens that end an action; completions without one, or with nothing else, count as unfinished. Without
            any none is counted.

    Returns:
        As ``run_agent``.

    Raises:
        InfrastructureError: If no environment is left.
    """
    broken: dict[str, EpisodeResult] = {}
    last_end = time.perf_counter()

    def keep(trajectory: Trajectory) -> None:
        nonlocal last_end
        now = time.perf_counter()
        result = with_tokens(_result_of(trajectory, now - last_end), trajectory, end_ids)
        last_end = now
        if trajectory.failure is None:
            folder.add(result, trajectory)
        else:
            broken[result.task_id] = result
            _warn_of(result)

    tasks = folder.open_tasks
    collector.collect(
        tasks,
        phase=0,
        temperature=temperature,
        seed=seed,
        progress=progress,
        on_trajectory=keep,
        places=[folder.tasks.index(task) for task in tasks],
    )
    finished = {result.task_id: result for result in folder.results}
    return [finished.get(task.task_id) or broken[task.task_id] for task in folder.tasks]


def _warn_of(result: EpisodeResult) -> None:
    _log.warning("%s is not counted: %s", result.task_id, result.detail)


def _result_of(trajectory: Trajectory, seconds: float) -> EpisodeResult:
    answer = final_answer(trajectory)
    state = str(trajectory.steps[0].info.get("site_state", "")) if trajectory.steps else ""
    result = episode_result(
        trajectory.task, trajectory.rule_verdict, trajectory.failure, len(trajectory.steps), answer, seconds, state
    )
    return with_unreadable(result, trajectory.steps)


def final_answer(trajectory: Trajectory) -> str:
    """What the agent said when it left; an empty text if it did not leave."""
    if not trajectory.steps:
        return ""
    try:
        action = parse_action(trajectory.steps[-1].completion.text)
    except ActionError:
        return ""
    return (action.argument or "") if action.kind is ActionKind.EXIT else ""


def play_task(
    env: gymnasium.Env[Observation, str], agent: Agent, task: Task, seed: int
) -> tuple[EpisodeResult, Trajectory]:
    """One attempt of an agent at a task.

    Args:
        env: An environment.
        agent: The agent.
        task: The task.
        seed: Seed of the environment.

    Returns:
        The result and the trajectory. What breaks outside the agent is a failure of the infrastructure, named in both.

    Raises:
        AgentFailed: If the agent's code raises, or returns something else than a text.
    """
    began = time.perf_counter()
    steps: list[Step] = []
    observation = Observation(instruction=task.instruction, url="", html="", last_action_error="")
    verdict: OutcomeVerdict | None = None
    failure: str | None = None
    state = ""
    over = truncated = begun = False
    try:
        observation, info = env.reset(seed=seed, options={"task": task})
        state = str(info.get("site_state", ""))
        # A page of one's own decides of its task at the start, and so does an environment of its limit.
        task = info["task"]
        begin_task(agent, task, env.get_wrapper_attr("step_limit"))
        begun = True
        while not over:
            # Half of a surrogate pair, which JSON from a server may carry, cannot be written to a file.
            text = next_action(agent, observation, task.task_id).encode("utf-8", "replace").decode()
            following, reward, terminated, truncated, info = env.step(text)
            kept = {"action_error": info.get("action_error"), "timing": info["timing"].as_dict()}
            if not steps:
                kept |= {"site_state": state, "seed": seed}
            exchange = getattr(agent, "exchange", None)
            asked = ""
            if isinstance(exchange, Exchange):
                asked, kept["said"] = well_formed(exchange.prompt), well_formed(exchange.answer)
            steps.append(Step(observation, Prompt((), asked), Completion(text), float(reward), kept))
            observation, over = following, terminated or truncated
        verdict, failure = info["verdict"], info["failure"]
    except AgentFailed:
        raise  # its author wants to know at once, and no number would mean anything
    except (InfrastructureError, AgentError) as error:
        truncated, failure = True, f"{type(error).__name__}: {error}"
    trajectory = Trajectory(task, tuple(steps), observation, 0, truncated, failure, verdict)
    seconds = time.perf_counter() - began
    result = episode_result(task, verdict, failure, len(steps), final_answer(trajectory), seconds, state)
    result = with_unreadable(result, steps)
    # Other people's agents have none, and before a task has begun they are the last one's.
    counts = getattr(agent, "completion_counts", None) if begun else None
    return replace(result, **asdict(counts)) if isinstance(counts, CompletionCounts) else result, trajectory


def _tasks_hash(tasks: Sequence[Task]) -> str:
    return hashlib.sha256("\n".join(json.dumps(task.as_dict(), sort_keys=True) for task in tasks).encode()).hexdigest()
