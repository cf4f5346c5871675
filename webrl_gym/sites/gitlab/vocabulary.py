"""Words of software projects. Titles are made of two halves, so that many of one world differ in one half only."""

from __future__ import annotations

PROJECT_FIRST = (
    "solar tiny open web smart static data pixel cloud micro graph audio street paper river lunar rapid quiet mobile "
    "super".split()
)
PROJECT_SECOND = (
    "parser gallery timer notes server charts router toolkit theme bot editor crawler player planner client tracker "
    "docs fonts markers forms".split()
)
GROUP_NAMES = ["Open Tools", "Pixel Works", "Data Guild", "Street Makers", "Cloud Crew", "Paper Lab", "River Team"]
PROJECT_DESCRIPTIONS = [
    "A small take on {noun} that runs in any browser.",
    "The {noun} project we wished existed, with sensible defaults.",
    "For {noun} people who read the manual last.",
    "Fast and accessible {noun} without dependencies.",
    "Experiments around {noun} for the command line.",
    "Everything you need to build your own {noun}.",
]
ISSUE_PROBLEMS = [
    "Crash when opening",
    "Add dark mode to",
    "Typo in",
    "Slow loading of",
    "Wrong colors in",
    "Missing tests for",
    "Update screenshots of",
    "Broken links in",
    "Keyboard focus is lost in",
    "Add French translation of",
    "Improve contrast of",
    "Remove unused code from",
    "Memory leak in",
    "Document the options of",
    "Error 404 in",
    "Validate the input of",
    "Scrolling jumps in",
    "Allow sorting in",
    "Missing icons in",
    "Dates are wrong in",
    "Screen readers skip",
    "Support touch gestures in",
]
AREAS = [
    "the settings page",
    "the login form",
    "the search results",
    "the export dialog",
    "the start page",
    "the mobile menu",
    "the image viewer",
    "the install guide",
    "the tag editor",
    "the release notes",
    "the sidebar",
    "the user profile",
    "the print view",
    "the comment box",
    "the file upload",
    "the color picker",
    "the date filter",
    "the welcome tour",
    "the error page",
    "the news feed",
    "the map legend",
    "the backup script",
]
CHANGES = [
    "Fix crash in",
    "Add tests for",
    "Refactor",
    "Simplify",
    "Speed up",
    "Rename variables in",
    "Translate",
    "Polish",
    "Rewrite",
    "Fix typo in",
    "Clean up",
    "Document",
    "Add keyboard shortcuts to",
    "Fix layout of",
]
ISSUE_DETAILS = [
    "Seen in the latest release on {browser}.",
    "It happens every time on {browser}, but not in the previous version.",
    "A user reported this yesterday; {browser} shows it best.",
    "Found while testing with {browser}.",
]
ISSUE_WISHES = [
    "A short fix would be enough.",
    "I can help with a patch.",
    "Please add a test as well.",
    "This should not wait for the next milestone.",
]
BROWSERS = ["Firefox", "Chromium", "Safari", "Edge"]
COMMENT_OPENINGS = [
    "I can reproduce this",
    "Same here",
    "Looks good to me",
    "This needs a decision",
    "I would start with a test",
    "Not sure about that",
    "Thanks for the report",
    "I have a patch ready",
]
COMMENT_ENDINGS = [
    "on my machine.",
    "after the last update.",
    "and can review it tomorrow.",
    "but the docs disagree.",
    "with a clean checkout.",
    "so let us merge it soon.",
]
LABELS = [
    ("bug", "#d9534f", "Something does not work"),
    ("feature", "#428bca", "New behaviour"),
    ("documentation", "#5cb85c", "Guides and comments"),
    ("question", "#8e44ad", "More information is wanted"),
    ("help wanted", "#0e8a16", "Newcomers are welcome"),
    ("design", "#f0ad4e", "How it looks"),
    ("performance", "#34495e", "How fast it is"),
    ("security", "#a8071a", "Handle with care"),
    ("accessibility", "#1f75cb", "Usable by everyone"),
    ("backend", "#6e5494", "Server side"),
]
ROLES = ["Guest", "Reporter", "Developer", "Maintainer"]
LOCATIONS = ["Boston", "Oslo", "Lisbon", "Toronto", "Nairobi", "Kyoto", "Berlin", "Austin"]
BIOS = ["Writes small tools.", "Designer who codes.", "Tests everything twice.", "Maintainer at night.", ""]
STATUSES = ["On holiday", "Reviewing", "Busy", "", "", ""]
SOURCE_FILES = ["index.html", "setup.py", "main.js", "styles.css", "Makefile", "package.json"]
LICENSES = ["MIT License", "Apache License 2.0", "GNU General Public License v3.0", "BSD 3-Clause License"]
