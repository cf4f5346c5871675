"""Words that only the encyclopedia combines."""

from __future__ import annotations

OCCUPATIONS = {
    "painter": "Museum Gallery",
    "sculptor": "Museum Gallery",
    "historian": "Museum Library University",
    "biologist": "Zoo Aquarium University",
    "composer": "Theater University",
    "actor": "Theater",
    "coach": "Stadium University",
    "novelist": "Library University",
    "chemist": "University",
}
"""Occupation to the kinds of places where such people work."""

MONTHS = """
    January February March April May June July August September October November December
""".split()

EVENTS = ["Lantern Festival", "Jazz Week", "Book Fair", "Science Days", "Harvest Games", "Film Festival", "Kite Cup"]

INDUSTRIES = {
    "Instruments": "musical instruments",
    "Optics": "lenses and telescopes",
    "Textiles": "wool and linen",
    "Robotics": "industrial robots",
    "Foods": "canned fruit",
    "Press": "books and maps",
    "Cycles": "bicycles",
}
"""Second word of a company's name to what it makes."""

CITY_PRODUCTS = ["glass", "steel", "paper", "clocks", "pottery", "ships", "shoes", "cheese"]

HOBBIES = ["chess", "sailing", "beekeeping", "astronomy", "rowing", "gardening", "fencing", "falconry"]
