"""The posts that official tasks are about: titles, authors and numbers are facts, everything else is made up."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from webrl_gym.sites.reddit.seed_basics import PICTURE_FOLDER


class Post(NamedTuple):
    """One post before it is written.

    Attributes:
        number: Its id; later posts of a forum have higher ones.
        forum: Name of its forum.
        title: Its title, which decides the last part of its address.
        author: Who submitted it; anybody when empty.
        url: What it links to, or empty.
        body: Its text, or empty.
        score: Upvotes less downvotes; like any other post when 0.
        comments: How many comments it has, the last of them later than anything else in the forum; like any other
            post when 0.
        newest: Whether nothing in its forum is newer.
    """

    number: int
    forum: str
    title: str
    author: str = ""
    url: str = ""
    body: str = ""
    score: int = 0
    comments: int = 0
    newest: bool = False


def picture(seed: str) -> str:
    """Address of a picture; its name looks like a hash, as the names of uploads do."""
    return f"{PICTURE_FOLDER}{hashlib.sha256(seed.encode()).hexdigest()}.jpg"


FRIENDLY_AUTHOR = "MellowTeapot"
"""Wrote the latest shower thought, and no comment that more people dislike than like."""

_COSTUMES = f"{PICTURE_FOLDER}bd8bc5f4c846aac4df08626faa3a34a7d47c8f3bdd92bf615a54afd939f063a7.jpg"
_STAR_TREK = "'Star Trek: Starfleet Academy' Series From Alex Kurtzman and Gaia Violo Ordered at Paramount+"

OFFICIAL_POSTS = (
    Post(124260, "books", "Adults reading to each other out loud", newest=True),
    Post(
        124252,
        "books",
        "Reminder that there is a way to order online and still support local book stores",
        body="I stopped buying from the big one. bookshop.org passes a share of every order on to local book stores.",
        score=2_915,
    ),
    Post(87_402, "Showerthoughts", "Every map is out of date by one new house", author=FRIENDLY_AUTHOR, newest=True),
    Post(118903, "DIY", "Separate glued plastic parts", comments=44),
    Post(118923, "DIY", "How would you fix this dryer vent mess?", comments=41),
    Post(118935, "DIY", "Basement bulkhead/soffit wall framing", comments=39),
    Post(118904, "DIY", "GE water heater pilot light won't stay lit", comments=36),
    Post(118960, "DIY", "Attempting to move a wall outlet in my basement a few inches", comments=34),
    Post(118931, "DIY", "AFCI outlet question", comments=31),
    Post(118824, "DIY", "Teflon tape to attach washing machine drain hose to pipe?", comments=28),
    Post(118866, "DIY", "Paver base for shed", comments=26),
    Post(19459, "gadgets", "A custom gaming PC built inside a vintage 1940s Motorola radio", score=14_820),
    Post(
        98332,
        "EarthPorn",
        "My favorite place on the planet, Henry's Fork of the Snake River, Idaho",
        author="CameronKelsey",
        url=picture("98332"),
    ),
    Post(
        98297,
        "EarthPorn",
        "2 years later, this is still one of the most incredible sunrises I have seen, Teton Valley, Idaho",
        author="CameronKelsey",
        url=picture("98297"),
    ),
    Post(
        98256,
        "EarthPorn",
        "I can't wait for all this green to start coming back, Little Lost River, Idaho",
        author="CameronKelsey",
        url=picture("98256"),
    ),
    Post(16087, "UpliftingNews", "Same-sex marriage is now legal in all of Mexico's states", author="AdamCannon"),
    Post(45_310, "pics", "The winner of our costume contest", url=_COSTUMES, score=3_204),
    Post(45_262, "pics", "Before the storm, from my porch", "CameronKelsey", picture("45262"), score=410),
    Post(134852, "technology", "AI experts disown Musk-backed campaign citing their research", score=1_240),
)
"""Posts by number, with what the tasks need of them."""

ACCOUNT_POSTS = (
    Post(135201, "television", _STAR_TREK),
    Post(135190, "television", "'Star Trek: Strange New Worlds' Renewed for a Third Season"),
    Post(135177, "television", "'Willow' Creator Jon Kasdan Says Series Isn't Cancelled And Volume II Is Planned"),
    Post(135162, "television", "'Cyberpunk: Edgerunners' Wins Anime of the Year at the 2023 Anime Awards"),
    Post(135148, "television", "Brian Cox Is Glad 'Succession' Is Ending, and Doubles Down on Hating Method Acting"),
    Post(135131, "television", "'Monk' Returns As Peacock Orders Follow-up Movie Starring Tony Shalhoub"),
    Post(128_940, "movies", "Disney's 'Indiana Jones and the Dial of Destiny' Planning Cannes Festival Premiere"),
    Post(128_927, "movies", "Marvel Studios Veteran Victoria Alonso Exits Company"),
    Post(128_911, "movies", "'Mission: Impossible - Dead Reckoning Part Two' Brings Back Rolf Saxon"),
    Post(128_896, "movies", "Dick Van Dyke, 97, involved in single-car crash in Malibu after colliding into a gate"),
)
"""Posts of the published account: links without a text of their own."""
