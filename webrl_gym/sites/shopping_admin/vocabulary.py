"""Words that only the clothing store needs, besides those that all sites share."""

MUSES = "Juno Orion Selene Atlas Dione Argus Thalia Castor Helia Midas Ione Perseus".split()
"""Style names; together with the shared product qualities they begin product names."""

TOPS = ["Racer Tank", "Crew Tee", "Hooded Fleece", "Zip Hoodie", "Running Jacket", "Mesh Polo"]
BOTTOMS = ["Yoga Short", "Track Pant", "Capri Legging", "Cargo Short", "Jogger Pant", "Gym Short"]
BAGS = ["Duffle", "Messenger Bag", "Backpack", "Tote Bag", "Sling Pack"]
FITNESS = ["Yoga Mat", "Foam Roller", "Jump Rope", "Water Bottle", "Gym Towel"]
WATCHES = ["Running Watch", "Pulse Watch", "Sport Band"]

TOP_SIZES = ["XS", "S", "M", "L", "XL"]
BOTTOM_SIZES = ["28", "29", "32", "33", "36"]
COLORS = ["Blue", "Red", "Black", "Green", "Gray", "Orange", "Purple", "White", "Yellow"]

DESCRIPTIONS = [
    "Made for long days at the gym.",
    "Light, soft and quick to dry.",
    "A favorite for yoga and easy runs.",
    "Tough enough for the trail, neat enough for the office.",
    "Keeps its shape wash after wash.",
    "Warm in winter, cool in spring.",
]
DETAILS = [
    "Recycled fibers.",
    "Machine wash cold.",
    "Two side pockets.",
    "Reflective trim.",
    "Flat seams.",
    "Adjustable strap.",
]

GOOD_TITLES = ["Great fit", "Love it", "Very comfortable", "Worth the price", "My new favorite", "Better than expected"]
FAIR_TITLES = ["It is okay", "Runs small", "Runs large", "Nice but thin", "Good for the gym only"]
BAD_TITLES = ["Fell apart", "Not as pictured", "Would not buy again", "Itchy fabric", "Wrong color"]
GOOD_DETAILS = [
    "Wore it all week and got compliments.",
    "Soft, warm and true to size.",
    "Perfect for my morning runs.",
    "Bought a second one for my sister.",
]
FAIR_DETAILS = ["Fine for the money.", "Order a size up.", "Color faded a little after washing.", "Does the job."]
BAD_DETAILS = [
    "The seam ripped on the first day.",
    "Sent it back the same week.",
    "Looks cheap and feels cheap.",
    "Color is nothing like the photo.",
]

STREETS = ["Main Street", "Oak Avenue", "Elm Drive", "Lake Road", "Hill Court", "Mill Lane", "Park Place", "Cedar Way"]
CITIES = [
    ("Hoboken", "New Jersey", "07030"),
    ("Dayton", "Ohio", "45402"),
    ("Boise", "Idaho", "83702"),
    ("Macon", "Georgia", "31201"),
    ("Salem", "Oregon", "97301"),
    ("Tulsa", "Oklahoma", "74103"),
    ("Provo", "Utah", "84601"),
    ("Akron", "Ohio", "44308"),
    ("Fresno", "California", "93721"),
    ("Utica", "New York", "13501"),
]
MAIL_HOSTS = ["gmail.com", "yahoo.com", "hotmail.com", "example.com"]

BRANDS = ["nike", "hollister", "fila", "asics", "champion", "puma", "reebok", "patagonia"]
"""Words that visitors search for although the store does not sell them."""

ORDER_COMMENTS = [
    "Customer asked for gift wrapping.",
    "Called the customer about the delivery date.",
    "Address confirmed by phone.",
    "Waiting for the warehouse to confirm stock.",
]

PAGES = [
    ("no-route", "404 Not Found", "Whoops, our bad...", "The page you requested was not found."),
    ("home", "Home Page", "Home Page", "New styles for every workout are here."),
    ("enable-cookies", "Enable Cookies", "What are Cookies?", "Cookies are short pieces of data sent to your browser."),
    ("privacy-policy-cookie-restriction-mode", "Privacy Policy", "Privacy Policy", "We keep your data safe."),
    ("about-us", "About us", "About us", "We have made sportswear for active people since 1998."),
    ("customer-service", "Customer Service", "Customer Service", "Write to us and we answer within two days."),
]
"""Identifier, title, heading and content of the pages that every world has."""

PAGE_KINDS = ["Size Guide", "Care Guide", "Buying Guide", "Story"]
SALE_OCCASIONS = ["Spring", "Summer", "Winter", "Fall", "Holiday", "Weekend", "Members", "Clearance"]
