"""Names that only the map combines, and the kinds of places it knows."""

from __future__ import annotations

from dataclasses import dataclass

CITY_NAMES = """
    Millbrook Eastport Redfield Stonebridge Ashford Clearwater Brookhaven Fairmont Westbury Lakewood Northfield
    Greenville Hartwell Elmhurst Averyton Marlow Kingsdale Silverton
""".split()

STATES = ["Pennsylvania", "New York", "Ohio", "Massachusetts", "Connecticut", "New Jersey"]

STREET_NAMES = """
    Maple Cedar Walnut Chestnut Spruce Willow Forbes Craig Baker Mill Church Spring Market Water Front Pearl
    Franklin Liberty Union Grand Summit Prospect Highland Garden Harbor Lincoln Monroe Jefferson Adams Penn
""".split()

TRAIL_NAMES = ["Canal Trail", "Orchard Path", "Mill Creek Trail", "Quarry Path", "Heron Trail", "Ridge Path"]

COUNTRY_ROADS = ["Old Mill Road", "Valley Road", "Ridge Road", "Hollow Road", "Quaker Road", "Ferry Road"]


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """A kind of place.

    Attributes:
        name: What the site calls it.
        key: OpenStreetMap's tag for it.
        value: The tag's value.
        count: How many of them a city has.
        endings: What follows the proper name in the name of such a place.
        hours: Opening hours to choose from; empty for places that are always open.
        chain: True when several places may bear one name.
    """

    name: str
    key: str
    value: str
    count: int
    endings: tuple[str, ...]
    hours: tuple[str, ...] = ()
    chain: bool = False


_OFFICE = ("Mo-Fr 09:00-17:00", "Mo-Fr 08:30-16:30", "Mo-Fr 09:00-16:00; Sa 09:00-12:00")
_SHOP = ("Mo-Sa 08:00-20:00", "Mo-Su 07:00-22:00", "Mo-Fr 09:00-19:00; Sa 09:00-17:00", "Mo-Sa 10:00-21:00")
_SIGHTS = ("Tu-Su 10:00-17:00", "We-Mo 10:00-18:00", "Mo-Su 09:00-18:00", "Tu-Sa 11:00-19:00")
_EVENING = ("Mo-Su 17:00-23:00", "Tu-Su 16:00-24:00", "Mo-Sa 11:30-22:30", "We-Su 12:00-21:30")
_MORNING = ("Mo-Sa 06:30-14:00", "Mo-Su 07:00-17:00", "Tu-Su 06:00-13:00", "Mo-Fr 07:00-18:00")

PLACE_KINDS = (
    PlaceKind("Museum", "tourism", "museum", 3, ("Museum",), _SIGHTS),
    PlaceKind("Library", "amenity", "library", 3, ("Library",), _OFFICE),
    PlaceKind("Hospital", "amenity", "hospital", 2, ("Hospital",)),
    PlaceKind("Airport", "aeroway", "aerodrome", 1, ("Airport",)),
    PlaceKind("Stadium", "leisure", "stadium", 2, ("Stadium",)),
    PlaceKind("Theater", "amenity", "theatre", 3, ("Theater",), _EVENING),
    PlaceKind("Market", "amenity", "marketplace", 2, ("Market",), _MORNING),
    PlaceKind("Bakery", "shop", "bakery", 4, ("Bakery",), _MORNING),
    PlaceKind("University", "amenity", "university", 2, ("University",)),
    PlaceKind("Station", "railway", "station", 3, ("Station",)),
    PlaceKind("Hotel", "tourism", "hotel", 6, ("Hotel", "Inn")),
    PlaceKind("Gallery", "tourism", "gallery", 3, ("Gallery",), _SIGHTS),
    PlaceKind("Zoo", "tourism", "zoo", 1, ("Zoo",), _SIGHTS),
    PlaceKind("Aquarium", "tourism", "aquarium", 1, ("Aquarium",), _SIGHTS),
    PlaceKind("Church", "amenity", "place_of_worship", 4, ("Church",)),
    PlaceKind("Mall", "shop", "mall", 2, ("Mall",), _SHOP),
    PlaceKind("Pharmacy", "amenity", "pharmacy", 6, ("Pharmacy",), _SHOP, chain=True),
    PlaceKind("Cafe", "amenity", "cafe", 7, ("Cafe", "Coffee House"), _MORNING),
    PlaceKind("Park", "leisure", "park", 4, ("Park",)),
    PlaceKind("Bank", "amenity", "bank", 5, ("Bank",), _OFFICE, chain=True),
    PlaceKind("School", "amenity", "school", 5, ("School",)),
    PlaceKind("Cinema", "amenity", "cinema", 3, ("Cinema",), _EVENING),
    PlaceKind("Restaurant", "amenity", "restaurant", 7, ("Kitchen", "Grill", "Diner"), _EVENING),
    PlaceKind("Supermarket", "shop", "supermarket", 5, ("Foods",), _SHOP, chain=True),
)

NOTABLE_KINDS = ("Museum", "University", "Stadium", "Theater", "Gallery", "Zoo", "Aquarium", "Library")
"""Kinds of places that an encyclopedia writes about."""
