from __future__ import annotations

from collections.abc import Iterator

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.sites import web
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

HOSTILE = """<script>alert("x")</script>' OR 1=1; --"""
ME = 1


@pytest.fixture
def store() -> Iterator[SiteStore]:
    world = World(1)
    yield world.store(Site.GITLAB)
    world.close()


@pytest.fixture
def visitor(store: SiteStore) -> FlaskClient:
    client = web.site_app(Site.GITLAB).test_client()
    client.environ_base[web.STORE_KEY] = store  # type: ignore[assignment]  # WSGI servers put any object there
    return client


@pytest.fixture
def client(visitor: FlaskClient) -> FlaskClient:
    name, value = web.signed_in_cookie(Site.GITLAB) or ("", "")
    visitor.set_cookie(name, value)
    return visitor


def page(client: FlaskClient, path: str, **query: str) -> lxml.html.HtmlElement:
    response = client.get(path, query_string=query or None)
    assert response.status_code == 200
    return lxml.html.fromstring(response.text)


def send(client: FlaskClient, path: str, **data: str) -> lxml.html.HtmlElement:
    names = {"note": "note[note]"}
    response = client.post(path, data={names.get(name, name): value for name, value in data.items()})
    assert response.status_code == 303, response.text
    return page(client, response.headers["Location"].partition("#")[0])


def fields(kind: str, **values: str) -> dict[str, str]:
    return {f"{kind}[{name}]": value for name, value in values.items()}


def texts(document: lxml.html.HtmlElement, selector: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in document.cssselect(selector)]


def project_of(store: SiteStore, condition: str, at_least: str = "1") -> tuple[int, str]:
    row = store.one(
        "SELECT p.id, p.namespace, p.path FROM projects p LEFT JOIN project_members m"
        f" ON m.project_id = p.id AND m.user_id = {ME} WHERE {condition} AND {at_least} ORDER BY p.id"
    )
    assert row is not None
    return row["id"], f"/{row['namespace']}/{row['path']}"


def own(store: SiteStore) -> tuple[int, str]:
    return project_of(store, "m.role = 'Owner'")


def foreign(store: SiteStore) -> tuple[int, str]:
    return project_of(store, "m.role IS NULL AND p.visibility = 'public'")


def test_signing_in_works_as_webarena_does_it(visitor: FlaskClient) -> None:
    assert visitor.get("/").headers["Location"] == "/users/sign_in"
    form = page(visitor, "/users/sign_in").forms[1]
    assert texts(form, "label") == ["Username or email", "Password"]
    form.fields["user[login]"], form.fields["user[password]"] = "byteblaze", "wrong"
    refused = visitor.post("/users/sign_in", data=dict(form.fields))
    assert "Invalid login or password." in refused.text
    form.fields["user[password]"] = "hello1234"
    assert visitor.post("/users/sign_in", data=dict(form.fields)).headers["Location"] == "/"
    assert "Your merge requests" in visitor.get("/").text
    visitor.post("/users/sign_out")
    assert visitor.get("/").headers["Location"] == "/users/sign_in"


def test_writing_needs_an_account(visitor: FlaskClient, store: SiteStore) -> None:
    _, base = foreign(store)
    before = store.dump_hash()
    for path in (f"{base}/toggle_star", f"{base}/-/issues", f"{base}/-/issues/1/notes", "/projects", "/-/profile"):
        assert visitor.post(path, data={"note[note]": "x"}).headers["Location"] == "/users/sign_in"
    assert store.dump_hash() == before


def test_private_projects_are_hidden_and_roles_are_respected(client: FlaskClient, store: SiteStore) -> None:
    _, hidden = project_of(store, "m.role IS NULL AND p.visibility = 'private'")
    assert client.get(hidden).status_code == 404
    _, base = foreign(store)
    for path in (f"{base}/edit", f"{base}/-/milestones/new", f"{base}/-/merge_requests/new"):
        assert client.get(path).status_code == 403
    assert client.post(f"{base}/-/project_members", data={"user_ids": "byteblaze"}).status_code == 403


