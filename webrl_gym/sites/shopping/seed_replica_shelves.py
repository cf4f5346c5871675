"""The replica's categories and what the generator puts on their shelves: category, sub-category, shelf, nouns."""

from __future__ import annotations

from typing import NamedTuple

from webrl_gym.sites.shopping.seed_basics import url_key

_TREE = """
Beauty & Personal Care > Makeup > Makeup Remover: Cleansing Balm, Micellar Water, Cleansing Oil, Eye Pads
Beauty & Personal Care > Makeup > Lips: Lipstick, Lip Gloss, Lip Liner, Lip Balm
Beauty & Personal Care > Makeup > Eyes: Mascara, Eyeliner, Eyeshadow Palette, Brow Pencil
Beauty & Personal Care > Makeup > Makeup Brushes & Tools: Powder Puff, Eyelash Curler, Tweezers, Makeup Sponge
Beauty & Personal Care > Skin Care > Body: Body Lotion, Body Scrub, Body Oil, Hand Cream
Beauty & Personal Care > Skin Care > Face: Moisturizer, Serum, Face Mask, Sunscreen
Beauty & Personal Care > Oral Care > Dental Floss & Picks: Floss Picks, Water Flosser, Tongue Scraper
Beauty & Personal Care > Oral Care > Teeth Grinding & Bruxism:
Beauty & Personal Care > Hair Care > Shampoo & Conditioner: Shampoo, Conditioner, Hair Mask, Dry Shampoo
Beauty & Personal Care > Hair Care > Styling Tools: Curling Iron, Hair Dryer, Flat Iron, Hair Clips
Sports & Outdoors > Outdoor Recreation > Camping & Hiking: Tent, Lantern, Hammock, Sleeping Bag, Trekking Pole
Sports & Outdoors > Outdoor Recreation > Cycling: Bike Helmet, Saddle, Bike Pump, Handlebar Grips, Bike Lock
Sports & Outdoors > Sports & Fitness > Exercise & Fitness: Dumbbell, Kettlebell, Yoga Mat, Resistance Bands, Jump Rope
Sports & Outdoors > Sports & Fitness > Team Sports: Basketball, Soccer Ball, Baseball Glove, Shin Pads
Clothing, Shoes & Jewelry > Men > Shoes: Sneaker, Loafer, Oxford, Chukka Boot, Slipper
Clothing, Shoes & Jewelry > Men > Clothing: T-Shirt, Flannel Shirt, Chino Pants, Hoodie, Swim Trunks
Clothing, Shoes & Jewelry > Women > Shoes: Ballet Flat, Ankle Boot, Wedge Sandal, Walking Sneaker
Clothing, Shoes & Jewelry > Women > Clothing: Maxi Dress, Blouse, Cardigan, Leggings, Tunic
Clothing, Shoes & Jewelry > Women > Jewelry: Necklace, Bracelet, Stud Earrings, Charm
Clothing, Shoes & Jewelry > Sport Specific Clothing > Competitive Swimwear: Racing Swimsuit, Swim Jammer, Kneeskin
Clothing, Shoes & Jewelry > Sport Specific Clothing > Running: Running Tights, Running Singlet, Running Jacket
Clothing, Shoes & Jewelry > Luggage & Travel Gear > Backpacks: School Backpack, Daypack, Sling Bag
Clothing, Shoes & Jewelry > Luggage & Travel Gear > Suitcases: Carry-On Suitcase, Duffle Bag, Garment Bag
Home & Kitchen > Furniture > Living Room Furniture: Sofa, Coffee Table, Accent Chair, TV Stand, Recliner
Home & Kitchen > Furniture > Bedroom Furniture: Bed Frame, Nightstand, Dresser, Headboard
Home & Kitchen > Furniture > Dining Room Furniture: Dining Table, Dining Chairs, Bar Stool, Buffet Cabinet
Home & Kitchen > Home Decor > Candles & Holders: Scented Jar, Tealight Lamp, Lantern Holder, Votive Glass
Home & Kitchen > Home Decor > Artificial Plants & Flowers: Silk Rose Bouquet, Dried Pampas Grass, Flower Wreath
Home & Kitchen > Home Decor > Rugs & Curtains: Area Rug, Blackout Curtain, Door Mat, Sheer Curtain
Home & Kitchen > Bedding > Sheets & Pillows: Sheet Set, Pillowcase, Body Pillow, Quilt
Home & Kitchen > Bedding > Blankets & Throws: Throw Blanket, Weighted Blanket, Comforter
Home & Kitchen > Kitchen & Dining > Cookware: Skillet, Saucepan, Wok, Griddle, Dutch Oven
Home & Kitchen > Kitchen & Dining > Small Appliances: Blender, Toaster, Electric Kettle, Hand Mixer
Home & Kitchen > Storage & Organization > Kitchen Organizers: Spice Rack, Drawer Organizer, Pan Organizer, Pantry Bin
Office Products > Office Furniture & Lighting > Desks: Computer Desk, Writing Desk, Standing Desk, Corner Desk
Office Products > Office Furniture & Lighting > Chairs: Office Chairs, Task Stool, Drafting Chair, Kneeling Chair
Office Products > Office & School Supplies > Writing Supplies: Gel Pens, Highlighters, Marker Set, Mechanical Pencil
Office Products > Office & School Supplies > Paper: Notebook, Planner, Sticky Notes, Cardstock
Office Products > Office Electronics > Printers & Ink: Label Printer, Photo Paper, Toner Cartridge
Tools & Home Improvement > Lighting & Ceiling Fans > Ceiling Lights: Pendant Light, Chandelier, Flush Mount Light
Tools & Home Improvement > Lighting & Ceiling Fans > Lamps: Table Lamp, Floor Lamp, Desk Lamp, Night Light
Tools & Home Improvement > Power & Hand Tools > Power Tools: Cordless Drill, Orbital Sander, Jigsaw, Angle Grinder
Tools & Home Improvement > Power & Hand Tools > Hand Tools: Hammer, Socket Wrench, Screwdriver Set, Pliers
Tools & Home Improvement > Kitchen & Bath Fixtures > Faucets: Kitchen Faucet, Bathroom Faucet, Shower Head
Tools & Home Improvement > Paint & Wall Treatments > Paint Supplies: Paint Roller, Paint Tray, Drop Cloth, Wallpaper
Health & Household > Household Supplies > Cleaning: Spray Mop, Broom, Sponge Pack, Dish Soap
Health & Household > Household Supplies > Laundry: Laundry Detergent, Dryer Balls, Garment Steamer, Stain Remover
Health & Household > Vitamins & Supplements > Vitamins: Multivitamin, Vitamin D3, Collagen Powder, Melatonin Gummies
Health & Household > Medical Supplies > First Aid: Bandage Roll, First Aid Kit, Digital Thermometer, Ice Pack
Health & Household > Wellness & Relaxation > Massage Tools: Neck Massager, Foam Roller, Foot Spa, Heating Pad
Patio, Lawn & Garden > Gardening & Lawn Care > Plants & Seeds: Tomato Seeds, Herb Garden Kit, Succulent, Tulip Bulbs
Patio, Lawn & Garden > Gardening & Lawn Care > Garden Tools: Pruning Shears, Garden Hose, Wheelbarrow, Hand Trowel
Patio, Lawn & Garden > Patio Furniture > Patio Seating: Patio Bench, Adirondack Chair, Porch Swing
Patio, Lawn & Garden > Patio Furniture > Umbrellas & Shade: Patio Umbrella, Shade Sail, Gazebo
Patio, Lawn & Garden > Grills & Outdoor Cooking > Grill Accessories: Grill Cover, Barbecue Tongs, Smoker Box
Electronics > Audio > Headphones: Wireless Earbuds, Over-Ear Headphones, Sleep Headband
Electronics > Audio > Speakers: Bookshelf Speaker, Shower Speaker, Soundbar
Electronics > Audio > Cables & Adapters: Optical Cable, RCA Cable, Banana Plugs
Electronics > Camera & Photo > Tripods & Bags: Tripod, Camera Backpack, Lens Pouch
Electronics > Camera & Photo > Cameras: Action Camera, Trail Camera, Instant Camera
Electronics > Computers & Accessories > Keyboards & Mice: Mechanical Keyboard, Wireless Mouse, Mouse Pad
Electronics > Computers & Accessories > Monitors: Gaming Monitor, Monitor Arm, Portable Monitor
Electronics > Computers & Accessories > Networking: WiFi Router, Mesh System, Ethernet Cable, USB Hub
Electronics > Television & Video > Television Accessories: TV Wall Mount, Universal Remote, HDMI Cable
Electronics > Smart Home > Smart Plugs & Displays: Smart Plug, Smart Bulb, Display Stand
Cell Phones & Accessories > Cases, Holsters & Sleeves > Basic Cases: Phone Case, Wallet Case, Phone Pouch
Cell Phones & Accessories > Accessories > Screen Protectors: Camera Lens Protector, Film Kit, Glass Shield
Cell Phones & Accessories > Accessories > Chargers & Power Adapters: Wall Charger, Power Bank, Car Charger
Cell Phones & Accessories > Accessories > Mounts & Stands: Car Mount, Phone Stand, Selfie Stick, Armband
Cell Phones & Accessories > Smartwatches > Watch Bands: Nylon Watch Band, Leather Watch Band, Watch Charger
Video Games > Xbox > Controllers & Wheels: Thumb Grips, Charging Cable, Headset Adapter
Video Games > Nintendo Switch > Cases & Storage: Carrying Pouch, Travel Bag, Dock Cover
Video Games > Nintendo Switch > Accessories: Switch Stand, Switch Screen Film, Switch Joystick Caps
Video Games > PlayStation > Accessories: Cooling Fan, Vertical Stand, Headset Hanger
Video Games > PC > Gaming Mice & Keyboards: Gaming Mouse, Gaming Keypad, Wrist Rest
Grocery & Gourmet Food > Beverages > Tea: Green Tea Bags, Herbal Tea, Chai Mix
Grocery & Gourmet Food > Beverages > Coffee: Ground Coffee, Espresso Beans, Cold Brew
Grocery & Gourmet Food > Pantry Staples > Meat Substitutes:
Grocery & Gourmet Food > Pantry Staples > Cooking & Baking: Cake Mix, Vanilla Extract, Almond Flour, Olive Oil
Grocery & Gourmet Food > Snacks & Sweets > Snack Foods: Popcorn, Granola Bars, Pretzels, Trail Mix
Grocery & Gourmet Food > Snacks & Sweets > Candy & Chocolate: Dark Chocolate, Gummy Bears, Licorice, Caramels
"""


class Shelf(NamedTuple):
    """A category without sub-categories.

    Attributes:
        names: Itself and the categories above it, the topmost first.
        nouns: What the generator stocks; none where only the listed records may stand.
    """

    names: tuple[str, ...]
    nouns: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its address, without the ending."""
        return category_path(self.names)


def category_path(names: tuple[str, ...]) -> str:
    """Address of a category from the names of those above it and its own."""
    return "/".join(url_key(name) for name in names)


def shelves() -> list[Shelf]:
    """All shelves, in the order of the menu."""
    found = []
    for line in _TREE.strip().splitlines():
        path, _, nouns = line.partition(":")
        found.append(Shelf(tuple(path.split(" > ")), tuple(noun.strip() for noun in nouns.split(",") if noun.strip())))
    return found
