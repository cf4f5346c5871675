"""Task suites: fixed panels of tasks by name, and the evolution of new ones from failed ones.

``practice-train`` (1,000 tasks, worlds 1 to 8), ``practice-valid`` (165, world 9), ``practice-test`` (165, world 10)
and ``practice-test-large`` (660 of the same make, worlds 15 to 18, for when 165 are too few) are drawn
from our templates in the official distribution over sites. The same name gives the same tasks in the same order on
every machine. No (template, parameters) pair occurs in two of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import cycle

import numpy as np

from webrl_gym.errors import TaskFileError
from webrl_gym.given_names import given_names
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.practice import all_templates, practice_oracle
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.template import Split, Template, WorldReader
from webrl_gym.types import Site

OpenReader = Callable[[int], WorldReader]
"""Gives read access to a world by its number."""

_PANEL = {
    "shopping": 45,
    "shopping_admin": 35,
    "gitlab": 30,
    "map": 26,
    "reddit": 19,
    "wikipedia_map": 4,
    "cross_site": 6,
}
"""Tasks a group in the official panel of 165; the paper counts the four that cross map and wikipedia as Map."""
_NOVEL_SHARE = 0.2
_QUOTED = re.compile(r'"([^"]+)"')
_TEXT_COLUMNS = """SELECT entry.name AS held_by, part.name AS text FROM sqlite_master AS entry
    JOIN pragma_table_info(entry.name) AS part WHERE entry.type = 'table' AND part.type = 'TEXT' ORDER BY 1, 2"""
_TRIES = 60


@dataclass(frozen=True, slots=True)
class SuiteSpec:
    """How a practice suite is drawn.

    Attributes:
        name: Its name.
        worlds: Worlds that its tasks are about.
        size: Number of tasks.
        splits: Template splits it may use.
        apart_from: Suites that it shares no (template, parameters) with.
    """

    name: str
    worlds: tuple[int, ...]
    size: int
    splits: frozenset[Split]
    apart_from: tuple[str, ...]


PRACTICE_SUITES = {
    spec.name: spec
    for spec in (
        SuiteSpec("practice-train", tuple(range(1, 9)), 1000, frozenset({Split.EVERYWHERE}), ()),
        SuiteSpec("practice-valid", (9,), 165, frozenset({Split.EVERYWHERE, Split.VALID_ONLY}), ("practice-train",)),
        SuiteSpec(
            "practice-test",
            (10,),
            165,
            frozenset({Split.EVERYWHERE, Split.TEST_ONLY}),
            ("practice-train", "practice-valid"),
        ),
        SuiteSpec(
            "practice-test-large",
            (15, 16, 17, 18),
            660,
            frozenset({Split.EVERYWHERE, Split.TEST_ONLY}),
            ("practice-train", "practice-valid", "practice-test"),
        ),
    )
}


class TaskSuite:
    """A named, ordered, fixed set of tasks."""

    def __init__(self, name: str, tasks: Sequence[Task], open_reader: OpenReader) -> None:
        """Keeps ``tasks`` in their order; ``open_reader`` serves ``evolve``."""
        self.name = name
        self.tasks = tuple(tasks)
        self._by_id = {task.task_id: task for task in self.tasks}
        self._open_reader = open_reader
        self._sites = frozenset(Site)  # of what evolves from its tasks

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def get(self, task_id: str) -> Task:
        """The task with this id.

        Raises:
            ValueError: If there is none; the message names near ones.
        """
        found = self._by_id.get(task_id)
        if found is None:
            own = f"{self.name}/{task_id}"  # the number alone, as elsewhere
            near = [own] if own in self._by_id else get_close_matches(task_id, self._by_id, n=3)
            hint = f"; near: {', '.join(near)}" if near else ""
            raise ValueError(f"suite {self.name} has no task {task_id!r}{hint}")
        return found

    def sample(self, rng: np.random.Generator) -> Task:
        """A task drawn uniformly."""
        return self.tasks[int(rng.integers(len(self.tasks)))]

    def only(self, sites: Iterable[Site]) -> TaskSuite:
        """The tasks that need no other sites than these, in the same order; neither does what evolves from them."""
        allowed = self._sites.intersection(sites)
        kept = [task for task in self.tasks if set(task.sites) <= allowed]
        if not kept:
            raise ValueError(f"suite {self.name} has no task on only {sorted(site.value for site in allowed)}")
        part = self._with(kept)
        part._sites = allowed
        return part

    def made_from(self, templates: str | Iterable[str]) -> TaskSuite:
        """The tasks made from these templates, or from the one of this name, in the same order.

        Raises:
            ValueError: If there is no task of one of them; the message names near ones.
        """
        wanted = set(given_names(templates))
        known = {task.template for task in self.tasks if task.template is not None}
        for name in sorted(wanted - known):
            near = get_close_matches(name, known, n=3)
            hint = f"; near: {', '.join(near)}" if near else ""
            raise ValueError(f"suite {self.name} has no task made from the template {name!r}{hint}")
        return self._with([task for task in self.tasks if task.template in wanted])

    def _with(self, tasks: Sequence[Task]) -> TaskSuite:
        """A suite of this kind with some of its tasks."""
        part = copy(self)
        TaskSuite.__init__(part, self.name, tasks, self._open_reader)
        part._sites = self._sites
        return part

    def evolve(self, parent: Task, rng: random.Random) -> Task | None:
        """A new training instruction from a failed one (in-breadth evolution, WebRL section 2.2).

        Half of the time the parent's own template, otherwise another training template of the same site, with new
        parameters in a training world. It needs no other sites than the suite's tasks may.

        Args:
            parent: The failed task.
            rng: Decides everything.

        Returns:
            The new task, or None when nothing new could be drawn.
        """
        own = _template_of(parent)
        if own is None:
            return None
        spec = PRACTICE_SUITES["practice-train"]
        ours = [t for t in all_templates() if t.split is Split.EVERYWHERE and self._sites.issuperset(t.sites)]
        siblings = [t for t in ours if t.sites[0] == own.sites[0]]
        if not siblings:
            return None
        if own in siblings and rng.random() < 0.5:
            siblings = [own]
        template = rng.choice(siblings)
        task = draw_task(template, self._open_reader(rng.choice(spec.worlds)), rng, rng.random() < _NOVEL_SHARE)
        if task is None:
            return None
        serial = "".join(rng.choice("0123456789abcdef") for _ in range(8))
        return replace(task, task_id=f"evolved/{template.name}/{serial}", suite="evolved", parent=parent.task_id)

    def solve(self, task: Task, page: PageView) -> Oracle:
        """Begins a task's scripted oracle on its first page.

        Raises:
            ValueError: If the task was not made from a practice template.
        """
        return practice_oracle(task, page)

    def derives(self, task: Task) -> bool:
        """Whether a task follows from its template: one for training, in its words, evaluated as its world says now.

        Args:
            task: Any task of the embedded sites.
        """
        template = _template_of(task)
        if template is None or template.split is not Split.EVERYWHERE:
            return False
        try:
            wordings = {wording.format(**task.parameters) for wording in template.wordings}
            evaluation = template.evaluate(self._open_reader(task.world), task.parameters)
        except (LookupError, TypeError):  # parameters of something that the world has not
            return False
        return task.instruction in wordings and evaluation == task.evaluation

    def unknown_names(self, task: Task) -> tuple[str, ...]:
        """Names that a task's instruction quotes and that stand in no text of its sites in its world.

        Args:
            task: Any task of the embedded sites.
        """
        reader = self._open_reader(task.world)
        quoted = dict.fromkeys(_QUOTED.findall(task.instruction))
        return tuple(name for name in quoted if not any(_is_written(reader, site, name) for site in task.sites))

    def rephrase(self, task: Task, rng: random.Random) -> Task:
        """The same task in other words, as its template has them.

        Args:
            task: A training task.
            rng: Decides which words.

        Returns:
            The task with another instruction; the task itself if its template has no other words, or none for training.
        """
        template = _template_of(task)
        if template is None or template.split is not Split.EVERYWHERE:
            return task
        instructions = [wording.format(**task.parameters) for wording in template.wordings]
        others = [instruction for instruction in instructions if instruction != task.instruction]
        return replace(task, instruction=rng.choice(others)) if others else task


def _template_of(task: Task) -> Template | None:
    """The practice template that a task says it was made from; None where there is no such template."""
    return next((template for template in all_templates() if template.name == task.template), None)


def _is_written(reader: WorldReader, site: Site, name: str) -> bool:
    """Whether a name stands anywhere in a site's data, in whatever case."""
    return any(
        reader.value(site, f'SELECT 1 FROM "{table}" WHERE instr(lower("{column}"), ?) LIMIT 1', (name.lower(),))
        for table, column in reader.query(site, _TEXT_COLUMNS)
    )


