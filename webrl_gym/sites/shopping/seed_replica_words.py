"""Words that the generator of the replica combines: brands, ends of names, reviews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from webrl_gym.sites import words
from webrl_gym.sites.shopping import vocabulary

BRANDS = [
    start + end
    for start in "Ald Bex Cor Dun Elm Fen Gal Hux Ivo Jor Kel Lum Mar Nor Pel Quin Rav Sol Tor Wex".split()
    for end in "ady ero una mont rio via wick".split()
]


class Goods(NamedTuple):
    """What names and descriptions of some kind of goods are made of."""

    qualities: Sequence[str]
    features: Sequence[str]
    materials: Sequence[str]
    promises: Sequence[str]


_THINGS = Goods(
    words.PRODUCT_QUALITIES,
    [
        "Black",
        "White",
        "Navy Blue",
        "Forest Green",
        "Large",
        "Small",
        "Pack of 2",
        "Pack of 4",
        "Set of 3",
        "for Kids and Adults",
        "with Storage Bag",
        "Gift Boxed",
        "2022 Edition",
        "Heavy Duty",
        "Lightweight",
        "Extra Long",
        "Travel Size",
        "with Replacement Parts",
    ],
    vocabulary.MATERIALS,
    vocabulary.PROMISES,
)
_WORN = Goods(
    "Classic Vintage Velvet Nordic Alpine Coastal Crimson Scarlet Ivory Slate Copper Breezy Harbor Meadow".split(),
    ["Black", "White", "Navy Blue", "Forest Green", "Large", "Small", "Gift Boxed", "2022 Edition", "Lightweight"],
    ["soft cotton", "pure wool", "fine linen", "supple leather", "recycled fibers"],
    ["Ships in plain packaging.", "A thoughtful gift for any occasion.", "Designed and tested with our customers."],
)
_CONSUMED = Goods(
    "Organic Classic Gentle Golden Rustic Harbor Meadow Alpine Summit Maple Coastal Sunny Village Orchard".split(),
    ["Pack of 2", "Pack of 4", "Pack of 6", "Gift Boxed", "Travel Size", "Family Size", "Small", "Large"],
    ["organic ingredients", "few ingredients", "natural ingredients", "ingredients from small farms"],
    ["Ships in plain packaging.", "Keeps for a year.", "A thoughtful gift for any occasion."],
)
_FURNITURE = _THINGS._replace(
    features=["Black", "White", "Navy Blue", "Forest Green", "Large", "Small", "2022 Edition", "Heavy Duty"]
)
_GOODS = {
    "home-kitchen/furniture/": _FURNITURE,
    "office-products/office-furniture-lighting/": _FURNITURE,
    "patio-lawn-garden/patio-furniture/": _FURNITURE,
    "grocery-gourmet-food/": _CONSUMED,
    "health-household/vitamins-supplements/": _CONSUMED,
    "beauty-personal-care/skin-care/": _CONSUMED,
    "beauty-personal-care/hair-care/shampoo": _CONSUMED,
    "clothing-shoes-jewelry/luggage": _THINGS,
    "clothing-shoes-jewelry/women/jewelry": _THINGS,
    "clothing-shoes-jewelry/": _WORN,
}
"""Kinds of goods by the beginning of a shelf's address; the first that fits counts."""


def goods_on(path: str) -> Goods:
    """The kind of goods on a shelf."""
    return next((goods for begin, goods in _GOODS.items() if path.startswith(begin)), _THINGS)


SIGNATURES = ["{first} {last}", "{first}", "{first} {last[0]}.", "{last}", "{first[0]}. {last}"]

TITLES: dict[int, list[str]] = {
    1: ["Do not buy", "Waste of money", "Returned it", "Broken on arrival", "Very disappointed"],
    2: ["Not what I expected", "Could be better", "Flimsy", "Too expensive for this", "Looks better in the picture"],
    3: ["It is okay", "Average", "Some good, some bad", "Does the job", "Fair"],
    4: ["Pretty good", "Happy with it", "Good value", "Works well", "Would buy again"],
    5: ["Love it", "Perfect", "Exactly as described", "Best purchase this year", "Five stars"],
}
DETAILS: dict[int, list[str]] = {
    1: [
        "The {noun} came apart after a week and nobody answers my letters.",
        "I could not use this {noun} even once.",
        "Smells of chemicals and looks used. I want my money back.",
        "The wrong {noun} arrived, twice.",
    ],
    2: [
        "This {noun} is thinner than I thought.",
        "It works on some days only. I would not choose this {noun} again.",
        "The color is far from the picture.",
        "Parts were missing and the manual is hard to read.",
    ],
    3: [
        "A plain {noun}. It will do until I find a better one.",
        "Good idea, but the finish of the {noun} is rough.",
        "Smaller than it looks. Still useful.",
        "My husband likes this {noun} more than I do.",
    ],
    4: [
        "A solid {noun} for the price, and it arrived early.",
        "I use the {noun} every day. One corner was scratched, otherwise fine.",
        "Easy to set up. I took one star off for the packaging.",
        "My sister has the same {noun} and recommended it to me.",
    ],
    5: [
        "I have had this {noun} for months and it is still like new.",
        "We bought a second {noun} for my parents.",
        "Better than the expensive {noun} that I had before.",
        "Just what I was looking for. The {noun} feels well made.",
    ],
}
