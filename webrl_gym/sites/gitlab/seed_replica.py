"""Builds world 0: the replica of WebArena's GitLab.

The records that official tasks are about come from ``seed_replica_records``; around them the seed lays a world of
other people, projects, issues and commits.
"""

from __future__ import annotations

import random
import sqlite3
from datetime import datetime

from webrl_gym.official_file import quoted
from webrl_gym.sites.gitlab import vocabulary
from webrl_gym.sites.gitlab import vocabulary_replica as names
from webrl_gym.sites.gitlab.seed_projects import BYTEBLAZE, FIRST_DAY, Person, Project, moment
from webrl_gym.sites.gitlab.seed_replica_planning import PARTS, add_replica_planning
from webrl_gym.sites.gitlab.seed_replica_records import (
    CLOSED_TEAMS,
    COMMITS,
    FIXED_COMMITS,
    GAN,
    KEPT_DAYS,
    ROLES,
    SITE,
)
from webrl_gym.sites.gitlab.seed_repository import add_repository, write_history
from webrl_gym.sites.words import FIRST_NAMES, LAST_NAMES

FEED_TOKEN = "TMN_bBn9Z48qVbUFZV45"
_PEOPLE = 320
_SHARED = 3
"""How many of the generated projects the published account works on."""
_STARRED = ("vinta/awesome-python", "tldr-pages/tldr", "necolas/normalize.css")
"""What the published account has starred already."""
_DESCRIPTIONS = [
    "{a} {subject} library without surprises.",
    "Small building blocks for {subject} projects.",
    "The {subject} that we use at work.",
    "{a} {subject} tool for people in a hurry.",
    "One more take on {subject} code.",
    "Readable {subject} code with tests.",
]
_BEGIN_WITH_VOWELS = (*"aeio", "up", "API", "HT")
"""Beginnings of subjects that are spoken with a vowel first."""
_SETTINGS = {
    "commits_per_page": 40,
    "groups_per_page": 20,
    "issues_per_page": 20,
    "members_per_page": 20,
    "merge_requests_per_page": 20,
    "people_per_page": 20,
    "planning_per_page": 20,
    "projects_per_page": 20,
    "todos_per_page": 20,
    "web_editor": 1,
}


def populate_replica(connection: sqlite3.Connection, rng: random.Random) -> None:
    """Fills an empty database with the rows of world 0; ``rng`` is the only source of chance."""
    connection.executemany("INSERT INTO application_settings VALUES (?, ?)", sorted(_SETTINGS.items()))
    connection.executemany(
        "INSERT INTO project_templates VALUES (?, ?, ?, ?)",
        [(name, title, text, "\n".join(files)) for name, title, text, files in names.TEMPLATES],
    )
    people = _people(connection, rng)
    crowd = [person for name, person in people.items() if name not in names.NAMED_PEOPLE and name != names.ACCOUNT[0]]
    subjects = _subjects(rng, crowd)
    _groups(connection, rng, crowd)
    shared = set(rng.sample(list(subjects)[len(names.REPOSITORIES) :], _SHARED))
    projects = {}
    for number, (path, subject) in enumerate(subjects.items(), start=1):
        projects[path] = _project(connection, rng, number, path, subject, people, crowd, path in shared)
    _stars(connection, rng, projects, people)
    for path, project in projects.items():
        areas = [part.format(subject=subjects[path]) for part in PARTS]
        if path in COMMITS:
            _large_history(connection, rng, path, project, people, areas)
        else:
            add_repository(connection, rng, project, areas)
    main = "SELECT project_id, ?, commit_id FROM branches WHERE project_id = ? AND name = 'main'"
    connection.execute(f"INSERT INTO branches (project_id, name, commit_id) {main}", ("redesign", projects[SITE].id))
    add_replica_planning(connection, rng, projects, subjects, people)


def _people(connection: sqlite3.Connection, rng: random.Random) -> dict[str, Person]:
    """Everybody by username, the published account first."""
    known = {names.ACCOUNT[0]: names.ACCOUNT[1], **names.NAMED_PEOPLE}
    pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(pairs)
    for first, last in pairs:
        if len(known) == _PEOPLE:
            break
        known.setdefault(rng.choice((first + last, first[0] + last, first + last[0])).lower(), f"{first} {last}")
    people = {}
    for number, (username, name) in enumerate(known.items(), start=1):
        people[username] = Person(number, username, name)
        connection.execute(
            "INSERT INTO users (id, username, name, email, bio, location, website_url, status_message, feed_token,"
            " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                username,
                name,
                f"{username.lower()}@example.com",
                rng.choice(vocabulary.BIOS),
                rng.choice(vocabulary.LOCATIONS),
                f"https://{username.lower()}.example.com" if number > 1 and rng.random() < 0.5 else "",
                rng.choice(vocabulary.STATUSES) if number > 1 else "",
                f"{rng.getrandbits(80):020x}" if number > 1 else FEED_TOKEN,
                moment(rng, FIRST_DAY, datetime(2020, 12, 1)).isoformat(" "),
            ),
        )
    ids = [person.id for person in people.values()]
    generated = ids[len(names.NAMED_PEOPLE) + 1 :]
    follows = [(me, other) for me in ids for other in rng.sample(generated, rng.randint(0, 4)) if me != other]
    connection.executemany("INSERT INTO follows VALUES (?, ?)", follows)
    return people


