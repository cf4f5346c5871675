from __future__ import annotations

import re
import sqlite3

import lxml.html
import pytest
from flask.testing import FlaskClient

from webrl_gym.sites.reddit.listing import SORT_ORDERS
from webrl_gym.sites.reddit.seed_basics import DAY, NOW
from webrl_gym.sites.store import SiteStore
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

ME, PASSWORD = ACCOUNTS[Site.REDDIT]
HOSTILE = "<script>alert('x')</script>\"; DROP TABLE users; --"


@pytest.fixture
def post(store: SiteStore) -> sqlite3.Row:
    row = store.one(
        "SELECT s.*, f.name AS forum FROM submissions s JOIN forums f ON f.id = s.forum_id WHERE s.user_id != 1 "
        "AND s.comment_count > 1 AND s.id NOT IN (SELECT submission_id FROM submission_votes) ORDER BY s.id"
    )
    assert row is not None
    return row


def address(row: sqlite3.Row) -> str:
    return f"/f/{row['forum']}/{row['id']}/{row['slug']}"


def titles(page: str) -> list[str]:
    found = lxml.html.document_fromstring(page).cssselect(".submission__title")
    return [" ".join(element.text_content().split()) for element in found]


def all_titles(client: FlaskClient, path: str) -> list[str]:
    """Titles of a list, over all its pages."""
    found: list[str] = []
    while True:
        page = client.get(path).text
        found += titles(page)
        more = [a for a in lxml.html.document_fromstring(page).cssselect(".pagination a") if a.text == "More"]
        if not more:
            return found
        path = path.partition("?")[0] + str(more[0].get("href"))


def test_sign_in_as_published_then_sign_out(visitor: FlaskClient, store: SiteStore) -> None:
    locked = store.value("SELECT username FROM users WHERE password IS NULL LIMIT 1")
    assert visitor.post("/login_check", data={"_username": locked, "_password": ""}).status_code == 401
    assert 'href="/login"' in visitor.get("/").text
    form = lxml.html.document_fromstring(visitor.get("/login").text).forms[-1]
    labels = {label.text: form.get_element_by_id(label.get("for")).name for label in form.cssselect("label")}
    wrong = visitor.post(form.action, data={labels["Username"]: ME, labels["Password"]: "nope"})
    assert wrong.status_code == 401
    assert "Invalid credentials." in wrong.text
    right = visitor.post(
        form.action, data={labels["Username"]: ME, labels["Password"]: PASSWORD}, follow_redirects=True
    )
    assert f'<summary class="site-nav__link">{ME}</summary>' in right.text
    assert 'href="/login"' in visitor.post("/log_out", follow_redirects=True).text


def test_visitor_is_sent_to_login_and_back(visitor: FlaskClient, store: SiteStore) -> None:
    assert visitor.post("/sv/101", data={"choice": "1"}).location == "/login"
    assert not store.changed
    assert visitor.get("/submit/art").location == "/login"
    assert visitor.post("/login_check", data={"_username": ME, "_password": PASSWORD}).location == "/submit/art"


@pytest.mark.parametrize("sort", SORT_ORDERS)
def test_sorts_and_pages_hold_every_submission_once(member: FlaskClient, store: SiteStore, sort: str) -> None:
    forum = store.value("SELECT name FROM forums ORDER BY id")
    rows = store.query(
        f"SELECT s.title FROM submissions s JOIN forums f ON f.id = s.forum_id WHERE f.name = ? "
        f"ORDER BY {SORT_ORDERS[sort]}, s.id DESC",
        (forum,),
    )
    assert all_titles(member, f"/f/{forum}/{sort}") == [row["title"] for row in rows]
    assert len(rows) > 4


def test_top_of_all_forums_skips_hidden_ones(store: SiteStore, member: FlaskClient) -> None:
    best = store.value(
        "SELECT title FROM submissions WHERE forum_id NOT IN (SELECT forum_id FROM hidden_forums) ORDER BY score DESC"
    )
    assert titles(member.get("/all/top?t=all").text)[0] == best


