"""What the replica's forums are called and talk about, and the phrases of its everyday posts and comments.

``{slots}`` are filled by ``seed_replica``: ``subject`` and ``other`` come from the forum, the rest from the lists here.
"""

from __future__ import annotations

from typing import NamedTuple


class ForumTopic(NamedTuple):
    """One forum: its name, what its title says, the kind of its posts, and what they are about."""

    name: str
    title: str
    kind: str
    subjects: str


_TOWN = (
    "apartments, bike lanes, bus routes, coffee shops, dentists, farmers markets, food trucks, hiking trails, "
    "mechanics, parking rules, pizza places, potholes, power outages, snow plows, street fairs"
)

FORUMS = (
    ForumTopic("allentown", "Allentown, Pennsylvania", "town", _TOWN),
    ForumTopic("arlingtonva", "Arlington, Virginia", "town", _TOWN),
    ForumTopic("Art", "Art", "picture", "charcoal sketches, ink portraits, oil landscapes, paper sculptures, murals"),
    ForumTopic("AskReddit", "Questions to everybody", "talk", "bad habits, childhood fears, first jobs, superpowers"),
    ForumTopic(
        "askscience", "Ask science", "talk", "black holes, deep sea fish, glaciers, memory, vaccines, volcanoes"
    ),
    ForumTopic("aww", "Things that make you go aww", "picture", "ducklings, kittens, puppies, otters, baby goats"),
    ForumTopic("baltimore", "Baltimore, Maryland", "town", _TOWN),
    ForumTopic("BlackPeopleTwitter", "Posts worth a laugh", "picture", "family cookouts, group chats, barber shops"),
    ForumTopic(
        "books", "Books", "talk", "family sagas, historical novels, long series, poetry, short stories, villains"
    ),
    ForumTopic("boston", "Boston, Massachusetts", "town", _TOWN),
    ForumTopic("bridgeport", "Bridgeport, Connecticut", "town", _TOWN),
    ForumTopic("BuyItForLife", "Things that last", "talk", "cast iron pans, leather boots, pocket knives, umbrellas"),
    ForumTopic("CambridgeMA", "Cambridge, Massachusetts", "town", _TOWN),
    ForumTopic("ColumbiaMD", "Columbia, Maryland", "town", _TOWN),
    ForumTopic("Connecticut", "Connecticut", "town", _TOWN),
    ForumTopic(
        "consoles", "Video game consoles", "talk", "controllers, handhelds, launch titles, memory cards, the Switch"
    ),
    ForumTopic("coolgithubprojects", "Cool projects on GitHub", "tech", "backup tools, bots, parsers, terminal games"),
    ForumTopic("creepy", "Creepy", "picture", "abandoned hospitals, doll houses, foggy woods, old wells"),
    ForumTopic(
        "dataisbeautiful", "Data is beautiful", "picture", "commute times, electricity prices, rainfall, salaries"
    ),
    ForumTopic(
        "deeplearning", "Deep learning", "tech", "attention layers, image models, learning rates, small datasets"
    ),
    ForumTopic(
        "DIY", "Do it yourself", "talk", "bathroom tiles, deck boards, drywall, fence posts, garage doors, gutters"
    ),
    ForumTopic("Documentaries", "Documentaries", "link", "deep sea cables, forgotten trades, night trains, salt mines"),
    ForumTopic("EarthPorn", "Landscapes of the earth", "picture", "canyons, fjords, frozen lakes, meadows, sea cliffs"),
    ForumTopic(
        "explainlikeimfive", "Explain it simply", "talk", "airplane wings, allergies, inflation, magnets, tides"
    ),
    ForumTopic("food", "Food", "picture", "beef noodles, blueberry pies, dumplings, ramen bowls, sourdough loaves"),
    ForumTopic("funny", "Funny", "picture", "cat statues, misspelled signs, office pranks, wedding cakes"),
    ForumTopic("Futurology", "The future", "link", "battery plants, fusion reactors, robot farms, vertical cities"),
    ForumTopic("gadgets", "Gadgets", "link", "drones, e-readers, foldable phones, smart watches, tiny printers"),
    ForumTopic("gaming", "Gaming", "talk", "boss fights, open worlds, racing wheels, side quests, split screens"),
    ForumTopic("GetMotivated", "Get motivated", "story", "early mornings, marathons, second chances, small steps"),
    ForumTopic("gifs", "Moving pictures", "picture", "cat jumps, domino rows, juggling tricks, perfect landings"),
    ForumTopic("Hartford", "Hartford, Connecticut", "town", _TOWN),
    ForumTopic("headphones", "Headphones", "talk", "closed backs, ear pads, portable amplifiers, wireless earbuds"),
    ForumTopic("history", "History", "talk", "lost libraries, medieval bridges, Roman roads, silk traders"),
    ForumTopic("IAmA", "Ask me anything", "story", "bee keeping, night shifts, lighthouse repairs, voice acting"),
    ForumTopic(
        "InternetIsBeautiful", "Pages worth a visit", "link", "bird maps, font games, old radio shows, star charts"
    ),
    ForumTopic("iphone", "iPhone", "tech", "battery life, camera settings, charging cables, lock screens, widgets"),
    ForumTopic("jerseycity", "Jersey City, New Jersey", "town", _TOWN),
    ForumTopic("Jokes", "Jokes", "story", "accountants, fishermen, parrots, plumbers, three engineers"),
    ForumTopic("lakewood", "Lakewood, Ohio", "town", _TOWN),
    ForumTopic("LifeProTips", "Tips for life", "story", "lost keys, moving days, overflowing mailboxes, stubborn lids"),
    ForumTopic("listentothis", "Listen to this", "link", "accordion bands, garage demos, live sessions, string trios"),
    ForumTopic("LongIsland", "Long Island, New York", "town", _TOWN),
    ForumTopic("LowellMA", "Lowell, Massachusetts", "town", _TOWN),
    ForumTopic(
        "MachineLearning", "Machine learning", "tech", "benchmarks, language models, open weights, peer reviews"
    ),
    ForumTopic("Maine", "Maine", "town", _TOWN),
    ForumTopic("ManchesterNH", "Manchester, New Hampshire", "town", _TOWN),
    ForumTopic("massachusetts", "Massachusetts", "town", _TOWN),
    ForumTopic(
        "MechanicalKeyboards", "Mechanical keyboards", "tech", "brass plates, keycaps, split layouts, quiet switches"
    ),
    ForumTopic("memes", "Memes", "picture", "cats in boxes, exam weeks, Monday faces, slow computers"),
    ForumTopic(
        "mildlyinteresting", "Mildly interesting", "picture", "double yolks, odd potatoes, rusty locks, tiny doors"
    ),
    ForumTopic("movies", "Movies", "link", "courtroom dramas, long takes, remakes, silent films, space operas"),
    ForumTopic("Music", "Music", "link", "concert recordings, cover versions, debut albums, film scores"),
    ForumTopic("Newark", "Newark, New Jersey", "town", _TOWN),
    ForumTopic("newhampshire", "New Hampshire", "town", _TOWN),
    ForumTopic("newhaven", "New Haven, Connecticut", "town", _TOWN),
    ForumTopic("newjersey", "New Jersey", "town", _TOWN),
    ForumTopic("news", "News", "link", "airline strikes, bridge repairs, bank rules, school budgets, storm warnings"),
    ForumTopic("nosleep", "No sleep", "story", "empty elevators, forest cabins, night radio, the house next door"),
    ForumTopic(
        "nottheonion", "Strange but true headlines", "link", "goat mayors, lost trophies, runaway emus, cheese thefts"
    ),
    ForumTopic("nyc", "New York City", "town", _TOWN),
    ForumTopic("OldSchoolCool", "Old school cool", "picture", "road trips, roller rinks, school dances, Sunday suits"),
    ForumTopic("Paterson", "Paterson, New Jersey", "town", _TOWN),
    ForumTopic("Pennsylvania", "Pennsylvania", "town", _TOWN),
    ForumTopic(
        "personalfinance", "Personal finance", "talk", "car loans, credit scores, emergency funds, savings accounts"
    ),
    ForumTopic("philadelphia", "Philadelphia, Pennsylvania", "town", _TOWN),
    ForumTopic("philosophy", "Philosophy", "link", "free will, moral luck, personal identity, stoic letters"),
    ForumTopic(
        "photoshopbattles", "Photoshop battles", "picture", "jumping goats, shocked owls, tiny chairs, yawning cats"
    ),
    ForumTopic(
        "pics", "Pictures", "picture", "harbor lights, hot air balloons, market stalls, rooftop gardens, tram rides"
    ),
    ForumTopic("pittsburgh", "Pittsburgh, Pennsylvania", "town", _TOWN),
    ForumTopic("providence", "Providence, Rhode Island", "town", _TOWN),
    ForumTopic(
        "relationship_advice", "Relationship advice", "story", "in-laws, long distances, roommates, wedding plans"
    ),
    ForumTopic("RhodeIsland", "Rhode Island", "town", _TOWN),
    ForumTopic("rva", "Richmond, Virginia", "town", _TOWN),
    ForumTopic("science", "Science", "link", "bee colonies, gut bacteria, sleep studies, soil carbon, whale songs"),
    ForumTopic(
        "Showerthoughts", "Showerthoughts", "thought", "mirrors, alarm clocks, elevators, birthdays, shadows, spoons"
    ),
    ForumTopic("singularity", "The singularity", "tech", "chatbots, mind uploads, robot helpers, self-driving trucks"),
    ForumTopic("space", "Space", "link", "comet flybys, lunar bases, Mars rovers, space telescopes, solar sails"),
    ForumTopic("sports", "Sports", "link", "cup finals, marathon records, penalty kicks, rookie seasons, trade rumors"),
    ForumTopic("springfieldMO", "Springfield, Missouri", "town", _TOWN),
    ForumTopic("StamfordCT", "Stamford, Connecticut", "town", _TOWN),
    ForumTopic("technology", "Technology", "link", "chip plants, data leaks, password managers, satellite internet"),
    ForumTopic("television", "Television", "link", "game shows, medical dramas, pilots, reboots, spin-offs"),
    ForumTopic("tifu", "Today I messed up", "story", "group emails, hot peppers, locked bathrooms, wrong trains"),
    ForumTopic(
        "todayilearned", "Today I learned", "thought", "canals, comets, lighthouses, postage stamps, sea turtles"
    ),
    ForumTopic("TwoXChromosomes", "Women's perspectives", "story", "doctor visits, pay talks, self-defense classes"),
    ForumTopic(
        "UpliftingNews", "Good news", "link", "clean rivers, free clinics, rescued dogs, school lunches, tree plantings"
    ),
    ForumTopic("vermont", "Vermont", "town", _TOWN),
    ForumTopic("videos", "Videos", "link", "bridge openings, chess streams, cooking fails, drone flights"),
    ForumTopic("washingtondc", "Washington, D.C.", "town", _TOWN),
    ForumTopic("WaterburyCT", "Waterbury, Connecticut", "town", _TOWN),
    ForumTopic("WorcesterMA", "Worcester, Massachusetts", "town", _TOWN),
    ForumTopic("worldnews", "World news", "link", "border talks, election results, grain exports, peace plans"),
    ForumTopic("WritingPrompts", "Writing prompts", "story", "dragon taxes, last letters, retired heroes, time loops"),
    ForumTopic("yonkers", "Yonkers, New York", "town", _TOWN),
)
"""The forums; ``subjects`` are plural or uncountable and parted by ", "."""

