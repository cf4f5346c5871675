"""The exercises that fill in forms: fields told by name, by the kind of their value alone, or as a range."""

from __future__ import annotations

import random
from typing import NamedTuple

from agents.nano import pages, vocabulary
from agents.nano.pages import Block, Control
from agents.nano.sketches import Sketch
from agents.nano.wording import carry, loosely, proper_name, words
from webrl_gym import actions
from webrl_gym.actions import Action

_SORTS: dict[str, tuple[str, tuple[str, ...], tuple[vocabulary.Maker, ...]]] = {
    "number": ("number", ("Quantity", "Qty", "Amount", "Count", "Number", "Size"), (lambda r: str(r.randint(1, 99)),)),
    "email": ("email", ("Email", "E-mail", "Email Address", "Contact"), (vocabulary.email,)),
    "date": ("date", ("Date", "Day", "Due Date", "Start", "Deadline"), (vocabulary.date,)),
    "text": ("", ("Name", "Title", "Description", "Message", "Comment"), (vocabulary.phrase, vocabulary.sentence)),
}
"""Kinds of text fields: input type, usual labels, and what makes their values."""


class WishedForm(NamedTuple):
    """A form with an instruction to fill it in."""

    block: Block
    """What the page shows of it."""
    wishes: list[tuple[Control, str]]
    """Fields to be set, in order, with their values."""
    submit: Control
    """The button that sends it."""
    instruction: str
    """The wishes in words, without the button's name unless it belongs to the sentence."""


def named_form(rng: random.Random) -> WishedForm:
    """A form whose fields the instruction names."""
    draft = pages.form(rng, rng.randint(1, 8))
    *fields, submit = draft.controls
    chosen = rng.sample(fields, rng.randint(1, min(4, len(fields))))
    wishes = [(control, wish(rng, control)) for control in chosen]
    joined = rng.choice((" and ", ", ", ", then ", " and then ")).join(tell(rng, *wished) for wished in wishes)
    return WishedForm(draft.block, wishes, submit, joined[0].upper() + joined[1:])


def unnamed_form(rng: random.Random) -> WishedForm:
    """A form in which each value of the instruction fits one field alone."""
    sorts = list(dict.fromkeys(rng.sample([*_SORTS, "option", "option"], rng.randint(1, 4))))
    made = [_field(rng, sort) for sort in sorts]
    chosen = sorted(rng.sample(range(len(made)), min(len(made), rng.choice((1, 1, 2, 3)))))
    controls = [control for control, _, _ in made]
    for _ in range(rng.choice((0, 0, 1, 2))):
        kind = rng.choice(("checkbox", "password", "file"))
        controls.insert(rng.randrange(len(controls) + 1), Control("input", label=vocabulary.phrase(rng), kind=kind))
    submit = Control("button", pages.button_name(rng))
    block: Block = [[control] for control in (*controls, submit)]
    if rng.random() < 0.5:
        block.insert(0, ["<h1>", vocabulary.phrase(rng), "</h1>"])
    said = _mention(rng, [made[place][2] for place in chosen], submit.name)
    return WishedForm(block, [made[place][:2] for place in chosen], submit, said)


def fill(rng: random.Random) -> Sketch:
    """Set the named fields and perhaps send the form; some of that may be done already."""
    form = named_form(rng)
    name = form.submit.name
    if rng.random() < 0.4:
        return _partly_done(rng, form, sends=False)
    ending = rng.choice((f" and press {name}", f", then click {name}", f" and {name.lower()}"))
    return _partly_done(rng, form._replace(instruction=form.instruction + ending), sends=True)


def imply(rng: random.Random) -> Sketch:
    """Set the fields that the values belong to and send the form; some of that may be done already."""
    return _partly_done(rng, unnamed_form(rng), sends=True)


def _partly_done(rng: random.Random, form: WishedForm, *, sends: bool) -> Sketch:
    block, wishes, submit, instruction = form
    done = rng.choice((0, 0, len(wishes), rng.randint(0, len(wishes))))
    history = [carry_out(control, value) for control, value in wishes[:done]]
    if done < len(wishes):
        control, value = wishes[done]
        return Sketch(instruction, block, lambda: set_value(control, value), tuple(history))
    if sends and rng.random() < 0.7:
        return Sketch(instruction, block, lambda: actions.click(submit.id), tuple(history))
    if sends:
        history.append(f'Click "{submit.name}"')
        after = rng.random()
        if after < 0.6:
            block = [[rng.choice(pages.THANKS)], *(block if after < 0.3 else [])]
    return Sketch(instruction, block, lambda: actions.leave(""), tuple(history))


def _field(rng: random.Random, sort: str) -> tuple[Control, str, str]:
    """A field, a value for it, and how the instruction tells that."""
    if sort == "option":
        options = tuple(pages.different(rng, rng.randint(2, 6), (vocabulary.phrase,)))
        current, value = rng.sample(options, 2)
        label = vocabulary.phrase(rng) if rng.random() < 0.8 else ""
        return Control("select", label=label, value=current, options=options), value, loosely(rng, value)
    kind, labels, makers = _SORTS[sort]
    label = rng.choice(labels) if rng.random() < 0.7 else vocabulary.phrase(rng)
    value = rng.choice(makers)(rng)
    tag = "textarea" if sort == "text" and rng.random() < 0.5 else "input"
    control = Control(tag, label=label, kind=kind if tag == "input" else "")
    if sort == "number" and rng.random() < 0.5:
        control.value = "1" if value != "1" else "0"
    return control, value, f'"{value}"' if sort == "text" else value


def _mention(rng: random.Random, told: list[str], button: str) -> str:
    """A sentence of meaningless words with values in it; the button begins it at times."""
    text = loosely(rng, button) if rng.random() < 0.6 else words(rng, 1, 4)
    for part in told:
        text += f" {words(rng, 1, 4)} {part}" if rng.random() < 0.8 else f" {part}"
    if rng.random() < 0.6:
        text += f" {words(rng, 1, 4)}"
    return text[0].upper() + text[1:] + rng.choice(("", ".", "?"))


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


def set_value(control: Control, value: str) -> Action:
    """The action that fulfils a wish."""
    if control.kind == "checkbox":
        return actions.click(control.id)
    return (actions.select_option if control.tag == "select" else actions.type_text)(control.id, value)


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
    return Sketch(said, block, lambda: set_value(controls[done], ends[done]), history)
