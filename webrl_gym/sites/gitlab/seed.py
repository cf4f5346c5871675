"""Builds one world of the embedded GitLab."""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime

from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.gitlab.seed_planning import add_planning
from webrl_gym.sites.gitlab.seed_projects import FIRST_DAY, Owner, Person, add_projects, moment
from webrl_gym.sites.gitlab.seed_replica import populate_replica
from webrl_gym.sites.gitlab.seed_repository import add_repository
from webrl_gym.sites.words import FIRST_NAMES, LAST_NAMES, novel_words

_PEOPLE = 25
_NOVEL_PEOPLE = 4
_GROUPS = 5


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Fills an empty database with the rows of ``world``.

    Args:
        connection: A database with the tables of ``schema.sql``.
        world: World number, for the words that only this world has.
        rng: The only source of chance.
    """
    if world == 0:
        populate_replica(connection, rng)
        return
    people = _people(connection, world, rng)
    owners = [Owner(person.username, person.name, person.id) for person in people[1:]]
    owners += _groups(connection, world, rng, people)
    projects = add_projects(connection, world, rng, people, owners)
    for project in projects:
        add_repository(connection, rng, project)
    add_planning(connection, world, rng, projects, people)


def _people(connection: sqlite3.Connection, world: int, rng: random.Random) -> list[Person]:
    pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    # Twice the number needed, so that usernames that clash can be passed over.
    names = [(first, last, 0) for first, last in rng.sample(pairs, 2 * _PEOPLE)]
    novel = novel_words(world, "person", _NOVEL_PEOPLE)
    names[3 : 3 + _NOVEL_PEOPLE] = [(word, rng.choice(LAST_NAMES), 1) for word in novel]
    people = [Person(1, "byteblaze", "Byte Blaze")]
    taken = {"byteblaze"}
    _write_person(connection, rng, people[0], 0)
    for first, last, is_novel in names:
        spellings = (first + last, first + last[0]) if is_novel else (first + last, first[0] + last, first + last[0])
        username = rng.choice(spellings).lower()
        if username in taken or len(people) == _PEOPLE:
            continue
        taken.add(username)
        person = Person(len(people) + 1, username, f"{first} {last}")
        people.append(person)
        _write_person(connection, rng, person, is_novel)
    for person in people:
        others = [other.id for other in people if other.id != person.id]
        followed = rng.sample(others, rng.randint(0, 4))
        connection.executemany("INSERT INTO follows VALUES (?, ?)", [(person.id, other) for other in followed])
    return people


def _write_person(connection: sqlite3.Connection, rng: random.Random, person: Person, novel: int) -> None:
    connection.execute(
        "INSERT INTO users (id, username, name, email, bio, location, website_url, status_message, feed_token,"
        " created_at, novel) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            person.id,
            person.username,
            person.name,
            f"{person.username}@example.com",
            rng.choice(vocabulary.BIOS),
            rng.choice(vocabulary.LOCATIONS),
            "" if rng.random() < 0.5 else f"https://{person.username}.example.com",
            rng.choice(vocabulary.STATUSES),
            f"{rng.getrandbits(80):020x}",
            moment(rng, FIRST_DAY, datetime(2020, 12, 1)).isoformat(" "),
            novel,
        ),
    )


def _groups(connection: sqlite3.Connection, world: int, rng: random.Random, people: list[Person]) -> list[Owner]:
    names = [(name, 0) for name in rng.sample(vocabulary.GROUP_NAMES, _GROUPS - 1)]
    names.append((f"{novel_words(world, 'project', 8)[7]} Lab", 1))
    owners = []
    for number, (name, novel) in enumerate(names, start=1):
        path = name.lower().replace(" ", "-")
        team = rng.sample(people[1:], rng.randint(2, 4))
        created = moment(rng, FIRST_DAY, datetime(2020, 12, 1)).isoformat(" ")
        connection.execute(
            "INSERT INTO groups (id, path, name, description, visibility, created_at, novel)"
            " VALUES (?, ?, ?, ?, 'public', ?, ?)",
            (number, path, name, f"Projects of the {name} people.", created, novel),
        )
        members = [(number, person.id, "Owner" if place == 0 else "Developer") for place, person in enumerate(team)]
        if number <= 2:
            members.append((number, people[0].id, "Developer"))
        connection.executemany(
            "INSERT INTO group_members (group_id, user_id, role, created_at) VALUES (?, ?, ?, ?)",
            [(*member, created) for member in members],
        )
        owners.append(Owner(path, name, team[0].id))
    return owners
