"""What the replica's map is filled up with: street names, and the kinds of places that every town has."""

from __future__ import annotations

from dataclasses import dataclass

STREETS = """
    Main Market Church Broad High Mill Pleasant River School Summer Winter Washington Lincoln Jefferson Madison
    Franklin Elm Maple Oak Chestnut Walnut Spruce Cedar Pearl Water Front Canal State Court Union
""".split()

AVENUES = """
    Park Highland Prospect Grand Central Lincoln Hamilton Monroe Adams Jackson Garfield Cleveland Summit Lakeview
    Hillside Linden Sycamore Laurel Beech Willow Locust Magnolia Juniper Clinton Delaware Erie Huron Ontario
""".split()

NEIGHBOURHOODS = (
    ("Lawrenceville", 40.4690, -79.9610, "15201"),
    ("Strip District", 40.4570, -79.9740, "15222"),
    ("South Side Flats", 40.4290, -79.9720, "15203"),
    ("Mount Washington", 40.4300, -80.0130, "15211"),
    ("Downtown", 40.4410, -80.0020, "15222"),
    ("East Allegheny", 40.4570, -79.9960, "15212"),
    ("Highland Park", 40.4780, -79.9180, "15206"),
    ("Point Breeze", 40.4470, -79.9010, "15208"),
    ("Regent Square", 40.4290, -79.8930, "15218"),
    ("Brookline", 40.3940, -80.0180, "15226"),
    ("Carrick", 40.3960, -79.9870, "15210"),
    ("Brighton Heights", 40.4870, -80.0350, "15212"),
)
"""Parts of Pittsburgh, with their centers and zip codes, that no official task is about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place.

    Attributes:
        name: What search results call it.
        tag: OpenStreetMap's key and value, joined by ``=``.
        names: Names of chains, or endings for names of one's own where they begin with a blank.
        words: Other words that find it.
        hours: Opening hours to choose from.
        count: How many of them a town has.
        tags: More tags, joined by ``=``, to choose one from.
        importance: How early it is listed.
    """

    name: str
    tag: str
    names: tuple[str, ...]
    words: str = ""
    hours: tuple[str, ...] = ()
    count: int = 1
    tags: tuple[str, ...] = ()
    importance: int = 5


_SHOP = ("Mo-Sa 09:00-21:00; Su 10:00-18:00", "Mo-Su 08:00-22:00", "Mo-Sa 10:00-19:00")
_EARLY = ("Mo-Fr 06:30-17:00; Sa-Su 07:30-16:00", "Mo-Su 07:00-19:00", "Mo-Sa 07:00-15:00")
_EVENING = ("Mo-Su 11:00-22:00", "Tu-Su 16:00-23:00", "Mo-Th 11:30-21:00; Fr-Sa 11:30-23:00")
_OFFICE = ("Mo-Fr 09:00-17:00", "Mo-Fr 08:30-16:30; Sa 09:00-12:00")

KINDS = (
    Kind("Cafe", "amenity=cafe", ("Starbucks", "Dunkin'", "Panera Bread", " Coffee Roasters"), "coffee shop", _EARLY),
    Kind(
        "Restaurant",
        "amenity=restaurant",
        (" Grill", " Kitchen", " Bistro", " Tavern", " Diner", " Noodle House"),
        "",
        _EVENING,
        2,
        ("cuisine=american", "cuisine=italian", "cuisine=chinese", "cuisine=indian", "cuisine=mexican"),
    ),
    Kind(
        "Fast Food",
        "amenity=fast_food",
        ("McDonald's", "Subway", "Wendy's", "Chipotle", "Five Guys"),
        "",
        _EVENING,
        1,
        ("drive_through=yes", "drive_through=no"),
    ),
    Kind("Pharmacy", "amenity=pharmacy", ("Walgreens", "Rite Aid", " Pharmacy"), "drugstore", _SHOP),
    Kind(
        "Supermarket",
        "shop=supermarket",
        ("Stop & Shop", "ShopRite", "Trader Joe's", "Weis Markets", "Price Chopper"),
        "grocery store",
        _SHOP,
    ),
    Kind("Hotel", "tourism=hotel", ("Holiday Inn", "Best Western", "Hampton Inn", "Comfort Inn", " Hotel")),
    Kind("Bank", "amenity=bank", ("PNC Bank", "Citizens Bank", "M&T Bank", " Savings Bank"), "", _OFFICE),
    Kind("Fuel", "amenity=fuel", ("Sunoco", "Exxon", "Sheetz", "Gulf"), "gas station"),
    Kind("School", "amenity=school", (" Elementary School", " Middle School", " High School")),
    Kind("Place of Worship", "amenity=place_of_worship", (" Presbyterian Church", " Baptist Church"), "church"),
    Kind("Library", "amenity=library", (" Public Library",), "", _OFFICE, 1, ("internet_access=wlan",)),
    Kind("Park", "leisure=park", (" Park", " Green", " Commons")),
    Kind("Post Office", "amenity=post_office", ("United States Post Office",), "usps postal service", _OFFICE),
    Kind("Convenience Store", "shop=convenience", ("7-Eleven", "Cumberland Farms", " Corner Store"), "", _SHOP),
)
"""What a town has."""

SENSITIVE_IN_PITTSBURGH = ("Hotel", "Supermarket", "Post Office", "Pharmacy", "Cafe")
"""Kinds whose nearest place official tasks ask for: Pittsburgh's are those of the data file."""

PROPER_NAMES = """
    Riverside Harbor Lakeview Hilltop Fairmount Crescent Pioneer Liberty Mayfield Stonegate Northgate
    Westbrook Kingsley Ashland Bellevue Cobblestone Foundry Granite Heritage Ironworks Juniper Keystone Lantern
    Millstone Orchard Parkside Quarry Redwood Sterling
""".split()
