"""Official GitLab tasks that ask for an answer."""

from __future__ import annotations

import re
from collections.abc import Generator

from webrl_gym.actions import Action, leave
from webrl_gym.tasks.official.gitlab.moves import (
    ACCOUNT,
    follow_link,
    listed_projects,
    open_members,
    open_project,
)
from webrl_gym.tasks.official.script import Perturbation, Script, Solve, asked
from webrl_gym.tasks.page_view import Oracle, PageView
from webrl_gym.types import Site

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_Day = tuple[int, int, int]


def _day_of(line: str) -> _Day | None:
    """Year, month and day of a heading such as ``Mar 5, 2023``."""
    match = re.fullmatch(r"(\w{3}) (\d+), (\d{4})", line)
    return (int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2])) if match else None


def _commits_on_day(page: PageView) -> Oracle:
    """34 and 49: filters the commits by each author, and reads the list down to the day."""
    people, project, month, day, year = asked(page, r"did (.+?) make (?:to (\S+) )?on (\d+)/(\d+)/(\d+)")
    if project:
        page = yield from open_project(page, project)
    page = yield page.click("Repository")
    page = yield page.click("Commits")
    total = 0
    for person in people.split(" and "):
        offered = page.find("Author", tag="select").text.split(" | ")
        author = next(name for name in offered if name.casefold().split()[0] == person.casefold())
        page = yield page.select("Author", author)
        page = yield page.click("Filter")
        page, count = yield from _count_commits(page, (int(year), int(month), int(day)))
        total += count
    yield leave(str(total))


def _count_commits(page: PageView, wanted: _Day) -> Generator[Action, PageView, tuple[PageView, int]]:
    count = 0
    while True:
        current: _Day | None = None
        for line in page.plain_lines:
            current = _day_of(line) or current
            count += current == wanted and " authored " in line
        if current is None or current < wanted or not any(c.name == "Next" for c in page.controls):
            return page, count
        page = yield page.click("Next")


def _moved_commits(day: str, people: str, count: int) -> str:
    """Moves some commits of ``people`` (quoted usernames) to ``day``."""
    return (
        f"UPDATE commits SET committed_at = '{day} 10:00:00' WHERE id IN (SELECT c.id FROM commits c"
        " JOIN users u ON u.id = c.author_id JOIN projects p ON p.id = c.project_id"
        f" WHERE p.path = 'a11yproject.com' AND u.username IN ({people}) AND date(c.committed_at) <> '{day}'"
        f" ORDER BY c.id LIMIT {count})"
    )


def _most_starred(page: PageView) -> Oracle:
    """43: sorts the own projects by stars and takes those that share the first place."""
    page = yield page.select("Sort by", "Most stars")
    page = yield page.click("Apply")
    rows = listed_projects(page)
    most = max(stars for _, stars in rows)
    yield leave(", ".join(name for name, stars in rows if stars == most))


def _latest_issue(yes: str, no: str) -> Solve:
    """44 and 45: the newest of the own issues with a word in the title; says whether it is closed."""

    def solve(page: PageView) -> Oracle:
        order, keyword = asked(page, r'my latest (updated|created) issue that has (?:keyword )?"?(.+?)"? in its title')
        page = yield page.click("Assigned issues")
        page = yield page.click("Created by me")
        page = yield follow_link(page, "All ")
        page = yield page.select("Sort by", f"{order.capitalize()} date")
        page = yield page.type("Search issues", keyword)
        page = yield page.click("Filter")
        page = yield follow_link(page, keyword)
        closed = page.plain_lines[page.line_of(" Issue #")].startswith("Closed ")
        yield leave(yes if closed else no)

    return solve


def _feed_token(page: PageView) -> Oracle:
    page = yield page.click(ACCOUNT, tag="summary")
    page = yield page.click("Access tokens")
    yield leave(page.find("Feed token").value)


def _clone_command(page: PageView) -> Oracle:
    """71: of the projects with the word in their name, the one with the most stars."""
    (topic,) = asked(page, r"the best (\w+) python implementation")
    page = yield page.search("Search GitLab", topic)
    named = [(stars, name) for name, stars in listed_projects(page) if re.search(rf"\b{topic}\b", name, re.I)]
    page = yield page.click(max(named)[1], tag="a")
    page = yield page.click("Clone", tag="summary")
    yield leave(page.find("Clone with SSH").value)


