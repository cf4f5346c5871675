from __future__ import annotations

from tests.webrl_gym.sites.shopping_admin.visits import HOSTILE, Visitor


def test_the_back_office_is_closed_until_the_published_account_signs_in(stranger: Visitor) -> None:
    page = stranger.text("/admin")
    assert "Lifetime Sales" not in page
    assert all(text in page for text in ("Username", "Password", "Sign in"))
    wrong = stranger.post("/admin", login__username="admin", login__password="admin12345")
    assert "sign-in was incorrect" in wrong.text
    assert stranger.post("/admin/", login__username="admin", login__password="admin1234").status_code == 302
    assert "Lifetime Sales" in stranger.text("/admin")
    assert stranger.get("/admin/admin/auth/logout/").status_code == 302
    assert "You have logged out." in stranger.text("/admin/sales/order/")


def test_no_post_passes_the_sign_in_form(stranger: Visitor) -> None:
    before = stranger.store.dump_hash()
    for path in ("/admin/sales/order/cancel/order_id/300/", "/admin/review/product/delete/id/1/"):
        assert "Sign in" in stranger.send(path, {"status_id": "1"}).text
    assert stranger.store.dump_hash() == before


def test_signing_in_leads_to_the_page_that_was_asked_for(stranger: Visitor) -> None:
    path = "/admin/sales/order/?search=299"
    answer = stranger.post(path, login__username="admin", login__password="admin1234")
    assert answer.headers["Location"] == path


def test_a_hostile_sign_in_name_is_shown_as_text(stranger: Visitor) -> None:
    page = stranger.post("/admin", login__username=HOSTILE, login__password="x").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