TITLES: dict[str, tuple[str, ...]] = {
    "town": (
        "Where do you go for {subject} around {place}?",
        "New to {place}: what should I know about {subject}?",
        "Did anybody else see the {subject} on {street} Street?",
        "{place} will vote on {subject} in {month}",
        "Complaint about the {subject} on {street} Street",
        "Photos of {subject} in {place}, {month} {year}",
        "Looking for people who care about {subject} and {other}",
        "{number} years in {place} and I still wonder about {subject}",
        "Who is to call about {subject} near {street} Street?",
        "{place} has more {subject} than it needs",
        "PSA: the {subject} by {street} Street are closed until {month}",
        "What happened to the {subject} we had in {year}?",
    ),
    "picture": (
        "{subject}, seen in {town} last {month}",
        "My {relative} took this picture of {subject} in {year}",
        "Some {quality} {subject} for your {weekday}",
        "{quality} {subject} after {number} hours of waiting",
        "{subject} and {other}, side by side",
        "I finally got a good picture of {subject}",
        "Found in my {relative}'s drawer: {subject}, {year}",
        "{town}, home of {quality} {subject}",
        "{subject} at sunrise, {month} {year}",
        "I walked {number} miles for these {subject}",
    ),
    "talk": (
        "What is the first thing you look for in {subject}?",
        "Has anybody changed their mind about {subject}?",
        "What makes {subject} hard for beginners?",
        "{number} things I learned about {subject}",
        "{subject} or {other}: which would you give up?",
        "Is it too late to start with {subject} at {number}?",
        "Please recommend something about {subject} to my {relative}",
        "The trouble with {quality} {subject}",
        "Weekly questions: {subject}, {month} {day}",
        "My {relative} gave up on {subject}, should I?",
        "An honest word about {subject} after {number} years",
        "Help! {quality} {subject} and only one {weekday} to fix it",
    ),
    "tech": (
        "How do you deal with {quality} {subject}?",
        "I wrote a small tool for {subject} in {number} days",
        "A year of {subject}: what worked and what did not",
        "Which are more {quality}: {subject} or {other}?",
        "Release notes of {month}: {subject} get a new look",
        "Why are {subject} so {quality} this year?",
        "Beginner here, {number} questions about {subject}",
        "Show your {subject}, {month} edition",
        "My {relative} asked me about {subject}, so I drew a chart",
        "{number} {quality} {subject} compared",
    ),
    "link": (
        "{town} bets on {quality} {subject}",
        "Retired {relative} from {town} explains {subject} in {number} minutes",
        "New report: {subject} grew by {number} percent in {year}",
        "{subject} are back, and {town} is glad",
        "What {subject} tell us about {other}",
        "After {number} years, {town} says goodbye to {subject}",
        "Study of {number} towns finds {quality} {subject}",
        "The {quality} story behind {subject}",
        "{month} {year} was a good month for {subject}",
        "{subject} and {other} meet in {town}",
        "How {number} volunteers changed {subject} for good",
    ),
    "story": (
        "My {relative} and the {quality} {subject}",
        "What {number} weeks of {subject} did to me",
        "A stranger in {town} asked me about {subject}",
        "I know a lot about {subject} now, ask me anything",
        "It began with {subject} and ended with {other}",
        "Never again: {subject} on a {weekday}",
        "How {subject} saved my {month}",
        "Update: my {relative} and I talked about {subject}",
        "Nobody warned me about {subject} in {town}",
        "{number} rules for {subject} that my {relative} wrote down",
    ),
    "thought": (
        "{subject} are just {other} with better manners",
        "Nobody has ever counted all {subject} of {town}",
        "If {subject} could talk, {other} would be jealous",
        "{subject} were more {quality} before {year}",
        "Half of all {subject} are below the average of {subject}",
        "The oldest {subject} of {town} date back {number} decades",
        "A {weekday} without {subject} feels like a {month}",
        "We only notice {subject} once {other} are gone",
    ),
}
"""Titles of everyday posts by the kind of their forum."""