def test_time_filter_leaves_old_submissions_out(visitor: FlaskClient, store: SiteStore) -> None:
    since = NOW - 30 * DAY
    recent = {row["title"] for row in store.query("SELECT title FROM submissions WHERE created >= ?", (since,))}
    assert set(all_titles(visitor, "/top?t=month")) == recent


def test_search_needs_every_word_and_takes_wildcards_as_text(member: FlaskClient, post: sqlite3.Row) -> None:
    assert titles(member.get("/search", query_string={"q": post["title"].upper()}).text) == [post["title"]]
    assert titles(member.get("/search", query_string={"q": post["title"] + " zzz"}).text) == []
    assert titles(member.get("/search", query_string={"q": "%"}).text) == []


def test_votes_toggle_and_show(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    def form() -> lxml.html.HtmlElement:
        page = lxml.html.document_fromstring(member.get(address(post)).text)
        return page.cssselect("div.submission__vote")[0].cssselect("form")[0]

    def press(position: int) -> tuple[str, int]:
        button = form().cssselect("button")[position]
        sent = member.post(form().get("action"), data={"choice": button.get("value")}, headers={"Referer": "/f/x?t=1"})
        assert sent.location == "/f/x?t=1"
        score = int(store.value("SELECT score FROM submissions WHERE id = ?", (post["id"],))) - post["score"]
        return form().get("class"), score

    assert press(0) == ("vote vote--user-upvoted", 1)
    assert form().cssselect("button")[0].text == "Retract upvote"
    assert press(1) == ("vote vote--user-downvoted", -1)
    assert press(1) == ("vote", 0)
    assert member.post(f"/sv/{post['id']}", data={"choice": "5"}).status_code == 400


def test_comment_vote(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    before = store.one("SELECT id, score FROM comments WHERE submission_id = ? AND user_id != 1", (post["id"],))
    assert before is not None
    member.post(f"/cv/{before['id']}", data={"choice": "-1"})
    assert store.value("SELECT score FROM comments WHERE id = ?", (before["id"],)) == before["score"] - 1
    assert "vote--user-downvoted" in member.get(address(post)).text


def test_comment_then_reply(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    field = f"reply_to_submission_{post['id']}[comment]"
    sent = member.post(f"{address(post)}/comment", data={field: "First!\r\nReally."}, follow_redirects=True)
    page = lxml.html.document_fromstring(sent.text)
    assert page.cssselect(".comment__body")[0].text == "First!\nReally."
    form = page.cssselect(".comment-form")[0]
    sent = member.post(form.get("action"), data={form.cssselect("textarea")[0].get("name"): "Second"})
    last = store.one("SELECT * FROM comments ORDER BY id DESC")
    assert last is not None
    assert (last["body"], last["upvotes"], last["parent_id"]) == ("Second", 1, last["id"] - 1)
    assert sent.location == f"{address(post)}/comment/{last['id']}"
    count = store.value("SELECT comment_count FROM submissions WHERE id = ?", (post["id"],))
    assert count == post["comment_count"] + 2
    assert titles(member.get("/active").text)[0] == post["title"]
    assert member.post(f"{address(post)}/comment", data={field: " "}).status_code == 422


def test_own_comment_is_edited_and_deleted(member: FlaskClient, store: SiteStore) -> None:
    row = store.one(
        "SELECT c.id AS comment, s.*, f.name AS forum FROM comments c JOIN submissions s ON s.id = c.submission_id "
        "JOIN forums f ON f.id = s.forum_id WHERE c.user_id = 1 AND c.id NOT IN "
        "(SELECT parent_id FROM comments WHERE parent_id IS NOT NULL)"
    )
    assert row is not None
    path = f"{address(row)}/comment/{row['comment']}"
    assert "<textarea" in member.get(f"{path}/edit").text
    member.post(f"{path}/edit", data={"comment[comment]": "Edited"})
    assert "Edited" in member.get(path).text
    member.post(path, data={f"reply_to_comment_{row['comment']}[comment]": "Stays"})
    member.post(f"{path}/delete_own")
    page = member.get(address(row)).text
    assert "[deleted]" in page
    assert "Stays" in page
    member.post(f"{address(row)}/comment/{store.value('SELECT MAX(id) FROM comments')}/delete_own")
    assert "Stays" not in member.get(address(row)).text


def test_submission_is_created_edited_and_deleted(member: FlaskClient, store: SiteStore) -> None:
    forum = store.value("SELECT name FROM forums ORDER BY id")
    form = lxml.html.document_fromstring(member.get(f"/submit/{forum}").text).cssselect("form.form")[0]
    assert form.fields["submission[forum]"] == forum
    data = {"submission[title]": "is car necessary in NYC", "submission[body]": "Well?", "submission[forum]": forum}
    sent = member.post("/submit", data=data)
    number = store.value("SELECT MAX(id) FROM submissions")
    assert sent.location == f"/f/{forum}/{number}/is-car-necessary-in-nyc"
    page = lxml.html.document_fromstring(member.get(sent.location).text)
    inner = page.cssselect(".submission__inner")[0].text_content()
    assert "is car necessary in NYC" in inner
    assert "vote--user-upvoted" in page.cssselect(".submission__vote form")[0].get("class")
    assert member.get(f"/{number}").location == sent.location
    data = {"submission[title]": "???", "submission[url]": "https://example.org/a.jpg", "submission[body]": "Changed"}
    sent = member.post(f"{sent.location}/edit", data=data)
    page = lxml.html.document_fromstring(member.get(sent.location).text)
    assert page.cssselect(".submission__body")[0].text == "Changed"
    assert page.cssselect(".submission__link")[0].get("href") == "https://example.org/a.jpg"
    assert member.post(f"{sent.location}/delete").location == f"/f/{forum}"
    assert member.get(sent.location).status_code == 404


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"submission[title]": " "}, "Title: This value should not be blank."),
        ({"submission[url]": "javascript:alert(1)"}, "URL: This value is not a valid URL."),
        ({"submission[url]": "http://[bad"}, "URL: This value is not a valid URL."),
        ({"submission[forum]": "nowhere"}, "Forum: Choose one of the forums."),
    ],
)
def test_faulty_submission_says_why(
    member: FlaskClient, store: SiteStore, changed: dict[str, str], message: str
) -> None:
    forum = store.value("SELECT name FROM forums ORDER BY id")
    sent = member.post("/submit", data={"submission[title]": "Fine", "submission[forum]": forum, **changed})
    assert sent.status_code == 422
    assert message in sent.text
    assert not store.changed