def test_projects_are_found_sorted_and_paged(client: FlaskClient, store: SiteStore) -> None:
    name = store.value("SELECT name FROM projects WHERE visibility = 'public' AND id > 20 ORDER BY id")
    assert any(text.endswith(f"/ {name}") for text in texts(page(client, "/search", search=name), ".project"))
    stars = [int(text.split()[0]) for text in texts(page(client, "/explore", sort="stars_desc"), ".stars")]
    assert len(stars) == 8
    assert stars == sorted(stars, reverse=True)
    assert stars[0] == store.value(
        "SELECT count(*) AS n FROM stars s JOIN projects p ON p.id = s.project_id"
        " WHERE p.visibility = 'public' GROUP BY p.id ORDER BY n DESC"
    )
    names = [text for number in (1, 2, 3, 4, 5) for text in texts(page(client, f"/explore?page={number}"), ".project")]
    assert len(names) == len(set(names)) == 39
    assert texts(page(client, "/explore?page=99"), ".project") == names[32:]


def test_a_star_is_given_and_taken_back(client: FlaskClient, store: SiteStore) -> None:
    project, base = project_of(
        store,
        f"p.visibility = 'public' AND NOT EXISTS (SELECT 1 FROM stars WHERE project_id = p.id AND user_id = {ME})",
    )
    before = store.value("SELECT count(*) FROM stars WHERE project_id = ?", (project,))
    document = send(client, f"{base}/toggle_star")
    assert texts(document, ".star-btn") == ["Unstar"]
    assert texts(document, ".star-count") == [f"{before + 1} stars"]
    assert texts(send(client, f"{base}/toggle_star"), ".star-btn") == ["Star"]


def test_issues_are_filtered_by_label_state_and_text(client: FlaskClient, store: SiteStore) -> None:
    project, base = own(store)
    label, n = store.query(
        "SELECT l.title, count(*) FROM issues i JOIN issue_labels il ON il.issue_id = i.id"
        " JOIN labels l ON l.id = il.label_id WHERE i.project_id = ? AND i.state = 'opened' GROUP BY l.id ORDER BY 2",
        (project,),
    )[-1]
    document = page(client, f"{base}/-/issues/", **{"label_name[]": label, "state": "opened"})
    assert len(texts(document, ".issue")) == n
    assert all(label in text for text in texts(document, ".issue"))
    title = store.value("SELECT title FROM issues WHERE project_id = ? AND state = 'closed'", (project,))
    assert title not in texts(page(client, f"{base}/-/issues", search=title), ".issue-title")
    assert title in texts(page(client, f"{base}/-/issues", search=title, state="closed"), ".issue-title")
    assert texts(page(client, f"{base}/-/issues", search="100%_"), ".issue") == []


def test_an_issue_goes_from_new_to_closed(client: FlaskClient, store: SiteStore) -> None:
    project, base = own(store)
    label = store.one("SELECT id, title FROM labels WHERE project_id = ?", (project,))
    assert label is not None
    values = fields(
        "issue",
        title="404 for many URLs",
        description="Seen today.",
        due_date="2030-01-03",
        **{"assignee_ids][": str(ME), "label_ids][": str(label["id"])},
    )
    document = send(client, f"{base}/-/issues", **values)
    assert texts(document, '[data-qa-selector="title_content"]') == ["404 for many URLs"]
    assert "Jan 3, 2030" in texts(document, '[data-testid="sidebar-due-date"]')[0]
    assert "Byte Blaze" in texts(document, ".block.assignee")[0]
    assert label["title"] in texts(document, ".block.labels")[0]
    iid = store.value("SELECT max(iid) FROM issues WHERE project_id = ?", (project,))
    document = send(client, f"{base}/-/issues/{iid}/notes", note="Good idea")
    assert texts(document, "#notes-list .timeline-discussion-body") == ["Good idea"]
    document = send(client, f"{base}/-/issues/{iid}", **fields("issue", state_event="close"))
    assert texts(document, ".status-box") == ["Closed"]
    assert texts(document, "button[name='issue[state_event]']") == ["Reopen issue"]


