"""All templates of the back office."""

from __future__ import annotations

from webrl_gym.tasks.practice.shopping_admin_catalog import CATALOG_TEMPLATES
from webrl_gym.tasks.practice.shopping_admin_customers import CUSTOMER_TEMPLATES
from webrl_gym.tasks.practice.shopping_admin_marketing import MARKETING_TEMPLATES
from webrl_gym.tasks.practice.shopping_admin_orders import ORDER_TEMPLATES
from webrl_gym.tasks.practice.shopping_admin_sales import SALES_TEMPLATES
from webrl_gym.tasks.template import Template

TEMPLATES: tuple[Template, ...] = (
    *SALES_TEMPLATES,
    *ORDER_TEMPLATES,
    *CATALOG_TEMPLATES,
    *CUSTOMER_TEMPLATES,
    *MARKETING_TEMPLATES,
)
