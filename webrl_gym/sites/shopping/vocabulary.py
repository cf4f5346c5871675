"""What the One Stop Market sells and what its customers say: the lists that ``seed.populate`` combines."""

from __future__ import annotations

CATALOGUE: dict[str, dict[str, str]] = {
    "Beauty & Personal Care": {
        "Makeup": "Lipstick Mascara Concealer Eyeliner",
        "Skin Care": "Moisturizer Serum Cleanser Sunscreen",
        "Hair Care": "Shampoo Conditioner Hairbrush Pomade",
        "Oral Care": "Toothbrush Mouthwash Toothpaste Floss",
        "Fragrance": "Perfume Cologne Diffuser Incense",
    },
    "Sports & Outdoors": {
        "Camping": "Tent Lantern Hammock Cooler",
        "Exercise": "Dumbbell Treadmill Kettlebell Barbell",
        "Cycling": "Helmet Saddle Pedals Handlebar",
        "Hiking": "Compass Backpack Canteen Whistle",
        "Racket Sports": "Racket Shuttlecock Paddle Wristband",
    },
    "Clothing, Shoes & Jewelry": {
        "Men": "Jacket Sweater Trousers Belt",
        "Women": "Dress Blouse Skirt Cardigan",
        "Shoes": "Sandals Sneakers Boots Loafers",
        "Jewelry": "Necklace Bracelet Earrings Brooch",
        "Luggage": "Duffle Suitcase Satchel Wallet",
    },
    "Home & Kitchen": {
        "Furniture": "Sofa Stool Bookcase Armchair",
        "Cookware": "Skillet Saucepan Wok Griddle",
        "Small Appliances": "Blender Toaster Kettle Mixer",
        "Bedding": "Pillow Blanket Duvet Mattress",
        "Home Decor": "Vase Candle Rug Tapestry",
    },
    "Office Products": {
        "Office Furniture": "Desk Footrest Whiteboard Cabinet",
        "Paper Goods": "Notebook Planner Envelope Sketchbook",
        "Writing Tools": "Fountain-Pen Highlighter Marker Pencil",
        "Desk Accessories": "Stapler Tape-Dispenser Calculator Organizer",
        "Mailing": "Scale Shredder Laminator Stamp",
    },
    "Tools & Home Improvement": {
        "Power Tools": "Drill Sander Jigsaw Grinder",
        "Hand Tools": "Hammer Wrench Screwdriver Pliers",
        "Lighting": "Lamp Chandelier Sconce Floodlight",
        "Plumbing": "Faucet Showerhead Sink Valve",
        "Paint Supplies": "Brush Roller Ladder Easel",
    },
    "Health & Household": {
        "Vitamins": "Multivitamin Probiotic Collagen Melatonin",
        "Cleaning": "Mop Broom Detergent Sponge",
        "Medical Supplies": "Thermometer Bandage Crutches Inhaler",
        "Massage": "Massager Foot-Spa Heating-Pad Back-Roller",
        "Laundry": "Hamper Ironing-Board Steamer Clothespin",
    },
    "Patio, Lawn & Garden": {
        "Gardening": "Trowel Planter Hose Wheelbarrow",
        "Grills": "Smoker Barbecue Tongs Charcoal-Starter",
        "Patio Furniture": "Umbrella Bench Deckchair Gazebo",
        "Bird Care": "Birdhouse Feeder Birdbath Nest-Box",
        "Pest Control": "Mosquito-Net Trap Repellent Fly-Swatter",
    },
    "Electronics": {
        "Audio": "Speaker Headphones Microphone Turntable",
        "Cameras": "Camera Tripod Lens Camcorder",
        "Computers": "Keyboard Monitor Laptop Webcam",
        "Networking": "Router Modem Antenna Switch",
        "Television": "Projector Soundbar Remote TV-Mount",
    },
    "Cell Phones & Accessories": {
        "Chargers": "Charger Power-Bank Cable Adapter",
        "Phone Cases": "Phone-Case Phone-Wallet Bumper Pouch",
        "Screen Protectors": "Screen-Protector Privacy-Filter Back-Shield Film",
        "Phone Mounts": "Car-Mount Phone-Stand Armband Selfie-Stick",
        "Smart Watches": "Smartwatch Watch-Band Watch-Dock Fitness-Tracker",
    },
    "Video Games": {
        "Controllers": "Gamepad Joystick Racing-Wheel Arcade-Stick",
        "Consoles": "Game-Console Handheld Vertical-Stand Cooling-Fan",
        "Board Games": "Chess-Set Card-Game Puzzle Dice-Set",
        "Headsets": "Headset Earbuds Headphone-Hook Audio-Hub",
        "Storage": "Memory-Card Game-Case Carry-Bag Disc-Rack",
    },
    "Grocery & Gourmet Food": {
        "Coffee & Tea": "Coffee Espresso Green-Tea Cocoa",
        "Snacks": "Popcorn Granola Crackers Pretzels",
        "Pantry": "Honey Olive-Oil Pasta Rice",
        "Sweets": "Chocolate Caramels Licorice Marshmallows",
        "Spices": "Cinnamon Paprika Turmeric Saffron",
    },
}
"""Category to sub-categories to product nouns (hyphens stand for spaces). A world stocks some of the sub-categories."""

