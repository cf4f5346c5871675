"""The replica's reviews of its listed products.

What an official task quotes is taken from the installed task file; other words of ours stand in for it without one.
"""

from __future__ import annotations

from typing import NamedTuple

from webrl_gym.official_file import quoted


class Opinion(NamedTuple):
    """One review."""

    nickname: str
    stars: int
    title: str
    detail: str


def listed_reviews() -> dict[str, list[Opinion]]:
    """All of them, by SKU."""
    own = {sku: [Opinion(*row) for row in rows] for sku, rows in _OWN.items()}
    return own | {"B002N2Y6YM": _printer(), "B08C1RR8JM": _charger(), "B08VRWQ1NN": _wheel()} | _marks()


_OWN: dict[str, list[tuple[str, int, str, str]]] = {
    "B01G31IYM0": [
        ("Rachel", 5, "Glad I found it", "Easy to put on, and it resists fingerprints better than my old one."),
        ("Dorothy", 4, "Fits", "It leaves a small gap at the rim, which my case hides."),
        ("T. Gannon", 4, "Solid glass", "Survived two falls. Good against fingerprints, too: a wipe a day is enough."),
        ("Marcus B.", 2, "Too small", "Does not reach the edges of the screen."),
        ("Lena", 5, "No bubbles", "The second sheet went on without a single bubble."),
        ("Ivan K.", 1, "Cracked at once", "The corner broke off while I pressed it down."),
        ("Priya", 3, "So so", "Clear enough, but it shows every fingerprint after a minute."),
        ("J. Whitman", 5, "Three for the price", "I gave one to my brother and still have a spare."),
        ("Carol", 4, "As described", "Hard, clear and quick to put on."),
        ("Otis", 2, "Dust", "The wipes leave lint that stays under the glass."),
        ("Sunny", 5, "Great value", "Touch works as before."),
        ("Nadia F.", 3, "Edges", "White line at the edge after a week."),
    ],
    "B07Y2FB8QL": [
        ("MH", 5, "Holds the phone in the car", "The magnet is strong enough for bumpy roads."),
        ("Lisa Lee", 1, "Broke within days", "Poor quality: the ring fell off on the third day."),
        ("Misba009", 4, "Handy ring", "I use the ring as a stand every evening."),
        ("Bethany Robertson", 5, "Second one", "Bought it again in black after a year."),
    ],
    "B08K7RZW3H": [
        ("Amanda", 5, "Clear as glass", "You can see the color of the phone."),
        ("Evelyn Kurver", 2, "Turned yellow", "Cheap material, it yellowed and bent within a month."),
        ("Amazon Customer", 5, "Love it", "Fits well and the buttons are easy to press."),
        ("N Randall", 1, "Corners cracked", "Bad quality, both lower corners cracked without a fall."),
    ],
    "B08MT4KXBR": [
        ("Cally", 4, "Room for two cards", "My license and a bank card fit."),
        ("Amanda", 2, "Flimsy", "The flap tore at the seam. The quality is not what I paid for."),
        ("Bethany Robertson", 4, "For my mother", "She likes that it closes."),
    ],
    "B07DZ5BDRG": [
        ("Greg", 5, "Works in the truck", "No static at all."),
        ("Hanna S.", 1, "Stopped after a week", "The phone says that it does not support it."),
        ("Pat", 4, "Fine", "Sounds fine for the price."),
        ("Quentin", 3, "Loose plug", "One has to turn it until it sits."),
    ],
    "B08BSKT43L": [
        ("Joel", 5, "All my games in one place", "Forty slots and all are full now."),
        ("Mia", 5, "Simple", "Closes tightly and takes no room."),
        ("Aunt Bea", 4, "Gift", "My nephew filled it in a day."),
    ],
    "B08N4MYH3X": [("Rex", 3, "Bulky", "Takes as much room as a book."), ("Wren", 4, "Nice", "Pages turn well.")],
    "B07KQRT8FB": [("Vic", 3, "Heavy", "Good for the shelf only."), ("Tom", 2, "Lock", "The lock jammed.")],
    "B08JV5LZ7K": [("Sara", 4, "Cute", "Hangs on my bag.")],
    "B07HRJ7QK2": [
        ("Dana", 5, "No more headaches", "My jaw is relaxed in the morning."),
        ("Phil", 3, "Takes practice", "I needed three tries to mold it."),
    ],
    "B08M6K3VZR": [("Uma", 4, "Good start", "Comfortable after the second night.")],
    "B00A1LPYN2": [("Irma", 5, "Soft skin", "A little goes a long way."), ("Kim", 4, "Rich", "Smells of nuts.")],
    "B003FVW3VA": [("Bruce", 4, "Loud enough", "They fill the yard."), ("Al", 2, "Rattles", "The grill rattles.")],
    "B09K4NKVDD": [("Zed", 5, "Nice bundle", "The dock charges both."), ("Lou", 4, "Good", "Grip could be better.")],
    "B000E65OII": [("Fern", 5, "Lovely smell", "My evening tea."), ("Hal", 4, "Fruity", "Sweet without sugar.")],
    "B00BJTIH9A": [("Nora", 1, "Arrived broken", "One wall was in pieces."), ("Ed", 4, "Fun", "The kids loved it.")],
    "B06XPLVJVB": [("Roy", 4, "Light", "Better than coffee in the afternoon."), ("Tia", 2, "Sour", "Not for me.")],
}


