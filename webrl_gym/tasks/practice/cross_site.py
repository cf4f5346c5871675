"""Practice tasks that need two sites: what is read on the first is written on the second."""

from __future__ import annotations

import random
import re
from typing import Any

from webrl_gym.actions import leave, switch_tab
from webrl_gym.tasks.checks import page_check, pages_show
from webrl_gym.tasks.page_view import Moves, Oracle, OracleLost, PageView, Parameters
from webrl_gym.tasks.practice.cross_wikipedia import WIKIPEDIA_TEMPLATES, tabs
from webrl_gym.tasks.practice.gitlab_moves import create_issue, open_issues
from webrl_gym.tasks.practice.map_moves import open_place, place, places, read_tag
from webrl_gym.tasks.practice.shopping.store_pages import dollars, product_line
from webrl_gym.tasks.practice.shopping_admin_moves import open_order, order_url
from webrl_gym.tasks.template import Row, Split, TaskKind, Template, WorldReader
from webrl_gym.types import Site

_REDDIT_USER = "MarvelsGrantMan136"
_PROJECTS_OF_ONE_NAME = (
    "SELECT * FROM projects WHERE visibility = 'public' AND name IN"
    " (SELECT name FROM projects GROUP BY name HAVING count(*) = 1)"
)


def _forum(reader: WorldReader, rng: random.Random) -> str:
    return str(rng.choice(reader.query(Site.REDDIT, "SELECT name FROM forums ORDER BY id"))["name"])


def _newest_submission(title: str, forum: str) -> dict[str, Any]:
    """The newest submission of the published account has this title and is in this forum."""
    page = f"__REDDIT__/user/{_REDDIT_USER}/submissions"
    return pages_show(
        page_check(page, 'document.querySelector(".submission .submission__title").outerText', title, exactly=True),
        page_check(page, 'document.querySelector(".submission .submission__forum").outerText', forum, exactly=True),
    )


def _submit(page: PageView, title: str, forum: str) -> Moves:
    """Posts on the forum site, from any of its pages; four actions."""
    page = yield page.click("Submit", tag="a")
    page = yield page.type("Title", title)
    page = yield page.select("Forum", forum)
    page = yield page.click("Create submission", tag="button")
    return page


def _number_beside(page: PageView, link: str, pattern: str) -> str:
    """What ``pattern`` finds on or after the line of the link whose text ends with ``link``."""
    for control in page.controls:
        if control.tag == "a" and control.text.endswith(link):
            for line in page.plain_lines[control.line : control.line + 3]:
                match = re.search(pattern, line.split(link)[-1])
                if match is not None:
                    return match[1]
    raise OracleLost(f"no {pattern!r} beside {link!r} on {page.url}:\n{page.text}")


# GitLab, then the forums.


