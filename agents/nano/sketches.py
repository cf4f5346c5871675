"""The questions of the exercises, one function a kind: a block of a page, what is asked of it and the right action."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from agents.nano import pages, vocabulary
from agents.nano.pages import Block, Control, Draft
from agents.nano.wording import carry, loosely, proper_name, say
from webrl_gym import actions
from webrl_gym.actions import Action, ActionKind


@dataclass
class Sketch:
    """An exercise before its page is written: the controls have no ids yet.

    Attributes:
        instruction: What is asked.
        block: The part of the page that it is about.
        action: The right next action; called once the controls have ids.
        history: Earlier actions in words.
        head: Text before the page.
        tail: Text after the page.
        is_alone: No other records may stand on the page.
        rivals: Answers that stand on the page too and are wrong.
    """

    instruction: str
    block: Block
    action: Callable[[], Action]
    history: tuple[str, ...] = ()
    head: str = ""
    tail: str = ""
    is_alone: bool = False
    rivals: tuple[str, ...] = ()


def find(rng: random.Random) -> Sketch:
    """Go to one of several links, buttons or sections."""
    tag = rng.choice(("a", "a", "button", "summary"))
    names = pages.different(rng, rng.randint(3, 14), vocabulary.NAMES)
    draft = pages.links(rng, names, tag)
    target = rng.choice(draft.controls)
    name = loosely(rng, target.name)
    instruction = say(
        rng,
        "Click {name} / Open {name} / Go to {name} / Follow the link {name} / Find {name} / Show me {name} / {name} / "
        "Press {name} / Take me to the {name} page",
        name=name,
    )
    return Sketch(instruction, draft.block, lambda: actions.click(target.id))


def _shown(rng: random.Random, rows: list[pages.Record], *, linked: bool = False, action: str = "") -> Draft:
    if rng.random() < 0.55:
        return pages.table(rng, rows, linked=linked or rng.random() < 0.5, action=action)
    return pages.cards(rng, rows, action=action)


def act_beside(rng: random.Random) -> Sketch:
    """Press the button that stands beside one of several records."""
    rows = pages.records(rng, rng.randint(2, 7), rng.randint(0, 4))
    if not rows[0].values and rng.random() < 0.5:
        rows = pages.records(rng, len(rows), 1)
    action = pages.row_action(rng)
    draft = _shown(rng, rows, action=action)
    row = rng.choice(draft.records)
    told = row.name
    if row.values and rng.random() < 0.25:
        label = rng.choice(list(row.values))
        if sum(other.values[label] == row.values[label] for other in rows) == 1:
            told = row.values[label]
    instruction = say(
        rng,
        "{action} {name} / Click {action} for {name} / {action} the entry {name} / Press {action} next to {name} / "
        "Use {action} on {name}",
        action=loosely(rng, action),
        name=told,
    )
    target = row.action
    return Sketch(instruction, draft.block, lambda: actions.click(target.id if target else ""))


def read(rng: random.Random) -> Sketch:
    """Tell one value of a record."""
    rows = pages.records(rng, rng.choice((1, 2, 3, 4, 6)), rng.randint(1, 5))
    if len(rows) == 1:
        draft = pages.facts(rng, rows[0])
    elif rng.random() < 0.5:
        draft = pages.cards(rng, rows, is_labelled=True)
    else:
        draft = pages.table(rng, rows, linked=rng.random() < 0.5)
    row = rng.choice(draft.records)
    label = rng.choice(list(row.values))
    value = row.values[label]
    wordings = (
        "What is the {label} of {name}? / Tell me the {label} of {name} / Find the {label} of {name} / "
        "What {label} does {name} have? / {label} of {name}? / Get the {label} for {name} / "
        "{label} for {name}, please / Look at {name} and tell me its {label}"
    )
    if value.isdecimal():
        wordings += " / How many {label} does {name} have? / How many {label} are there for {name}?"
    instruction = say(rng, wordings, label=loosely(rng, label), name=row.name)
    rivals = (*(other.values[label] for other in rows), *row.values.values())
    history = (f'Click "{row.name}"',) if len(rows) == 1 and rng.random() < 0.5 else ()
    return Sketch(instruction, draft.block, lambda: actions.leave(value), history, rivals=_without(value, rivals))


def _without(answer: str, rivals: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rival for rival in rivals if rival != answer)


def read_name(rng: random.Random) -> Sketch:
    """Tell which record has a value."""
    rows = pages.records(rng, rng.randint(2, 6), rng.randint(1, 4))
    draft = pages.table(rng, rows, linked=rng.random() < 0.5)
    labels = list(rows[0].values)
    unique = [
        (row, label)
        for row in rows
        for label in labels
        if sum(other.values[label] == row.values[label] for other in rows) == 1
    ]
    row, label = rng.choice(unique) if unique else (rows[0], labels[0])
    instruction = say(
        rng,
        "Which one has the {label} {value}? / Whose {label} is {value}? / Find the one with {label} {value} / "
        "What has {value} as its {label}?",
        label=loosely(rng, label),
        value=row.values[label],
    )
    rivals = _without(row.name, tuple(other.name for other in rows))
    return Sketch(instruction, draft.block, lambda: actions.leave(row.name), rivals=rivals)


def compare(rng: random.Random) -> Sketch:
    """Tell or open the record with the most or the least of something."""
    kind = rng.choice(("money", "number"))
    rows = pages.records(rng, rng.randint(2, 5), rng.randint(1, 3), (kind,))
    label = next(iter(rows[0].values))
    draft = pages.table(rng, rows, linked=True)
    is_most = rng.random() < 0.5
    amounts = {row.name: float(row.values[label].lstrip("$€£").replace(",", "")) for row in rows}
    best = (max if is_most else min)(rows, key=lambda row: amounts[row.name])
    superlatives = "highest / largest / most" if is_most else "lowest / smallest / least"
    superlative = rng.choice(superlatives.split(" / "))
    if rng.random() < 0.5:
        text = f"Which one has the {superlative} {label}?"
        rivals = _without(best.name, tuple(row.name for row in rows))
        return Sketch(text, draft.block, lambda: actions.leave(best.name), rivals=rivals)
    text = f"Open the one with the {superlative} {label}"
    return Sketch(text, draft.block, lambda: actions.click(best.control.id if best.control else ""))


def ordinal(rng: random.Random) -> Sketch:
    """Tell or open the first, second, third or last record."""
    rows = pages.records(rng, rng.randint(2, 6), rng.randint(1, 3))
    draft = _shown(rng, rows, linked=True)
    place = rng.choice((0, 0, 1, 2, -1, -1))
    place = min(place, len(rows) - 1)
    word = {0: "first", 1: "second", 2: "third", -1: "last"}[place]
    row = draft.records[place]
    linked = [record.control for record in draft.records]
    target = linked[place]
    if rng.random() < 0.5 and target is not None:
        text = say(rng, f"Open the {word} one / Click the {word} entry / Go to the {word} result")
        return Sketch(text, draft.block, lambda: actions.click(target.id), is_alone=True)
    text = say(rng, f"What is the {word} one called? / Name the {word} entry")
    rivals = _without(row.name, tuple(record.name for record in rows))
    return Sketch(text, draft.block, lambda: actions.leave(row.name), is_alone=True, rivals=rivals)


def search(rng: random.Random) -> Sketch:
    """Search for words that the sentence around them does not mark."""
    box, block = _search_box(rng)
    if rng.random() < 0.3:
        block.append([Control("input", label=vocabulary.phrase(rng))])
    if rng.random() < 0.65:
        text = proper_name(rng)
        told = f'"{text}"' if rng.random() < 0.2 else text
        return Sketch(carry(rng, told), block, lambda: Action(ActionKind.SEARCH, element=box.id, argument=text))
    text = rng.choice((vocabulary.phrase, vocabulary.phrase, vocabulary.person, vocabulary.code, vocabulary.email))(rng)
    instruction = say(
        rng,
        "Search for {text} / Look for {text} / Look up {text} / Search {text} / Find results about {text} / "
        "Search for {text} on this site / Look up {text} and tell me more / I need {text}, so search for it / "
        "Use the search to find {text} for me / What does a search for {text} give?",
        text=text,
    )
    return Sketch(instruction, block, lambda: Action(ActionKind.SEARCH, element=box.id, argument=text))


def _search_box(rng: random.Random) -> tuple[Control, Block]:
    box = Control("input", label=rng.choice(pages.SEARCH_LABELS))
    return box, [[box, Control("button", rng.choice(("Search", "Go")))]] if rng.random() < 0.6 else [[box]]


def follow_steps(rng: random.Random) -> Sketch:
    """Go on where a path of two or three links was left."""
    draft = pages.links(rng, pages.different(rng, rng.randint(4, 10), (vocabulary.phrase,)))
    path = rng.sample(draft.controls, rng.randint(2, 3))
    done = rng.randint(0, len(path))
    instruction = rng.choice(("Click ", "Open ", "Go to ")) + rng.choice((", then ", " and then ")).join(
        control.name for control in path
    )
    history = tuple(f'Click "{control.name}"' for control in path[:done])
    if done == len(path):
        return Sketch(instruction, draft.block, lambda: actions.leave(""), history)
    return Sketch(instruction, draft.block, lambda: actions.click(path[done].id), history)


def scroll(rng: random.Random) -> Sketch:
    """Look for something that is further down."""
    draft = pages.links(rng, pages.different(rng, rng.randint(3, 8), (vocabulary.phrase,)))
    missing = vocabulary.phrase(rng)
    tail = f"\n[{rng.randint(1, 60)} lines below: Scroll Down to see them]"
    instruction = say(rng, "Click {name} / Open {name} / Go to {name} / Find {name}", name=missing)
    return Sketch(instruction, draft.block, lambda: Action(ActionKind.SCROLL_DOWN), tail=tail)


def switch_tab(rng: random.Random) -> Sketch:
    """Change to another tab."""
    titles = pages.different(rng, rng.randint(2, 3), (vocabulary.phrase,))
    current = rng.randrange(len(titles))
    wanted = rng.choice([place for place in range(len(titles)) if place != current])
    listed = " | ".join(f"{'*' if place == current else ''}{place}: {title}" for place, title in enumerate(titles))
    instruction = say(
        rng,
        "Go to the tab {name} / Switch to {name} / Change to the tab {name} / Show the tab {name}",
        name=titles[wanted],
    )
    return Sketch(
        instruction,
        pages.filler(rng),
        lambda: Action(ActionKind.SWITCH_TAB, argument=str(wanted)),
        head=f"[tabs {listed}]\n",
    )


def lead_on(rng: random.Random) -> Sketch:
    """A question that this page does not answer: open what it is about, search for it, or turn the page."""
    make = rng.choices((_open, _search, _turn), (3, 2, 1))[0]
    return make(rng)


def _question(rng: random.Random, name: str, labels: tuple[str, ...]) -> str:
    """Asks for something of a record that none of the labels tells."""
    shown = {label.lower() for label in labels}
    label = next(label for label in pages.field_names(rng, len(shown) + 1) if label.lower() not in shown)
    return say(
        rng,
        "What is the {label} of {name}? / Tell me the {label} of {name} / Find the {label} of {name} / "
        "{label} of {name}? / Get the {label} for {name} / Look at {name} and tell me its {label} / "
        "How many {label} does {name} have? / Change the {label} of {name} / Use the {label} of {name}",
        label=loosely(rng, label),
        name=name,
    )


def _open(rng: random.Random) -> Sketch:
    rows = pages.records(rng, rng.randint(1, 7), rng.randint(0, 4))
    draft = _shown(rng, rows, linked=True)
    row = rng.choice(draft.records)
    target = row.control
    text = _question(rng, row.name, tuple(row.values))
    history = (f'Search "{row.name}" in "Search"',) if rng.random() < 0.3 else ()
    return Sketch(text, draft.block, lambda: actions.click(target.id if target else ""), history)


def _search(rng: random.Random) -> Sketch:
    box, block = _search_box(rng)
    name = rng.choice(vocabulary.NAMES)(rng)
    question = _question(rng, name, ())
    return Sketch(question, block, lambda: Action(ActionKind.SEARCH, element=box.id, argument=name))


def _turn(rng: random.Random) -> Sketch:
    *rows, missing = pages.records(rng, rng.randint(3, 7), rng.randint(1, 4))
    draft = _shown(rng, rows, linked=True)
    forth = Control("a", rng.choice(("Next", "Next page", "Older", "More", "Load more", "Next >")))
    back = [Control("a", rng.choice(("Previous", "Newer", "Back", "1")))] if rng.random() < 0.5 else []
    block: Block = [*draft.block, [*back, forth]]
    text = _question(rng, missing.name, tuple(missing.values))
    return Sketch(text, block, lambda: actions.click(forth.id), is_alone=True)