def test_an_unassigned_issue_can_be_taken_with_one_click(client: FlaskClient, store: SiteStore) -> None:
    row = store.one(
        "SELECT i.iid, p.namespace, p.path FROM issues i JOIN projects p ON p.id = i.project_id"
        f" JOIN project_members m ON m.project_id = p.id AND m.user_id = {ME}"
        " WHERE NOT EXISTS (SELECT 1 FROM issue_assignees a WHERE a.issue_id = i.id) ORDER BY i.id"
    )
    assert row is not None
    path = f"/{row['namespace']}/{row['path']}/-/issues/{row['iid']}"
    assert texts(page(client, path), ".block.assignee") == ["Assignee: None assign yourself"]
    document = send(client, path, **fields("issue", assign_to_me="1"))
    assert texts(document, ".block.assignee") == ["Assignee: Byte Blaze @byteblaze"]


def test_only_authors_and_members_close_issues(client: FlaskClient, store: SiteStore) -> None:
    row = store.one(
        "SELECT i.iid, p.namespace, p.path FROM issues i JOIN projects p ON p.id = i.project_id"
        f" WHERE p.visibility = 'public' AND i.author_id <> {ME} AND NOT EXISTS"
        f" (SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = {ME}) ORDER BY i.id"
    )
    assert row is not None
    path = f"/{row['namespace']}/{row['path']}/-/issues/{row['iid']}"
    assert "Close issue" not in client.get(path).text
    assert client.post(path, data=fields("issue", state_event="close")).status_code == 403


def test_merge_requests_are_created_commented_and_merged(client: FlaskClient, store: SiteStore) -> None:
    project, base = own(store)
    source = store.value("SELECT name FROM branches WHERE project_id = ? AND name <> 'main'", (project,))
    reviewer = store.one(
        f"SELECT u.* FROM project_members m JOIN users u ON u.id = m.user_id WHERE project_id = ? AND u.id <> {ME}",
        (project,),
    )
    assert reviewer is not None
    values = fields("merge_request", title="Redesign", source_branch=source, target_branch="main")
    assert (
        client.post(f"{base}/-/merge_requests", data={**values, "merge_request[target_branch]": source}).status_code
        == 422
    )
    document = send(
        client, f"{base}/-/merge_requests", **values, **{"merge_request[reviewer_ids][]": str(reviewer["id"])}
    )
    assert texts(document, ".detail-page-description > a.gl-font-monospace") == [source, "main"]
    assert reviewer["name"] in texts(document, ".block.reviewer")[0]
    iid = store.value("SELECT max(iid) FROM merge_requests WHERE project_id = ?", (project,))
    document = send(client, f"{base}/-/merge_requests/{iid}/notes", note="lgtm")
    assert texts(document, "#notes-list .timeline-discussion-body") == ["lgtm"]
    document = send(client, f"{base}/-/merge_requests/{iid}", **fields("merge_request", state_event="merge"))
    assert texts(document, ".status-box") == ["Merged"]


def test_members_are_invited_with_a_role_and_removed(client: FlaskClient, store: SiteStore) -> None:
    project, base = own(store)
    people = store.query(
        "SELECT * FROM users WHERE id NOT IN (SELECT user_id FROM project_members WHERE project_id = ?)"
        " ORDER BY id LIMIT 2",
        (project,),
    )
    names = f"{people[0]['name']}, @{people[1]['username']}"
    document = send(client, f"{base}/-/project_members", user_ids=names, access_level="30")
    for person in people:
        row = document.cssselect(f"#member_{person['username']}")[0]
        assert texts(row, "td[data-label='Account'] span.gl-avatar-labeled-sublabel") == [f"@{person['username']}"]
        assert texts(row, "td.col-max-role span") == ["Developer"]
    again = client.post(f"{base}/-/project_members", data={"user_ids": names, "access_level": "30"})
    assert again.status_code == 422
    assert client.post(f"{base}/-/project_members", data={"user_ids": "x", "access_level": "77"}).status_code == 422
    document = send(client, f"{base}/-/project_members/{people[0]['id']}", remove="1")
    assert not document.cssselect(f"#member_{people[0]['username']}")


