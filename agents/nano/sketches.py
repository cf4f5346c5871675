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
    return Sketch(instruction, draft.block, lambda: actions.leave(value), rivals=_without(value, rivals))


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
    rows = pages.records(rng, rng.randint(2, 4), rng.randint(1, 2), (kind,))
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


def fill(rng: random.Random) -> Sketch:
    """A form, some of whose fields are to be set, and perhaps submitted; some of that may be done already."""
    draft = pages.form(rng, rng.randint(1, 6))
    *fields, submit = draft.controls
    chosen = rng.sample(fields, rng.randint(1, min(3, len(fields))))
    wishes = [(control, wish(rng, control)) for control in chosen]
    parts = [tell(rng, control, value) for control, value in wishes]
    presses = rng.random() < 0.6
    joined = rng.choice((" and ", ", ", ", then ", " and then ")).join(parts)
    ending = rng.choice((f" and press {submit.name}", f", then click {submit.name}", f" and {submit.name.lower()}"))
    instruction = joined[0].upper() + joined[1:] + (ending if presses else "")
    done = rng.choice((0, 0, len(wishes), rng.randint(0, len(wishes))))
    history = [carry_out(control, value) for control, value in wishes[:done]]
    if done < len(wishes):
        control, value = wishes[done]
        return Sketch(instruction, draft.block, lambda: _set(control, value), tuple(history))
    if presses and rng.random() < 0.7:
        return Sketch(instruction, draft.block, lambda: actions.click(submit.id), tuple(history))
    if presses:
        history.append(f'Click "{submit.name}"')
        if rng.random() < 0.6:
            draft.block.insert(0, [rng.choice(("Saved.", "Your changes were saved.", "Done.", "It worked."))])
    return Sketch(instruction, draft.block, lambda: actions.leave(""), tuple(history))


def wish(rng: random.Random, control: Control) -> str:
    """A value that a field could be set to; nothing for a check box, which is turned over."""
    if control.tag == "select":
        return rng.choice([option for option in control.options if option != control.value])
    if control.kind == "checkbox":
        return ""
    if control.tag == "textarea":
        return vocabulary.sentence(rng)
    return rng.choice(vocabulary.VALUES[rng.choice(list(vocabulary.VALUES))])(rng)


def tell(rng: random.Random, control: Control, value: str) -> str:
    """A wish in words."""
    name = f'"{control.name}"' if rng.random() < 0.2 else loosely(rng, control.name)
    if control.kind == "checkbox":
        return f"{'uncheck' if control.checked else 'check'} {name}"
    shown = f'"{value}"' if rng.random() < 0.4 else value
    wordings = "choose {v} as {n} / select {v} in {n} / set {n} to {v} / change {n} to {v}"
    if control.tag != "select":
        wordings = "set {n} to {v} / type {v} into {n} / enter {v} as {n} / change {n} to {v} / write {v} in {n}"
    return rng.choice(wordings.split(" / ")).format(v=shown, n=name)


def carry_out(control: Control, value: str) -> str:
    """Carries a wish out and gives the history's words for it."""
    if control.kind == "checkbox":
        control.checked = not control.checked
        return f'Click "{control.name}"'
    control.value = value
    return f'{"Select" if control.tag == "select" else "Type"} "{value}" in "{control.name}"'


def _set(control: Control, value: str) -> Action:
    if control.kind == "checkbox":
        return actions.click(control.id)
    return (actions.select_option if control.tag == "select" else actions.type_text)(control.id, value)


def search(rng: random.Random) -> Sketch:
    """Search for words that the sentence around them does not mark."""
    box = Control("input", label=rng.choice(("Search", "Search query", "Search entire store", "Find", "Keyword")))
    block: Block = [[box, Control("button", rng.choice(("Search", "Go")))]] if rng.random() < 0.6 else [[box]]
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


def set_range(rng: random.Random) -> Sketch:
    """Two fields that belong together, told as "from A to B" in the middle of other words."""
    first, second = rng.choice((("From", "To"), ("Start", "End"), ("Start Date", "End Date"), ("Between", "And")))
    make = rng.choice((proper_name, proper_name, vocabulary.date, vocabulary.number, vocabulary.address))
    ends = (make(rng), make(rng))
    controls = [Control("input", label=label) for label in (first, second)]
    go = Control("button", rng.choice(("Go", "Show", "Apply", "Show Report")))
    block: Block = [[control] for control in (*controls, go)]
    said = carry(rng, f"from {ends[0]} to {ends[1]}")
    done = rng.randint(0, 2)
    history = tuple(carry_out(control, value) for control, value in zip(controls[:done], ends, strict=False))
    if done == 2:
        return Sketch(said, block, lambda: actions.click(go.id), history)
    return Sketch(said, block, lambda: _set(controls[done], ends[done]), history)


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
