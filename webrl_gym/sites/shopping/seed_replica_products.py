"""The replica's listed products: those that the official tasks are about, what competes with them, what Emma bought.

Names, SKUs and addresses of the official ones are those of the original store.
"""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """A listed product; its price is in cents."""

    sku: str
    name: str
    price_cents: int
    description: str


PRODUCTS: dict[str, tuple[Record, ...]] = {
    "grocery-gourmet-food/pantry-staples/cooking-baking": (
        Record(
            "B00BJTIH9A",
            "Pre-baked Gingerbread House Kit Value Pack, 17 oz., Pack of 2, Total 34 oz.",
            1999,
            "Two houses to put together and decorate. Icing and candy are in the box.",
        ),
        Record(
            "B08WJPXJSS",
            "Belle Of The Ball Princess Sprinkle Mix| Wedding Colorful Sprinkles| Cake Cupcake Cookie Sprinkles| "
            "Ice cream Candy Sprinkles| Yellow Gold Red Royal Red Rose Icing Flowers Decorating Sprinkles, 8OZ",
            2350,
            "A jar of mixed sprinkles for cakes and cookies.",
        ),
    ),
    "grocery-gourmet-food/beverages/tea": (
        Record(
            "B06XPLVJVB",
            "V8 +Energy, Healthy Energy Drink, Steady Energy from Black and Green Tea, Pomegranate Blueberry, "
            "8 Ounce Can ,Pack of 24",
            1447,
            "Vegetable and fruit juice with tea, 24 cans.",
        ),
        Record(
            "B000E65OII",
            "Elmwood Inn Fine Teas, Orange Vanilla Caffeine-free Fruit Infusion, 16-Ounce Pouch",
            1936,
            "A fruit infusion with orange and vanilla, free of caffeine. One pouch of 16 ounces.",
        ),
        Record("B002IEZJMU", "Twelve Herbs Evening Blend Loose Leaf, 4-Ounce Tin", 1149, "Loose leaves in a tin."),
    ),
    "grocery-gourmet-food/pantry-staples/meat-substitutes": (
        Record(
            "B01CTR3DLE",
            "Beyond Meat Beef Beefy Crumble, 5 Pound -- 2 per case.",
            11327,
            "Plant-based crumbles for the kitchen of a restaurant. Two bags of five pounds.",
        ),
        Record(
            "B07YK1QVTP", "Plant-Based Chicken Style Strips, 10 Pound Case", 12999, "Strips for stir-fries, frozen."
        ),
        Record(
            "B08CFM9V6D", "Meatless Breakfast Sausage Links, Bulk Case of 160", 14950, "Links for a canteen, frozen."
        ),
        Record(
            "B09PR4S3HX", "Vegan Burger Patties, Food Service Pack of 48", 10499, "Patties of a quarter pound each."
        ),
        Record("B084L7KPNR", "Soy Protein Chunks, 25 Pound Sack", 18725, "Dried chunks that swell in hot broth."),
        Record("B00KQ7ZM3C", "Textured Vegetable Protein Granules, 4 Pound", 2695, "Granules for sauces and chili."),
        Record("B07B2C8JTW", "Jackfruit in Brine, 20 Ounce Can, Pack of 12", 3999, "Young fruit that pulls like pork."),
        Record("B083PZV1GH", "Seitan Style Roast, 2 Pound, Pack of 6", 9450, "Wheat protein roasts, ready to slice."),
        Record("B09QMH5XK8", "Plant Based Ground, Restaurant Case of 20 Pounds", 21500, "Ground for tacos and pasta."),
        Record("B07H9RBL2S", "Tempeh Blocks Variety, 8 Ounce, Pack of 10", 6280, "Fermented soy in three flavors."),
    ),
    "patio-lawn-garden/gardening-lawn-care/plants-seeds": (
        Record(
            "B00IFEWP9U",
            "2 Hawaiian Bamboo Orchid Roots #zc50 - by Discount Hawaiian Gifts",
            1455,
            "Two roots of the orchid that grows along the roads of the islands, to be planted at home.",
        ),
        Record("B00GJ3RKQW", "4 Hawaiian Plumeria Cuttings Mixed Colors", 1990, "Four cuttings with planting notes."),
    ),
    "home-kitchen/home-decor/candles-holders": (
        Record(
            "B09L8H72FV",
            "Tall Pink Taper Candles - 4 Piece Orange Colored Tapered Candles, Gradient Candles, 10.6 Inches Tall, "
            "Tie Dye Candle Set, Large Dripless Long Burning Candlesticks, Two Color Taper Candles Candlesticks",
            1778,
            "Four candles that fade from pink to orange.",
        ),
        Record(
            "B08Q7FYP7R",
            "SPAAS White Taper Candles - 4 Pack | 10 Inch Tall Candles, Scent-Free Premium Wax Candle Sticks | 8 Hour "
            "Long Burning White Candlesticks for Home Decoration, Wedding, Holiday and Parties",
            1295,
            "Four white candles without scent.",
        ),
        Record(
            "B07GL65Z2M",
            "White Starfish Wall Candle Sconces Set of 2 Beach Decor Ocean Themed Wall Mount Candleholders Nautical "
            "Style Beach Bathroom Decor Coastal Farmhouse Seashell Candle Holders",
            3399,
            "Two holders for the wall, with a starfish each.",
        ),
    ),
    "home-kitchen/home-decor/artificial-plants-flowers": (
        Record(
            "B08DJ8KQ2N",
            "Artificial Plants Hanging Ivy Garland, 12 Strands Fake Vines with Leaves for Wall and Wedding Decor",
            3999,
            "Twelve strands to hang along shelves and walls. Comes in three colors.",
        ),
        Record("B07T4XQ5LZ", "Artificial Eucalyptus Stems in Pot, 16 Inch", 2299, "A pot that needs no water."),
    ),
    "office-products/office-electronics/printers-ink": (
        Record(
            "B002N2Y6YM",
            "Photosmart Plus B209 Clr Inkjetfb P/S/C USB Wrls",
            17600,
            "Prints, scans and copies in color, by cable or without one.",
        ),
        Record(
            "B00JYG4O5M", "WorkGroup Color Laser Printer with Duplex", 74999, "Prints both sides of 28 pages a minute."
        ),
    ),
    "office-products/office-furniture-lighting/desks": (
        Record(
            "B08PYHC7V2", "White Computer Desk with Drawers, 47 Inch Modern Home Office Desk", 15999, "Two drawers."
        ),
        Record(
            "B07QJ1SYB4", "Small White Writing Desk for Bedroom, 39 Inch", 8999, "Fits into a corner of the bedroom."
        ),
        Record("B08KFLT3D9", "Black L Shaped Gaming Desk with Monitor Shelf", 13999, "Room for two monitors."),
        Record(
            "B07XQ9TN5F",
            "Electric Height Adjustable Executive Desk, 72 Inch",
            199999,
            "Moves between 28 and 48 inches.",
        ),
    ),
    "beauty-personal-care/oral-care/teeth-grinding-bruxism": (
        Record(
            "B07HRJ7QK2",
            "Night Mouth Guard for Jaw Bruxism and TMJ Relief, Moldable, 4 Pack with Case",
            1999,
            "For jaw bruxism: a mouth guard that is molded in hot water and keeps the teeth apart.",
        ),
        Record("B09C5TJ4YW", "Teeth Grinding Mouth Guard, Silicone, Single Piece", 146, "One guard, one size."),
        Record("B08M6K3VZR", "Teeth Grinding Mouth Guard for Sleep, 2 Sizes, Pack of 4", 1295, "Boil, bite, sleep."),
        Record("B07NVX82HS", "Dental Mouth Guard for Teeth Grinding, BPA Free, Pack of 8", 1895, "Can be cut to size."),
        Record(
            "B08ZXY1F6P",
            "Custom Fit Teeth Grinding Mouth Guard with Home Impression Kit",
            8500,
            "Made after your teeth.",
        ),
        Record("B01LYQ4M8G", "Slim Mouth Guard for Nighttime Teeth Grinding, Upper and Lower", 2999, "Two guards."),
        Record(
            "B06XRKGB5T", "Ready-to-Use Teeth Grinding Mouth Guard, No Boiling, 3 Pack", 2449, "Adjusts with a strap."
        ),
        Record(
            "B09KHM7D2V", "Kids Mouth Guard for Teeth Grinding, Mint, 2 Pack", 1649, "For children from eight years."
        ),
        Record("B000GTOQ9C", "Sports Mouth Guard for Boxing and Football, Youth", 699, "For matches and training."),
        Record("B07P3WNB6K", "Professional Sports Mouth Guard for Hockey with Helmet Strap", 2400, "For league play."),
    ),
    "beauty-personal-care/makeup/makeup-remover": (
        Record(
            "B0738JQG6Q",
            "The Body Shop Camomile Makeup Removing Kit",
            2100,
            "Cleansing butter, cleansing oil and a cloth in one kit.",
        ),
        Record("B01N7T7JKJ", "Waterproof Makeup Remover Cloths, Pack of 7", 1349, "Needs nothing but warm water."),
    ),
    "beauty-personal-care/makeup/makeup-brushes-tools": (
        Record("B00IRUPV42", "SEPHORA COLLECTION PRO Foundation Brush #47", 3400, "A dense brush for foundation."),
        Record(
            "B00JM5GW10", "SEPHORA COLLECTION Pro Airbrush Concealer Brush #57", 2600, "A small brush for concealer."
        ),
    ),
    "beauty-personal-care/skin-care/body": (
        Record(
            "B00A1LPYN2", "Shea Nourishing Body Butter for Dry Skin, 6.75 Ounce", 2045, "A rich cream for dry skin."
        ),
        Record("B01DKLQ8AM", "Coconut Body Butter Travel Size, 1.69 Ounce", 1400, "A small tub for the road."),
    ),
    "cell-phones-accessories/accessories/screen-protectors": (
        Record(
            "B01G31IYM0",
            "[3 Pack] Samsung Galaxy S6 Screen Protector, Nearpow [Tempered Glass] Screen Protector with [9H Hardness] "
            "[Crystal Clear] [Easy Bubble-Free Installation] [Scratch Resist]",
            799,
            "Three sheets of tempered glass, wipes and a guide.",
        ),
        Record(
            "B09QFS7VKJ",
            "Tempered Glass Phone Screen Protector for iPhone 13 Mini, 2 Pack with Alignment Frame",
            1299,
            "Two glasses and a frame that puts them into place.",
        ),
    ),
    "cell-phones-accessories/cases-holsters-sleeves/basic-cases": (
        Record(
            "B07Y2FB8QL", "EYZUTAK Magnetic Ring Holder Case for iPhone 11 Pro Max - Black", 999, "Ring and magnet."
        ),
        Record(
            "B08K7RZW3H", "EYZUTAK Crystal Clear Case for iPhone 12 Pro, Shockproof Corners", 999, "Clear and thin."
        ),
        Record("B08MT4KXBR", "EYZUTAK Wallet Case for Samsung Galaxy A21S with Card Slot", 999, "Holds two cards."),
        Record("B07ZQH8MNC", "EYZUTAK Slim Silicone Case for iPhone XR - Rose", 999, "Soft to the touch."),
    ),
    "video-games/nintendo-switch/cases-storage": (
        Record(
            "B08BSKT43L",
            "Game Card Holder Storage Case for Nintendo Switch Games or PS Vita Game Case or SD Memory Cards - Black",
            799,
            "Storage capacity: 40 game cards, in slots of soft rubber. Lies flat and closes with a magnet.",
        ),
        Record(
            "B07CHL6T9W",
            "Aluminum Switch Game Card Case, Pocket Size",
            599,
            "Storage capacity: 6 game cards. Fits a shirt pocket.",
        ),
        Record(
            "B07XVNS2QD",
            "Switch Card Holder with Cartoon Cover",
            649,
            "Storage capacity: 12 game cards. A printed cover for children.",
        ),
        Record(
            "B08JV5LZ7K",
            "Premium Game Card Case for Nintendo Switch with Keychain",
            1199,
            "Storage capacity: 24 game cards. Hangs on a bag.",
        ),
        Record(
            "B08N4MYH3X",
            "Book Style Switch Game Card Holder",
            2499,
            "Storage capacity: 80 game cards, on pages that turn.",
        ),
        Record(
            "B07KQRT8FB",
            "Switch Game Card Storage Box with Lock",
            1799,
            "Storage capacity: 48 game cards. A box for the shelf.",
        ),
    ),
    "video-games/xbox/controllers-wheels": (
        Record(
            "B09K4NKVDD",
            "Microsoft Xbox Controller Carbon Black for Series X, Series S, Xbox One, Windows 10, Android, iOS - "
            "Bundled with Dual Port Charging Dock, Xbox Controller Skin Voucher, PremGear Cloth",
            9999,
            "A controller with a dock and a cloth. Date First Available: October 25, 2021",
        ),
        Record(
            "B08DF248LD",
            "Xbox Wireless Controller Core - Robot Bundle",
            5999,
            "A controller with batteries. Date First Available: November 10, 2020",
        ),
        Record(
            "B08SRMPBRF",
            "Xbox Wired Controller with Phantom Lights",
            4499,
            "A controller with a cable of ten feet. Date First Available: March 2, 2021",
        ),
        Record(
            "B09RZQ21NP",
            "Xbox Series Controller Pro with Back Paddles",
            17999,
            "A controller for tournaments. Date First Available: February 14, 2022",
        ),
        Record(
            "B01LPZM7VI",
            "Xbox One S Controller Special Edition Tech",
            6999,
            "A controller of the former generation. Date First Available: September 7, 2016",
        ),
        Record(
            "B08VRWQ1NN",
            "Racing Wheel Overdrive for Xbox X|S By HORI - Officially Licensed by Microsoft",
            11999,
            "A steering wheel with pedals for racing games.",
        ),
    ),
    "electronics/audio/cables-adapters": (
        Record(
            "B07DZ5BDRG",
            "UGREEN Lightning to 3.5mm Cable AUX Cord MFi Certified Headphone Jack Audio Adapter",
            1899,
            "From the phone to the radio of the car.",
        ),
        Record("B00LM0ZGK6", "UGREEN USB C Braided Charging Cable, 6 Feet", 999, "For phones and tablets."),
    ),
    "electronics/smart-home/smart-plugs-displays": (
        Record(
            "B08C1RR8JM",
            "Charger for Amazon Echo Dot 3rd Generation and Echo Show 5 - 15W Replacement Power Cord Adapter",
            1099,
            "A power cord of five feet with a barrel plug.",
        ),
    ),
    "electronics/audio/speakers": (
        Record(
            "B003FVW3VA", "Two-Way Outdoor Wall Speaker Pair, 6.5 Inch, Weatherproof", 24999, "Two speakers, 200 watts."
        ),
        Record("B07WQ3MDKF", "Subwoofer 12 Inch Powered, 300 Watts", 99999, "For large rooms."),
    ),
    "electronics/television-video/television-accessories": (
        Record("B09W62YJ8Q", "4K Short Throw Laser Projector with Screen", 249900, "A picture of 100 inches."),
        Record("B08YRHXNVM", "65 Inch Outdoor Television Weatherproof", 189900, "For the covered patio."),
    ),
    "clothing-shoes-jewelry/men/shoes": (
        Record("B01J4MM3KO", "Men's Walking Sneaker with Leather Upper and Padded Collar", 5695, "Wide sole, laces."),
        Record("B07PQ6CXRM", "Men's Slip-On Canvas Shoe Lightweight", 2195, "Canvas upper, rubber sole."),
        Record("B08GLW1N4T", "Men's Waterproof Hiking Shoe Mid Cut", 12995, "For mud and rain."),
        Record("B075VQ2YHD", "Men's House Shoe with Memory Foam", 1999, "For cold floors."),
    ),
    "home-kitchen/furniture/living-room-furniture": (
        Record("B08R5TBQ7L", "Convertible Sectional Sofa with Ottoman, Gray", 64999, "Seats five."),
        Record("B093QK2MHS", "Power Lift Recliner Chair for Elderly", 39999, "Lifts at the press of a button."),
        Record("B07JGFZ15V", "Marble Top Coffee Table with Storage", 29999, "Two drawers below the top."),
    ),
    "home-kitchen/bedding/blankets-throws": (
        Record("B08LNVD6QF", "Goose Down Comforter King Size, All Season", 21999, "Two inches thick."),
    ),
}
"""By the address of the shelf."""

FIRST = ("B00BJTIH9A", "B06XPLVJVB", "B000E65OII", "B08WJPXJSS")
"""What stands on the home page, as on the original."""

URL_KEYS = {"B002N2Y6YM": "photosmart-plus-b209-clr-inkjetfb-p-s-c-usb-wrls-1"}
"""Addresses that do not follow from the name."""

_SHOE_SIZES = ("8", "9", "10", "11", "12")
OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "B08DJ8KQ2N": ("Color", ("Green-leaves", "Green-vines", "Red-maple")),
    "B01J4MM3KO": ("Size", _SHOE_SIZES),
    "B07PQ6CXRM": ("Size", _SHOE_SIZES),
    "B08GLW1N4T": ("Size", _SHOE_SIZES),
    "B07ZQH8MNC": ("Color", ("Rose", "Mint")),
}
"""What must be chosen of a product: label and choices."""

PRICE_STEPS = {"clothing-shoes-jewelry/men/shoes": 3_000}
"""Categories with price ranges of their own, in cents."""
