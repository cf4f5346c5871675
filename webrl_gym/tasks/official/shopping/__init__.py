"""The official tasks of shopping on the replica: oracles, their failing twins, and what their answers hang on."""

from __future__ import annotations

from webrl_gym.tasks.official.script import Script
from webrl_gym.tasks.official.shopping import account, buying, catalogue, lists, order_history, orders, reviews

SCRIPTS: tuple[Script, ...] = (
    *account.SCRIPTS,
    *buying.SCRIPTS,
    *catalogue.SCRIPTS,
    *lists.SCRIPTS,
    *order_history.SCRIPTS,
    *orders.SCRIPTS,
    *reviews.SCRIPTS,
)
