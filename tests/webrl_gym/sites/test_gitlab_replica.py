"""World 0 of the GitLab: its size, what the official answers hang on, and what only it offers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.sites import web
from webrl_gym.sites.gitlab import seed
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.worlds import World, site_random
from webrl_gym.types import Site

HOSTILE = """<script>alert("x")</script>' OR 1=1; --"""


@pytest.fixture(scope="module")
def replica() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.executescript((files("webrl_gym.sites.gitlab") / "schema.sql").read_text())
    seed.populate(connection, 0, site_random(Site.GITLAB, 0))
    return connection


@pytest.fixture
def store(world: World) -> SiteStore:
    return world.store(Site.GITLAB)


@pytest.fixture
def client(store: SiteStore) -> FlaskClient:
    return signed_in(store)


@pytest.fixture
def practice_client() -> Iterator[FlaskClient]:
    world = World(1)
    yield signed_in(world.store(Site.GITLAB))
    world.close()


def signed_in(store: SiteStore) -> FlaskClient:
    client = web.site_app(Site.GITLAB).test_client()
    client.environ_base[web.STORE_KEY] = store  # type: ignore[assignment]  # WSGI servers put any object there
    name, value = web.signed_in_cookie(Site.GITLAB) or ("", "")
    client.set_cookie(name, value)
    return client


def page(client: FlaskClient, path: str) -> lxml.html.HtmlElement:
    response = client.get(path)
    assert response.status_code == 200, path
    return lxml.html.fromstring(response.text)


def texts(document: lxml.html.HtmlElement, selector: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in document.cssselect(selector)]


def column(connection: sqlite3.Connection, sql: str) -> list[object]:
    return [row[0] for row in connection.execute(sql)]


