"""World 0 of the forum site: what official tasks find there, and that nothing around it is in their way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file, read_official_file
from webrl_gym.sites.reddit.seed_basics import DAY, NOW, PICTURE_FOLDER, slugify
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site

ME, _ = ACCOUNTS[Site.REDDIT]
DIY = {118824, 118866, 118903, 118904, 118923, 118931, 118935, 118960}


@pytest.fixture
def world() -> Iterator[World]:
    opened = World(0)
    yield opened
    opened.close()


def listed(member: FlaskClient, path: str) -> list[int]:
    """Numbers of the posts on a page, in its order."""
    links = lxml.html.document_fromstring(member.get(path).text).cssselect(".submission__comments")
    return [int(str(link.get("href")).split("/")[3]) for link in links]


def test_it_is_as_large_as_promised(store: SiteStore) -> None:
    for table, least in (("forums", 95), ("submissions", 3_000), ("comments", 10_000), ("users", 900)):
        assert store.value(f"SELECT COUNT(*) FROM {table}") >= least
    sizes = [row[0] for row in store.query("SELECT COUNT(*) FROM submissions GROUP BY forum_id")]
    assert len(sizes) == store.value("SELECT COUNT(*) FROM forums")
    assert min(sizes) >= 25


def test_counts_dates_and_addresses_agree(store: SiteStore) -> None:
    faults = (
        "SELECT COUNT(*) FROM submissions s WHERE comment_count != "
        "(SELECT COUNT(*) FROM comments c WHERE c.submission_id = s.id)",
        "SELECT COUNT(*) FROM comments c JOIN submissions s ON s.id = c.submission_id WHERE c.created < s.created",
        "SELECT COUNT(*) FROM comments c JOIN comments p ON p.id = c.parent_id "
        "WHERE p.submission_id != c.submission_id OR p.created > c.created",
        "SELECT COUNT(*) FROM submissions s JOIN submissions o ON o.forum_id = s.forum_id AND o.id > s.id "
        "WHERE o.created < s.created",
        "SELECT COUNT(*) FROM submissions s JOIN submissions o ON o.forum_id = s.forum_id AND o.id > s.id "
        "WHERE o.score = s.score",
        "SELECT COUNT(*) FROM forums WHERE novel OR name IN ('cars', 'Cyberpunk', 'games')",
        "SELECT COUNT(*) FROM subscriptions",
    )
    assert [store.value(fault) for fault in faults] == [0] * len(faults)
    rows = store.query("SELECT title, slug, forum_id FROM submissions")
    assert all(row["slug"] == slugify(row["title"]) for row in rows)
    assert max(Counter((row["title"], row["forum_id"]) for row in rows).values()) == 1


def test_every_address_of_the_official_file_is_a_page(member: FlaskClient) -> None:
    try:
        text = str(read_official_file(find_official_file()))
    except TaskFileError as missing:
        pytest.skip(str(missing))
    found = set(re.findall(r"__REDDIT__(/f/\w+/\d+/[\w-]+)", text))
    assert len(found) == 16
    for address in found:
        page = lxml.html.document_fromstring(member.get(address).text)
        # The page knows itself by the very same address.
        assert page.cssselect("form.comment-form")[0].get("action") == f"{address}/comment"
        own = page.cssselect(".submission__submitter")[0].text == ME
        vote = page.cssselect("div.submission__vote")[0].cssselect("form")[0].get("class")
        assert vote == ("vote vote--user-upvoted" if own else "vote"), address


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/f/books/new", 124260),
        ("/f/books/top?t=all", 124252),
        ("/f/gadgets/top?t=all", 19459),
        ("/f/Showerthoughts/new", 87402),
    ],
)
def test_the_first_of_a_list_is_the_one_that_tasks_mean(member: FlaskClient, path: str, first: int) -> None:
    assert listed(member, path)[0] == first


@pytest.mark.parametrize("sort", ["active", "most_commented"])
def test_the_most_active_posts_about_repairs(member: FlaskClient, sort: str) -> None:
    assert set(listed(member, f"/f/DIY/{sort}")[:8]) == DIY


def test_posts_that_tasks_look_for_are_on_the_first_page(member: FlaskClient) -> None:
    assert 45_310 in listed(member, "/f/pics")
    assert 124252 in listed(member, "/f/books")[:10]
    forums = lxml.html.document_fromstring(member.get("/forums").text).cssselect(".forum-link")
    assert len(forums) == 25
    assert "DIY" in [link.text for link in forums]


def test_only_one_author_is_never_disliked_on_purpose(store: SiteStore) -> None:
    disliked = "SELECT COUNT(*) FROM comments c JOIN users u ON u.id = c.user_id WHERE c.score < 0 AND u.username {} ?"
    assert store.value(disliked.format("="), ("MellowTeapot",)) == 0
    assert store.value(disliked.format("!="), ("MellowTeapot",)) > 500
    assert store.value("SELECT COUNT(*) FROM comments c JOIN users u ON u.id = c.user_id WHERE username = ?", (ME,)) > 3


def test_lists_have_pages_of_25(member: FlaskClient, store: SiteStore) -> None:
    first, second = listed(member, f"/user/{ME}/submissions"), listed(member, f"/user/{ME}/submissions?page=2")
    assert len(first) == 25
    assert second
    count = "SELECT COUNT(*) FROM submissions s JOIN users u ON u.id = s.user_id WHERE username = ?"
    assert len({*first, *second}) == store.value(count, (ME,))


def test_address_of_a_post_without_its_title(member: FlaskClient) -> None:
    page = member.get("/f/books/124260/")
    assert page.status_code == 200
    assert page.text == member.get("/f/books/124260").text


def test_pictures_have_pages_that_name_them(member: FlaskClient, store: SiteStore) -> None:
    row = store.one("SELECT url, title FROM submissions WHERE url LIKE ? ORDER BY id", (f"{PICTURE_FOLDER}%",))
    assert row is not None
    store.execute("UPDATE submissions SET title = '<script>x</script>' WHERE url = ?", (row["url"],))
    page = member.get(row["url"]).text
    assert 'alt="Picture: &lt;script&gt;' in page
    assert member.get(f"{PICTURE_FOLDER}nothing.jpg").status_code == 404


def test_posts_say_how_old_they_are(member: FlaskClient, store: SiteStore) -> None:
    ages = {-3: "just now", 59: "just now", 60: "1 minute ago", 7_200: "2 hours ago", 40 * DAY: "1 month ago"}
    for seconds, text in ages.items():
        store.execute("UPDATE submissions SET created = ? WHERE id = 124260", (NOW - seconds,))
        time = lxml.html.document_fromstring(member.get("/f/books/124260").text).cssselect(".submission__info time")[0]
        assert time.text == text
        assert str(time.get("title")).endswith(", 2023")
