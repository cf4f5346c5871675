"""Oracle scripts for MiniWoB++ pages that are small applications: mail, posts, menus, trees, search and orders."""

from __future__ import annotations

import re
from itertools import pairwise

from webrl_gym.actions import Action, ActionKind, click, type_text
from webrl_gym.tasks.miniwob.lookup import Script, after, asked, line_with, named, quoted, tagged
from webrl_gym.tasks.miniwob.widgets import complete, pick_day
from webrl_gym.tasks.page_view import Control, Oracle, PageView


def mail(page: PageView) -> Oracle:
    """Finds the mail of a person and deletes it, marks it, forwards it or answers it."""
    instruction = page.observation["instruction"]
    sender = asked(page, r"by (\w+)(?: and|,|\.)")[0]
    line = line_with(page, sender)
    if "trash" in instruction:
        yield click(after(page, line, "trash").id)
    if "star icon" in instruction:
        yield click(after(page, line, "star").id)
    page = yield click(after(page, line).id)
    if "forward" in instruction:
        page = yield page.click("Forward")
        page = yield type_text(tagged(page, "input")[0].id, asked(page, r" to (\w+)\.")[0])
    else:
        page = yield page.click("Reply")
        page = yield type_text(tagged(page, "textarea")[0].id, quoted(page)[0])
    yield click(next(c for c in page.controls if c.name.startswith("send")).id)


def open_sections(page: PageView) -> Oracle:
    """Opens one section after the other until the link is there."""
    link = quoted(page)[0]
    section = 1
    while not named(page, link):
        page = yield page.click(f"Section #{section}")
        section += 1
    yield page.click(link)


def open_section(page: PageView) -> Oracle:
    """Opens the only section and sends."""
    page = yield click(next(c for c in page.controls if c.name.startswith("Section #")).id)
    yield page.click("Submit")


def turn_tabs(page: PageView) -> Oracle:
    """Opens one tab after the other until the link is there."""
    link = quoted(page)[0]
    tabs = [c.name for c in tagged(page, "a") if re.fullmatch(r"(Tab #)?\d+", c.name)]
    while not named(page, link):
        page = yield page.click(tabs.pop(0))
    yield page.click(link)


def menu_path(page: PageView) -> Oracle:
    """Goes down a menu, whose parts open below the mouse."""
    path = asked(page, r"Select (.+)")[0].split(">")
    for part, inner in pairwise(path):
        page = yield Action(ActionKind.HOVER, element=page.find(part).id)
        while not named(page, inner):
            page = yield Action(ActionKind.WAIT)
    yield page.click(path[-1])


def tree(page: PageView) -> Oracle:
    """Opens folders, which have something to hit before them, until the name is there."""
    name = quoted(page)[0]
    opened: set[str] = set()

    def is_closed(sign: Control, folder: Control) -> bool:
        return sign.name.startswith("hitarea expandable") and folder.name not in opened

    while not named(page, name):
        folder = next(folder for sign, folder in pairwise(page.controls) if is_closed(sign, folder))
        opened.add(folder.name)
        page = yield click(folder.id)
    yield page.click(name)


def contact(page: PageView) -> Oracle:
    """Turns the pages of the contact book up to a person and clicks one of the details."""
    name, detail = asked(page, r"Find (.+?) in the contact book and click on their (\w+)")
    while name not in page.plain_lines[1:]:
        page = yield page.click(">")
    yield click(after(page, line_with(page, f"{detail.capitalize()}:")).id)


