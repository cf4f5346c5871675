"""Fills the encyclopedia's database with one world; its places and cities are those of the same world's map."""

from __future__ import annotations

import random
import sqlite3

from webrl_gym.sites.map.seed_geography import City
from webrl_gym.sites.map.seed_places import Place, world_map
from webrl_gym.sites.map.vocabulary import NOTABLE_KINDS
from webrl_gym.sites.wikipedia.article import Article
from webrl_gym.sites.wikipedia.seed_replica import replica_articles
from webrl_gym.sites.wikipedia.vocabulary import (
    CITY_PRODUCTS,
    EVENTS,
    HOBBIES,
    INDUSTRIES,
    MONTHS,
    OCCUPATIONS,
)
from webrl_gym.sites.words import FIRST_NAMES, LAST_NAMES, novel_words

PEOPLE, NOVEL_PEOPLE, PLACES_A_CITY, COMPANIES, EVENTS_A_WORLD = 14, 3, 5, 6, 6


def populate(connection: sqlite3.Connection, world: int, rng: random.Random) -> None:
    """Stores the articles of a world; world 0 is the replica."""
    articles = _draw_articles(world, rng) if world else replica_articles()
    for number, article in enumerate(articles, start=1):
        connection.execute(
            "INSERT INTO article (id, title, kind, novel) VALUES (?, ?, ?, ?)",
            (number, article.title, article.kind, article.novel),
        )
        connection.executemany(
            "INSERT INTO fact (article_id, label, value) VALUES (?, ?, ?)",
            [(number, label, value) for label, value in article.facts],
        )
        connection.executemany(
            "INSERT INTO paragraph (article_id, heading, text) VALUES (?, ?, ?)",
            [(number, heading, text) for heading, text in article.paragraphs],
        )


def _draw_articles(world: int, rng: random.Random) -> list[Article]:
    """Articles about the places of the world's map, and people, events and companies there."""
    geography, all_places = world_map(world)
    places = _notable_places(geography.cities, all_places, rng)
    names = _person_names(world, rng)
    articles = [_city_article(city, all_places, rng.choice(names)[0], rng) for city in geography.cities]
    articles += [_place_article(place, rng.choice(names)[0], rng) for place in places]
    articles += [_person_article(name, novel, geography.cities, places, rng) for name, novel in names]
    articles += _event_articles(geography.cities, places, rng)
    return articles + _company_articles(world, geography.cities, [name for name, _ in names], rng)


def _notable_places(cities: list[City], places: list[Place], rng: random.Random) -> list[Place]:
    """Some places of each city that are written about: always a museum and a university."""
    chosen = []
    for city in cities:
        candidates = [place for place in places if place.city.id == city.id and place.kind.name in NOTABLE_KINDS]
        rng.shuffle(candidates)
        first = [next(p for p in candidates if p.kind.name == kind) for kind in ("Museum", "University")]
        others = [place for place in candidates if place not in first]
        chosen += first + others[: PLACES_A_CITY - len(first)]
    return chosen


def _person_names(world: int, rng: random.Random) -> list[tuple[str, bool]]:
    """Names of people, each with whether it is made of words of this world only."""
    lasts = rng.sample(LAST_NAMES, PEOPLE - NOVEL_PEOPLE)
    names = [(f"{rng.choice(FIRST_NAMES)} {last}", False) for last in lasts]
    words = novel_words(world, "person", 2 * NOVEL_PEOPLE)
    names += [(f"{first} {last}", True) for first, last in zip(words[::2], words[1::2], strict=True)]
    rng.shuffle(names)
    return names


def _city_article(city: City, places: list[Place], mayor: str, rng: random.Random) -> Article:
    airport = next(place for place in places if place.city.id == city.id and place.kind.name == "Airport")
    founded, product = rng.randrange(1740, 1890), rng.choice(CITY_PRODUCTS)
    return Article(
        city.name,
        "City",
        facts=[
            ("State", city.state),
            ("Population", str(city.population)),
            ("Founded", str(founded)),
            ("Mayor", mayor),
            ("Airport", airport.name),
            ("Area code", str(city.area_code)),
        ],
        paragraphs=[
            ("", f"{city.name} is a city in {city.state}. It was founded in {founded} and grew through its {product}."),
            ("Government", f"The mayor is [[{mayor}]]. Flights leave from {airport.name}."),
        ],
    )


