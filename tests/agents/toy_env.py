"""A web site of four pages with the contract of the real environment: small enough to learn in seconds.

The home page links to three colours in an order that the task decides; the task is to open one and leave. The wrong
colour's page has a link back. Everything that the learner meets is here: observations, infos, verdicts, failures.
"""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np

from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory
from webrl_gym.actions import ActionKind, click, format_action, leave, parse_action
from webrl_gym.errors import ActionError, ActionTargetError, InfrastructureError
from webrl_gym.spaces import UnicodeText
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict, Site, StepTiming, VerdictStatus

COLOURS = ("Red", "Green", "Blue")
ORDERS = tuple(itertools.permutations(COLOURS))
HOME = "http://shopping.test/"
MAX_STEPS = 4


def toy_task(colour: str, order: int, suite: str = "toy-train", **changes: Any) -> Task:
    """The task to open ``colour`` where the links stand in ``ORDERS[order]``."""
    fields: dict[str, Any] = {
        "task_id": f"{suite}/{colour}/{order}",
        "sites": (Site.SHOPPING,),
        "instruction": f"Open {colour}",
        "start_urls": ("__SHOPPING__",),
        "evaluation": {"eval_types": ["url_match"], "reference_url": f"{HOME}{colour}"},
        "max_steps": MAX_STEPS,
        "suite": suite,
        "template": "toy.open",
        "parameters": {"colour": colour, "order": str(order)},
    }
    return Task(**{**fields, **changes})


class ToySuite:
    """The tasks of the toy site: three colours in each of at most six orders."""

    def __init__(self, orders: int = len(ORDERS)) -> None:
        self.orders = orders
        self.tasks = tuple(toy_task(colour, order) for order in range(orders) for colour in COLOURS)

    def get(self, task_id: str) -> Task:
        """The task with this id."""
        return next(task for task in self.tasks if task.task_id == task_id)

    def sample(self, rng: np.random.Generator) -> Task:
        """A task drawn uniformly."""
        return self.tasks[int(rng.integers(len(self.tasks)))]

    def evolve(self, parent: Task, rng: random.Random) -> Task | None:
        """The parent's colour or order changed; None one time in eight."""
        if rng.random() < 0.125:
            return None
        colour, order = rng.choice(COLOURS), rng.randrange(self.orders)
        parameters = {"colour": colour, "order": str(order), "serial": str(rng.randrange(10_000))}
        return toy_task(colour, order, "evolved", parent=parent.task_id, parameters=parameters)

    def derives(self, task: Task) -> bool:
        """The toy templates make whatever they are asked for."""
        return task.template == "toy.open"

    def unknown_names(self, task: Task) -> tuple[str, ...]:
        """Names in quotes that are no colour."""
        return tuple(name for name in re.findall(r'"([^"]+)"', task.instruction) if name not in COLOURS)

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """The task as a wish or as a question; as it is where it is no template's."""
        if task.template is None:
            return task
        colour = task.parameters["colour"]
        return replace(task, instruction=rng.choice((f"I want to see {colour}", f"Where is {colour}?")))


class ToyEnv(gymnasium.Env[Observation, str]):
    """The toy site; tasks listed in ``broken`` fail that many times, in ``reset`` or in ``step``."""

    metadata = {"render_modes": []}  # noqa: RUF012  (gymnasium's own form)

    def __init__(
        self,
        *,
        orders: int = len(ORDERS),
        broken_resets: dict[str, int] | None = None,
        broken_steps: dict[str, int] | None = None,
    ) -> None:
        self.observation_space = gymnasium.spaces.Dict(
            {name: UnicodeText(4096) for name in ("instruction", "url", "html", "last_action_error")}
        )
        self.action_space = UnicodeText(4096)
        self.suite = ToySuite(orders)
        self._broken_resets = dict(broken_resets or {})
        self._broken_steps = dict(broken_steps or {})

    @property
    def step_limit(self) -> int:
        return self.task.max_steps

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        task = (options or {}).get("task") or self.suite.sample(self.np_random)
        self.task: Task = self.suite.get(task) if isinstance(task, str) else task
        if self._broken_resets.get(self.task.task_id, 0) > 0:
            self._broken_resets[self.task.task_id] -= 1
            raise InfrastructureError("the toy site did not answer")
        self._order = ORDERS[int(self.task.parameters.get("order", 0))]  # a written task has no parameters
        self._page = ""
        self._steps = 0
        return self._observe(""), {"task": self.task, "site_state": "clean"}

    def step(self, action: str):
        self._steps += 1
        info: dict[str, Any] = {"task": self.task, "timing": StepTiming(act=0.0), "failure": None, "verdict": None}
        if self._broken_steps.get(self.task.task_id, 0) > 0:
            self._broken_steps[self.task.task_id] -= 1
            return self._observe(""), 0.0, False, True, {**info, "failure": "SiteError: the toy site went away"}
        error, left = "", False
        try:
            left = self._carry_out(action)
        except ActionError as problem:
            error = str(problem)
        truncated = not left and self._steps >= self.task.max_steps
        reward = 0.0
        if left or truncated:
            reward = 1.0 if left and self._page == self.task.parameters.get("colour") else 0.0
            info["verdict"] = OutcomeVerdict(VerdictStatus.SCORED, reward, "rules")
        return self._observe(error), reward, left, truncated, {**info, "action_error": error or None}

    def _carry_out(self, text: str) -> bool:
        action = parse_action(text)
        if action.kind is ActionKind.EXIT:
            return True
        links = self._links()
        if action.kind is not ActionKind.CLICK or action.element not in map(str, range(len(links))):
            raise ActionTargetError(f"There is no element {action.element} to use.")
        self._page = links[int(action.element)].replace("Home", "")
        return False

    def _links(self) -> tuple[str, ...]:
        return ("Home",) if self._page else self._order

    def _observe(self, error: str) -> Observation:
        links = " ".join(f'<a id="{place}"> {name} </a>' for place, name in enumerate(self._links()))
        return Observation(
            instruction=self.task.instruction,
            url=HOME + self._page,
            html=f"<h1> {self._page or 'Home'} </h1>\n{links}",
            last_action_error=error,
        )


def oracle_actions(task: Task) -> list[str]:
    """The shortest solution."""
    place = ORDERS[int(task.parameters["order"])].index(task.parameters["colour"])
    return [format_action(click(str(place))), format_action(leave())]


def demonstration(task: Task, actions: list[str] | None = None, phase: int = 0) -> LabelledTrajectory:
    """What the toy environment makes of some actions (the oracle's by default), labelled by its rules."""
    env = ToyEnv()
    observation, _ = env.reset(seed=0, options={"task": task})
    steps, info, truncated = [], {}, False
    for action in actions or oracle_actions(task):
        following, reward, _, truncated, info = env.step(action)
        steps.append(Step(observation, Prompt((), ""), Completion(action), reward))
        observation = following
    verdict = info["verdict"]
    trajectory = Trajectory(task, tuple(steps), observation, phase, truncated, rule_verdict=verdict)
    return LabelledTrajectory(trajectory, verdict)
