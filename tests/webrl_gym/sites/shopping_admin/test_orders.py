from __future__ import annotations

import re

from tests.webrl_gym.sites.shopping_admin.visits import Visitor


def test_an_order_is_canceled_held_and_released(admin: Visitor) -> None:
    number = admin.row("SELECT id FROM sales_order WHERE status = 'pending' ORDER BY id")["id"]
    view = f"/admin/sales/order/view/order_id/{number}/"

    def status(move: str) -> str:
        assert admin.post(f"/admin/sales/order/{move}/order_id/{number}/").status_code == 302
        found = re.search(r'id="order_status">([^<]+)<', admin.text(view))
        assert found is not None
        return found[1]

    assert status("hold") == "On Hold"
    assert status("cancel") == "On Hold"
    assert status("unhold") == "Pending"
    assert status("cancel") == "Canceled"
    assert status("hold") == "Canceled"
    assert admin.get(f"/admin/sales/order/cancel/order_id/{number}/").status_code == 405
    assert admin.post(f"/admin/sales/order/burn/order_id/{number}/").status_code == 404
    assert admin.post("/admin/sales/order/cancel/order_id/99999/").status_code == 404


def test_an_order_is_invoiced_shipped_and_tracked(admin: Visitor) -> None:
    number = admin.row("SELECT id FROM sales_order WHERE status = 'pending' ORDER BY id")["id"]
    view, history = (f"/admin/sales/order/{name}/order_id/{number}/" for name in ("view", "commentsHistory"))
    admin.post(f"/admin/sales/order_invoice/new/order_id/{number}/")
    assert ">Processing<" in admin.text(view)
    assert "Total Due: $0.00" in admin.text(view)
    ship = f"/admin/admin/order_shipment/new/order_id/{number}/"
    fields = {"tracking[carrier_code]": "dhl", "tracking[title]": "", "tracking[number]": "24353446464"}
    assert admin.send(ship, fields).status_code == 302
    assert ">Complete<" in admin.text(view)
    assert "Tracking number 24353446464 for DHL assigned" in admin.text(history)
    assert admin.send(ship, fields).status_code == 302
    assert admin.row("SELECT COUNT(*) FROM sales_shipment WHERE order_id = ?", number)[0] == 1
    shipment = admin.row("SELECT id FROM sales_shipment WHERE order_id = ?", number)["id"]
    admin.send(f"/admin/sales/shipment/view/shipment_id/{shipment}/", {**fields, "tracking[number]": "777"})
    admin.send(f"/admin/sales/shipment/view/shipment_id/{shipment}/", {**fields, "tracking[number]": " "})
    assert "Tracking: DHL 777" in admin.text(view)
    assert admin.row("SELECT COUNT(*) FROM sales_shipment_track WHERE shipment_id = ?", shipment)[0] == 2


def test_a_comment_and_an_address_reach_the_order(admin: Visitor) -> None:
    path = "/admin/sales/order/addComment/order_id/300/"
    fields = {"history[comment]": "ready soon!", "history[is_customer_notified]": "1"}
    admin.send(path, fields)
    view = admin.text("/admin/sales/order/view/order_id/300/")
    assert "ready soon! (Customer Notified)" in view
    assert "You added the comment to the order." in view
    admin.send(path, {"history[comment]": " "})
    assert admin.row("SELECT COUNT(*) FROM sales_order_comment WHERE created_at > '2023-06-15'")[0] == 1
    assert admin.send(path, {**fields, "history[status]": "complete"}).status_code == 400
    admin.post("/admin/sales/order/address/order_id/300/", street="456 Oak Avenue", city="New York", postcode="10001")
    assert "456 Oak Avenue, New York, " in admin.text("/admin/sales/order/view/order_id/300/")
