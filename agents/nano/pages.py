"""Random pages for the exercises, in the syntax of ``webrl_gym.observation``: lines of text and controls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from agents.nano import vocabulary

_FIELD_WORDS = (
    "Name,Title,Status,Price,Total,Date,Quantity,Author,Owner,Phone,Email,Address,City,Type,Category,Rating,Size,Color,"
    "Weight,Created,Updated,Comments,Points,Description,Subject,Message,Reference,Customer,Amount,Priority,Assignee,"
    "Version,Language,Country,State,Zip Code,Start Date,End Date,Due Date,First Name,Last Name,Stock,Views,Likes,"
    "Members,Location,Level,Code,Duration"
).split(",")
_BUTTONS = "Save,Submit,Search,Apply,Send,Update,Create,Post,Continue,Go,Confirm,Filter,Add,Publish".split(",")
SEARCH_LABELS = ("Search", "Search query", "Search entire store", "Find", "Keyword")
"""What search boxes are called."""
THANKS = ("Saved.", "Your changes were saved.", "Done.", "It worked.", "Thank you.")
"""What a page says after a form was sent."""
_ROW_LINKS = "View,Edit,Open,Details,Delete,Reply,Select,Remove,Share,Add,Copy,Show,Follow,Vote".split(",")


@dataclass
class Control:
    """A control of a page; it gets its id when the page is written."""

    tag: str
    text: str = ""
    label: str | None = None
    value: str = ""
    kind: str = ""
    checked: bool = False
    disabled: bool = False
    options: tuple[str, ...] = ()
    id: str = ""

    @property
    def name(self) -> str:
        """What a person would call it."""
        return self.label or self.text

    def write(self) -> str:
        """Simplified HTML."""
        parts = [f"<{self.tag}", "disabled" if self.disabled else f'id="{self.id}"']
        if self.kind:
            parts.append(f'type="{self.kind}"')
        if self.label is not None:
            parts.append(f'label="{_attribute(self.label)}"')
        if self.checked:
            parts.append("checked")
        if self.tag == "select" or (self.value and self.tag == "input"):
            parts.append(f'value="{_attribute(self.value)}"')
        opening = " ".join(parts) + ">"
        if self.tag == "input":
            return opening
        inner = (
            " | ".join(self.options) if self.tag == "select" else self.value if self.tag == "textarea" else self.text
        )
        return f"{opening} {inner} </{self.tag}>" if inner else f"{opening} </{self.tag}>"


Line = list[str | Control]
Block = list[Line]


@dataclass
class Record:
    """A thing with a name and named values, and the control that leads to it, if there is one."""

    name: str
    values: dict[str, str]
    control: Control | None = None
    action: Control | None = None


@dataclass
class Draft:
    """Records, or fields, with the block that shows them."""

    block: Block
    records: list[Record] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)


def write_page(blocks: list[Block]) -> str:
    """Numbers the controls in document order and writes the page."""
    count = 0
    lines = []
    for block in blocks:
        for line in block:
            pieces = []
            for piece in line:
                if isinstance(piece, Control):
                    if not piece.disabled:
                        piece.id = str(count)
                        count += 1
                    pieces.append(piece.write())
                else:
                    pieces.append(piece)
            lines.append(" ".join(pieces))
    return "\n".join(lines)


def _attribute(text: str) -> str:
    return text.replace('"', "&quot;")


def different(rng: random.Random, count: int, makers: tuple[vocabulary.Maker, ...]) -> list[str]:
    """Names of one kind, all different, some of which share words."""
    make = rng.choice(makers)
    names: list[str] = []
    while len(names) < count:
        name = make(rng)
        if names and " " in name and rng.random() < 0.35:
            words, others = name.split(" "), rng.choice(names).split(" ")
            words[rng.randrange(len(words))] = rng.choice(others)
            name = " ".join(words)
        if name.lower() not in (known.lower() for known in names):
            names.append(name)
    return names


def field_names(rng: random.Random, count: int) -> list[str]:
    """Column headings or field labels, all different."""
    names: list[str] = []
    while len(names) < count:
        name = rng.choice(_FIELD_WORDS) if rng.random() < 0.5 else vocabulary.phrase(rng)
        if name.lower() not in (known.lower() for known in names):
            names.append(name)
    return names


def records(rng: random.Random, count: int, fields: int, kinds: tuple[str, ...] = ()) -> list[Record]:
    """Records with the same fields.

    Args:
        rng: Source of chance.
        count: Number of records.
        fields: Number of fields of each.
        kinds: Kinds of the first fields' values; the others are drawn.
    """
    labels = field_names(rng, fields)
    makers = [
        rng.choice(vocabulary.VALUES[kind])
        for kind in (*kinds, *(rng.choice(list(vocabulary.VALUES)) for _ in range(fields - len(kinds))))
    ]
    return [
        Record(name, {label: make(rng) for label, make in zip(labels, makers, strict=True)})
        for name in different(rng, count, vocabulary.NAMES)
    ]


def table(rng: random.Random, rows: list[Record], *, linked: bool, action: str = "") -> Draft:
    """A table: one record a row, under headings."""
    first = field_names(rng, 1)[0]
    labels = list(rows[0].values)
    heads = [first if first not in labels else "#", *labels, *([rng.choice(("Action", ""))] if action else [])]
    titles: list[Line] = [[head] if head else [] for head in heads]
    block: Block = [_row("th", titles)]
    for row in rows:
        row.control = Control("a", row.name) if linked else None
        row.action = Control(rng.choice(("a", "button")), action) if action else None
        cells: list[Line] = [[row.control or row.name]]
        cells.extend([value] for value in row.values.values())
        if row.action:
            cells.append([row.action])
        block.append(_row("td", cells))
    return Draft(block, rows)


def _row(tag: str, cells: list[Line]) -> Line:
    line: Line = ["<tr>"]
    for cell in cells:
        line += [f"<{tag}>", *cell, f"</{tag}>"]
    return [*line, "</tr>"]


def cards(rng: random.Random, rows: list[Record], *, action: str = "", is_labelled: bool = False) -> Draft:
    """Records one after another, each on a few lines that begin with its linked name.

    Args:
        rng: Source of chance.
        rows: The records.
        action: Name of a button on each; none when empty.
        is_labelled: Every value stands beside its label.
    """
    block: Block = []
    is_heading = rng.random() < 0.25
    beside_name = not is_heading and rng.random() < 0.4
    on_one_line = rng.random() < 0.4
    manners = "colon,before,after,linked" if is_labelled else "colon,before,after,linked,bare"
    manner = {label: rng.choice(manners.split(",")) for label in rows[0].values}
    for row in rows:
        row.control = Control("a", row.name)
        block.append(["<h2>", row.control, "</h2>"] if is_heading else [row.control])
        shown = [_shown(label, value, manner[label]) for label, value in row.values.items()]
        if beside_name:
            block[-1].extend(_joined(shown))
        elif shown and on_one_line:
            block.append(_joined(shown))
        else:
            block.extend(shown)
        if action:
            row.action = Control("button", action)
            block.append([row.action])
    return Draft(block, rows)


def _joined(shown: list[Line]) -> Line:
    """Labelled values on one line, with a sign between them where one could not tell them apart."""
    line: Line = []
    for place, pieces in enumerate(shown):
        line += ["·", *pieces] if place else pieces
    return line


def _shown(label: str, value: str, manner: str) -> Line:
    match manner:
        case "colon":
            return [f"{label}: {value}"]
        case "before":
            return [f"{label} {value}"]
        case "after":
            return [f"{value} {label.lower()}"]
        case "linked":
            return [label, Control("a", value)]
        case _:
            return [value]


def facts(rng: random.Random, record: Record) -> Draft:
    """One record's page: its name as heading, one line a field."""
    block: Block = [["<h1>", record.name, "</h1>"]]
    is_table = rng.random() < 0.5
    for label, value in record.values.items():
        block.append(
            ["<tr>", "<th>", label, "</th>", "<td>", value, "</td>", "</tr>"] if is_table else [f"{label}: {value}"]
        )
    return Draft(block, [record])


