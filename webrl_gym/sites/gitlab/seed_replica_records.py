"""The records of the replica that official tasks are about, and those that an agent may take for them."""

from __future__ import annotations

from dataclasses import dataclass

SITE = "a11yproject/a11yproject.com"
GAN = "eriklindernoren/PyTorch-GAN"
EPIDEMIC = "yjlou/2019-nCov"
DESIGN = "primer/design"
FFMPEG = "kkroening/ffmpeg-python"
WEBRING = "byteblaze/a11y-webring.club"
EMPATHY = "byteblaze/empathy-prompts"
LINKS = "byteblaze/gimmiethat.space"
TIMELINE = "byteblaze/remove-board-movement-events-from-the-github-issue-timeline"

ROLES: dict[str, dict[str, str]] = {
    SITE: {
        "ericwbailey": "Owner",
        "byteblaze": "Maintainer",
        "Kilian": "Maintainer",
        "roshanjossey": "Developer",
        "Seirdy": "Developer",
        "smarr": "Reporter",
    },
    DESIGN: {"primer": "Owner", "byteblaze": "Developer", "JustinArmstrong": "Developer"},
    GAN: {"eriklindernoren": "Owner"},
    EPIDEMIC: {"yjlou": "Owner", "cylo": "Developer", "hychen": "Developer", "wlchu": "Developer"},
    LINKS: {"byteblaze": "Owner", "yjlou": "Developer"},
    WEBRING: {"byteblaze": "Owner", "davepgreene": "Developer", "pnilsson": "Reporter"},
    TIMELINE: {"byteblaze": "Owner", "pnilsson": "Guest"},
    "byteblaze/dotfiles": {"byteblaze": "Owner", "pnilsson": "Reporter"},
}
"""Members that official tasks depend on; nobody else of the named people is a member there."""

CLOSED_TEAMS = frozenset({LINKS, TIMELINE, "byteblaze/dotfiles"})
"""Projects without any other member."""

COMMITS: dict[str, dict[str, int]] = {
    SITE: {"ericwbailey": 64, "Kilian": 36, "Seirdy": 21, "byteblaze": 17, "roshanjossey": 9},
    DESIGN: {"primer": 34, "JustinArmstrong": 16, "byteblaze": 11},
    GAN: {"eriklindernoren": 47, "pnilsson": 6},
    EPIDEMIC: {"cylo": 31, "hychen": 23, "wlchu": 16, "yjlou": 11, "ogreer": 4},
}
"""Commits of people in the large histories; the other members make up to five each."""

FIXED_COMMITS: dict[str, tuple[tuple[str, str], ...]] = {
    SITE: (
        ("Seirdy", "2023-01-03 10:12:00"),
        ("ericwbailey", "2023-03-01 09:31:00"),
        ("Kilian", "2023-03-01 15:02:00"),
        ("ericwbailey", "2023-03-01 17:44:00"),
        ("Kilian", "2023-03-05 14:22:00"),
        ("ericwbailey", "2023-03-05 16:08:00"),
        ("Kilian", "2023-05-03 08:55:00"),
        ("Kilian", "2023-05-03 11:20:00"),
    ),
}
"""Commits on days that official tasks ask about, or that a day and a month read in the other order give."""

KEPT_DAYS = frozenset({"2023-01-03", "2023-03-01", "2023-03-05", "2023-05-03"})
"""Days on which the large histories have no other commits."""


@dataclass(frozen=True, slots=True)
class Item:
    """An issue or a merge request.

    Attributes:
        project: Its project.
        number: Its number there, which also says when it was created.
        updated: When it was last changed; at its creation if empty.
        assignee: Who it is assigned to; nobody if empty.
        reviewer: Who reviews a merge request; nobody if empty.
        branch: Source branch of a merge request.
        notes: Author and text of its comments; a day apart.
    """

    project: str
    number: int
    title: str
    author: str
    state: str = "opened"
    description: str = ""
    updated: str = ""
    labels: tuple[str, ...] = ()
    assignee: str = ""
    reviewer: str = ""
    branch: str = ""
    notes: tuple[tuple[str, str], ...] = ()


ISSUES = (
    Item(SITE, 719, "Update homepage content", "byteblaze", "closed", "It still speaks of last year's campaign."),
    Item(SITE, 1188, "Homepage hero is too tall", "byteblaze", description="Visible on small laptops."),
    Item(SITE, 1333, "Rewrite the homepage content in plain language", "ericwbailey", labels=("documentation",)),
    Item(SITE, 402, "Homepage content is cut off on small screens", "byteblaze", description="The last link is lost."),
    Item(
        SITE,
        1478,
        "404s, bad host, timeouts, bad urls for URLs linked from website",
        "Seirdy",
        description="A link checker went over all pages. The list is long; many moved, some are gone for good.",
        labels=("bug",),
        notes=(("ericwbailey", "Thanks for the list. Who can take this?"),),
    ),
    Item(
        EMPATHY,
        8,
        "Better initial load experience",
        "byteblaze",
        description="Show the first prompt before the rest has arrived.",
        updated="2023-05-30 16:21:00",
        notes=(("pnilsson", "A short list could be part of the page itself."),),
    ),
    Item(
        "byteblaze/a11y-syntax-highlighting",
        21,
        "Better contrast for comments",
        "byteblaze",
        "closed",
        updated="2023-05-12 10:02:00",
    ),
    Item(SITE, 1302, "Better order of search results", "byteblaze", "closed", updated="2023-04-19 09:47:00"),
    Item(SITE, 1415, "Better names for the checklist anchors", "Kilian", updated="2023-06-08 11:15:00"),
)

MERGE_REQUESTS = (
    Item(
        SITE,
        1071,
        "Add color utility classes",
        "Kilian",
        description="One class for every color of the palette.",
        branch="color-utilities",
        notes=(("ericwbailey", "Could these follow the names of the design tokens?"),),
    ),
    Item(SITE, 1103, "Adjust color contrast of the footer", "Seirdy", branch="footer-contrast"),
    Item(SITE, 1265, "Add spacing utility classes", "roshanjossey", "merged", branch="spacing-utilities"),
    Item(
        WEBRING,
        40,
        "Add verification functions",
        "davepgreene",
        description="Checks that a member's page links back to the ring.",
        reviewer="byteblaze",
        branch="verification-functions",
        notes=(
            ("davepgreene", "Ready for a first look."),
            ("byteblaze", "I like the approach. Can you add a test for pages that redirect?"),
            ("davepgreene", "Sure, I will push one this week."),
            ("byteblaze", "Is there any news on that test?"),
        ),
    ),
    Item(
        WEBRING,
        33,
        "Verify the links of new members by hand",
        "pnilsson",
        "closed",
        reviewer="byteblaze",
        branch="verify-by-hand",
        notes=(
            ("byteblaze", "Should a script not do this?"),
            ("pnilsson", "You are right, I am closing this."),
        ),
    ),
    Item(SITE, 1420, "List the new meetups", "smarr", assignee="byteblaze", branch="meetups"),
)

NUMBERS: dict[str, tuple[int, int, int]] = {
    SITE: (1500, 110, 60),
    DESIGN: (260, 26, 14),
    FFMPEG: (760, 64, 12),
    WEBRING: (44, 11, 8),
    EMPATHY: (15, 5, 3),
    LINKS: (9, 3, 2),
    "byteblaze/a11y-syntax-highlighting": (30, 8, 5),
}
"""Last number that a project gave out, and how many issues and merge requests of it there are besides the above.

Issues and merge requests share numbers, and some numbers are missing, as on projects that were imported."""