def _place_article(place: Place, director: str, rng: random.Random) -> Article:
    established, visitors = rng.randrange(1850, 2012), rng.randrange(12, 900) * 1000
    kind, city = place.kind.name.lower(), place.city.name
    return Article(
        place.name,
        "Place",
        novel=place.novel,
        facts=[
            ("Type", place.kind.name),
            ("City", city),
            ("Established", str(established)),
            ("Director", director),
            ("Visitors a year", str(visitors)),
        ],
        paragraphs=[
            (
                "",
                f"{place.name} is a {kind} on {place.road.street.name} in [[{city}]]. It opened in {established} and"
                f" has about {visitors} visitors a year.",
            ),
            ("History", f"The {kind} was rebuilt in {established + 10}. It is directed by [[{director}]]."),
        ],
    )


def _person_article(name: str, novel: bool, cities: list[City], places: list[Place], rng: random.Random) -> Article:
    occupation = rng.choice(list(OCCUPATIONS))
    kinds = OCCUPATIONS[occupation].split()
    workplace = rng.choice([place for place in places if place.kind.name in kinds] or places)
    school = rng.choice([place for place in places if place.kind.name == "University"])
    born, month, year = rng.randrange(1, 29), rng.choice(MONTHS), rng.randrange(1931, 1994)
    birthplace = rng.choice(cities).name
    return Article(
        name,
        "Person",
        novel=novel,
        facts=[
            ("Born", f"{born} {month} {year}"),
            ("Birthplace", birthplace),
            ("Occupation", occupation),
            ("Education", school.name),
            ("Workplace", workplace.name),
        ],
        paragraphs=[
            ("", f"{name} (born {born} {month} {year} in [[{birthplace}]]) is a {occupation}."),
            (
                "Life",
                f"After studies at [[{school.name}]], {name} found work at [[{workplace.name}]]. Among friends,"
                f" {name.split(maxsplit=1)[0]} is known for {rng.choice(HOBBIES)}.",
            ),
        ],
    )


def _event_articles(cities: list[City], places: list[Place], rng: random.Random) -> list[Article]:
    articles = []
    for number, event in enumerate(rng.sample(EVENTS, EVENTS_A_WORLD)):
        city = cities[number % len(cities)]
        venue = rng.choice([place for place in places if place.city.id == city.id])
        month, first = rng.choice(MONTHS), rng.randrange(1952, 2016)
        articles.append(
            Article(
                f"{city.name} {event}",
                "Event",
                facts=[("Venue", venue.name), ("City", city.name), ("Month", month), ("First held", str(first))],
                paragraphs=[
                    ("", f"The {city.name} {event} takes place each {month} in [[{city.name}]], at [[{venue.name}]]."),
                    ("History", f"It was first held in {first}."),
                ],
            )
        )
    return articles


def _company_articles(world: int, cities: list[City], people: list[str], rng: random.Random) -> list[Article]:
    first_words = [*rng.sample(LAST_NAMES, COMPANIES - 1), *novel_words(world, "article", 1)]
    articles = []
    for number, (word, industry) in enumerate(zip(first_words, rng.sample(list(INDUSTRIES), COMPANIES), strict=True)):
        title, city, chair = f"{word} {industry}", rng.choice(cities).name, rng.choice(people)
        founded, employees = rng.randrange(1950, 2018), rng.randrange(40, 9000)
        articles.append(
            Article(
                title,
                "Company",
                novel=number == COMPANIES - 1,
                facts=[
                    ("Products", INDUSTRIES[industry]),
                    ("Headquarters", city),
                    ("Chair", chair),
                    ("Founded", str(founded)),
                    ("Employees", str(employees)),
                ],
                paragraphs=[
                    ("", f"{title} makes {INDUSTRIES[industry]}. Its headquarters are in [[{city}]]."),
                    (
                        "History",
                        f"It was founded in {founded} and has {employees} employees. [[{chair}]] chairs its board.",
                    ),
                ],
            )
        )
    return articles
