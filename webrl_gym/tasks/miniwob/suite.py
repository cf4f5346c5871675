"""Suite ``miniwob``: one task for each page of MiniWoB++, drawn by the page from a seed and scored by its own script.

Departures from the published environment: the page's time limit never ends an episode (the step limit does), the START
cover and the display of past rewards are not shown, and the score is the page's raw reward, without its time penalty:
negative rewards count as 0.0, and only the full reward of 1.0 is success.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from webrl_gym.errors import TaskFileError
from webrl_gym.tasks.miniwob.page import IS_OVER, RAW_REWARD, set_up_script
from webrl_gym.tasks.miniwob.scripts import SCRIPTS
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.page_task import PageTask, TaskPage
from webrl_gym.tasks.page_view import Oracle, PageView

ORIGIN = "http://miniwob.test"
FOLDER_VARIABLE = "WEBRL_GYM_MINIWOB"
"""Environment variable that names the folder of the pages, the one with ``core`` and ``miniwob`` in it."""
_STEPS = 20


class MiniwobTask(PageTask):
    """One page of MiniWoB++."""

    max_steps = _STEPS
    waits_for_rest = False  # a page is ready to draw its problem when it is loaded

    def __init__(self, name: str, script: Callable[[PageView], Oracle] | None = None) -> None:
        """The task of the page ``miniwob/<name>.html``, with the oracle's script if there is one."""
        self.task_id = f"miniwob/{name}"
        self.start_urls = (f"{ORIGIN}/miniwob/{name}.html",)
        self.summary = f"MiniWoB++ {name}"
        self.tags = () if script is None else ("oracle",)
        self._script = script

    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:
        """Lets the page draw its problem."""
        return str(page.evaluate(set_up_script(int(rng.integers(2**31)))))

    def is_over(self, page: TaskPage) -> bool:
        """True once the page has given its reward."""
        return bool(page.evaluate(IS_OVER))

    def score(self, page: TaskPage, answer: str) -> float:  # noqa: ARG002 - the page does not hear answers
        """The page's raw reward, negative ones as 0.0; 0.0 while there is none."""
        return min(1.0, max(0.0, float(page.evaluate(RAW_REWARD))))

    def solve(self, page: PageView) -> Oracle:
        """The page's script, which reads the instruction from the observation."""
        return super().solve(page) if self._script is None else self._script(page)


def miniwob_suite() -> PageSuite:
    """All tasks whose pages are there, by name.

    Raises:
        TaskFileError: If the pages are not installed.
    """
    folder = pages_folder()
    names = sorted(file.stem for file in (folder / "miniwob").glob("*.html"))
    return PageSuite(
        "miniwob", [partial(MiniwobTask, name, SCRIPTS.get(name)) for name in names], origins=[ORIGIN], pages=folder
    )


def pages_folder() -> Path:
    """Where the pages are: ``WEBRL_GYM_MINIWOB``, else in the installed package, which is not imported.

    Raises:
        TaskFileError: If they are not there; the message says how to install them.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        folder = Path(named)
    else:
        package = importlib.util.find_spec("miniwob")
        if package is None or not package.submodule_search_locations:
            raise TaskFileError(
                "the pages of MiniWoB++ are not installed: pip install --no-deps miniwob, or set "
                f"{FOLDER_VARIABLE} to a folder that holds core/ and miniwob/"
            )
        folder = Path(package.submodule_search_locations[0]) / "html"
    if not (folder / "core" / "core.js").is_file():
        raise TaskFileError(f"{folder} does not hold the pages of MiniWoB++: there is no core/core.js")
    return folder
