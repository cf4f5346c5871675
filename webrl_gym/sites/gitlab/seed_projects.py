"""Projects with their members, stars and forks."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.words import novel_words

FIRST_DAY = datetime(2020, 1, 6)
LAST_DAY = datetime(2023, 6, 12)
BYTEBLAZE = 1
"""Id of the published account."""

_OWN, _SHARED, _FOREIGN, _FORKS = 7, 6, 23, 4
_PRIVATE = (2, 13)
"""Places of the private projects: one of the published account, and one that it cannot see."""


@dataclass(slots=True)
class Owner:
    """Who projects belong to: a user's or a group's namespace."""

    path: str
    name: str
    creator_id: int
    visibility: str = "public"


@dataclass(slots=True)
class Person:
    """A user as the other seeds need it."""

    id: int
    username: str
    name: str


@dataclass(slots=True)
class Project:
    """A project as the other seeds need it.

    Attributes:
        team: Ids of its members, the owner first.
        created: When it was created; everything in it is younger.
    """

    id: int
    name: str
    team: list[int]
    created: datetime
    description: str
    novel: bool
    labels: list[tuple[int, str]] = field(default_factory=list)


def moment(rng: random.Random, after: datetime, before: datetime = LAST_DAY) -> datetime:
    """A time of a working day between two moments."""
    days = max((before - after).days, 1)
    day = (after + timedelta(days=rng.randrange(days))).replace(hour=0, minute=0, second=0)
    return day + timedelta(hours=rng.randrange(8, 20), minutes=rng.randrange(60), seconds=rng.randrange(60))


def add_projects(
    connection: sqlite3.Connection, world: int, rng: random.Random, people: list[Person], owners: list[Owner]
) -> list[Project]:
    """Writes projects, memberships and stars; the first of ``people`` is the published account."""
    seeds: list[Project] = []
    specs = _names(world, rng)
    me = Owner(people[0].username, people[0].name, BYTEBLAZE)
    for index, (name, noun, novel) in enumerate(specs):
        owner = me if index < _OWN else rng.choice(owners)
        created = moment(rng, FIRST_DAY, datetime(2022, 3, 1))
        visibility = "private" if index in _PRIVATE else owner.visibility
        description = rng.choice(vocabulary.PROJECT_DESCRIPTIONS).format(noun=noun)
        project = Project(index + 1, name, _team(rng, index, owner, people), created, description, novel)
        _write(connection, project, owner, visibility, None)
        seeds.append(project)
    for origin in rng.sample(seeds[_PRIVATE[-1] + 1 :], _FORKS):
        taken = connection.execute("SELECT namespace FROM projects WHERE id = ?", (origin.id,)).fetchone()[0]
        owner = rng.choice([owner for owner in owners if owner.path != taken])
        team = [owner.creator_id]
        created = moment(rng, datetime(2022, 6, 1), datetime(2023, 1, 1))
        fork = Project(len(seeds) + 1, origin.name, team, created, origin.description, origin.novel)
        _write(connection, fork, owner, "public", origin.id)
        seeds.append(fork)
    for project in seeds:
        _members(connection, rng, project)
        _stars(connection, rng, project, people)
    return seeds


def _names(world: int, rng: random.Random) -> list[tuple[str, str, bool]]:
    """Names of own, shared and foreign projects; some of each are made of invented words."""
    wanted = _OWN + _SHARED + _FOREIGN
    pairs = [(first, second) for first in vocabulary.PROJECT_FIRST for second in vocabulary.PROJECT_SECOND]
    specs = [(f"{first}-{second}", second, False) for first, second in rng.sample(pairs, wanted)]
    places = (1, 4, 8, 14, 17, 20)
    for place, word in zip(places, novel_words(world, "project", len(places)), strict=True):
        noun = specs[place][1]
        specs[place] = (f"{word.lower()}-{noun}", noun, True)
    return specs


def _team(rng: random.Random, index: int, owner: Owner, people: list[Person]) -> list[int]:
    others = [person.id for person in people if person.id not in (BYTEBLAZE, owner.creator_id)]
    team = [owner.creator_id, *rng.sample(others, rng.randint(3, 6))]
    if _OWN <= index < _OWN + _SHARED:
        team.insert(1, BYTEBLAZE)
    return team


def _write(
    connection: sqlite3.Connection, project: Project, owner: Owner, visibility: str, forked_from: int | None
) -> None:
    created = project.created.isoformat(" ")
    connection.execute(
        "INSERT INTO projects (id, namespace, namespace_name, path, name, description, visibility, creator_id,"
        " forked_from_id, created_at, last_activity_at, novel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            project.id,
            owner.path,
            owner.name,
            project.name,
            project.name,
            project.description,
            visibility,
            owner.creator_id,
            forked_from,
            created,
            created,
            int(project.novel),
        ),
    )


def _members(connection: sqlite3.Connection, rng: random.Random, project: Project) -> None:
    for place, member in enumerate(project.team):
        if place == 0:
            role = "Owner"
        elif member == BYTEBLAZE:
            role = "Maintainer" if project.id % 2 else "Developer"
        else:
            role = rng.choice(vocabulary.ROLES)
        since = moment(rng, project.created).isoformat(" ")
        connection.execute(
            "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, ?, ?)",
            (project.id, member, role, since),
        )


def _stars(connection: sqlite3.Connection, rng: random.Random, project: Project, people: list[Person]) -> None:
    fans = rng.sample([person.id for person in people[1:]], rng.randint(0, 18))
    if project.id in (9, 15, 22, 27):
        fans.append(BYTEBLAZE)
    connection.executemany(
        "INSERT INTO stars (project_id, user_id, created_at) VALUES (?, ?, ?)",
        [(project.id, fan, moment(rng, project.created).isoformat(" ")) for fan in fans],
    )