def test_the_replica_is_large_and_every_project_is_alive(replica: sqlite3.Connection) -> None:
    counts = {
        table: replica.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("users", "projects", "issues", "merge_requests", "commits", "notes")
    }
    assert counts["users"] >= 300
    assert counts["projects"] >= 180
    assert counts["issues"] >= 1800
    assert min(counts["merge_requests"], counts["commits"] // 3, counts["notes"] // 3) >= 600
    for table in ("issues", "merge_requests", "commits", "project_members", "branches", "files"):
        assert column(replica, f"SELECT id FROM projects WHERE id NOT IN (SELECT project_id FROM {table})") == []


def test_the_replica_is_the_same_every_time(replica: sqlite3.Connection, store: SiteStore) -> None:
    for table in ("users", "projects", "issues", "merge_requests", "commits", "notes", "stars", "todos"):
        rows = [tuple(row) for row in store.query(f"SELECT * FROM {table} ORDER BY 1, 2")]
        assert rows == replica.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


def test_eight_projects_are_ahead_in_stars_and_the_account_has_starred_none(replica: sqlite3.Connection) -> None:
    ranked = replica.execute(
        "SELECT p.path, count(*) AS n, max(s.user_id = 1) FROM projects p JOIN stars s ON s.project_id = p.id"
        " GROUP BY p.id ORDER BY n DESC, p.id LIMIT 9"
    ).fetchall()
    wanted = "AndroidSlidingUpPanel create-react-app ffmpeg-python PHP_XLSXWriter AndroidAsync PyTorch-GAN administrate"
    assert [path for path, _, _ in ranked[:8]] == [*wanted.split(), "keycloak"]
    assert ranked[7][1] > ranked[8][1]
    assert not any(starred for _, _, starred in ranked[:8])


def test_two_projects_of_the_account_share_the_first_place_in_stars(replica: sqlite3.Connection) -> None:
    ranked = replica.execute(
        "SELECT p.path, (SELECT count(*) FROM stars s WHERE s.project_id = p.id) AS n,"
        " EXISTS (SELECT 1 FROM commits c WHERE c.project_id = p.id AND c.author_id = 1) FROM projects p"
        " JOIN project_members m ON m.project_id = p.id AND m.user_id = 1 ORDER BY n DESC, p.id LIMIT 3"
    ).fetchall()
    assert [(path, committed) for path, _, committed in ranked[:2]] == [("a11yproject.com", 1), ("design", 1)]
    assert ranked[0][1] == ranked[1][1] > ranked[2][1]


@pytest.mark.parametrize(
    ("project", "names"),
    [
        ("2019-nCov", ["Chih-Yuan Lo", "Hsin-Yu Chen", "Wei-Ling Chu"]),
        ("PyTorch-GAN", ["Erik Linder-Norén"]),
    ],
)
def test_contributors_are_clearly_ranked(replica: sqlite3.Connection, project: str, names: list[str]) -> None:
    ranked = replica.execute(
        "SELECT u.name, count(*) AS n FROM commits c JOIN users u ON u.id = c.author_id JOIN projects p"
        " ON p.id = c.project_id WHERE p.path = ? GROUP BY u.id ORDER BY n DESC LIMIT ?",
        (project, len(names) + 1),
    ).fetchall()
    assert [name for name, _ in ranked[:-1]] == names
    assert len({count for _, count in ranked}) == len(ranked)


def test_days_and_months_of_commits_cannot_be_mixed_up(replica: sqlite3.Connection) -> None:
    counts = dict(
        replica.execute(
            "SELECT u.username || ' ' || date(c.committed_at), count(*) FROM commits c JOIN users u"
            " ON u.id = c.author_id JOIN projects p ON p.id = c.project_id WHERE p.path = 'a11yproject.com' GROUP BY 1"
        ).fetchall()
    )
    for day, eric, kilian in (("2023-01-03", 0, 0), ("2023-03-01", 2, 1), ("2023-03-05", 1, 1), ("2023-05-03", 0, 2)):
        assert (counts.get(f"ericwbailey {day}", 0), counts.get(f"Kilian {day}", 0)) == (eric, kilian)


def test_the_own_issues_that_are_asked_for_are_the_latest(replica: sqlite3.Connection) -> None:
    mine = (
        "SELECT p.path || '#' || i.iid || ' ' || i.state FROM issues i JOIN projects p ON p.id = i.project_id"
        " WHERE i.author_id = 1 AND i.title LIKE '%{}%' ORDER BY i.{} DESC"
    )
    better = column(replica, mine.format("better", "updated_at"))
    homepage = column(replica, mine.format("homepage content", "created_at"))
    assert better[0] == "empathy-prompts#8 opened"
    assert homepage[0] == "a11yproject.com#719 closed"
    assert min(len(better), len(homepage)) > 1
    about_404 = column(replica, "SELECT iid FROM issues WHERE title LIKE '%404%' AND project_id = 1")
    assert about_404 == [1478]


def test_the_work_that_waits_for_the_account_fits_on_one_page(replica: sqlite3.Connection) -> None:
    waiting = (
        "issues i JOIN issue_assignees a ON a.issue_id = i.id WHERE a.user_id = 1 AND i.state = 'opened'",
        "merge_requests WHERE assignee_id = 1 AND state = 'opened'",
        "merge_requests WHERE reviewer_id = 1 AND state = 'opened'",
        "todos WHERE user_id = 1 AND state = 'pending'",
    )
    for source in waiting:
        [count] = column(replica, f"SELECT count(*) FROM {source}")
        assert count in range(2, 19), source


def test_numbers_of_issues_and_merge_requests_follow_their_dates(replica: sqlite3.Connection) -> None:
    items = "SELECT project_id, iid, created_at FROM {}"
    both = f"{items.format('issues')} UNION ALL {items.format('merge_requests')} ORDER BY 1, 2"
    for (project, number, created), (other, next_number, later) in pairwise(replica.execute(both).fetchall()):
        assert project != other or (number < next_number and created < later)


def test_nobody_that_is_to_be_invited_is_a_member(replica: sqlite3.Connection) -> None:
    members = set(
        replica.execute(
            "SELECT p.path, u.username FROM project_members m JOIN users u ON u.id = m.user_id"
            " JOIN projects p ON p.id = m.project_id"
        )
    )
    timeline = "remove-board-movement-events-from-the-github-issue-timeline"
    for pair in (
        ("dotfiles", "vinta"),
        ("gimmiethat.space", "lahwaacz"),
        ("gimmiethat.space", "bblanchon"),
        (timeline, "abisubramanya27"),
        (timeline, "lahwaacz"),
    ):
        assert pair not in members
    assert {username for path, username in members if path == "gimmiethat.space"} == {"byteblaze", "yjlou"}
    followed = "SELECT u.username FROM follows f JOIN users u ON u.id = f.followee_id WHERE f.follower_id = 1"
    assert not {"lahwaacz", "koush", "vinta"} & set(column(replica, followed))


def test_lists_are_as_long_as_on_the_original(client: FlaskClient) -> None:
    first, second = (texts(page(client, f"/explore?page={number}"), ".project") for number in (1, 2))
    assert len(first) == len(second) == 20
    assert not set(first) & set(second)
    commits = page(client, "/a11yproject/a11yproject.com/-/commits/main")
    assert len(texts(commits, ".commit")) == 40
    filters = "sort=created_date&state=opened&label_name%5B%5D=question&first_page_size=20"
    issues = texts(page(client, f"/kkroening/ffmpeg-python/-/issues/?{filters}"), ".issue")
    assert 5 <= len(issues) <= 20
    assert all("labels: question" in text for text in issues)


def test_projects_are_searched_word_by_word(client: FlaskClient) -> None:
    assert texts(page(client, "/search?search=pytorch+gan"), ".project") == ["Erik Linder-Norén / PyTorch-GAN"]
    assert texts(page(client, "/search?search=chatgpt"), ".project") == ["Convex Eggtart / chatgpt"]
    assert texts(page(client, "/search?search=pytorch+%25_"), ".project") == []


def test_a_readme_is_edited_in_the_browser(client: FlaskClient) -> None:
    client.post("/projects", data={"project[name]": "Do it myself", "project[initialize_with_readme]": "1"})
    document = page(client, "/byteblaze/Do-it-myself/-/blob/main/README.md")
    assert texts(document, ".branch a") == ["Open raw", "Edit"]
    form = page(client, "/byteblaze/Do-it-myself/-/edit/main/README.md").forms[-1]
    assert texts(form, "label") == ["File content", "Commit message"]
    content = f"http://reddit.test/f/DIY/1/a\nhttp://reddit.test/f/DIY/2/b\n{HOSTILE}"
    sent = client.post(form.action, data={**dict(form.fields), "content": content, "commit_message": HOSTILE})
    assert sent.headers["Location"] == "/byteblaze/Do-it-myself/-/blob/main/README.md"
    raw = client.get("/byteblaze/Do-it-myself/-/raw/main/README.md")
    assert raw.text == content
    assert raw.mimetype == "text/plain"
    for path in ("", "/-/blob/main/README.md", "/-/commits/main", "/-/edit/main/README.md"):
        shown = page(client, f"/byteblaze/Do-it-myself{path}")
        assert not shown.cssselect("script")
        assert 'alert("x")' in shown.text_content()
    assert texts(page(client, "/byteblaze/Do-it-myself/-/commits/main"), ".commit a")[1:] == ["Initial commit"]


@pytest.mark.parametrize("name", ["car/urls.txt", "what? #1 & 100%.txt", HOSTILE.replace("/", "")])
def test_the_first_file_begins_an_empty_repository(client: FlaskClient, name: str) -> None:
    client.post("/projects", data={"project[name]": "empty"})
    assert texts(page(client, "/byteblaze/empty"), ".empty + p a") == ["New file"]
    form = page(client, "/byteblaze/empty/-/new/main/").forms[-1]
    sent = client.post(form.action, data={"file_name": name, "content": "a\r\n\r\nb"})
    assert texts(page(client, sent.headers["Location"]), ".page-title, .md p") == [" ".join(name.split()), "a", "b"]
    [link] = page(client, "/byteblaze/empty").cssselect(".tree-table a")
    assert texts(page(client, link.get("href")), ".page-title") == [" ".join(name.split())]
    assert client.post(form.action, data={"file_name": name}).status_code == 422


def test_what_no_file_can_be_is_refused(client: FlaskClient, store: SiteStore) -> None:
    base = "/byteblaze/dotfiles/-"
    before = store.dump_hash()
    for name in ("", "a/../b", "a//b", "x" * 300):
        assert client.post(f"{base}/create/main", data={"file_name": name}).status_code == 422, name
    assert client.post(f"{base}/update/main/README.md", data={"content": "x" * 200_001}).status_code == 422
    assert client.post(f"{base}/update/main/nothing", data={"content": "x"}).status_code == 404
    assert client.get(f"{base}/new/nothing/").status_code == 404
    assert client.post("/facebook/create-react-app/-/create/main", data={"file_name": "x"}).status_code == 403
    assert store.dump_hash() == before


def test_a_template_gives_a_project_its_first_commit(client: FlaskClient) -> None:
    assert texts(page(client, "/projects/new"), ".tabs a") == ["Create from template"]
    [link] = page(client, "/projects/new/templates").xpath("//li[strong='Android']/a/@href")
    form = page(client, link).forms[-1]
    sent = client.post(form.action, data={**dict(form.fields), "project[name]": "app"})
    assert sent.headers["Location"] == "/byteblaze/app"
    commits = page(client, client.get("/byteblaze/app/-/commits").headers["Location"])
    assert texts(commits, ".commit a") == ["Initialized from 'Android' project template"]
    assert "build.gradle" in texts(page(client, "/byteblaze/app"), ".tree-table a")
    refused = client.post("/projects", data={"project[name]": "x", "project[template_name]": HOSTILE})
    assert refused.status_code == 404


def test_practice_worlds_have_neither_editor_nor_templates(practice_client: FlaskClient) -> None:
    base = "/" + texts(page(practice_client, "/byteblaze"), ".project")[0].replace("Byte Blaze / ", "byteblaze/")
    for path in (base, f"{base}/-/tree/main", f"{base}/-/blob/main/README.md"):
        assert not {"Edit", "New file"} & set(texts(page(practice_client, path), "main a"))
    assert "Create from template" not in practice_client.get("/projects/new").text