def test_a_milestone_shows_its_dates(client: FlaskClient, store: SiteStore) -> None:
    _, base = own(store)
    values = fields("milestone", title="Launch", start_date="2024-01-16", due_date="2024-01-30")
    send(client, f"{base}/-/milestones", **values)
    assert any(
        text.startswith("Launch Jan 16, 2024–Jan 30, 2024")
        for text in texts(page(client, f"{base}/-/milestones"), "li")
    )
    for wrong in ({**values, "milestone[due_date]": "2023-01-01", "milestone[title]": "a"}, values):
        assert client.post(f"{base}/-/milestones", data=wrong).status_code == 422
    refused = client.post(f"{base}/-/milestones", data=fields("milestone", title="b", due_date="tomorrow"))
    assert refused.status_code == 422
    assert "expected YYYY-MM-DD" in refused.text


def test_a_new_project_has_a_slug_a_visibility_and_a_readme(client: FlaskClient) -> None:
    values = fields("project", name="Do it myself", visibility_level="20", initialize_with_readme="1")
    document = send(client, "/projects", **values)
    assert "public" in document.cssselect(".visibility-icon")[0].get("title").lower()
    assert client.get("/byteblaze/Do-it-myself/-/raw/main/README.md").text == "# Do it myself"
    assert client.post("/projects", data=values).status_code == 422
    assert client.post("/projects", data=fields("project", name="x", path="../y")).status_code == 422
    send(client, "/projects", **fields("project", name="empty"))
    assert "The repository for this project is empty" in client.get("/byteblaze/empty").text


def test_a_fork_is_a_copy_that_names_its_origin(client: FlaskClient, store: SiteStore) -> None:
    project, base = foreign(store)
    files = texts(page(client, base), ".tree-table td:first-child")
    document = send(client, f"{base}/-/forks")
    assert f"Forked from {base[1:]}" in texts(document, ".metadata")[0]
    assert texts(document, ".tree-table td:first-child") == files
    fork = store.value("SELECT max(id) FROM projects")
    counts = "SELECT count(*) FROM commits WHERE project_id = ?"
    assert store.value(counts, (fork,)) == store.value(counts, (project,)) > 0
    assert client.post(f"{base}/-/forks").status_code == 422


def test_profile_status_and_homepage_are_shown(client: FlaskClient) -> None:
    values = fields("user", name="Byte Blaze", website_url="https://egg.tart.com") | {
        "user[status][message]": "Enjoying life"
    }
    send(client, "/-/profile", **values)
    document = page(client, "/byteblaze")
    assert document.cssselect(".cover-status")[0].xpath("node()")[-1] == "Enjoying life"
    assert texts(document, '.profile-header [itemprop="url"]') == ["egg.tart.com"]
    bad = client.post("/-/profile", data={**values, "user[website_url]": "javascript://x"})
    assert bad.status_code == 422


def test_people_are_followed(client: FlaskClient, store: SiteStore) -> None:
    person = store.one(
        f"SELECT * FROM users WHERE id <> {ME} AND id NOT IN (SELECT followee_id FROM follows WHERE follower_id = {ME})"
    )
    assert person is not None
    send(client, f"/users/{person['username']}/follow")
    assert f"@{person['username']}" in texts(page(client, "/users/byteblaze/following"), ".user-profile")[0]
    send(client, f"/users/{person['username']}/unfollow")
    assert f"@{person['username']}" not in texts(page(client, "/users/byteblaze/following"), ".user-profile")[0]


def test_commits_are_grouped_by_day_and_filtered_by_author(client: FlaskClient, store: SiteStore) -> None:
    project, base = own(store)
    author, count = store.query(
        "SELECT u.name, count(*) FROM commits c JOIN users u ON u.id = c.author_id WHERE project_id = ?"
        " GROUP BY u.id ORDER BY 2",
        (project,),
    )[0]
    document = page(client, f"{base}/-/commits/main", author=author)
    assert len(texts(document, ".commit")) == count
    assert all(f"{author} authored" in text for text in texts(document, ".commit"))
    first = page(client, base).cssselect(".last-commit a")[0]
    assert texts(page(client, first.get("href")), "h1") == [first.text]


