"""Templates about marketing, content pages and reports of the back office."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from webrl_gym.actions import leave
from webrl_gym.tasks import checks
from webrl_gym.tasks.page_view import Oracle, PageView, Parameters
from webrl_gym.tasks.practice.shopping_admin_moves import (
    ADMIN,
    ROOT,
    find_rows,
    from_slashed,
    open_list,
    open_record,
    pick,
    record,
    slashed,
    spelled,
)
from webrl_gym.tasks.template import Row, Split, Statement, TaskKind, Template, WorldReader

_TITLES = (
    "Welcome to {title}",
    "New {title}",
    "{title} 2023",
    "Our {title}",
    "This is the {title}!!",
    "{title} (draft)",
)
_OCCASIONS = ("Spring", "Summer", "Autumn", "Birthday", "Student", "Back to school", "Loyalty", "Weekend")
_OFFERS = ("sale", "discount", "promotion", "special")
_FIRST_DAY = date(2022, 1, 1)
_TODAY = date(2023, 6, 15)
_TRIES = 40


_TERM = "SELECT popularity FROM search_query WHERE query_text = ?"


def _draw_term(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A term that few others share words with; one in five times one that nobody has searched for."""
    if rng.random() < 0.2:
        sql = (
            "SELECT lower(name) AS term FROM product WHERE novel = ? AND parent_id IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM search_query WHERE instr(query_text, lower(name)) > 0) ORDER BY id"
        )
    else:
        sql = (
            "SELECT query_text AS term FROM search_query AS s WHERE novel = ? AND (SELECT COUNT(*) FROM search_query "
            "AS o WHERE instr(o.query_text, s.query_text) > 0) <= 4 ORDER BY id"
        )
    row = pick(world, rng, sql, (int(novel),))
    return None if row is None else {"term": row["term"]}


def _uses_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    row = world.one(ADMIN, _TERM, (parameters["term"],))
    return checks.answer_is("N/A" if row is None else str(row["popularity"]))