def build_suite(name: str, open_reader: OpenReader) -> TaskSuite:
    """Draws a practice suite.

    Args:
        name: One of ``PRACTICE_SUITES``.
        open_reader: Gives read access to a world.

    Raises:
        TaskFileError: If the templates cannot fill it.
    """
    spec = PRACTICE_SUITES[name]
    taken = {task.key for other in spec.apart_from for task in build_suite(other, open_reader)}
    return TaskSuite(name, _draw_suite(spec, open_reader, taken), open_reader)


def group_of(template: Template) -> str:
    """The panel group of a template: its site, ``wikipedia_map``, or ``cross_site`` for the other crossings."""
    if len(template.sites) == 1:
        return template.sites[0].value
    return "wikipedia_map" if set(template.sites) == {Site.MAP, Site.WIKIPEDIA} else "cross_site"


def _draw_suite(spec: SuiteSpec, open_reader: OpenReader, taken: set[tuple[str, ...]]) -> list[Task]:
    tasks: list[Task] = []
    for group, share in _PANEL.items():
        wanted = round(spec.size * share / 165)
        if group == "cross_site":
            wanted = spec.size - len(tasks)
        templates = [t for t in all_templates() if group_of(t) == group and t.split in spec.splits]
        tasks.extend(_draw_group(spec, group, templates, wanted, open_reader, taken))
    return tasks


