"""Official GitLab tasks that end on a certain page."""

from __future__ import annotations

from collections.abc import Callable

from webrl_gym.actions import leave
from webrl_gym.tasks.official.gitlab.moves import open_issues
from webrl_gym.tasks.official.script import Script, Solve, asked
from webrl_gym.tasks.page_view import Oracle, PageView


def _through(*names: str) -> Solve:
    """A script that clicks its way through controls of these names."""

    def solve(page: PageView) -> Oracle:
        for name in names:
            page = yield page.click(name)
        yield leave()

    return solve


def _labelled_issues(choose: Callable[[list[str], str], str]) -> Solve:
    def solve(page: PageView) -> Oracle:
        project, topic = asked(page, r"in the \S+/(\S+) repository that have labels related to (\w+)")
        page = yield from open_issues(page, project)
        offered = page.find("Label", tag="select").text.split(" | ")[1:]
        page = yield page.select("Label", choose(offered, topic))
        yield page.click("Filter")
        yield leave()

    return solve


def _related(labels: list[str], topic: str) -> str:
    return next(label for label in labels if topic.startswith(label))


def _unrelated(labels: list[str], topic: str) -> str:
    return next(label for label in labels if not topic.startswith(label))


NAVIGATING = (
    Script(9, _through("To-Do List"), _through("Assigned issues")),
    Script(25, _labelled_issues(_related), _labelled_issues(_unrelated)),
    Script(39, _through("Your merge requests"), _through("Assigned issues")),
    Script(62, _through("Explore"), _through("Starred")),
    Script(83, _through("Your merge requests", "Review requests for you"), _through("Your merge requests")),
)
