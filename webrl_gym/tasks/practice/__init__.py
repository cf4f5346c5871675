"""Our own templates, one module a site. They import neither engines nor site code."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.template import Template

_MODULES = ("shopping", "shopping_admin", "reddit", "gitlab", "map", "cross_site")


@cache
def all_templates() -> tuple[Template, ...]:
    """Every template, in a fixed order."""
    modules = (import_module(f"{__name__}.{name}") for name in _MODULES)
    return tuple(template for module in modules for template in module.TEMPLATES)


@cache
def _by_name() -> dict[str, Template]:
    return {template.name: template for template in all_templates()}


def template_by_name(name: str) -> Template:
    """The template called ``name``.

    Raises:
        ValueError: If there is none.
    """
    found = _by_name().get(name)
    if found is None:
        raise ValueError(f"there is no template {name!r}")
    return found


def practice_oracle(task: Task, page: PageView) -> Oracle:
    """Begins the scripted oracle of a practice task on its first page.

    Raises:
        ValueError: If the task was not made from a practice template.
    """
    if task.template is None:
        raise ValueError(f"Task {task.task_id} has no template, so there is no oracle for it")
    return template_by_name(task.template).solve(page, task.parameters)