BODIES = (
    "I have been thinking about {subject} for {number} days.",
    "My {relative} says that I should ask here.",
    "It happened last {weekday} in {town}.",
    "The short version: {quality} {subject}, and no idea what to do next.",
    "Please be patient, this is my first post about {subject}.",
    "I have read the older posts, and most are from {year}.",
    "Any pointer is welcome, also about {other}.",
    "So far I have spent {number} dollars on it.",
    "Back in {month} it all looked much simpler.",
    "I will add pictures once it stops raining.",
    "What would you do?",
    "Edit: thanks for all the answers.",
)
"""Sentences of which bodies of posts are made."""

COMMENTS = (
    "I have had the same thought about {subject}.",
    "This was worth the click.",
    "My {relative} swears by {other} instead.",
    "No. Just no.",
    "It took me {number} tries to get this right.",
    "You can see something like it in {town}.",
    "Can somebody explain the part about {subject}?",
    "I remember when this was {quality}.",
    "Saved for {weekday}, thank you.",
    "That is not how {subject} work.",
    "We had one of these in {year}.",
    "I would wait until {month}.",
    "Came here to say exactly this.",
    "Ask at the shop on {street} Street, they know {subject}.",
    "I paid {number} dollars for far less.",
    "The real answer is always {other}.",
    "Nobody tells you how {quality} it gets.",
    "Happy for you!",
    "This has been posted {number} times already.",
    "Do you have a source for that?",
    "Wait, there are people who do not like {subject}?",
    "As somebody from {town}: can confirm.",
    "My dog disagrees.",
    "It is the little things.",
)
"""Comments below everyday posts."""