def test_groups_labels_and_todos(client: FlaskClient, store: SiteStore) -> None:
    document = send(client, "/groups", **fields("group", name="Night Owls", visibility_level="0"))
    assert texts(document, "h1") == ["Night Owls"]
    assert texts(page(client, "/groups/Night-Owls/-/group_members"), "td.col-max-role") == ["Owner"]
    _, base = own(store)
    assert "Odd one" in texts(send(client, f"{base}/-/labels", **fields("label", title="Odd one")), "li > a")
    titles = texts(page(client, "/dashboard/todos"), ".todo a")
    assert len(titles) > 3
    todo = store.value("SELECT id FROM todos ORDER BY created_at DESC, id DESC")
    assert texts(send(client, f"/dashboard/todos/{todo}/done"), ".todo a") == titles[1:]
    assert titles[0] in texts(page(client, "/dashboard/todos?state=done"), ".todo a")


def test_settings_change_description_and_visibility(client: FlaskClient, store: SiteStore) -> None:
    _, base = own(store)
    send(client, f"{base}/edit", **fields("project", name="New name", description="Short", visibility_level="10"))
    document = page(client, base)
    assert texts(document, ".home-panel-title, .visibility-icon, .home-panel-description") == [
        "New name",
        "Internal",
        "Short",
    ]


def test_hostile_text_is_shown_as_text(client: FlaskClient, store: SiteStore) -> None:
    _, base = own(store)
    shown = [
        send(client, f"{base}/-/issues", **fields("issue", title=HOSTILE, description=HOSTILE)),
        send(client, f"{base}/-/issues/1/notes", note=HOSTILE),
        send(client, f"{base}/-/milestones", **fields("milestone", title=HOSTILE, description=HOSTILE)),
        send(client, f"{base}/-/labels", **fields("label", title=HOSTILE, description=HOSTILE)),
        send(client, f"{base}/edit", **fields("project", name=HOSTILE, description=HOSTILE)),
        send(client, "/groups", **fields("group", name=HOSTILE, path="hostile")),
        send(client, "/-/profile", **fields("user", name=HOSTILE, bio=HOSTILE, location=HOSTILE)),
        send(client, "/projects", **fields("project", name=HOSTILE, path="hostile")),
        page(client, "/search", search=HOSTILE),
        page(client, f"{base}/-/issues", search=HOSTILE, sort=HOSTILE, state=HOSTILE, **{"label_name[]": HOSTILE}),
        page(client, f"{base}/-/commits/main", author=HOSTILE, search=HOSTILE),
        page(client, "/explore", name=HOSTILE, sort=HOSTILE, page=HOSTILE),
        page(client, "/byteblaze"),
    ]
    assert not any(document.cssselect("script") for document in shown)
    assert all('alert("x")' in lxml.html.tostring(document, encoding="unicode") for document in shown[:4])
    assert store.value("SELECT count(*) FROM issues") > 300


def test_too_long_and_missing_texts_are_refused(client: FlaskClient, store: SiteStore) -> None:
    _, base = own(store)
    before = store.dump_hash()
    for path, data in (
        (f"{base}/-/issues", fields("issue", title="x" * 300)),
        (f"{base}/-/issues", fields("issue", title=" ")),
        (f"{base}/-/issues/1/notes", {"note[note]": ""}),
        (f"{base}/-/labels", fields("label", title="")),
        ("/projects", fields("project", name="")),
        ("/groups", fields("group", name="Byte", path="byteblaze")),
    ):
        assert client.post(path, data=data).status_code == 422, path
    assert store.dump_hash() == before
    assert client.get(f"{base}/-/issues/999").status_code == 404
    assert client.get("/nobody").status_code == 404
