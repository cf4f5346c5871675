"""The official tasks of shopping_admin on the replica: oracles, their failing twins, and what their answers hang on."""

from __future__ import annotations

from webrl_gym.tasks.official.script import Script
from webrl_gym.tasks.official.shopping_admin.catalog import CATALOG_SCRIPTS
from webrl_gym.tasks.official.shopping_admin.content import CONTENT_SCRIPTS
from webrl_gym.tasks.official.shopping_admin.orders import ORDER_SCRIPTS
from webrl_gym.tasks.official.shopping_admin.reports import REPORT_SCRIPTS
from webrl_gym.tasks.official.shopping_admin.reviews import REVIEW_SCRIPTS
from webrl_gym.tasks.official.shopping_admin.sales import SALES_SCRIPTS

SCRIPTS: tuple[Script, ...] = (
    *SALES_SCRIPTS,
    *ORDER_SCRIPTS,
    *REPORT_SCRIPTS,
    *REVIEW_SCRIPTS,
    *CATALOG_SCRIPTS,
    *CONTENT_SCRIPTS,
)
