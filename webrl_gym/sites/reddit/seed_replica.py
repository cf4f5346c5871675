"""Draws the replica: the posts that official tasks are about, among thousands of everyday ones.

What the tasks ask for comes out by itself: the newest post of a forum is the one with the latest date, the best one
has the most votes, the most active ones the latest comments.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from webrl_gym.sites.reddit import vocabulary_replica as vocab
from webrl_gym.sites.reddit.seed_basics import DAY, NOW, insert, password_hash, slugify
from webrl_gym.sites.reddit.seed_replica_records import (
    ACCOUNT_POSTS,
    FRIENDLY_AUTHOR,
    OFFICIAL_POSTS,
    Post,
    picture,
)
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

_PAGE_SIZE = 25
_USERS = 900
_POSTS = {"town": (25, 32)}
_MANY_POSTS = (30, 42)
"""How many posts a forum has, by its kind and otherwise."""
_POSTS_WHERE_TASKS_ARE = 46
_NEWER = 12
"""How far the numbers go on after those of planned posts."""
_COMMENT_COUNTS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 8, 12)
_BEST = 2_000
_LAST_POST = NOW - 76 * DAY
_LAST_COMMENT = NOW - 70 * DAY
_LONGEST_THREAD = 3 * DAY
_FORUM_SPAN = {"town": 300 * DAY}
_SHORT_SPAN = 150 * DAY
_FIRST_COMMENT = 10_001
_FORUMS_OF_THE_ACCOUNT = frozenset(("television", "movies"))


class _Drawn(NamedTuple):
    """A post that was written."""

    post: Post
    topic: vocab.ForumTopic
    created: int


_WORDS: dict[str, tuple[object, ...]] = {
    "quality": vocab.QUALITIES,
    "town": vocab.TOWNS,
    "street": vocab.STREETS,
    "weekday": vocab.WEEKDAYS,
    "month": vocab.MONTHS,
    "relative": vocab.RELATIVES,
    "number": tuple(range(3, 60)),
    "year": tuple(range(1987, 2023)),
    "day": tuple(range(1, 29)),
}
"""What the slots of phrases take, other than the subjects of their forum."""


class _Slots(dict[str, object]):
    """The words of one phrase, each drawn when the phrase first asks for it."""

    def __init__(self, rng: random.Random, topic: vocab.ForumTopic) -> None:
        subject, other = rng.sample(topic.subjects.split(", "), 2)
        super().__init__(subject=subject, other=other, place=topic.title.split(",")[0])
        self._rng = rng

    def fill(self, phrase: str) -> str:
        """The phrase with its words, as a sentence begins."""
        text = phrase.format_map(self)
        return text[0].upper() + text[1:]

    def __missing__(self, name: str) -> object:
        value = self[name] = self._rng.choice(_WORDS[name])
        return value


class ReplicaForums:
    """Draws the rows of the replica, table by table."""

    def __init__(self, connection: sqlite3.Connection, rng: random.Random) -> None:
        """Draws from ``rng`` only."""
        self.connection = connection
        self.rng = rng
        self.users: dict[str, int] = {}
        self.first_stranger = 0
        self.account, self._password = ACCOUNTS[Site.REDDIT]
        self.planned: dict[str, list[Post]] = {topic.name: [] for topic in vocab.FORUMS}
        for post in (*OFFICIAL_POSTS, *(post._replace(author=self.account) for post in ACCOUNT_POSTS)):
            self.planned[post.forum].append(post)

    def build(self) -> None:
        """Writes all rows."""
        insert(self.connection, "site", "page_size, forums_per_page, relative_dates", [(_PAGE_SIZE, _PAGE_SIZE, 1)])
        self._users()
        self._forums()
        self._comments(self._posts())
        self._own_votes()

    def _users(self) -> None:
        rng = self.rng
        known = [self.account, *dict.fromkeys(post.author for post in OFFICIAL_POSTS if post.author)]
        self.first_stranger = len(known) + 1
        pairs = [start + end for start in vocab.NAME_STARTS for end in vocab.NAME_ENDS]
        drawn = [name for name in rng.sample(pairs, _USERS) if name not in known][: _USERS - len(known)]
        names = known + [f"{name}{rng.randint(1, 99)}" if rng.random() < 0.5 else name for name in drawn]
        self.users = {name: number for number, name in enumerate(names, 1)}
        rows = []
        for name, number in self.users.items():
            biography = ""
            if name not in known and rng.random() < 0.3:
                biography = _Slots(rng, rng.choice(vocab.FORUMS)).fill(rng.choice(vocab.BIOGRAPHIES))
            stored = password_hash(name, self._password) if name == self.account else None
            created = NOW - rng.randint(400, 2_400) * DAY
            messages = int(name == self.account or rng.random() < 0.9)
            rows.append((number, name, stored, f"{name.lower()}@mail.example", biography, created, messages))
        insert(
            self.connection, "users", "id, username, password, email, biography, created, allow_private_messages", rows
        )

    def _forums(self) -> None:
        rng = self.rng
        rows = []
        for number, topic in enumerate(vocab.FORUMS, 1):
            description = f"Posts about {topic.subjects.split(', ')[0]} and more on {topic.title}."
            rules = _Slots(rng, topic).fill(rng.choice(vocab.RULES))
            created = NOW - rng.randint(900, 2_400) * DAY
            rows.append((number, topic.name, topic.title, description, rules, created, rng.randint(2, _USERS), 0))
        insert(
            self.connection, "forums", "id, name, title, description, sidebar, created, moderator_id, subscribers", rows
        )

    def _posts(self) -> list[_Drawn]:
        """Forum by forum, in the order of their numbers, which is that of their dates."""
        drawn: list[_Drawn] = []
        rows = []
        for (number, topic), block in zip(enumerate(vocab.FORUMS, 1), _free_blocks(), strict=False):
            planned = {post.number: post for post in self.planned[topic.name]}
            ids = self._ids(topic, list(planned.values()), block)
            span = _FORUM_SPAN.get(topic.kind, _SHORT_SPAN)
            times = sorted(_LAST_POST - int(span * self.rng.random()) for _ in ids)
            scores, titles = {post.score for post in planned.values()}, set[str]()
            for post_id, created in zip(ids, times, strict=True):
                post = planned.get(post_id) or self._everyday(post_id, topic, titles)
                downvotes = self.rng.randint(0, 30)
                upvotes = (post.score or self._score(scores)) + downvotes
                author = self.users[post.author] if post.author else self._somebody()
                drawn.append(_Drawn(post, topic, created))
                content = (post.title, slugify(post.title), post.url or None, post.body or None)
                rows.append((post_id, number, author, *content, created, created, upvotes, downvotes))
        insert(
            self.connection,
            "submissions",
            "id, forum_id, user_id, title, slug, url, body, created, last_active, upvotes, downvotes",
            rows,
        )
        return drawn

    def _ids(self, topic: vocab.ForumTopic, planned: list[Post], block: int) -> list[int]:
        """Numbers of a forum's posts: close together, the newest planned one last where it must be."""
        rng = self.rng
        size = _POSTS_WHERE_TASKS_ARE if planned else rng.randint(*_POSTS.get(topic.kind, _MANY_POSTS))
        ids = {post.number for post in planned}
        number = max(ids, default=block)
        if not any(post.newest for post in planned):
            number += _NEWER
        while len(ids) < size:
            number -= rng.randint(1, 4)
            ids.add(number)
        return sorted(ids)

    def _everyday(self, number: int, topic: vocab.ForumTopic, titles: set[str]) -> Post:
        """A post that no task is about; its title is new among ``titles``, where it is noted."""
        rng = self.rng
        title = ""
        while not title or title in titles:
            slots = _Slots(rng, topic)
            title = slots.fill(rng.choice(vocab.TITLES[topic.kind]))
        titles.add(title)
        if topic.kind == "picture":
            return Post(number, topic.name, title, url=picture(f"{number} {title}"))
        if topic.kind == "link":
            mine = topic.name in _FORUMS_OF_THE_ACCOUNT and rng.random() < 0.4
            author = self.account if mine else ""
            return Post(number, topic.name, title, author, f"http://{rng.choice(vocab.HOSTS)}/{slugify(title)}")
        sentences = () if topic.kind == "thought" else rng.sample(vocab.BODIES, rng.randint(0, 3))
        return Post(number, topic.name, title, body=" ".join(map(slots.fill, sentences)))

    def _score(self, taken: set[int]) -> int:
        """Scores differ within a forum: "the top post" is never ambiguous."""
        while (score := 1 + int(self.rng.expovariate(1 / 160))) in taken or score >= _BEST:
            pass
        taken.add(score)
        return score

    def _somebody(self) -> int:
        """A user that no task names; some write far more than others."""
        return self.first_stranger + int((_USERS - self.first_stranger + 1) * self.rng.random() ** 2)

    def _comments(self, drawn: list[_Drawn]) -> None:
        rng = self.rng
        rows: list[tuple[int | str | None, ...]] = []
        friendly = self.users[FRIENDLY_AUTHOR]
        for post, topic, created in drawn:
            thread: list[int] = []
            said: set[str] = set()
            for moment in self._moments(post, created):
                number = _FIRST_COMMENT + len(rows)
                parent = rng.choice(thread[-3:]) if thread and rng.random() < 0.4 else None
                author = self._commenter()
                ups, downs = int(rng.expovariate(1 / 9)), int(rng.expovariate(1 / 4))
                if author == friendly:
                    ups += downs
                body = self._remark(topic, said)
                rows.append((number, post.number, parent, author, body, moment, ups, downs))
                thread.append(number)
        insert(
            self.connection,
            "comments",
            "id, submission_id, parent_id, user_id, body, created, upvotes, downvotes",
            rows,
        )
        self.connection.execute(
            "UPDATE submissions SET (comment_count, last_active) = (SELECT COUNT(*), COALESCE(MAX(c.created), "
            "submissions.created) FROM comments c WHERE c.submission_id = submissions.id)"
        )

    def _remark(self, topic: vocab.ForumTopic, said: set[str]) -> str:
        """A comment, other than what was ``said`` in the thread; it is noted there."""
        body = ""
        while not body or body in said:
            body = _Slots(self.rng, topic).fill(self.rng.choice(vocab.COMMENTS))
        said.add(body)
        return body

    def _moments(self, post: Post, created: int) -> list[int]:
        """When a post's comments are written."""
        rng = self.rng
        end = _LAST_COMMENT + post.comments * 3_600 if post.comments else created + _LONGEST_THREAD
        moments = sorted(rng.randint(created + 60, end) for _ in range(post.comments or rng.choice(_COMMENT_COUNTS)))
        return [*moments[:-1], end] if post.comments else moments

    def _commenter(self) -> int:
        """Now and then the account or the friendly author, mostly somebody."""
        luck = self.rng.random()
        if luck < 0.002:
            return self.users[self.account if luck < 0.001 else FRIENDLY_AUTHOR]
        return self._somebody()

    def _own_votes(self) -> None:
        """The account upvotes what it writes; of the votes of others only the counts are kept."""
        for kind in ("submission", "comment"):
            self.connection.execute(
                f"INSERT INTO {kind}_votes (user_id, {kind}_id, choice) "
                f"SELECT user_id, id, 1 FROM {kind}s WHERE user_id = ? ORDER BY id",
                (self.users[self.account],),
            )
            # The counts hold every vote; one against it keeps the scores as they were drawn, all different.
            self.connection.execute(
                f"UPDATE {kind}s SET upvotes = upvotes + 1, downvotes = downvotes + 1 WHERE user_id = ?",
                (self.users[self.account],),
            )


def _free_blocks() -> Iterator[int]:
    """Numbers of newest posts for forums without planned posts, far from those of others."""
    planned = [post.number for post in (*OFFICIAL_POSTS, *ACCOUNT_POSTS)]
    return (block for block in count(1_400, 1_300) if all(abs(block - number) > 500 for number in planned))