BIOGRAPHIES = (
    "Mostly here for {subject}.",
    "{town}, born and raised.",
    "I collect {subject} and opinions about {other}.",
    "Be {quality}.",
)
"""What some users say about themselves."""

RULES = (
    "Be kind, stay on the subject, and read before you post.",
    "No adverts. Reposts within {number} days are removed.",
    "Titles must say what the post is about.",
    "Questions belong into the weekly thread on {weekday}.",
)
"""Sidebar texts of forums."""

QUALITIES = tuple(
    "broken cheap clever famous forgotten giant hidden homemade lucky odd old quiet rare slow strange tiny".split()
)
TOWNS = tuple("Albany Austin Boise Cleveland Dayton Denver Eugene Fresno Madison Mobile Omaha Reno Salem Tulsa".split())
STREETS = tuple("Birch Canal Church Elm Front Grove High Main Oak Pearl River Spring State Union Water".split())
WEEKDAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
MONTHS = tuple("October November December January February March".split())
RELATIVES = tuple("aunt brother cousin father grandmother mother neighbor sister teacher uncle".split())
NAME_STARTS = tuple(
    "Able Amber Blue Brisk Calm Cosmic Dizzy Dusty Early Fancy Fuzzy Giant Happy Icy Jolly Keen Lazy Lone Lucky Mellow "
    "Misty Noble Oak Odd Paper Pixel Plain Quick Rapid Rusty Salty Sandy Shy Silent Sunny Tall Urban Vivid Wild".split()
)
NAME_ENDS = tuple(
    "Acorn Badger Beacon Biscuit Cactus Comet Cricket Dolphin Falcon Ferry Gopher Harbor Heron Igloo Jungle Kettle "
    "Lemon Lobster Maple Marble Noodle Otter Panda Pebble Pickle Piano Puffin Quokka Raven River Robin Saddle Teapot "
    "Tiger Trumpet Turnip Violet Walrus Wizard Yeti".split()
)
HOSTS = ("daily-harbor.example", "long-read.example", "city-observer.example", "open-archive.example")
"""Hosts that links point to; the domain ``example`` never exists."""
