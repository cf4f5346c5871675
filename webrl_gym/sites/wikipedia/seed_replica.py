"""World 0 of the encyclopedia: what official tasks look up, and the cities and states of the replica's map."""

from __future__ import annotations

import json
from importlib.resources import files

from webrl_gym.sites.map.seed_replica_gazetteer import COUNTRIES, State, Town, cities, read_data, states
from webrl_gym.sites.wikipedia.article import Article

_KNOWN_BY_NAME = ("Pittsburgh", "Philadelphia", "Boston")


def replica_articles() -> list[Article]:
    """All articles of the replica."""
    text = (files("webrl_gym.sites.wikipedia") / "replica_articles.json").read_text(encoding="utf-8")
    known = [
        Article(
            entry["title"],
            entry["kind"],
            facts=[(label, value) for label, value in entry["facts"]],
            paragraphs=[(heading, paragraph) for heading, paragraph in entry["text"]],
        )
        for entry in json.loads(text)
    ]
    return [*known, *map(_city_article, cities().values()), *map(_state_article, states().values())]


def _title(town: Town) -> str:
    if town.key == "New York NY":
        return "New York City"
    return town.name if town.name in _KNOWN_BY_NAME else f"{town.name}, {_state_of(town)}"


def _state_of(town: Town) -> str:
    return town.address.rsplit(", ", 1)[-1]


def _city_article(town: Town) -> Article:
    county, _, state = town.address.rpartition(", ")
    facts = [("State", state), ("Population", str(town.population)), ("Area code", str(town.area_code))]
    if county:
        facts.insert(1, ("County", county))
    where = f"{county}, [[{state}]]" if county else f"the [[{state}]]"
    people = f"At the census of 2020 it had {town.population} inhabitants."
    return Article(_title(town), "City", facts=facts, paragraphs=[("", f"{town.name} is a city in {where}. {people}")])


def _state_article(state: State) -> Article:
    country = COUNTRIES[state.country]
    kind = "province of" if state.country == "CA" else "part of the" if state.code == "DC" else "state of the"
    neighbours = [f"[[{name}]]" for name in _neighbours(state.name)]
    towns = [_title(town) for town in cities().values() if _state_of(town) == state.name]
    paragraphs = [
        ("", f"{state.name} is a {kind} {country}."),
        ("Geography", f"It borders on {_listed(neighbours)}."),
    ]
    if towns:
        paragraphs.append(("Cities", f"Among its cities are {_listed([f'[[{town}]]' for town in towns])}."))
    facts = [("Country", country), ("Population", str(state.population)), ("Abbreviation", state.code)]
    return Article(state.name, "State", facts=facts, paragraphs=paragraphs)


def _neighbours(name: str) -> list[str]:
    pairs = [pair for pair in read_data("states")["borders"] if name in pair]
    return [other for pair in pairs for other in pair if other != name]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
