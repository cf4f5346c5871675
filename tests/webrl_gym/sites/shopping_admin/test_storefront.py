from __future__ import annotations

import re

from tests.webrl_gym.sites.shopping_admin.visits import Visitor


def test_the_store_front_lists_sorts_searches_and_pages(stranger: Visitor) -> None:
    gear = stranger.text("/gear.html?product_list_order=price")
    prices = [int(price.replace(",", "")) for price in re.findall(r'class="price">\$([\d,]+)\.', gear)]
    assert len(prices) == 9
    assert prices == sorted(prices)
    assert "Next" in gear
    assert "Sort By" in stranger.text("/gear/bags.html")
    row = stranger.row("SELECT name, url_key FROM product WHERE status = 1 AND visibility = 4 ORDER BY id DESC")
    assert row["url_key"] in stranger.text(f"/catalogsearch/result/?q={row['name']}")
    assert "no results" in stranger.text("/catalogsearch/result/?q=submarine")
    assert stranger.get("/nothing-here").status_code == 404
    assert stranger.get("/nothing-here.html").status_code == 404


def test_a_visitors_review_waits_for_approval(stranger: Visitor) -> None:
    key = stranger.row("SELECT url_key FROM product WHERE id = 1 AND status = 1")["url_key"]
    fields = {"rating": "4", "nickname": "Zed", "title": "Zippy", "detail": "Zooms."}
    stranger.send("/review/product/post/id/1/", {**fields, "rating": "9"})
    assert "a rating are required" in stranger.text(f"/{key}.html")
    stranger.send("/review/product/post/id/1/", fields)
    page = stranger.text(f"/{key}.html")
    assert "submitted your review for moderation" in page
    assert "Zippy" not in page
    assert stranger.row("SELECT status_id, rating FROM review WHERE title = 'Zippy'")[:] == (2, 4)