def _draw_project(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    projects = reader.query(Site.GITLAB, f"{_PROJECTS_OF_ONE_NAME} AND novel = ? ORDER BY id", (novel,))
    return {"project": rng.choice(projects)["name"], "forum": _forum(reader, rng)} if projects else None


def _check_stars(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    stars = reader.value(
        Site.GITLAB,
        "SELECT count(*) FROM stars JOIN projects ON projects.id = project_id WHERE name = ?",
        (parameters["project"],),
    )
    return _newest_submission(f"{parameters['project']} stars: {stars}", parameters["forum"])


def _solve_stars(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search GitLab", parameters["project"])
    stars = _number_beside(page, f"/ {parameters['project']}", r"(\d+) stars?\b")
    page = yield switch_tab(1)
    yield from _submit(page, f"{parameters['project']} stars: {stars}", parameters["forum"])
    yield leave()


def _check_open_issues(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    issues = reader.value(
        Site.GITLAB,
        "SELECT count(*) FROM issues JOIN projects ON projects.id = project_id WHERE name = ? AND state = 'opened'",
        (parameters["project"],),
    )
    return _newest_submission(f"{parameters['project']} open issues: {issues}", parameters["forum"])


def _solve_open_issues(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_issues(page, parameters["project"])
    issues = next(control.text for control in page.controls if re.fullmatch(r"Open \d+", control.text))
    page = yield switch_tab(1)
    yield from _submit(page, f"{parameters['project']} open issues: {issues.split()[1]}", parameters["forum"])
    yield leave()


# The forums, then GitLab.


def _draw_thread(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    threads = reader.query(
        Site.REDDIT,
        "SELECT title FROM submissions WHERE comment_count > 1 AND novel = ? GROUP BY title HAVING count(*) = 1"
        " ORDER BY min(id)",
        (novel,),
    )
    if not threads:
        return None
    projects = reader.query(Site.GITLAB, f"{_PROJECTS_OF_ONE_NAME} AND namespace = 'byteblaze' ORDER BY id")
    return {"title": rng.choice(threads)["title"], "project": rng.choice(projects)["name"]}


def _check_thread(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    comments = reader.value(
        Site.REDDIT, "SELECT comment_count FROM submissions WHERE title = ?", (parameters["title"],)
    )
    project = reader.one(Site.GITLAB, f"{_PROJECTS_OF_ONE_NAME} AND name = ?", (parameters["project"],))
    address = f"__GITLAB__/{project['namespace']}/{project['path']}/-/issues?state=all" if project else ""
    newest = 'document.querySelector(".issues-list .issue-title").outerText'
    return pages_show(page_check(address, newest, f"{comments} comments: {parameters['title']}", exactly=True))


def _solve_thread(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search query", parameters["title"])
    comments = _number_beside(page, parameters["title"], r"(\d+) comments?\b")
    page = yield switch_tab(1)
    yield from create_issue(page, parameters["project"], f"{comments} comments: {parameters['title']}")
    yield leave()


# The shop, then the forums.


def _draw_product(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    products = reader.query(Site.SHOPPING, "SELECT name FROM product WHERE novel = ? ORDER BY id", (novel,))
    return {"product": rng.choice(products)["name"], "forum": _forum(reader, rng)} if products else None


def _check_price(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    cents = reader.value(Site.SHOPPING, "SELECT price_cents FROM product WHERE name = ?", (parameters["product"],))
    return _newest_submission(f"{parameters['product']} for {dollars(cents)}", parameters["forum"])


def _solve_price(page: PageView, parameters: Parameters) -> Oracle:
    page = yield page.search("Search", parameters["product"])
    price = product_line(page, parameters["product"]).split()[-1]
    page = yield switch_tab(1)
    yield from _submit(page, f"{parameters['product']} for {price}", parameters["forum"])
    yield leave()


# The map, then the shop's back office.


def _draw_order(reader: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    rows = places(reader, "phone <> '' AND novel = ?", (novel,))
    if not rows:
        return None
    orders: list[Row] = reader.query(Site.SHOPPING_ADMIN, "SELECT increment_id FROM sales_order ORDER BY id")
    return {"place": rng.choice(rows)["name"], "order": rng.choice(orders)["increment_id"]}


def _check_order(reader: WorldReader, parameters: Parameters) -> dict[str, Any]:
    phone = place(reader, parameters["place"])["phone"]
    return pages_show(page_check(order_url(parameters), "", f"Call {phone}"))


def _solve_order(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_place(page, parameters["place"])
    phone = read_tag(page, "phone")
    page = yield switch_tab(1)
    page = yield from open_order(page, parameters)
    page = yield page.type("Comment", f"Call {phone}")
    page = yield page.click("Submit Comment")
    yield leave()


TEMPLATES: tuple[Template, ...] = (
    *WIKIPEDIA_TEMPLATES,
    Template(
        name="cross.post_stars",
        sites=(Site.GITLAB, Site.REDDIT),
        kind=TaskKind.CHANGING,
        wordings=(
            'Post a submission with the title "{project} stars: N" in the forum {forum}, where N is the number of'
            " stars that the project {project} has on GitLab",
            "Look up how many stars {project} has on GitLab and create a submission in the forum {forum} whose title is"
            ' "{project} stars: " followed by that number',
            'Tell the forum {forum} about my find: submit a post titled "{project} stars: " and then the number of'
            " stars of {project} on GitLab",
        ),
        draw=_draw_project,
        evaluate=_check_stars,
        solve=_solve_stars,
        steps=7,
        start=tabs(Site.GITLAB, Site.REDDIT),
    ),
    Template(
        name="cross.post_open_issues",
        sites=(Site.GITLAB, Site.REDDIT),
        kind=TaskKind.CHANGING,
        wordings=(
            'Post a submission with the title "{project} open issues: N" in the forum {forum}, where N is the number'
            " of open issues of the project {project} on GitLab",
            "Count the open issues of {project} on GitLab and create a submission in the forum {forum} whose title is"
            ' "{project} open issues: " followed by that number',
            'Ask the forum {forum} for help: submit a post titled "{project} open issues: " and then how many issues'
            " of {project} are open on GitLab",
        ),
        draw=_draw_project,
        evaluate=_check_open_issues,
        solve=_solve_open_issues,
        steps=9,
        split=Split.TEST_ONLY,
        start=tabs(Site.GITLAB, Site.REDDIT),
    ),
    Template(
        name="cross.issue_about_thread",
        sites=(Site.REDDIT, Site.GITLAB),
        kind=TaskKind.CHANGING,
        wordings=(
            'Open an issue in my GitLab project {project} with the title "N comments: {title}", where N is the number'
            ' of comments on the Reddit submission "{title}"',
            'Find the Reddit submission "{title}" and create an issue in my project {project} whose title is the number'
            ' of its comments followed by " comments: {title}"',
            'The thread "{title}" on Reddit needs a follow-up: create an issue titled "N comments: {title}" in my'
            " GitLab project {project}, N being its number of comments",
        ),
        draw=_draw_thread,
        evaluate=_check_thread,
        solve=_solve_thread,
        steps=9,
        start=tabs(Site.REDDIT, Site.GITLAB),
    ),
    Template(
        name="cross.post_price",
        sites=(Site.SHOPPING, Site.REDDIT),
        kind=TaskKind.CHANGING,
        wordings=(
            'Post a submission with the title "{product} for P" in the forum {forum}, where P is the price of'
            " {product} at One Stop Market, such as $9.99",
            "Look up the price of {product} at One Stop Market and create a submission in the forum {forum} whose title"
            ' is "{product} for " followed by the price, such as $9.99',
            'Share a bargain in the forum {forum}: submit a post titled "{product} for " and then the price that'
            " {product} has at One Stop Market, such as $9.99",
        ),
        draw=_draw_product,
        evaluate=_check_price,
        solve=_solve_price,
        steps=7,
        start=tabs(Site.SHOPPING, Site.REDDIT),
    ),
    Template(
        name="cross.phone_on_order",
        sites=(Site.MAP, Site.SHOPPING_ADMIN),
        kind=TaskKind.CHANGING,
        wordings=(
            'Add the comment "Call N" to order #{order} in the back office, where N is the phone number of {place} on'
            " the map",
            "Find the phone number of {place} on the map and submit a comment on order #{order} in the store's back"
            ' office that says "Call " followed by the number',
            'Order #{order} goes to {place}: note "Call " and the phone number of {place}, as the map writes it, as a'
            " comment on that order",
        ),
        draw=_draw_order,
        evaluate=_check_order,
        solve=_solve_order,
        steps=10,
        start=tabs(Site.MAP, Site.SHOPPING_ADMIN),
    ),
)