def _contributors(page: PageView, project: str) -> Generator[Action, PageView, list[str]]:
    """Names of a project's contributors, those with the most commits first."""
    page = yield from open_project(page, project)
    page = yield page.click("Repository")
    page = yield page.click("Contributors")
    rows = [re.fullmatch(r"(.+) (\d+) commits \(.*\)", line) for line in page.plain_lines]
    ranked = sorted((-int(row[2]), row[1]) for row in rows if row is not None)
    return [name for _, name in ranked]


def _top_contributor(page: PageView) -> Oracle:
    (project,) = asked(page, r"to the (.+) project")
    names = yield from _contributors(page, project)
    yield leave(names[0])


def _last_names(page: PageView) -> Oracle:
    count, project = asked(page, r"the top (\d+) contributors to (\S+) repo")
    names = yield from _contributors(page, project)
    yield leave(", ".join(name.split()[-1] for name in names[: int(count)]))


def _given_commits(project: str, giver: str, taker: str) -> str:
    return (
        f"UPDATE commits SET author_id = (SELECT id FROM users WHERE username = '{taker}')"
        f" WHERE author_id = (SELECT id FROM users WHERE username = '{giver}')"
        f" AND project_id = (SELECT id FROM projects WHERE path = '{project}')"
    )


def _other_members(page: PageView) -> Oracle:
    (project,) = asked(page, r"my repo ([^\s,]+)")
    page = yield from open_project(page, project)
    page = yield from open_members(page)
    usernames = [row["Account"].split("@")[-1] for row in page.rows() if "@" in row.get("Account", "")]
    yield leave(", ".join(username for username in usernames if username != ACCOUNT))


def _stars_for(path: str) -> str:
    return (
        "INSERT OR IGNORE INTO stars SELECT p.id, u.id, '2023-06-01 10:00:00' FROM projects p, users u"
        f" WHERE p.path = '{path}'"
    )


def _issue_state(path: str, number: int, state: str) -> str:
    return (
        f"UPDATE issues SET state = '{state}' WHERE iid = {number}"
        f" AND project_id = (SELECT id FROM projects WHERE path = '{path}')"
    )


def _follows(sql: str, answer: str) -> Perturbation:
    return Perturbation(((Site.GITLAB, sql, ()),), answer)


def _joined(path: str, username: str) -> str:
    return (
        "INSERT INTO project_members (project_id, user_id, role, created_at)"
        " SELECT p.id, u.id, 'Guest', '2023-06-01 10:00:00' FROM projects p, users u"
        f" WHERE p.path = '{path}' AND u.username = '{username}'"
    )


READING = (
    Script(34, _commits_on_day, "1", _follows(_moved_commits("2023-01-03", "'ericwbailey', 'Kilian'", 3), "3")),
    Script(43, _most_starred, "Byte Blaze / dotfiles", _follows(_stars_for("dotfiles"), "dotfiles")),
    Script(
        44,
        _latest_issue("Yes, it is closed", "No, it is open"),
        "Yes, it is closed",
        _follows(_issue_state("empathy-prompts", 8, "closed"), "Yes"),
    ),
    Script(45, _latest_issue("Yes", "No"), "No", _follows(_issue_state("a11yproject.com", 719, "opened"), "No")),
    Script(49, _commits_on_day, "2", _follows(_moved_commits("2023-03-05", "'Kilian'", 3), "4")),
    Script(63, _feed_token, ACCOUNT, _follows("UPDATE users SET feed_token = 'moved' WHERE id = 1", "moved")),
    Script(71, _clone_command, "eriklindernoren/PyTorch-GAN", _follows(_stars_for("Keras-GAN"), "/Keras-GAN.git")),
    Script(
        73,
        _top_contributor,
        "Per Nilsson",
        _follows(_given_commits("PyTorch-GAN", "eriklindernoren", "pnilsson"), "Per Nilsson"),
    ),
    Script(
        75,
        _last_names,
        "Chih-Yuan, Hsin-Yu, Wei-Ling",
        _follows(_given_commits("2019-nCov", "cylo", "ogreer"), "Greer"),
    ),
    Script(81, _other_members, ACCOUNT, _follows(_joined("gimmiethat.space", "pnilsson"), "pnilsson")),
)
