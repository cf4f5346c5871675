"""Agents that a benchmark can run: the two-method protocol, the floors, the oracle, and other people's.

Any object with ``reset(task_info)`` and ``act(observation) -> str`` is an agent::

    class Agent:
        def reset(self, task_info):            # {"task_id", "instruction", "sites", "start_urls", "max_steps"}
            self.pages = 0

        def act(self, observation):            # {"instruction", "url", "html", "last_action_error"}
            self.pages += 1
            return 'exit(message="done")' if self.pages > 1 else 'do(action="Click", element="0")'
"""

from __future__ import annotations

import hashlib
import inspect
import random
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Any, Protocol, TypedDict, cast

from agents.errors import AgentError, AgentFailed
from webrl_gym.actions import ActionKind, click, format_action, leave, select_option
from webrl_gym.errors import InfrastructureError, ServerRefused
from webrl_gym.tasks.oracle import OracleAgent, Solve
from webrl_gym.tasks.practice import practice_oracle
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation

_CONTROL = re.compile(r'<(\w+) id="(\d+)"([^>]*)>(?: ([^<]*?) ?</\1>)?')
_EXIT_CHANCE = 0.1


BUILT_IN_AGENTS = ("oracle", "random", "do_nothing", "na_at_once", "openai")
"""What ``agent`` may say beside a class and a folder."""


class TaskInfo(TypedDict):
    """What an agent may know of its task before it sees a page.

    ``start_urls`` are as the task has them: ``__SHOPPING__`` and its like stand for a site's address.
    """

    task_id: str
    instruction: str
    sites: list[str]
    start_urls: list[str]
    max_steps: int


class Agent(Protocol):
    """Anything that can be benchmarked."""

    def reset(self, task_info: TaskInfo) -> None:
        """Called before each episode."""

    def act(self, observation: Observation) -> str:
        """The next action, in the action language."""


def task_info(task: Task, max_steps: int | None = None) -> TaskInfo:
    """The part of a task that an agent may see: no evaluation, no parameters.

    Args:
        task: As the environment plays it.
        max_steps: The environment's own step limit; None for the task's.
    """
    return TaskInfo(
        task_id=task.task_id,
        instruction=task.instruction,
        sites=[site.value for site in task.sites],
        start_urls=list(task.start_urls),
        max_steps=max_steps or task.max_steps,
    )


def begin_task(agent: Agent, task: Task, max_steps: int | None = None) -> None:
    """Tells an agent of its next task.

    Args:
        agent: Ours or anybody's.
        task: The task, as the environment plays it.
        max_steps: The environment's own step limit; None for the task's.

    Raises:
        AgentFailed: If the agent's code raises; the message names agent, task, exception and line.
    """
    _called(agent, "reset", task_info(task, max_steps), task.task_id)


def next_action(agent: Agent, observation: Observation, task_id: str) -> str:
    """What an agent answers to a page.

    Args:
        agent: Ours or anybody's.
        observation: The page.
        task_id: The task, for messages.

    Raises:
        AgentFailed: If the agent's code raises, or returns something else than a text.
    """
    # A copy, since what is recorded is the page and not what an agent makes of it.
    action = _called(agent, "act", observation.copy(), task_id)
    if not isinstance(action, str):
        raise AgentFailed(f"{_named(agent)} failed at {task_id}: act returned {type(action).__name__}, expected str")
    return action


def _called(agent: Agent, method: str, argument: Any, task_id: str) -> Any:
    try:
        returned = getattr(agent, method)(argument)
    except (AgentError, InfrastructureError, ServerRefused):
        raise  # what our own agents say on purpose: no completion, nobody there; those who use our parts may say it too
    except (Exception, SystemExit) as error:  # with status 0 an exit would look like a finished benchmark
        what = f"{type(error).__name__}: {error}"
        raise AgentFailed(f"{_named(agent)} failed at {task_id}: {method} raised {what}{_place(error)}") from error
    if inspect.iscoroutine(returned):
        returned.close()  # nobody awaits it, of which Python would warn besides
        raise AgentFailed(f"{_named(agent)} failed at {task_id}: {method} is async, expected a plain method")
    return returned


def _named(agent: Agent) -> str:
    return f"agent {type(agent).__module__}:{type(agent).__qualname__}"


def _place(error: BaseException) -> str:
    """Where in the agent's own file an exception came from, however deep in others it was raised."""
    # Without the calls here, and without Python's own way to a module.
    raised = extract_tb(error.__traceback__)
    frames = [frame for frame in raised if frame.filename != __file__ and "importlib" not in frame.filename]
    if not frames:
        return ""
    last = [frame for frame in frames if frame.filename == frames[0].filename][-1]
    return f" ({last.filename}:{last.lineno})"