NOVEL_RANGES = ["Collection", "Essentials", "Originals", "Selection"]
"""What follows an invented word in the name of a sub-category."""

FEATURES = [
    "Black",
    "White",
    "Large",
    "Small",
    "2 Pack",
    "4 Pack",
    "for Kids",
    "with Case",
    "Gift Set",
    "Pro",
    "Mini",
    "Plus",
]
"""Ends of product names; variants of one product differ in nothing else."""

MATERIALS = ["recycled steel", "solid oak", "soft cotton", "clear glass", "fine bamboo", "light aluminium", "pure wool"]
PURPOSES = ["everyday use", "small homes", "long journeys", "busy families", "cold winters", "beginners and experts"]
PROMISES = [
    "Comes with a one-year warranty.",
    "Ships in plain packaging.",
    "Easy to clean and to store.",
    "A thoughtful gift for any occasion.",
    "Designed and tested with our customers.",
]

REVIEW_VERDICTS: dict[int, list[str]] = {
    1: ["Terrible", "Broken", "Useless", "Awful"],
    2: ["Disappointing", "Flimsy", "Overpriced", "Uneven"],
    3: ["Average", "Acceptable", "Plain", "Ordinary"],
    4: ["Good", "Solid", "Pleasant", "Decent"],
    5: ["Excellent", "Perfect", "Fantastic", "Superb"],
}
"""First words of a review's summary, by stars."""
REVIEW_ASPECTS = [
    "quality",
    "color",
    "size",
    "packaging",
    "finish",
    "value",
    "design",
    "delivery",
    "material",
    "smell",
    "weight",
    "comfort",
    "fit",
    "handle",
    "texture",
    "purchase",
]
REVIEW_ADDITIONS = ["", "", " indeed", " overall", " for the price", " after a month", " as a gift"]

STREETS = [
    "Magnolia Path",
    "San Mateo Drive",
    "Walnut Street",
    "Chestnut Avenue",
    "Orchard Lane",
    "Juniper Court",
    "Birch Road",
    "Hawthorn Way",
    "Sycamore Boulevard",
    "Poplar Terrace",
]
CITIES: list[tuple[str, str, str]] = [
    ("San Mateo", "California", "94010"),
    ("Atlanta", "Georgia", "30303"),
    ("Cambridge", "Massachusetts", "02139"),
    ("Pittsburgh", "Pennsylvania", "15213"),
    ("Seattle", "Washington", "98101"),
    ("Austin", "Texas", "78701"),
    ("Denver", "Colorado", "80202"),
    ("Portland", "Oregon", "97205"),
    ("Chicago", "Illinois", "60601"),
    ("Phoenix", "Arizona", "85004"),
]
"""City, state and ZIP code."""