def _solve_uses(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from find_rows(page, "Marketing", "Search Terms", parameters["term"])
    rows = [row for row in page.rows() if row.get("Search Query") == parameters["term"]]
    yield leave(rows[0]["Uses"] if rows else "N/A")


def _other_uses(_: WorldReader, parameters: Parameters) -> Statement:
    sql = "INSERT OR REPLACE INTO search_query (query_text, num_results, popularity) VALUES (?, 3, 1234)"
    return ADMIN, sql, (parameters["term"],)


def _draw_rule(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    occasion, percent = rng.choice(_OCCASIONS), str(rng.randrange(5, 70, 5))
    name = f"{occasion} {rng.choice(_OFFERS)}"
    return {"rule": name, "coupon": f"{occasion[:4].upper()}{rng.randint(10, 99)}", "percent": percent}


def _rule_shown(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    """The rule that is saved next has the asked values."""
    number = record(world, "SELECT MAX(id) + 1 AS next FROM salesrule", ())["next"]
    url = f"{ROOT}/sales_rule/promo_quote/edit/id/{number}/"
    wanted = {
        "name": parameters["rule"],
        "coupon_code": parameters["coupon"],
        "simple_action": "by_percent",
        "discount_amount": f"{parameters['percent']}.00",
    }
    return checks.pages_show(
        *(
            checks.page_check(url, f'document.querySelector("#{name}").value', value, exactly=True)
            for name, value in wanted.items()
        )
    )


def _solve_rule(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_list(page, "Marketing", "Cart Price Rules")
    page = yield page.click("Add New Rule", tag="a")
    page = yield page.type("Rule Name", parameters["rule"])
    page = yield page.type("Coupon Code", parameters["coupon"])
    page = yield page.type("Discount Amount", parameters["percent"])
    yield page.click("Save", tag="button")
    yield leave()


def _draw_page(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    row = pick(world, rng, "SELECT title FROM cms_page WHERE novel = ? ORDER BY id", (int(novel),))
    return None if row is None else {"page": row["title"], "title": rng.choice(_TITLES).format(title=row["title"])}


def _title_shown(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    number = record(world, "SELECT id FROM cms_page WHERE title = ?", (parameters["page"],))["id"]
    url, locator = f"{ROOT}/cms/page/edit/page_id/{number}/", "document.querySelector('input[name=\"title\"]').value"
    return checks.pages_show(checks.page_check(url, locator, parameters["title"], exactly=True))


def _solve_title(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_record(page, "Content", "Pages", parameters["page"])
    page = yield page.type("Page Title", parameters["title"])
    yield page.click("Save", tag="button")
    yield leave()


_BEST = (
    "SELECT t.name, SUM(t.qty) AS sold, MAX(p.novel) AS novel, MAX(t.order_id) AS order_id FROM sales_order AS o "
    "JOIN sales_order_item AS t ON t.order_id = o.id JOIN product AS p ON p.id = t.product_id "
    "WHERE o.status != 'canceled' AND date(o.created_at) BETWEEN ? AND ? "
    "GROUP BY t.name ORDER BY sold DESC, t.name LIMIT 2"
)


def _span(rng: random.Random) -> tuple[date, date]:
    """Two days of one year, up to 200 days apart."""
    first = _FIRST_DAY + timedelta(days=rng.randrange(500))
    last = first + timedelta(days=rng.randrange(20, 200))
    return first, min(last, date(first.year, 12, 31), _TODAY)


def _draw_span(_: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    if novel:
        return None
    first, last = _span(rng)
    return {"start": slashed(first), "end": slashed(last)}


def _draw_best(world: WorldReader, rng: random.Random, novel: bool) -> dict[str, str] | None:
    """A time span in which one product was sold more often than every other."""
    for _ in range(_TRIES):
        first, last = _span(rng)
        rows = world.query(ADMIN, _BEST, (first.isoformat(), last.isoformat()))
        if len(rows) == 2 and rows[0]["sold"] > rows[1]["sold"] and bool(rows[0]["novel"]) == novel:
            return {"start": slashed(first), "end": slashed(last)}
    return None


def _best(world: WorldReader, parameters: Parameters) -> Row:
    days = (from_slashed(parameters["start"]).isoformat(), from_slashed(parameters["end"]).isoformat())
    return record(world, _BEST, days)


def _best_answer(world: WorldReader, parameters: Parameters) -> dict[str, Any]:
    return checks.answer_includes(_best(world, parameters)["name"])


def _solve_best(page: PageView, parameters: Parameters) -> Oracle:
    page = yield from open_list(page, "Reports", "Bestsellers")
    page = yield page.select("Period", "Year")
    page = yield page.type("From", parameters["start"])
    page = yield page.type("To", parameters["end"])
    page = yield page.click("Show Report", tag="button")
    yield leave(page.rows()[0]["Product"])


def _other_best(world: WorldReader, parameters: Parameters) -> Statement:
    sql = (
        "INSERT INTO sales_order_item (order_id, product_id, sku, name, price, qty) "
        "SELECT ?, id, sku, name, price, 900 FROM product WHERE type_id = 'simple' AND name != ? ORDER BY id LIMIT 1"
    )
    best = _best(world, parameters)
    return ADMIN, sql, (best["order_id"], best["name"])


def _report_shown(name: str) -> Callable[[WorldReader, Parameters], dict[str, Any]]:
    """An evaluation: the last page is the report called ``name`` over the asked days."""

    def evaluate(_: WorldReader, parameters: Parameters) -> dict[str, Any]:
        span = " - ".join(spelled(from_slashed(parameters[name])) for name in ("start", "end"))
        check = checks.page_check("last", 'document.querySelector(".report-span").outerText', span)
        return checks.pages_show(check, ends=f"{ROOT}/reports/report_sales/{name}")

    return evaluate


def _solve_report(entry: str) -> Callable[[PageView, Parameters], Oracle]:
    """An oracle that makes the report called ``entry`` in the menu."""

    def solve(page: PageView, parameters: Parameters) -> Oracle:
        page = yield from open_list(page, "Reports", entry)
        page = yield page.type("From", parameters["start"])
        page = yield page.type("To", parameters["end"])
        yield page.click("Show Report", tag="button")
        yield leave()

    return solve


MARKETING_TEMPLATES = (
    Template(
        name="shopping_admin.search_term_uses",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            'How many times has the search term "{term}" been used? Answer "N/A" if it never was.',
            'Tell me the number of uses of the search term "{term}" (N/A if there is no such term)',
            'How often did visitors search for exactly "{term}"? If they never did, say N/A.',
        ),
        draw=_draw_term,
        evaluate=_uses_answer,
        solve=_solve_uses,
        steps=4,
        perturb=_other_uses,
    ),
    Template(
        name="shopping_admin.create_price_rule",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Create a cart price rule "{rule}" with the coupon code {coupon} that gives {percent} percent off',
            'Add a new marketing price rule named "{rule}": coupon code {coupon}, {percent}% discount',
            'Draft a {percent} percent discount called "{rule}" for customers with the coupon {coupon}',
        ),
        draw=_draw_rule,
        evaluate=_rule_shown,
        solve=_solve_rule,
        steps=8,
    ),
    Template(
        name="shopping_admin.edit_page_title",
        sites=(ADMIN,),
        kind=TaskKind.CHANGING,
        wordings=(
            'Change the page title of the "{page}" page on my site to "{title}"',
            'Rename the content page "{page}" to "{title}"',
            'The page "{page}" should have the page title "{title}". Edit it.',
        ),
        draw=_draw_page,
        evaluate=_title_shown,
        solve=_solve_title,
        steps=7,
    ),
    Template(
        name="shopping_admin.bestseller",
        sites=(ADMIN,),
        kind=TaskKind.READING,
        wordings=(
            "What is the best-selling product from {start} to {end}?",
            "Which product was sold most often between {start} and {end}? Give its full name.",
            "Tell me the top bestseller of the time from {start} to {end}",
        ),
        draw=_draw_best,
        evaluate=_best_answer,
        solve=_solve_best,
        steps=7,
        perturb=_other_best,
    ),
    Template(
        name="shopping_admin.orders_report",
        sites=(ADMIN,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Create an orders report from {start} to {end}",
            "Show me the report of the orders between {start} and {end}",
            "Generate the sales order report for the time from {start} to {end}",
        ),
        draw=_draw_span,
        evaluate=_report_shown("sales"),
        solve=_solve_report("Orders"),
        steps=6,
    ),
    Template(
        name="shopping_admin.shipping_report",
        sites=(ADMIN,),
        kind=TaskKind.NAVIGATING,
        wordings=(
            "Create a shipping report from {start} to {end}",
            "Show me the shipping report for {start} to {end}",
            "Generate the report about shipping between {start} and {end}",
        ),
        draw=_draw_span,
        evaluate=_report_shown("shipping"),
        solve=_solve_report("Shipping"),
        steps=6,
        split=Split.TEST_ONLY,
    ),
)