class FixedAgent:
    """Leaves at once with a fixed answer: the do-nothing and N/A-at-once floors."""

    def __init__(self, message: str) -> None:
        """Answers ``message`` to every task."""
        self._action = format_action(leave(message))

    def reset(self, task_info: TaskInfo) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation) -> str:
        """Leaves."""
        return self._action


class RandomAgent:
    """Uses a random control in a sensible way, or leaves with a random word of the page."""

    def __init__(self, seed: int = 0) -> None:
        """Draws from a generator that depends on ``seed`` and the task only."""
        self._seed = seed
        self._random = random.Random(seed)

    def reset(self, task_info: TaskInfo) -> None:
        """Starts the task's own sequence of draws."""
        self._random = random.Random(f"{self._seed}/{task_info['task_id']}")

    def act(self, observation: Observation) -> str:
        """A random action."""
        draw = self._random
        page = observation["html"]
        controls = list(_CONTROL.finditer(page))
        words = re.findall(r"[\w.$@-]+", observation["instruction"]) or ["a"]
        if not controls or draw.random() < _EXIT_CHANCE:
            texts = re.findall(r">\s*([^<>\n]+?)\s*<", page) or [""]
            return format_action(leave(draw.choice(texts)))
        control = draw.choice(controls)
        tag, element = control[1], control[2]
        if tag == "select" and control[4]:
            return format_action(select_option(element, draw.choice(control[4].split(" | "))))
        if tag in ("input", "textarea") and "type=" not in control[3]:
            kind = draw.choice((ActionKind.TYPE, ActionKind.SEARCH))
            return f'do(action="{kind.value}", argument="{draw.choice(words)}", element="{element}")'
        return format_action(click(element))


class ScriptedOracle:
    """The tasks' scripted oracle behind the agent protocol; it alone is told which task it works on."""

    def __init__(self, find_task: Callable[[str], Task], solve: Solve = practice_oracle) -> None:
        """Looks tasks up by id with ``find_task``; ``solve`` begins their scripts, see ``OracleAgent``."""
        self._find_task = find_task
        self._oracle = OracleAgent(solve)

    def reset(self, task_info: TaskInfo) -> None:
        """Takes up the task's script."""
        self._oracle.reset(self._find_task(task_info["task_id"]))

    def act(self, observation: Observation) -> str:
        """The script's next action."""
        return self._oracle.act(observation)


class _NotThere(Exception):
    """Raised when a module or class that somebody named is not there, or does not take what it is to be made with."""


def _class_at(path: str, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    """The class that a path names; errors of its module's own code go through."""
    module_name, _, class_name = path.partition(":")
    if not module_name or not class_name:
        raise _NotThere("a module or a class is missing")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise _NotThere(f"{module_name} is no module's name; my_agent:Agent is the class Agent in ./my_agent.py")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise _NotThere(str(error)) from error
    if not callable(found := getattr(module, class_name, None)):
        raise _NotThere(f"{module_name} has no class {class_name}")
    try:
        inspect.signature(found).bind(**arguments)
    except TypeError as error:
        kind = "" if inspect.isclass(found) else f"{class_name} is no class but a function: "
        raise _NotThere(f"{kind}{error}") from error
    except ValueError:  # it does not say what it takes
        pass
    return cast("Callable[..., Any]", found)


def version_of(agent: Agent) -> str | None:
    """What tells one state of somebody's agent from another: its own ``version``, else a hash of its module's file.

    None where there is no such file.
    """
    version = getattr(agent, "version", None)
    if version is not None:
        return str(version)
    try:
        source = Path(inspect.getfile(type(agent))).read_bytes()
    except (TypeError, OSError):
        return None
    return hashlib.sha256(source).hexdigest()


def load_agent(path: str, arguments: Mapping[str, Any] | None = None) -> Agent:
    """Makes the agent named ``package.module:Class``.

    Args:
        path: Module and class, joined by a colon.
        arguments: Keyword arguments of the class.

    Raises:
        ValueError: If there is no such module or class, it does not take the arguments, or it lacks a method; the
            message says which.
        AgentFailed: If its code raises something else.
    """
    try:
        made = _class_at(path, arguments or {})(**(arguments or {}))
    except _NotThere as error:
        hint = "; agent_arguments.NAME=VALUE gives it an argument" if "argument" in str(error) else ""
        raise ValueError(f"agent {path!r} cannot be loaded (expected package.module:Class): {error}{hint}") from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise AgentFailed(f"agent {path} failed when it was made: {what}{_place(error)}") from error
    missing = [name for name in ("reset", "act") if not callable(getattr(made, name, None))]
    if missing:
        raise ValueError(f"agent {path!r} has no method {' and no method '.join(missing)}")
    return cast("Agent", made)