def search_result(page: PageView) -> Oracle:
    """Searches, and opens the n-th result; a page shows three."""
    place = int(asked(page, r"click the (\d+)\w+ search result")[0]) - 1
    page = yield type_text(tagged(page, "input")[0].id, quoted(page)[0])
    page = yield page.click("Search")
    if place >= 3:
        page = yield page.click(str(place // 3 + 1))
    yield click(tagged(page, "a")[place % 3].id)


def greatest_card(page: PageView) -> Oracle:
    """Picks the card with the greatest number."""
    cards = [card for card in tagged(page, "button") if card.name.isdigit()]
    page = yield click(max(cards, key=lambda card: int(card.name)).id)
    yield page.click("Submit")


def post_menu(page: PageView) -> Oracle:
    """Uses a button, or an entry of the menu, of one user's post."""
    user = asked(page, r"(@\w+)")[0]
    action = quoted(page)[0]
    line = line_with(page, user)
    button = action.lower() if named(page, action.lower()) else "more"
    # The picture of a button below the mouse is another one, which has to come first.
    page = yield Action(ActionKind.HOVER, element=after(page, line, button).id)
    page = yield click(after(page, line, button).id)
    yield click(next(c for c in page.controls if c.line > line and c.name.startswith(action)).id)


def posts(page: PageView) -> Oracle:
    """Uses a button of all or some of one user's posts."""
    user = asked(page, r"by (@\w+)")[0]
    action = quoted(page)[0].lower()
    lines = [number for number, line in enumerate(page.plain_lines[1:], 1) if line.split()[-1:] == [user]]
    counted = re.search(r"on (\d+) post", page.observation["instruction"])
    for line in lines[: int(counted[1]) if counted else None]:
        page = yield click(after(page, line, action).id)
    yield page.click("Submit")


def order(page: PageView) -> Oracle:
    """Orders dishes by name, or as many as wanted of a kind."""
    instruction = page.observation["instruction"]
    counted = re.search(r"Order (\d+) items that are (\S+)", instruction)
    if counted:
        lines = [line_with(page, counted[2])] * int(counted[1])
    else:
        lines = [n for n, text in enumerate(page.plain_lines[1:], 1) if text in instruction and len(text) > 3]
    for line in lines:
        page = yield click(after(page, line, "+").id)
    yield page.click("Order!")


def best_ticket(page: PageView) -> Oracle:
    """Buys the ticket that is shortest, longest, cheapest or most expensive, as the instruction says."""
    offers = [c for c in tagged(page, "button") if c.name.startswith("Book for")]
    most, measure = asked(page, r"the (shortest|longest|cheapest|most expensive) (duration|cost)")

    def size(offer: Control) -> int:
        hours, minutes = re.findall(r"\d+", page.plain_lines[offer.line - 1])
        return int(hours) * 60 + int(minutes) if measure == "duration" else int(re.sub(r"\D", "", offer.name))

    pick = min if most in ("shortest", "cheapest") else max
    yield click(pick(offers, key=size).id)


def flight(page: PageView) -> Oracle:
    """Searches flights and books the shortest or the cheapest."""
    most, start, end, day = asked(page, r"Book the (\w+) one-way flight from: (.+?) to: (.+?) on (\S+?)\.$")
    page = yield from complete(page, 0, start)
    page = yield from complete(page, 1, end)
    page = yield from pick_day(page, 2, day)
    page = yield page.click("Search")
    offers = [c for c in tagged(page, "button") if "$" in c.name]
    spans = [re.findall(r"\d+", line) for line in page.plain_lines if re.search(r"\d+h \d+m$", line)]
    durations = [int(hours) * 60 + int(minutes) for hours, minutes in spans]
    sizes = durations if most == "shortest" else [int(re.sub(r"\D", "", c.name)) for c in offers]
    yield click(offers[sizes.index(min(sizes))].id)


SCRIPTS: dict[str, Script] = {
    "book-flight": flight,
    "book-flight-nodelay": flight,
    "buy-ticket": best_ticket,
    "click-collapsible": open_section,
    "click-collapsible-nodelay": open_section,
    "click-collapsible-2": open_sections,
    "click-collapsible-2-nodelay": open_sections,
    "click-menu": menu_path,
    "click-tab-2": turn_tabs,
    "click-tab-2-easy": turn_tabs,
    "click-tab-2-hard": turn_tabs,
    "click-tab-2-medium": turn_tabs,
    "email-inbox": mail,
    "email-inbox-delete": mail,
    "email-inbox-forward": mail,
    "email-inbox-important": mail,
    "email-inbox-noscroll": mail,
    "email-inbox-reply": mail,
    "email-inbox-star-reply": mail,
    "find-greatest": greatest_card,
    "navigate-tree": tree,
    "order-food": order,
    "phone-book": contact,
    "search-engine": search_result,
    "social-media": post_menu,
    "social-media-all": posts,
    "social-media-some": posts,
}