def _draw_group(
    spec: SuiteSpec,
    group: str,
    templates: list[Template],
    wanted: int,
    open_reader: OpenReader,
    taken: set[tuple[str, ...]],
) -> list[Task]:
    rng = random.Random(f"{spec.name}/{group}")
    counts = dict.fromkeys((template.name for template in templates), 0)
    exhausted: set[str] = set()
    tasks: list[Task] = []
    for template in cycle(templates):
        if len(tasks) == wanted:
            return tasks
        if len(exhausted) == len(templates):
            raise TaskFileError(f"the {group} templates give only {len(tasks)} of {wanted} tasks for {spec.name}")
        if template.name in exhausted:
            continue
        task = _draw_new(template, spec, open_reader, rng, taken)
        if task is None:
            exhausted.add(template.name)
            continue
        taken.add(task.key)
        tasks.append(replace(task, task_id=f"{spec.name}/{template.name}/{counts[template.name]}", suite=spec.name))
        counts[template.name] += 1
    raise TaskFileError(f"there are no {group} templates for {spec.name}")


def _draw_new(
    template: Template, spec: SuiteSpec, open_reader: OpenReader, rng: random.Random, taken: set[tuple[str, ...]]
) -> Task | None:
    for _ in range(_TRIES):
        task = draw_task(template, open_reader(rng.choice(spec.worlds)), rng, rng.random() < _NOVEL_SHARE)
        if task is not None and task.key not in taken:
            return task
    return None


def draw_task(template: Template, reader: WorldReader, rng: random.Random, novel: bool) -> Task | None:
    """One task of a template.

    Args:
        template: The family.
        reader: The world it is about.
        rng: Decides parameters and wording.
        novel: Whether it must be about a record made of words that no other world has.

    Returns:
        The task, its id still the template's name; None when the world has none.
    """
    parameters = template.draw(reader, rng, novel)
    if parameters is None:
        return None
    tags = [template.kind.value]
    if novel:
        tags.append("novel")
    if template.split is not Split.EVERYWHERE:
        tags.append("unseen_template")
    start = template.start or template.sites[0].placeholder
    return Task(
        task_id=template.name,
        sites=template.sites,
        instruction=rng.choice(template.wordings).format(**parameters),
        start_urls=tuple(url.strip() for url in start.split("|AND|")),
        evaluation=template.evaluate(reader, parameters),
        max_steps=min(15, 2 * template.steps + 4),
        world=reader.number,
        template=template.name,
        parameters=parameters,
        tags=tuple(tags),
    )
