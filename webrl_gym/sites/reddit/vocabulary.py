"""Phrases from which the forum site's posts and comments are made; ``{slots}`` take words of ``sites.words``."""

from __future__ import annotations

TITLES = [
    "What is the best {quality} {noun} for {topic}?",
    "My {quality} {noun} after one year of {topic}",
    "Is {a_quality} {noun} worth the money?",
    "Found this {quality} {noun} at {place} {kind}",
    "How do you clean {a_quality} {noun}?",
    "{place} {kind} shows {a_quality} {noun}",
    "I built {a_quality} {noun} from scrap wood",
    "Looking for {a_quality} {noun} under $50",
    "The {quality} {noun} that changed my {topic}",
    "Why does my {noun} look so {quality}?",
    "Free {noun} workshop at {place} {kind}",
    "The {quality} {noun} is overrated",
    "Before and after: my {quality} {noun}",
    "Lost my {quality} {noun} near {place} {kind}",
    "Three tips for {a_quality} {noun}",
    "Trading my {noun} for {a_quality} one",
]
"""Titles of submissions; every one has a noun, most have a quality."""

BODIES = [
    "I have used this {noun} for {number} weeks now. Ask me anything.",
    "Bought it in {month} and I am still not sure about the {noun}.",
    "My neighbour gave me the {noun} for free. What would you do with it?",
    "There were {number} people in line for it.",
    "Please keep it friendly, this is my first {noun}.",
    "It took me {number} days and a lot of patience.",
    "I read the rules of /f/{forum} and hope that this fits.",
    "The shop says it will be back in {month}.",
]
"""Bodies of submissions."""

COMMENTS = [
    "I have the same {noun} and it still works.",
    "Mine broke after {number} days.",
    "Thanks, that is the {noun} I was looking for.",
    "You should ask this in /f/{forum} too.",
    "Sorry, but I do not agree with that.",
    "Great post, more of this please.",
    "Where did you buy the {noun}?",
    "I paid {number} dollars for mine.",
    "Wait until {month}, they will be cheaper.",
    "My {relative} has had one for {number} years.",
    "Does it come in another colour?",
    "This made my day.",
    "Has anybody tried it in the rain?",
    "I would rather keep the old {noun}.",
]
"""Comments below submissions."""

BIOGRAPHIES = [
    "I write about {topic} and {other}.",
    "Here for the {topic} memes.",
    "{place} born and raised. Mostly {topic}.",
    "Collector of old {noun} catalogues.",
    "Ask me about {topic}.",
]
"""What users say about themselves."""

MESSAGES = [
    "Is the {noun} still for sale?",
    "Would you like to help in /f/{forum}?",
    "Thank you for the tip about the {noun}.",
    "Are you coming to {place} {kind} on Sunday?",
]
"""First messages of private threads."""

REPLIES = ["Yes, of course.", "Not this week, sorry.", "Let me think about it.", "You are welcome."]
"""Answers in private threads."""

MONTHS = ["March", "April", "July", "August", "October", "December"]
"""Months that posts mention."""

RELATIVES = ["sister", "father", "cousin", "aunt", "brother", "uncle"]
"""Relatives that comments mention."""

HOSTS = ["daily-harbor.example", "maple-photos.example", "union-review.example", "open-workshop.example"]
"""Hosts that link submissions point to; the domain ``example`` never exists."""

FORUM_TITLES = ["All about {topic}", "{topic} for everyone", "The {topic} corner", "Let us talk {topic}"]
"""Titles of forums."""

FORUM_RULES = [
    "Be kind and stay on topic.",
    "No adverts, no reposts.",
    "Search before you post.",
    "Photos are welcome on weekends.",
]
"""Sidebar texts of forums."""

ACCOUNT_TITLES = [
    "Should I repair my {quality} {noun}?",
    "Selling {a_quality} {noun} in {place}",
    "My weekend with {a_quality} {noun}",
]
"""Titles that only the published account uses, so that nobody mistakes another post for one of its own."""
