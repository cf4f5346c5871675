"""Draws the forums of a practice world: few, small, with words of its own."""

from __future__ import annotations

import random
import sqlite3
from typing import Any

from webrl_gym.sites import words
from webrl_gym.sites.reddit import vocabulary as vocab
from webrl_gym.sites.reddit.seed_basics import DAY, NOW, insert, password_hash, slugify
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

_PAGE_SIZE, _FORUMS_PER_PAGE = 4, 8
"""Few entries a page, so that a page stays short to read."""
_FORUMS, _NOVEL_FORUMS = 24, 4
_USERS, _NOVEL_USERS = 80, 12
_SUBMISSIONS, _NOVEL_SUBMISSIONS = 300, 45
_COMMENT_COUNTS = (0, 1, 2, 3, 4, 5, 6)
_COMMENT_COUNT_WEIGHTS = (7, 14, 20, 23, 17, 12, 7)
_OLDEST = 700 * DAY
_ACCOUNT_SUBMISSIONS, _ACCOUNT_COMMENTS = 8, 8


class PracticeForums:
    """Draws the rows of one world, table by table."""

    def __init__(self, connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
        """Draws from ``rng`` only."""
        self.connection = connection
        self.world = world
        self.rng = rng
        self.users: list[str] = []
        self.forums: list[str] = []
        # Fewer words than the lists have: titles of one world then share them, so every word of a title counts.
        singular = [word.lower() for word in words.PRODUCT_NOUNS if not word.endswith("s")]
        self.nouns = rng.sample(singular, 14)
        self.qualities = [word.lower() for word in rng.sample(words.PRODUCT_QUALITIES, 14)]
        self.novel_nouns = words.novel_words(world, "title", 20)

    def build(self) -> None:
        """Writes all rows."""
        insert(
            self.connection, "site", "page_size, forums_per_page, relative_dates", [(_PAGE_SIZE, _FORUMS_PER_PAGE, 0)]
        )
        self._users()
        self._forums()
        self._submissions()
        self._comments()
        self._account_relations()
        self._messages()

    def _fill(self, phrase: str, **given: object) -> str:
        rng = self.rng
        quality = rng.choice(self.qualities)
        slots: dict[str, object] = {
            "quality": quality,
            "a_quality": f"{'an' if quality[0] in 'aeiou' else 'a'} {quality}",
            "noun": rng.choice(self.nouns),
            "topic": rng.choice(words.TOPICS),
            "other": rng.choice(words.TOPICS),
            "place": rng.choice(words.PLACE_NAMES),
            "kind": rng.choice(words.PLACE_KINDS),
            "number": rng.randint(2, 40),
            "month": rng.choice(vocab.MONTHS),
            "relative": rng.choice(vocab.RELATIVES),
            "forum": rng.choice(self.forums) if self.forums else "",
        }
        return phrase.format(**{**slots, **given})

    def _user_name(self) -> str:
        rng = self.rng
        first, last = rng.choice(words.FIRST_NAMES), rng.choice(words.LAST_NAMES)
        quality, noun = rng.choice(words.PRODUCT_QUALITIES), rng.choice(words.PRODUCT_NOUNS)
        return rng.choice([f"{first}{last}", f"{quality}{noun}", f"{first}_{noun}", f"{last}{rng.randint(2, 99)}"])

    def _users(self) -> None:
        rng = self.rng
        account, password = ACCOUNTS[Site.REDDIT]
        novel = [word + rng.choice(["", "_x", "Fan", "88"]) for word in words.novel_words(self.world, "person", 12)]
        names = [account, *novel[:_NOVEL_USERS]]
        while len(names) < _USERS:
            name = self._user_name()
            if name not in names:
                names.append(name)
        others = names[1:]
        rng.shuffle(others)
        self.users = [account, *others]
        rows = []
        for number, name in enumerate(self.users, 1):
            biography = self._fill(rng.choice(vocab.BIOGRAPHIES)) if rng.random() < 0.4 else ""
            created = NOW - _OLDEST - rng.randint(1, 900) * DAY
            stored = password_hash(name, password) if name == account else None
            email = f"{name.lower()}@mail.example"
            messages = 1 if name == account or rng.random() < 0.9 else 0
            rows.append((number, name, stored, email, biography, created, messages, int(name in novel)))
        insert(
            self.connection,
            "users",
            "id, username, password, email, biography, created, allow_private_messages, novel",
            rows,
        )

    def _forums(self) -> None:
        rng = self.rng
        novel = words.novel_words(self.world, "forum", _NOVEL_FORUMS)
        names = rng.sample(words.TOPICS, _FORUMS - _NOVEL_FORUMS) + novel
        rng.shuffle(names)
        rows = []
        for number, name in enumerate(names, 1):
            title = rng.choice(vocab.FORUM_TITLES).format(topic=name)
            description = f"Questions, stories and pictures about {name}."
            created = NOW - _OLDEST - rng.randint(1, 800) * DAY
            moderator = rng.randint(2, _USERS)
            rules = rng.choice(vocab.FORUM_RULES)
            title = title[0].upper() + title[1:]
            rows.append(
                (number, name, title, description, rules, created, moderator, rng.randint(20, 900), int(name in novel))
            )
        self.forums = names
        insert(
            self.connection,
            "forums",
            "id, name, title, description, sidebar, created, moderator_id, subscribers, novel",
            rows,
        )

    def _titles(self) -> list[tuple[str, str, bool]]:
        """Title, noun and novelty of every submission; no title is a part of another one."""
        rng = self.rng
        found: dict[str, tuple[str, bool]] = {}
        while len(found) < _SUBMISSIONS:
            novel = len(found) < _NOVEL_SUBMISSIONS
            own = _NOVEL_SUBMISSIONS <= len(found) < _NOVEL_SUBMISSIONS + _ACCOUNT_SUBMISSIONS
            noun = rng.choice(self.novel_nouns if novel else self.nouns)
            title = self._fill(rng.choice(vocab.ACCOUNT_TITLES if own else vocab.TITLES), noun=noun)
            title = title[0].upper() + title[1:]
            if not any(title in other or other in title for other in found):
                found[title] = (noun, novel)
        return [(title, noun, novel) for title, (noun, novel) in found.items()]

    def _submissions(self) -> None:
        rng = self.rng
        titles = self._titles()
        own = {title for title, _, _ in titles[_NOVEL_SUBMISSIONS : _NOVEL_SUBMISSIONS + _ACCOUNT_SUBMISSIONS]}
        rng.shuffle(titles)
        ages = sorted((int(_OLDEST * rng.random() ** 1.5) + 3_600 for _ in titles), reverse=True)
        taken: set[tuple[int, int]] = set()
        rows = []
        for number, ((title, noun, novel), age) in enumerate(zip(titles, ages, strict=True), 101):
            author = 1 if title in own else self._author()
            forum = rng.randint(1, _FORUMS)
            url, body = self._content(title, noun) if title not in own else (None, self._body(noun))
            downvotes = rng.randint(0, 20)
            upvotes = self._upvotes(forum, downvotes, taken)
            created = NOW - age
            slug = slugify(title)
            rows.append(
                (number, forum, author, title, slug, url, body, created, created, upvotes, downvotes, int(novel))
            )
        insert(
            self.connection,
            "submissions",
            "id, forum_id, user_id, title, slug, url, body, created, last_active, upvotes, downvotes, novel",
            rows,
        )

    def _author(self) -> int:
        """Some users write far more than others."""
        return 2 + int((_USERS - 1) * self.rng.random() ** 2)

    def _body(self, noun: str) -> str:
        return self._fill(self.rng.choice(vocab.BODIES), noun=noun)

    def _content(self, title: str, noun: str) -> tuple[str | None, str | None]:
        kind = self.rng.random()
        if kind < 0.2:
            return f"http://{self.rng.choice(vocab.HOSTS)}/{slugify(title)}", None
        return None, self._body(noun) if kind < 0.7 else None

    def _upvotes(self, forum: int, downvotes: int, taken: set[tuple[int, int]]) -> int:
        """Scores differ within a forum: "the top post" is never ambiguous."""
        while True:
            score = int(self.rng.expovariate(1 / 120))
            if score < 950 and (forum, score) not in taken:
                taken.add((forum, score))
                return score + downvotes

    def _comments(self) -> None:
        rng = self.rng
        rows: list[tuple[Any, ...]] = []
        query = "SELECT id, created, title, novel FROM submissions ORDER BY id"
        submissions = self.connection.execute(query).fetchall()
        own = set(rng.sample([row[0] for row in submissions], _ACCOUNT_COMMENTS))
        for submission, created, title, novel in submissions:
            count = rng.choices(_COMMENT_COUNTS, _COMMENT_COUNT_WEIGHTS)[0]
            authors = rng.sample(range(2, _USERS + 1), count) + ([1] if submission in own else [])
            last = created
            thread: list[int] = []
            noun = next((word for word in self.novel_nouns + self.nouns if word in title), self.nouns[0])
            for author in authors:
                number = len(rows) + 1001
                parent = rng.choice(thread[-2:]) if thread and rng.random() < 0.4 else None
                last = last + (NOW - last) * rng.randint(1, 99) // 400 + 1
                body = self._fill(rng.choice(vocab.COMMENTS), noun=noun)
                ups, downs = int(rng.expovariate(1 / 15)), rng.randint(0, 9)
                rows.append((number, submission, parent, author, body, last, ups, downs, novel))
                thread.append(number)
        insert(
            self.connection,
            "comments",
            "id, submission_id, parent_id, user_id, body, created, upvotes, downvotes, novel",
            rows,
        )
        self.connection.execute(
            "UPDATE submissions SET (comment_count, last_active) = (SELECT COUNT(*), COALESCE(MAX(c.created), "
            "submissions.created) FROM comments c WHERE c.submission_id = submissions.id)"
        )

    def _account_relations(self) -> None:
        """What the published account has voted on and subscribed to."""
        rng = self.rng
        query = self.connection.execute
        others = [row[0] for row in query("SELECT id FROM submissions WHERE user_id != 1 ORDER BY id")]
        votes = [(1, submission, rng.choice([1, 1, -1])) for submission in rng.sample(others, 12)]
        votes += [(1, row[0], 1) for row in query("SELECT id FROM submissions WHERE user_id = 1 ORDER BY id")]
        insert(self.connection, "submission_votes", "user_id, submission_id, choice", votes)
        own = [(1, row[0], 1) for row in query("SELECT id FROM comments WHERE user_id = 1 ORDER BY id")]
        insert(self.connection, "comment_votes", "user_id, comment_id, choice", own)
        # The counts hold every vote, so the account's own ones must have left a trace there.
        self.connection.executescript(
            "UPDATE submissions SET upvotes = upvotes + 1, downvotes = downvotes + 1 "
            "WHERE id IN (SELECT submission_id FROM submission_votes);"
            "UPDATE comments SET upvotes = upvotes + 1, downvotes = downvotes + 1 "
            "WHERE id IN (SELECT comment_id FROM comment_votes);"
        )
        forums = rng.sample(range(1, _FORUMS + 1), 5)
        insert(self.connection, "subscriptions", "user_id, forum_id", [(1, forum) for forum in sorted(forums[:4])])
        insert(self.connection, "hidden_forums", "user_id, forum_id", [(1, forums[4])])

    def _messages(self) -> None:
        rng = self.rng
        number = 1
        threads, messages = [], []
        for thread, other in enumerate(rng.sample(range(2, _USERS + 1), 5), 1):
            pair = (1, other) if rng.random() < 0.5 else (other, 1)
            created = NOW - rng.randint(2, 200) * DAY
            threads.append((thread, *pair))
            messages.append((number, thread, pair[0], self._fill(rng.choice(vocab.MESSAGES)), created))
            number += 1
            if rng.random() < 0.6:
                later = created + rng.randint(1, 40) * 1_000
                messages.append((number, thread, pair[1], rng.choice(vocab.REPLIES), later))
                number += 1
        insert(self.connection, "message_threads", "id, sender_id, receiver_id", threads)
        insert(self.connection, "messages", "id, thread_id, sender_id, body, created", messages)
