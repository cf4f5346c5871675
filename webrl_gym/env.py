"""The environment: orchestrates tasks, sites, an engine, observation and evaluation, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from webrl_gym.actions import MAX_ACTION_LENGTH, Action, ActionKind, describe_action, parse_action
from webrl_gym.argument_problems import (
    limit_problems,
    reading_problems,
    refuse,
    scoring_problems,
    task_problems,
)
from webrl_gym.deployment.runnable import LeftOut
from webrl_gym.early_stops import EarlyStops
from webrl_gym.engines import EngineSettings
from webrl_gym.episodes import Episodes, make_episodes
from webrl_gym.errors import ActionError, ActionSyntaxError, InfrastructureError
from webrl_gym.evaluation import FuzzyJudge
from webrl_gym.observation import DEFAULT_BUDGET
from webrl_gym.official_file import tell_of_other_quotes
from webrl_gym.orm_prompt import Evidence
from webrl_gym.reading import make_reader
from webrl_gym.rendering import BLACK, pixels, render_modes
from webrl_gym.reset_options import choose_task
from webrl_gym.reward import OutcomeRewardModel, YesNoScorer, outcome_reward_model
from webrl_gym.sites.worlds import World
from webrl_gym.spaces import TEXT_LIMIT, UnicodeText, observation_space
from webrl_gym.suites import DeploymentOptions, WorldTables, cut_to_deployment, find_suite, narrowed, stops_early
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Observation, OutcomeVerdict, StepTiming
from webrl_gym.wellformed import well_formed


class WebArenaLiteEnv(gymnasium.Env[Observation, str]):
    """Do a web task by reading pages and writing actions.

    ## Description
    An agent gets an instruction ("What is the status of order 000000170?") and the start page of one of five sites,
    reads pages as simplified HTML and writes one action a step. The sites are part of the package: real web
    applications over a SQLite database that belongs to this environment alone and is as new at every reset. With
    ``sites="urls"`` they are those of a WebArena deployment; ``left_out`` then names the tasks that it cannot run.

    ## Action Space
    ``UnicodeText``: one action in the language of ``webrl_gym.actions``, for example
    ``do(action="Click", element="7")`` or ``exit(message="Canceled")``.

    ## Observation Space
    ``Dict`` of ``UnicodeText``: ``instruction``, ``url``, ``html`` (see ``webrl_gym.observation``) and
    ``last_action_error`` (empty when the last action was carried out).

    ## Starting State
    The task's start pages, one a tab, signed in with the published accounts. ``reset(seed=...)`` draws the task from
    the suite; ``reset(options={"task": ...})`` takes a ``Task`` or the id of one.

    ## Reward
    1.0 at the end if the task was done, otherwise 0.0. ``reward="rules"``: the task's own rules decide;
    ``reward="orm"``: a YES/NO scorer does, and the rules are reported beside it.

    ## Episode End
    Terminated when the agent exits or the task ends by itself. Truncated at the task's step limit and, with
    ``early_stops``, when the agent is stuck (the state is then scored with an empty answer), and on an infrastructure
    failure (reward 0.0, ``info["failure"]`` says what, no verdict).

    ## Information
    ``task``: the ``Task``; ``step``: actions so far; ``action_error``: as in the observation; ``verdict``: the
    ``OutcomeVerdict`` at the end, else None; ``rule_verdict``: what the rules say at the end, whatever the reward;
    ``early_stop``: why a stuck agent was stopped, else empty; ``failure``: name and reason of an infrastructure
    failure, else None; ``site_state``: ``clean``, ``dirty`` or ``unknown``, after ``reset`` what the episode has found;
    ``blocked_navigations``: addresses refused so far; ``timing``: a ``StepTiming``.

    ## Arguments
    See ``__init__``.

    ## References
    WebArena (arXiv 2307.13854), VisualAgentBench's WebArena-Lite (arXiv 2408.06327), WebRL (arXiv 2411.02337).
    """

    metadata = {"render_modes": ["ansi", "rgb_array", "human"], "render_fps": 2}  # noqa: RUF012 - Gymnasium's own declaration

    def __init__(
        self,
        *,
        suite: str | TaskSuite = "practice-train",
        engine: str | None = None,
        sites: str = "embedded",
        deployment: DeploymentOptions = None,
        only_sites: str | Sequence[str] = (),
        only_templates: str | Sequence[str] = (),
        reward: str = "rules",
        scorer: YesNoScorer | OutcomeRewardModel | None = None,
        max_steps: int | None = None,
        semantics: str = "vab",
        early_stops: bool | None = None,
        task_file: str | Path | None = None,
        overrides: bool = True,
        judge: FuzzyJudge | Mapping[str, Any] | None = None,
        profile: str = "full",
        budget: int = DEFAULT_BUDGET,
        stable_ids: bool = False,
        chromium_path: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        """Prepares sites and engine.

        Args:
            suite: The task suite or its name (``webrl_gym.suite_names()``, or ``package.module:function``).
            engine: ``static`` (in this process) or ``chromium`` (a real browser); by default ``static`` on the embedded
                sites and ``chromium`` on real ones.
            sites: ``embedded`` (part of the package) or ``urls`` (a real deployment).
            deployment: For ``sites="urls"``: what ``webrl_gym.deployment.settings.read_settings`` takes, or what it
                gives; what is not in there comes from variables such as ``SHOPPING`` and ``GITLAB``.
            only_sites: Keep only tasks that need no other sites than these, or than this one; all when empty.
            only_templates: Keep only tasks made from these templates, or this one (``shopping.search``).
            reward: ``rules`` or ``orm``.
            scorer: Judge for ``reward="orm"``: anything with ``p_yes``, or one with its own threshold and prompt.
            max_steps: Step limit instead of each task's own; Gymnasium's ``max_episode_steps`` is refused.
            semantics: Whose evaluators score: ``vab`` or ``browsergym`` (docs/evaluators.md).
            early_stops: Whether an episode ends after the same action, or what is none, five times in a row, as in VAB;
                by default for the official tasks under VAB semantics.
            task_file: The official task file; by default it is looked for (``webrl_gym.official_file``).
            overrides: Whether official records that are known to be broken are mended (docs/replica.md).
            judge: Decides fuzzy answers that no rule can, or the settings of a language model that does (see
                ``evaluation.make_judge``); without one they are undecided.
            profile: How pages are read: ``full`` (the whole page, both engines) or ``webrl`` (what the browser's window
                shows, as WebRL's released policies read it; chromium only).
            budget: Most characters of ``html``.
            stable_ids: In profile ``full``, elements keep their ids from step to step as long as their document is
                shown; otherwise ids count the controls of each page that is read, from 0.
            chromium_path: The browser's executable; found by itself when None.
            render_mode: ``ansi`` (page text) on the static engine; ``rgb_array`` (screenshot) or, where there is a
                display, ``human`` (the browser's own window) on chromium.

        Raises:
            ValueError: If arguments are unknown or contradict each other; all problems in one message.
            TaskFileError: If the suite's pages are not installed.
            BrowserMissing: If ``engine="chromium"`` finds no browser.
        """
        engine = engine or ("chromium" if sites == "urls" else "static")
        problems = [
            *task_problems(suite, overrides, sites, deployment),
            *scoring_problems(reward, scorer, judge, semantics, early_stops),
            *limit_problems(max_steps, budget),
            *reading_problems(engine, profile, stable_ids),
        ]
        refuse(problems, engine, render_mode)
        whole = find_suite(suite, semantics, task_file, overrides) if isinstance(suite, str) else suite
        self.suite = narrowed(whole, only_sites, only_templates)
        self.left_out: LeftOut = {}
        real_sites = None
        if sites == "urls":
            self.suite, self.left_out, real_sites = cut_to_deployment(self.suite, deployment)
        else:
            tell_of_other_quotes(task_file)
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_modes": render_modes(engine)}
        settings = EngineSettings(engine, chromium_path, profile, headed=render_mode == "human")
        self._episodes: Episodes = make_episodes(self.suite, settings, semantics, judge, real_sites)
        self._engine = self._episodes.engine
        self._judge = None if scorer is None else outcome_reward_model(scorer)
        self._max_steps = max_steps
        self._early_stops = EarlyStops() if stops_early(early_stops, self.suite, semantics) else None
        self._stopped = ""
        self._reader = make_reader(profile, budget, stable_ids=stable_ids)
        self.observation_space = observation_space(budget)
        self.action_space = UnicodeText(MAX_ACTION_LENGTH)
        self._task: Task | None = None
        self._picture = BLACK
        self._over = True
        self._is_closed = False

    @property
    def task(self) -> Task:
        """The current task.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if self._task is None:
            raise gymnasium.error.ResetNeeded("call reset() first: there is no task yet")
        return self._task

    @property
    def world(self) -> World:
        """The data of the embedded sites; not for agents.

        Raises:
            AttributeError: If the suite is not about them.
        """
        world = self._episodes.world
        if world is None:
            raise AttributeError(f"suite {self.suite.name} is not about the embedded sites, so there is no world")
        return world

    @property
    def tables(self) -> WorldTables:
        """Read access to the current world's databases, this episode's writes included; not for agents."""
        return WorldTables(self.world)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode.

        Args:
            seed: Decides the task when ``options`` names none.
            options: ``{"task": Task or task id}``; there are no others.

        Returns:
            The first observation and its info.

        Raises:
            ValueError: If the suite has no such task, or an option is unknown.
            TypeError: If ``options`` is no mapping, or a task of one's own gives no instruction.
            InfrastructureError: If site or browser fail twice, or once where a second try is hopeless.
            gymnasium.error.ClosedEnvironmentError: After ``close()``.
        """
        super().reset(seed=seed)
        if self._is_closed:
            raise gymnasium.error.ClosedEnvironmentError("close() was called: make a new environment")
        task = choose_task(options, self.suite, self.left_out, self.np_random)
        self._over = True
        chance = self.np_random.bit_generator.state
        try:
            timing = self._begin(task)
        except InfrastructureError as failure:
            if not failure.is_passing:
                raise
            # Browsers fail now and then; the second try is the same episode.
            self.np_random.bit_generator.state = chance
            timing = self._begin(task)
        self._over = False
        return self._observation(""), self._info("", timing)

    def step(self, action: str) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Carries out one action.

        Args:
            action: Any text; what is not an action becomes ``last_action_error``.

        Returns:
            Observation, reward, terminated, truncated, info.

        Raises:
            gymnasium.error.ResetNeeded: If the episode is over or was never begun.
            ServerRefused: If the outcome reward model's server refuses every request.
        """
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() before step()")
        timing = StepTiming()
        self._steps += 1
        try:
            error, answer = self._act(well_formed(str(action)), timing)
            terminated = answer is not None or self._episodes.is_over(self._history[-1])
            if terminated or self._stopped or self._steps >= self.step_limit:
                return self._finish(error, answer or "", terminated, timing)
        except InfrastructureError as failure:
            self._over = True
            self._episodes.abandon()
            info = self._info("", timing)
            info["failure"] = f"{type(failure).__name__}: {failure}"
            return self._observation(""), 0.0, False, True, info
        return self._observation(error), 0.0, False, False, self._info(error, timing)

    def render(self) -> str | NDArray[np.uint8] | None:
        """The page as text (``ansi``) or as a picture (``rgb_array``, shape (height, width, 3)); None otherwise.

        The page of a browser that has failed is the last one that was rendered; a black one if none was.

        Raises:
            gymnasium.error.ResetNeeded: If there was no reset yet.
        """
        if self._task is None:
            raise gymnasium.error.ResetNeeded("call reset() before render(): there is no page yet")
        if self.render_mode == "ansi":
            return f"{self._reader.url}\n{self._reader.html}"
        if self.render_mode == "rgb_array":
            with suppress(InfrastructureError):
                if png := self._engine.screenshot():
                    self._picture = pixels(png)
            return self._picture.copy()
        return None

    def screenshot(self) -> bytes | None:
        """The current tab as PNG on chromium, None on static."""
        return self._engine.screenshot()

    def close(self) -> None:
        """Frees the engine and the databases; may be called twice."""
        self._episodes.close()
        self._over = self._is_closed = True

    @property
    def step_limit(self) -> int:
        """Steps after which the running episode ends."""
        return self._max_steps or self.task.max_steps

    def _begin(self, task: Task) -> StepTiming:
        """Opens the task's pages and reads the first."""
        self._task = self._episodes.begin(task, self.np_random)
        self._reader.restart()
        self._steps = 0
        self._history: list[str] = []
        self._completions: list[str] = []
        self._stopped = ""
        if self._early_stops is not None:
            self._early_stops.restart()
        timing = StepTiming()
        try:
            self._read(timing)
        except InfrastructureError:
            self._episodes.abandon()
            raise
        return timing

    def _act(self, text: str, timing: StepTiming) -> tuple[str, str | None]:
        """Does the action and reads the page; returns what went wrong, and the answer when the agent leaves."""
        started = perf_counter()
        error, answer, parsed = "", None, True
        try:
            self._history.append(describe_action(text, self._reader.html))
            self._completions.append(text)
            action = parse_action(text)
            if action.kind is ActionKind.EXIT:
                return "", action.argument or ""
            self._do(action)
        except ActionError as problem:
            error = str(problem)[:TEXT_LIMIT]
            parsed = not isinstance(problem, ActionSyntaxError)
        if self._early_stops is not None:
            self._stopped = self._early_stops.after(text, parsed)
        timing.act = perf_counter() - started
        self._read(timing)
        return error, answer

    def _do(self, action: Action) -> None:
        if action.kind in (ActionKind.SCROLL_DOWN, ActionKind.SCROLL_UP):
            self._reader.scroll(action.kind, self._engine)
            return
        target = None if action.element is None else self._reader.target(action.element)
        self._engine.execute(action, target)

    def _read(self, timing: StepTiming) -> None:
        started = perf_counter()
        self._reader.read(self._engine)
        spent = perf_counter() - started
        after_action, before_reading = self._engine.settled
        timing.act = max(0.0, timing.act - after_action)
        timing.settle = after_action + before_reading
        timing.observe = spent - before_reading

    def _finish(
        self, error: str, answer: str, terminated: bool, timing: StepTiming
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        started = perf_counter()
        self._over = True
        rules = verdict = self._episodes.judge(answer, self._reader.url)
        if self._judge is not None:
            done, written = tuple(self._history), tuple(self._completions)
            verdict = self._judge.judge(Evidence(self.task.instruction, done, self._reader.html, written))
        timing.score = perf_counter() - started
        info = self._info(error, timing, verdict, rules)
        return self._observation(error), float(verdict.success), terminated, not terminated, info

    def _observation(self, error: str) -> Observation:
        return {
            "instruction": self.task.instruction[:TEXT_LIMIT],
            "url": self._reader.url[:TEXT_LIMIT],
            "html": self._reader.html,
            "last_action_error": error,
        }

    def _info(
        self, error: str, timing: StepTiming, verdict: OutcomeVerdict | None = None, rules: OutcomeVerdict | None = None
    ) -> dict[str, Any]:
        return {
            "task": self.task,
            "step": self._steps,
            "action_error": error,
            "verdict": verdict,
            "rule_verdict": rules,
            "early_stop": self._stopped,
            "failure": None,
            "site_state": self._episodes.site_state,
            "blocked_navigations": self._engine.blocked_navigations,
            "timing": timing,
        }
