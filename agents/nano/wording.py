"""How the exercises put a question: wordings, wrappings, and names inside of sentences that do not point at them."""

from __future__ import annotations

import random

from agents.nano import vocabulary

_GLUE = (
    "the of in to a for and is on with my me please tell show find what which how many does do have has that this from "
    "at by it all new now right there any its was were are be one who when where why about into out up"
).split()
_OPENINGS = (
    "I would like to know:,Could you help me?,For my report:,On this page:,One more thing:,Quickly:,I have a question.,"
    "As soon as you can:,Next:,My boss asks:"
).split(",")
_ENDINGS = (
    "right now,for me,today,on this site,if it is there,as soon as possible,in the list,this time,on this page,"
    "(N/A if there is none),once more,again,at the moment"
).split(",")


def say(rng: random.Random, wordings: str, **parts: str) -> str:
    """One of several wordings, parted by ``/``; what goes in is quoted at times, and what comes out wrapped."""
    text = rng.choice(wordings.split(" / "))
    is_quoted = rng.random() < 0.25
    text = text.format(**{name: f'"{part}"' if is_quoted else part for name, part in parts.items()})
    style = rng.random()
    if style < 0.1:
        text = f"Please {text[0].lower()}{text[1:]}"
    elif style < 0.15:
        text = text[0].lower() + text[1:]
    elif style < 0.23:
        text = f"{rng.choice(_OPENINGS)} {text}"
    if rng.random() < 0.12:
        mark = text[-1] if text[-1] in "?." else ""
        text = f"{text.removesuffix(mark)} {rng.choice(_ENDINGS)}{mark}"
    return text + ("." if rng.random() < 0.3 and text[-1] not in "?." else "")


def loosely(rng: random.Random, name: str) -> str:
    """A name, in lower case at times."""
    return name.lower() if rng.random() < 0.12 else name


def words(rng: random.Random, least: int, most: int) -> str:
    """Words in lower case that mean nothing together; six in ten are those that hold sentences together."""
    count = rng.randint(least, most)
    return " ".join(
        rng.choice(_GLUE) if rng.random() < 0.6 else rng.choice(vocabulary.word_lists()[0]) for _ in range(count)
    )


def carry(rng: random.Random, name: str) -> str:
    """A sentence of meaningless words with a name in it."""
    text = f"{words(rng, 1, 6)} {name}"
    if rng.random() < 0.6:
        text += f" {words(rng, 1, 5)}"
    return text[0].upper() + text[1:] + rng.choice(("", ".", "?", "?"))


def proper_name(rng: random.Random) -> str:
    """A name that can be told from the words around it: by its capitals, its signs or its digits."""
    style = rng.random()
    if style < 0.55:
        parts = [vocabulary.word(rng).capitalize() for _ in range(rng.choice((1, 2, 2, 3, 3, 4)))]
        if len(parts) > 2 and rng.random() < 0.2:
            parts.insert(-1, rng.choice(("for", "of", "and", "with", "in", "the")))
        if rng.random() < 0.12:
            parts.append(str(rng.randint(2, 90)))
        return " ".join(parts)
    if style < 0.7:
        return f"{vocabulary.word(rng)}-{vocabulary.word(rng)}"
    return rng.choice((vocabulary.person, vocabulary.code, vocabulary.email, vocabulary.user_name, vocabulary.address))(
        rng
    )


def wandering(rng: random.Random) -> str:
    """An earlier action that decides nothing."""
    thing = rng.choice(vocabulary.NAMES)(rng)
    return f'Click "{thing}"' if rng.random() < 0.6 else f'Search "{thing}" in "Search"'
