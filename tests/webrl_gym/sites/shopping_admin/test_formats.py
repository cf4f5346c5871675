from __future__ import annotations

from webrl_gym.sites.shopping_admin import formats


def test_amounts_and_days_are_read_as_people_write_them() -> None:
    amounts = {"12": 1200, "12.5": 1250, "$1,234.50": 123450, " 0 ": 0, "1,2": None, "-1": None, "": None, "1e3": None}
    assert {text: formats.parse_amount(text) for text in amounts} == amounts
    days = {"5/31/23": "2023-05-31", "05/31/2023": "2023-05-31", "2023-05-31": "2023-05-31", "31/5/23": "None"}
    assert {text: str(formats.parse_day(text)) for text in days} == days
    assert formats.moment("2023-05-31 00:05:09") == "May 31, 2023 12:05:09 AM"
    assert formats.money(123450) == "$1,234.50"
    assert [formats.parse_count(text) for text in ("7", "٧", "x", "-1")] == [7, None, None, None]