def _marks() -> dict[str, list[Opinion]]:
    """Reviews whose number and stars matter more than their words."""
    people = ("Abe", "Bess", "Carl", "Dee", "Earl", "Faye", "Gil", "Hope", "Ike")
    words = {
        1: ("Not good", "I sent it back."),
        2: ("Meh", "I expected more of it."),
        3: ("Okay", "It does what it has to do."),
        4: ("Good", "I would buy it again."),
        5: ("Excellent", "Exactly what we were looking for."),
    }
    return {
        sku: [Opinion(person, int(mark), *words[int(mark)]) for person, mark in zip(people, marks, strict=False)]
        for sku, marks in _STARS.items()
    }


_STARS = {
    # Meat substitutes
    "B01CTR3DLE": "555",
    "B07YK1QVTP": "5344",
    "B08CFM9V6D": "4253",
    "B084L7KPNR": "45",
    "B00KQ7ZM3C": "55",
    "B07B2C8JTW": "555",
    "B083PZV1GH": "5555",
    "B09QMH5XK8": "55555",
    "B07H9RBL2S": "54",
    # Men's shoes
    "B01J4MM3KO": "555555",
    "B07PQ6CXRM": "5555",
    "B08GLW1N4T": "5555555",
    "B075VQ2YHD": "555445",
}
"""Stars by SKU, a digit a review."""


_PLEASED = (
    ("Mark", 4, "Nice photos", "My holiday pictures came out well, and setting it up took ten minutes."),
    ("Petra", 5, "Good for school", "Prints the homework of three children without trouble."),
    ("Stan", 4, "Does all I need", "Copies and scans are sharp enough for my papers."),
    ("Yolanda", 5, "Small", "It fits on the shelf next to my desk."),
    ("R. Okafor", 3, "Fair", "I only print a page now and then, and for that it will do."),
    ("Heidi", 5, "Quiet", "I can print while the baby sleeps."),
    ("Truman", 4, "Photo tray", "The tray for small pictures is a good idea."),
    ("Bea L.", 5, "From my phone", "I print from the sofa."),
    ("Cliff", 4, "As good as the last", "My third printer of this make."),
)


def _printer() -> list[Opinion]:
    def said(number: int, otherwise: str) -> str:
        return quoted(42, f"reference_answers.fuzzy_match.{number}", otherwise).rstrip(".")

    wireless = said(0, "The wireless link is there on four days out of ten")
    ink = said(1, "It drinks ink")
    cartridges = said(2, "Its cartridges cost less than others")
    reasons = said(3, "It finds a reason not to print every day, paper that it does not miss for example")
    scanner = said(4, "The scanner is slower than the one I had at school")
    price = said(5, "It has no fax at $176, and the plus in its name must stand for headaches")
    return [
        *(Opinion(*row) for row in _PLEASED),
        Opinion("Annoyed Teacher", 1, "Keeps me busy", f"{wireless}. {ink}. {cartridges}. {reasons}."),
        Opinion("C. Doyle", 1, "Slow and dear", f"{scanner}. {price}."),
    ]


_CHARGER = (
    ("Serena", 5, "Same as the first", "The puppy chewed the first one; this is the same."),
    ("Amazon Customer", 1, "Dead", "No power at all."),
    ("BlessedGirl", 5, "Good spare", "A good spare for the small speaker."),
    ("Jeff Sederquist", 5, "No trouble", "No trouble with it so far."),
    ("melvin m.", 4, "Does its job", "Charges well; the one in the box was for another model."),
    ("Jack Smith", 4, "As shown", "Like the picture."),
    ("Ignacio", 5, "Calidad", "Buena calidad."),
    ("BusyB", 5, "Saved the day", "The children bent the first cord, this one works since two weeks."),
    ("Kee Williams", 5, "Better than before", "Better than the one that came with it."),
    ("Howard A. Sinclair", 5, "Works", "It does what it should."),
)
"""Who, stars, title, and what stands in for their words."""


def _charger() -> list[Opinion]:
    found = []
    for number, (nickname, stars, title, words) in enumerate(_CHARGER):
        text = quoted(89, f"reference_answers.fuzzy_match.{number}", f"{nickname}: {words}")
        found.append(Opinion(nickname, stars, title, text.partition(": ")[2]))
    return found


_WHEEL = (
    ("Drifter", "Cannot be centered", "It pulls to the left in every game."),
    ("Gus", "Not for the computer", "Plugged it into the computer, nothing happened."),
    ("Rally Fan", "Automatic mode is broken", "It shifts down on the straight."),
    ("Owen", "Pedals died", "The brake gave up after two weeks."),
    ("Lap Time", "Few games know it", "Three of my five racing games do not see it."),
)
"""Who, a title that stands in for theirs, and what they say."""


def _wheel() -> list[Opinion]:
    place = "program_html.1.required_contents.must_include"
    poor = [
        Opinion(nickname, 1, quoted(144, f"{place}.{number}", title), detail)
        for number, (nickname, title, detail) in enumerate(_WHEEL)
    ]
    good = [
        Opinion("Speedy", 5, "Best for beginners", "My son races every evening."),
        Opinion("Anton", 4, "Good for the money", "The rim is small, the rest is fine."),
        Opinion("Racer X", 3, "Plastic", "Light, but it works."),
        Opinion("Coop", 2, "Slides around", "The suction cups do not hold on wood."),
        Opinion("Dad of two", 5, "Fun", "We play in turns."),
    ]
    return [poor[0], good[0], good[1], poor[1], poor[2], good[2], good[3], poor[3], good[4], poor[4]]
