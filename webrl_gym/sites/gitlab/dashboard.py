"""Pages across projects: own projects, exploring, searching, assigned work and to-dos."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from webrl_gym.sites.gitlab import issues, merge_requests
from webrl_gym.sites.gitlab.access import VISIBLE, account, account_id, back_to, require_account, setting
from webrl_gym.sites.gitlab.listing import PROJECT_SORTS, fetch_page, like, project_page
from webrl_gym.sites.web import store

pages = Blueprint("dashboard", __name__)

TODOS_A_PAGE = 10
PEOPLE_A_PAGE = 10
_PROJECT_HOLDS = "(p.name || ' ' || p.description || ' ' || p.namespace) LIKE :{} ESCAPE '!'"
_MINE = "EXISTS (SELECT 1 FROM project_members mine WHERE mine.project_id = p.id AND mine.user_id = :me)"


def home() -> Response | str:
    """The visitor's projects."""
    if account() is None:
        return redirect(url_for("accounts.sign_in"))  # type: ignore[return-value]  # see access.back_to
    return _project_list("Projects", "yours", _MINE)


pages.add_url_rule("/dashboard/projects", "projects", home)


@pages.get("/dashboard/projects/starred")
def starred() -> str:
    """Projects that the visitor starred."""
    me = require_account()
    condition = "p.id IN (SELECT s.project_id FROM stars s WHERE s.user_id = :visitor)"
    return _project_list("Projects", "starred", condition, visitor=int(me["id"]))


@pages.get("/explore")
@pages.get("/explore/projects")
def explore() -> str:
    """All projects that the visitor may see."""
    return _project_list("Explore projects", "explore", "1")


@pages.get("/explore/projects/starred")
def most_stars() -> str:
    """All projects, those with the most stars first."""
    return _project_list("Explore projects", "stars", "1", sort="stars_desc")


def _project_list(heading: str, tab: str, condition: str, visitor: int = 0, sort: str = "latest_activity_desc") -> str:
    page = project_page(condition, {"visitor": visitor}, sort)
    chosen = request.args.get("sort", sort)
    return render_template(
        "projects.html",
        heading=heading,
        tab=tab,
        page=page,
        sorts=PROJECT_SORTS,
        sort=chosen if chosen in PROJECT_SORTS else sort,
    )


@pages.get("/dashboard/issues")
def my_issues() -> str:
    """Issues over all projects; by whom and for whom the address says."""
    require_account()
    page, counts = issues.find_issues(VISIBLE, {"me": account_id()})
    return render_template("dashboard_issues.html", page=page, counts=counts, states=issues.STATES, sorts=issues.SORTS)


@pages.get("/dashboard/merge_requests")
def my_merge_requests() -> str:
    """Merge requests over all projects; by whom and for whom the address says."""
    require_account()
    page, counts = merge_requests.find_merge_requests(VISIBLE, {"me": account_id()})
    return render_template("dashboard_merge_requests.html", page=page, counts=counts, states=merge_requests.STATES)


@pages.get("/dashboard/todos")
def todos() -> str:
    """What waits for the visitor."""
    me = require_account()
    state = "done" if request.args.get("state") == "done" else "pending"
    page = fetch_page(
        "t.*, u.name AS author_name, p.namespace, p.path, p.name AS project_name,"
        " coalesce(i.iid, r.iid) AS iid, coalesce(i.title, r.title) AS title",
        "todos t JOIN users u ON u.id = t.author_id"
        " LEFT JOIN issues i ON t.target = 'issue' AND i.id = t.target_id"
        " LEFT JOIN merge_requests r ON t.target = 'merge_request' AND r.id = t.target_id"
        " JOIN projects p ON p.id = coalesce(i.project_id, r.project_id)"
        " WHERE t.user_id = :me AND t.state = :state",
        "t.created_at DESC, t.id DESC",
        {"me": me["id"], "state": state},
        setting("todos_per_page", TODOS_A_PAGE),
    )
    return render_template("todos.html", page=page, state=state)


@pages.post("/dashboard/todos/<int:todo>/done")
def todo_done(todo: int) -> Response:
    """Marks a to-do as done."""
    me = require_account()
    if store().one("SELECT 1 FROM todos WHERE id = ? AND user_id = ?", (todo, me["id"])) is None:
        abort(404, "There is no such to-do item.")
    with store().atomic():
        store().execute("UPDATE todos SET state = 'done' WHERE id = ?", (todo,))
    return back_to(url_for("dashboard.todos"))


@pages.get("/search")
def search() -> str:
    """Projects, issues, merge requests or users whose texts hold the searched one."""
    text = request.args.get("search", "").strip()
    scope = request.args.get("scope", "projects")
    everything = {"me": account_id(), "pattern": like(text)}
    if scope == "issues":
        page, _ = issues.find_issues(VISIBLE, everything)
    elif scope == "merge_requests":
        page, _ = merge_requests.find_merge_requests(VISIBLE, everything)
    elif scope == "users":
        page = fetch_page(
            "u.username, u.name",
            "users u WHERE u.name LIKE :pattern ESCAPE '!' OR u.username LIKE :pattern ESCAPE '!'",
            "u.name, u.id",
            everything,
            setting("people_per_page", PEOPLE_A_PAGE),
        )
    else:
        scope = "projects"
        words = {f"word{number}": like(word) for number, word in enumerate(text.split()[:8])}
        page = project_page(" AND ".join(["1", *(_PROJECT_HOLDS.format(word) for word in words)]), words)
    return render_template("search.html", text=text, scope=scope, page=page)