def form(rng: random.Random, fields: int) -> Draft:
    """Text fields, select boxes and check boxes with labels, and a button last."""
    controls = []
    for label in field_names(rng, fields):
        style = rng.random()
        if style < 0.6:
            kind = rng.choice(("", "", "", "number", "email", "date"))
            value = vocabulary.phrase(rng) if rng.random() < 0.25 else ""
            controls.append(Control("input", label=label, kind=kind, value=value))
        elif style < 0.8:
            options = tuple(different(rng, rng.randint(2, 6), (vocabulary.phrase,)))
            controls.append(Control("select", label=label, value=rng.choice(options), options=options))
        elif style < 0.9:
            controls.append(Control("textarea", label=label))
        else:
            controls.append(Control("input", label=label, kind="checkbox", checked=rng.random() < 0.3))
    block: Block = [[control] for control in controls]
    submit = Control("button", button_name(rng))
    return Draft([*block, [submit]], controls=[*controls, submit])


def button_name(rng: random.Random) -> str:
    """What the button that sends a form says."""
    return rng.choice(_BUTTONS) if rng.random() < 0.7 else vocabulary.phrase(rng)


def links(rng: random.Random, names: list[str], tag: str = "a") -> Draft:
    """Links or buttons, one a line or all on one."""
    controls = [Control(tag, name) for name in names]
    block: Block = [list(controls)] if rng.random() < 0.4 else [[control] for control in controls]
    return Draft(block, controls=controls)


def row_action(rng: random.Random) -> str:
    """The name of a control that stands beside every record."""
    return rng.choice(_ROW_LINKS) if rng.random() < 0.6 else vocabulary.phrase(rng)


def filler(rng: random.Random, *, has_records: bool = True) -> Block:
    """A block that is beside the point.

    Args:
        rng: Source of chance.
        has_records: It may hold links and records; text alone otherwise.
    """
    style = rng.random() if has_records else rng.uniform(0.35, 0.65)
    if style < 0.35:
        return links(rng, different(rng, rng.randint(1, 7), (vocabulary.phrase,))).block
    if style < 0.5:
        return [[f"<h{level}>", vocabulary.phrase(rng), f"</h{level}>"] for level in (rng.randint(1, 3),)]
    if style < 0.65:
        return [[vocabulary.sentence(rng)] for _ in range(rng.randint(1, 3))]
    if style < 0.8:
        return form(rng, rng.randint(1, 3)).block
    rows = records(rng, rng.randint(1, 4), rng.randint(1, 3))
    return (table(rng, rows, linked=rng.random() < 0.5) if rng.random() < 0.5 else cards(rng, rows)).block