def _subjects(rng: random.Random, crowd: list[Person]) -> dict[str, str]:
    """What each project is about, by path; the named ones first."""
    subjects = dict(names.REPOSITORIES)
    pairs = [(first, second) for first in vocabulary.PROJECT_FIRST for second in vocabulary.PROJECT_SECOND]
    for first, second in rng.sample(pairs, names.GENERATED_REPOSITORIES):
        subjects[f"{rng.choice(crowd).username}/{first}-{second}"] = second.removesuffix("s")
    return subjects


def _groups(connection: sqlite3.Connection, rng: random.Random, crowd: list[Person]) -> None:
    """The groups, and one for every other owner that is no person."""
    people = {*names.NAMED_PEOPLE, names.ACCOUNT[0]}
    owners = dict.fromkeys(path.split("/")[0] for path, _ in names.REPOSITORIES)
    for number, path in enumerate((path for path in owners if path not in people), start=1):
        created = moment(rng, FIRST_DAY, datetime(2020, 12, 1)).isoformat(" ")
        name = names.GROUPS.get(path, path)
        connection.execute(
            "INSERT INTO groups (id, path, name, description, visibility, created_at) VALUES (?, ?, ?, ?, 'public', ?)",
            (number, path, name, f"Projects of {name}.", created),
        )
        team = rng.sample(crowd, rng.randint(2, 4))
        connection.executemany(
            "INSERT INTO group_members VALUES (?, ?, ?, ?)",
            [(number, person.id, "Owner" if place == 0 else "Developer", created) for place, person in enumerate(team)],
        )


def _project(
    connection: sqlite3.Connection,
    rng: random.Random,
    number: int,
    path: str,
    subject: str,
    people: dict[str, Person],
    crowd: list[Person],
    shared: bool,
) -> Project:
    """Writes a project and its members."""
    namespace, _, name = path.partition("/")
    owner = people.get(namespace)
    roles = {people[username].id: role for username, role in ROLES.get(path, {}).items()}
    if not roles:
        roles = {(owner or rng.choice(crowd)).id: "Owner"}
    if shared:
        roles[BYTEBLAZE] = "Developer"
    if path not in CLOSED_TEAMS:
        for person in rng.sample(crowd, rng.randint(2, 6)):
            roles.setdefault(person.id, rng.choice(vocabulary.ROLES))
    team = list(roles)
    created = datetime(2020, 1, 8, 9, 30) if path in COMMITS else moment(rng, FIRST_DAY, datetime(2022, 3, 1))
    description = _description(rng, path, subject)
    visibility = "private" if path == "byteblaze/cloud-to-butt" else "public"
    when = created.isoformat(" ")
    connection.execute(
        "INSERT INTO projects (id, namespace, namespace_name, path, name, description, visibility, creator_id,"
        " created_at, last_activity_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            namespace,
            owner.name if owner else names.GROUPS.get(namespace, namespace),
            name,
            name,
            description,
            visibility,
            team[0],
            when,
            when,
        ),
    )
    connection.executemany(
        "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, ?, ?)",
        [(number, person, role, moment(rng, created).isoformat(" ")) for person, role in roles.items()],
    )
    return Project(number, name, team, created, description, False)


def _description(rng: random.Random, path: str, subject: str) -> str:
    article = "An" if subject.startswith(_BEGIN_WITH_VOWELS) else "A"
    otherwise = rng.choice(_DESCRIPTIONS).format(a=article, subject=subject)
    given = {
        "auth0/angular-storage": quoted(147, "program_html.0.required_contents.must_include.0", otherwise),
        "convexegg/chatgpt": "A chatGPT client for the terminal.",
        GAN: "Generative adversarial networks (GAN) in Python with PyTorch.",
        "eriklindernoren/Keras-GAN": "Generative adversarial networks (GAN) in Python with Keras.",
        "tmalloy/gan-in-the-browser": "A small GAN in JavaScript.",
        "ogreer/sketch-gan": "A GAN that draws, written in Python.",
    }
    return given.get(path, otherwise)


def _stars(
    connection: sqlite3.Connection, rng: random.Random, projects: dict[str, Project], people: dict[str, Person]
) -> None:
    fans = [person.id for person in people.values() if person.id != BYTEBLAZE]
    for path, project in projects.items():
        most = names.MOST_OWN_STARS if BYTEBLAZE in project.team else names.MOST_STARS
        count = names.TOP_STARS.get(path, int((most + 1) * rng.random() ** 2))
        connection.executemany(
            "INSERT INTO stars VALUES (?, ?, ?)",
            [(project.id, fan, moment(rng, project.created).isoformat(" ")) for fan in rng.sample(fans, count)],
        )
    connection.executemany(
        "INSERT INTO stars VALUES (?, ?, '2023-02-14 12:00:00')", [(projects[path].id, BYTEBLAZE) for path in _STARRED]
    )


def _large_history(
    connection: sqlite3.Connection,
    rng: random.Random,
    path: str,
    project: Project,
    people: dict[str, Person],
    areas: list[str],
) -> None:
    """Commits by given counts; on the days that tasks ask about, exactly the given ones."""
    fixed = [(datetime.fromisoformat(when), people[author].id) for author, when in FIXED_COMMITS.get(path, ())]
    counts = {people[username].id: count for username, count in COMMITS[path].items()}
    counts |= {member: rng.randint(1, 5) for member in project.team if member not in counts}
    planned = list(fixed)
    for author, count in counts.items():
        for _ in range(count - sum(person == author for _, person in fixed)):
            when = moment(rng, project.created)
            while when.date().isoformat() in KEPT_DAYS:
                when = moment(rng, project.created)
            planned.append((when, author))
    planned.sort()
    write_history(connection, rng, project, [when for when, _ in planned], lambda place: planned[place][1], areas)