def test_what_belongs_to_others_is_forbidden(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    other = store.value("SELECT username FROM users WHERE id = ?", (post["user_id"],))
    comment = store.value("SELECT id FROM comments WHERE submission_id = ? AND user_id != 1", (post["id"],))
    thread = store.execute("INSERT INTO message_threads (sender_id, receiver_id) VALUES (2, 3)")
    assert member.get(f"{address(post)}/edit").status_code == 403
    assert member.post(f"{address(post)}/delete").status_code == 403
    assert member.post(f"{address(post)}/comment/{comment}/delete_own").status_code == 403
    assert member.get(f"/user/{other}/edit_biography").status_code == 403
    assert member.post(f"/user/{other}/account").status_code == 403
    assert member.get(f"/f/{post['forum']}/edit").status_code == 403
    assert member.get(f"/messages/thread/{thread}").status_code == 404


def test_subscribing_twice_counts_once(member: FlaskClient, store: SiteStore) -> None:
    forum = store.one("SELECT * FROM forums WHERE id NOT IN (SELECT forum_id FROM subscriptions) ORDER BY id")
    assert forum is not None
    for _ in range(2):
        member.post(f"/f/{forum['name']}/subscribe")
    page = lxml.html.document_fromstring(member.get("/").text)
    assert forum["name"] in page.cssselect("#sidebar > section")[0].text_content().split()
    assert store.value("SELECT subscribers FROM forums WHERE id = ?", (forum["id"],)) == forum["subscribers"] + 1
    assert ">Unsubscribe<" in member.get(f"/f/{forum['name']}").text
    member.post(f"/f/{forum['name']}/unsubscribe")
    assert ">Subscribe<" in member.get(f"/f/{forum['name']}").text


def test_hidden_forum_leaves_the_front_page(member: FlaskClient, store: SiteStore) -> None:
    name = store.value("SELECT name FROM forums WHERE id NOT IN (SELECT forum_id FROM hidden_forums) ORDER BY id")
    before = len(all_titles(member, "/all/new"))
    own = len(all_titles(member, f"/f/{name}/new"))
    member.post(f"/user/{ME}/hide_forum/{name}")
    assert len(all_titles(member, "/all/new")) == before - own
    assert name in member.get(f"/user/{ME}/hidden_forums").text
    member.post(f"/user/{ME}/unhide_forum/{name}")
    assert len(all_titles(member, "/all/new")) == before


def test_biography(member: FlaskClient) -> None:
    sent = member.post(
        f"/user/{ME}/edit_biography", data={"user_biography[biography]": "Seeking SDE positions"}, follow_redirects=True
    )
    page = lxml.html.document_fromstring(sent.text)
    assert page.cssselect(".user-bio__biography")[0].text == "Seeking SDE positions"
    assert page.cssselect(".alert")[0].text == "The biography was updated."
    assert "The biography was updated." not in member.get("/").text


def test_account_and_preferences(member: FlaskClient, store: SiteStore) -> None:
    path = f"/user/{ME}/account"
    data = {"user[email]": "new@mail.example", "user[password][first]": "another1", "user[password][second]": "anothe"}
    assert "The values do not match." in member.post(path, data=data).text
    member.post(path, data={**data, "user[password][second]": "another1"})
    assert member.post("/login_check", data={"_username": ME, "_password": "another1"}).status_code == 302
    assert store.value("SELECT email FROM users WHERE username = ?", (ME,)) == "new@mail.example"
    settings = {"user_settings[frontPage]": "subscribed", "user_settings[frontPageSortMode]": "new"}
    member.post(f"/user/{ME}/preferences", data=settings)
    assert titles(member.get("/").text) == titles(member.get("/subscribed/new").text)
    assert member.post(f"/user/{ME}/preferences", data={"user_settings[frontPage]": "x"}).status_code == 400


def test_messages(member: FlaskClient, store: SiteStore) -> None:
    query = "SELECT username FROM users WHERE id > 1 AND allow_private_messages = ? ORDER BY id"
    name, closed = (store.value(query, (flag,)) for flag in (1, 0))
    sent = member.post(f"/user/{name}/compose_message", data={"message[body]": "Hello you"})
    member.post(sent.location.replace("/messages/thread", "/message_reply"), data={"message[body]": "Still there?"})
    assert re.findall(r'message__body">(.*?)<', member.get(sent.location).text) == ["Hello you", "Still there?"]
    first = lxml.html.document_fromstring(member.get("/messages").text).cssselect("#threads td")[:4]
    assert [first[0].text_content(), first[2].text, first[3].text_content()] == ["Hello you", "1", name]
    assert member.get(f"/user/{closed}/compose_message").status_code == 403
    assert "Send message" not in member.get(f"/user/{closed}").text
    assert member.post(f"/user/{name}/compose_message", data={"message[body]": ""}).status_code == 422


def test_forum_is_created_edited_and_listed(member: FlaskClient, store: SiteStore) -> None:
    data = {
        "forum[name]": "Cyberpunk",
        "forum[title]": "Neon",
        "forum[description]": "Welcome",
        "forum[sidebar]": "Games",
    }
    assert member.post("/create_forum", data=data).location == "/f/Cyberpunk"
    page = lxml.html.document_fromstring(member.get("/f/cyberpunk/edit").text)
    assert page.cssselect("#forum_description")[0].text == "Welcome"
    assert page.cssselect("#forum_sidebar")[0].text == "Games"
    again = member.post("/create_forum", data={**data, "forum[name]": "CYBERPUNK"})
    assert "There is already a forum called CYBERPUNK." in again.text
    assert member.post("/create_forum", data={**data, "forum[name]": "a b"}).status_code == 422
    member.post("/f/Cyberpunk/edit", data={**data, "forum[sidebar]": "Books"})
    assert "Books" in member.get("/f/Cyberpunk").text
    assert 'href="/f/Cyberpunk"' in member.get("/forums/all").text
    assert store.value("SELECT COUNT(*) FROM forums") == 25


@pytest.mark.parametrize(
    ("order", "sql"), [("by_name", "name"), ("by_title", "title, name"), ("by_subscribers", "subscribers DESC, name")]
)
def test_forum_list_orders(member: FlaskClient, store: SiteStore, order: str, sql: str) -> None:
    shown: list[str] = []
    for number in (1, 2, 3):
        page = lxml.html.document_fromstring(member.get(f"/forums/{order}/{number}").text)
        shown += [str(link.text) for link in page.cssselect(".forum-link")]
    assert shown == [row["name"] for row in store.query(f"SELECT name FROM forums ORDER BY {sql}")]


def test_user_pages_split_submissions_and_comments(member: FlaskClient, store: SiteStore) -> None:
    name = store.value(
        "SELECT u.username FROM users u WHERE u.id IN (SELECT user_id FROM comments) AND "
        "(SELECT COUNT(*) FROM submissions s WHERE s.user_id = u.id) BETWEEN 1 AND 3 ORDER BY u.id"
    )
    expected = store.query(
        "SELECT title FROM submissions s JOIN users u ON u.id = s.user_id WHERE u.username = ? ORDER BY s.created DESC",
        (name,),
    )
    assert titles(member.get(f"/user/{name}/submissions").text) == [row["title"] for row in expected]
    assert titles(member.get(f"/user/{name}/comments").text) == []
    assert "comment__permalink" in member.get(f"/user/{name}/comments").text
    assert member.get(f"/user/{name.lower()}").status_code == 200


def test_hostile_text_stays_text(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    other = store.value("SELECT username FROM users WHERE id > 1 AND allow_private_messages ORDER BY id")
    forum = {f"forum[{name}]": HOSTILE for name in ("title", "description", "sidebar")}
    requests = [
        (f"{address(post)}/comment", {f"reply_to_submission_{post['id']}[comment]": HOSTILE}),
        (
            "/submit",
            {f"submission[{name}]": HOSTILE for name in ("title", "body")} | {"submission[forum]": post["forum"]},
        ),
        (f"/user/{ME}/edit_biography", {"user_biography[biography]": HOSTILE}),
        (f"/user/{other}/compose_message", {"message[body]": HOSTILE}),
        ("/create_forum", {**forum, "forum[name]": "Hostile"}),
        ("/create_forum", {**forum, "forum[name]": HOSTILE[:25]}),
        (f"/user/{ME}/account", {"user[email]": HOSTILE}),
        ("/submit", {"submission[url]": HOSTILE}),
        ("/login_check", {"_username": HOSTILE, "_password": HOSTILE}),
    ]
    pages = [member.post(path, data=data, follow_redirects=True).text for path, data in requests]
    pages += [
        member.get(path).text
        for path in ("/", "/new", "/messages", f"/user/{ME}", "/f/Hostile/edit", "/forums/by_title")
    ]
    pages.append(member.get("/search", query_string={"q": HOSTILE}).text)
    assert not any("<script" in page for page in pages)
    assert sum("&lt;script&gt;" in page for page in pages) >= 12
    assert store.value("SELECT body FROM submissions ORDER BY id DESC LIMIT 1") == HOSTILE
    assert store.value("SELECT COUNT(*) FROM users") == 80


@pytest.mark.parametrize(
    "path",
    [
        "/f/nowhere",
        "/f/nowhere/1",
        "/user/nobody",
        "/99999999999999999999999",
        "/sv/1",
        "/messages/thread/999",
        "/f/x/y/z",
    ],
)
def test_unknown_addresses_are_lean_errors(member: FlaskClient, path: str) -> None:
    answer = member.get(path)
    assert answer.status_code in (404, 405)
    assert len(answer.text) < 500


def test_too_long_text_is_refused(member: FlaskClient, store: SiteStore, post: sqlite3.Row) -> None:
    data = {f"reply_to_submission_{post['id']}[comment]": "x" * 10_001}
    assert member.post(f"{address(post)}/comment", data=data).status_code == 400
    assert not store.changed
