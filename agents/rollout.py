"""Where environments and policy meet: tasks in, trajectories out. Infrastructure failures are recorded here only.

One task a slot; all running slots are answered in one batched generation; a slot takes the next task as soon as its
own has ended. Slots are driven one by one through ``VecEnv.env_method``, so a vector environment never resets itself
to a task that nobody asked for. At temperature 0 the trajectories do not depend on the number of slots.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from stable_baselines3.common.vec_env import SubprocVecEnv, VecEnv

from agents.action_journal import ActionJournal
from agents.environments import ReportedResets, blank_observation, environment_seed
from agents.errors import PromptTooLong
from agents.metrics import Progress, SilentProgress
from agents.transitions import Renderer
from agents.types import Completion, Prompt, Step, Trajectory
from webrl_gym.errors import InfrastructureError
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict, StepTiming, VerdictStatus

_log = logging.getLogger(__name__)
_ATTEMPTS = 2
Request = tuple[int, str, tuple[Any, ...], dict[str, Any]]
"""A slot, a method name, positional and keyword arguments."""
_WORKER_GONE = (EOFError, ConnectionError)
"""What a ``SubprocVecEnv`` raises when the process of a slot has died."""


class ActingPolicy(Protocol):
    """What the collector needs of ``agents.policy.LLMPolicy``."""

    @property
    def renderer(self) -> Renderer:
        """Renders prompts."""

    def act(
        self, prompts: Sequence[Prompt], *, temperature: float, generator: torch.Generator | None
    ) -> list[Completion]:
        """One completion for each prompt, in order."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """The trajectories of some tasks.

    Attributes:
        trajectories: Attempts that came to an end, in task order.
        failures: Attempts that the infrastructure broke, after their retry, in task order; never trained on or scored.
        retries: Attempts that were broken and repeated.
        steps: Environment steps taken, those of broken attempts included.
    """

    trajectories: tuple[Trajectory, ...]
    failures: tuple[Trajectory, ...]
    retries: int
    steps: int


@dataclass(slots=True)
class _Attempt:
    """What a slot is doing."""

    index: int
    task: Task
    observation: Observation
    site_state: str = ""
    history: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class RolloutCollector:
    """Rolls a policy out over tasks. Not thread-safe; the environments stay open."""

    def __init__(self, vec_env: VecEnv, policy: ActingPolicy) -> None:
        """Drives ``vec_env`` with ``policy``.

        Args:
            vec_env: A ``DummyVecEnv`` or ``SubprocVecEnv`` (or a wrapper of one) of ``webrl_gym`` environments.
            policy: Renders prompts and writes actions.
        """
        if isinstance(vec_env.unwrapped, SubprocVecEnv) and not all(vec_env.env_is_wrapped(ReportedResets)):
            _log.warning(
                "A reset that fails ends its environment's process: wrap what SubprocVecEnv makes in "
                "agents.environments.ReportedResets, and such a task is tried again."
            )
        self.vec_env = vec_env
        self.policy = policy
        self._slots = list(range(vec_env.num_envs))
        # processes can be waited for at the same time; environments of this process share its thread
        self._parallel = isinstance(vec_env.unwrapped, SubprocVecEnv)

    def collect(
        self,
        tasks: Sequence[Task],
        *,
        phase: int,
        temperature: float = 1.0,
        seed: int = 0,
        progress: Progress | None = None,
        on_steps: Callable[[Sequence[Any]], None] | None = None,
        on_trajectory: Callable[[Trajectory], None] | None = None,
        journal: Path | None = None,
        places: Sequence[int] | None = None,
    ) -> Rollout:
        """Attempts every task once; an attempt that the infrastructure breaks is repeated once.

        Args:
            tasks: What to attempt.
            phase: Phase to note on the trajectories.
            temperature: Of sampling, >= 0; 0 takes the likeliest token.
            seed: Decides sampling and the environments' seeds.
            progress: Shown one unit a task.
            on_steps: Called after each batch of environment steps with what they returned, or with the exception of one
                that broke; what it raises ends the collection.
            on_trajectory: Called with each trajectory, failures included, as soon as its attempt has ended; what it
                raises ends the collection.
            journal: File of what the policy wrote (``agents.action_journal``): the same collection, once stopped, goes
                on with it. Whoever names it removes it in the end.
            places: Number of each task among those that there were at first, which decides its environment's seed; None
                numbers them as they come.

        Raises:
            InfrastructureError: If no slot is left.
            GenerationFailed: If the policy's backend gives no completion.
        """
        shown = progress or SilentProgress()
        with ActionJournal(journal) as actions:
            made = _Run(self, tasks, phase, temperature, seed, shown, on_steps, on_trajectory, actions, places)
            return made.collect()

    def start_observations(self, tasks: Sequence[Task], *, seed: int = 0) -> list[Observation | None]:
        """Resets slots to tasks and reads their start pages.

        Args:
            tasks: Tasks to open.
            seed: Decides the environments' seeds.

        Returns:
            The first observation of each task; None where the infrastructure gave none.

        Raises:
            InfrastructureError: If no slot is left.
        """
        observations: list[Observation | None] = []
        while len(observations) < len(tasks):
            batch = tasks[len(observations) : len(observations) + len(self._slots)]
            requests = [
                _reset(slot, environment_seed(seed, place), task)
                for place, (slot, task) in enumerate(zip(self._slots, batch, strict=False), start=len(observations))
            ]
            for observation, failure, _state in map(_reset_result, self.call(requests)):
                observations.append(observation if failure is None else None)
        return observations

    def call(self, requests: Sequence[Request]) -> list[Any]:
        """Calls one method on each of some slots.

        Args:
            requests: Slot, method name, positional and keyword arguments; every slot at most once.

        Returns:
            The results in order; an ``InfrastructureError`` stands in place of a result. A slot whose process has
            died gives one and takes no further tasks.

        Raises:
            InfrastructureError: If no slot is left.
        """
        if self._parallel and len(requests) > 1:
            with ThreadPoolExecutor(len(requests)) as pool:
                results = list(pool.map(self._call_one, requests))
        else:
            results = [self._call_one(request) for request in requests]
        if not self._slots:
            raise InfrastructureError(f"All {self.vec_env.num_envs} environment processes have died.")
        return results

    def _call_one(self, request: Request) -> Any:
        slot, method, positional, named = request
        try:
            return self.vec_env.env_method(method, *positional, indices=[slot], **named)[0]
        except InfrastructureError as error:
            return error
        except _WORKER_GONE as error:
            self._slots.remove(slot)
            _log.warning("The process of environment %d has died: %s", slot, type(error).__name__)
            return InfrastructureError(f"environment process {slot} died ({type(error).__name__})")

    @property
    def slots(self) -> tuple[int, ...]:
        """Slots whose environments are alive."""
        return tuple(self._slots)


class _Run:
    """One collection: which slot does what, and what has come of each task."""

    def __init__(
        self,
        collector: RolloutCollector,
        tasks: Sequence[Task],
        phase: int,
        temperature: float,
        seed: int,
        progress: Progress,
        on_steps: Callable[[Sequence[Any]], None] | None,
        on_trajectory: Callable[[Trajectory], None] | None,
        journal: ActionJournal,
        places: Sequence[int] | None,
    ) -> None:
        self.collector = collector
        self.tasks = tasks
        self.phase = phase
        self.temperature = temperature
        self.generator = torch.Generator().manual_seed(seed)
        self.progress = progress
        self.on_steps = on_steps
        self.on_trajectory = on_trajectory
        self.journal = journal
        self.seeds = [environment_seed(seed, place) for place in (range(len(tasks)) if places is None else places)]
        self.waiting = list(range(len(tasks)))
        self.attempts_made = [0] * len(tasks)
        self.running: dict[int, _Attempt] = {}
        self.results: dict[int, Trajectory] = {}
        self.retries = 0
        self.steps = 0

    def collect(self) -> Rollout:
        self.progress.begin("rollout", len(self.tasks))
        try:
            while self.waiting or self.running:
                self._start_tasks()
                self._act()
        finally:
            self.progress.end()
        ordered = [self.results[index] for index in range(len(self.tasks))]
        return Rollout(
            trajectories=tuple(trajectory for trajectory in ordered if trajectory.failure is None),
            failures=tuple(trajectory for trajectory in ordered if trajectory.failure is not None),
            retries=self.retries,
            steps=self.steps,
        )

    def _start_tasks(self) -> None:
        free = [slot for slot in self.collector.slots if slot not in self.running]
        starting = [(slot, self.waiting.pop(0)) for slot in free[: len(self.waiting)]]
        requests = [_reset(slot, self.seeds[index], self.tasks[index]) for slot, index in starting]
        for (slot, index), result in zip(starting, self.collector.call(requests), strict=True):
            observation, failure, site_state = _reset_result(result)
            # As its page decided at the start, for tasks of one's own.
            task = self.tasks[index] if failure is not None else result[1]["task"]
            attempt = _Attempt(index, task, observation, site_state)
            self.attempts_made[index] += 1
            if failure is None:
                self.running[slot] = attempt
            else:
                self._broken(attempt, failure)

    def _act(self) -> None:
        prompts: dict[int, Prompt] = {}
        for slot, attempt in list(self.running.items()):
            try:
                prompts[slot] = self.collector.policy.renderer.render(attempt.observation, attempt.history)
            except PromptTooLong as error:
                del self.running[slot]
                self._outgrown(attempt, error)
        if not prompts:
            return
        asked, chance = list(prompts.values()), self.generator
        completions = self.journal.completions(
            asked, chance, lambda: self.collector.policy.act(asked, temperature=self.temperature, generator=chance)
        )
        slots = list(prompts)
        requests: list[Request] = [
            (slot, "step", (completion.text,), {}) for slot, completion in zip(slots, completions, strict=True)
        ]
        results = self.collector.call(requests)
        for slot, completion, result in zip(slots, completions, results, strict=True):
            self._take(slot, prompts[slot], completion, result)
        self.steps += len(slots)
        if self.on_steps is not None:
            self.on_steps(results)

    def _take(self, slot: int, prompt: Prompt, completion: Completion, result: Any) -> None:
        attempt = self.running[slot]
        if isinstance(result, Exception):
            del self.running[slot]
            self._broken(attempt, _named(result))
            return
        observation, reward, terminated, truncated, info = result
        kept = _json_ready(info)
        if not attempt.steps:
            kept["seed"] = self.seeds[attempt.index]
            if attempt.site_state:
                kept["site_state"] = attempt.site_state
        attempt.steps.append(Step(attempt.observation, prompt, completion, float(reward), kept))
        written_for = attempt.observation["html"]
        attempt.history.append(self.collector.policy.renderer.past_action(completion.text, written_for))
        attempt.observation = observation
        if not (terminated or truncated):
            return
        del self.running[slot]
        if info.get("failure") is not None:
            self._broken(attempt, str(info["failure"]))
        else:
            self._finish(attempt, truncated=not terminated, verdict=_rule_verdict(info))

    def _outgrown(self, attempt: _Attempt, error: PromptTooLong) -> None:
        """It would happen again, so there is no second attempt. A history too long is what the policy itself did."""
        if attempt.steps:
            verdict = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "rules", detail=_named(error))
            self._finish(attempt, truncated=True, verdict=verdict)
        else:
            self._finish(attempt, truncated=True, failure=_named(error))

    def _broken(self, attempt: _Attempt, failure: str) -> None:
        if self.attempts_made[attempt.index] < _ATTEMPTS:
            self.retries += 1
            self.waiting.insert(0, attempt.index)
        else:
            self._finish(attempt, truncated=True, failure=failure)

    def _finish(
        self, attempt: _Attempt, *, truncated: bool, failure: str | None = None, verdict: OutcomeVerdict | None = None
    ) -> None:
        trajectory = Trajectory(
            task=attempt.task,
            steps=tuple(attempt.steps),
            final_observation=attempt.observation,
            phase=self.phase,
            truncated=truncated,
            failure=failure,
            rule_verdict=verdict if attempt.task.has_rules else None,
        )
        self.results[attempt.index] = trajectory
        if self.on_trajectory is not None:
            self.on_trajectory(trajectory)
        self.progress.advance()


def _reset(slot: int, seed: int, task: Task) -> Request:
    return slot, "reset", (), {"seed": seed, "options": {"task": task}}


def _reset_result(result: Any) -> tuple[Observation, str | None, str]:
    """The start page, why there is none, and in what state the sites were found."""
    if isinstance(result, Exception):
        return blank_observation(), _named(result), ""
    observation, info = result
    failure = info.get("failure")
    return observation, None if failure is None else str(failure), str(info.get("site_state", ""))


def _rule_verdict(info: dict[str, Any]) -> OutcomeVerdict | None:
    """What the rules say, also where the environment's reward comes from a judge."""
    for name in ("rule_verdict", "verdict"):
        verdict: OutcomeVerdict | None = info.get(name)
        if verdict is not None and verdict.source == "rules":
            return verdict
    return None


def _json_ready(info: dict[str, Any]) -> dict[str, Any]:
    """What a step keeps of ``info``: how the action went and where the time went."""
    timing: StepTiming | dict[str, float] | None = info.get("timing")
    spent = timing.as_dict() if isinstance(timing, StepTiming) else timing
    kept = {"action_error": info.get("action_error"), "timing": spent}
    return {name: value for name, value in kept.items() if value is not None}


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
