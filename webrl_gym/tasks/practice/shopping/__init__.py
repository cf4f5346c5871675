"""Practice templates of the One Stop Market."""

from __future__ import annotations

from webrl_gym.tasks.practice.shopping import (
    account,
    buying,
    order_history,
    order_pages,
    product_reviews,
    products,
    sections,
)
from webrl_gym.tasks.template import Template

TEMPLATES: tuple[Template, ...] = (
    *products.TEMPLATES,
    *product_reviews.TEMPLATES,
    *sections.TEMPLATES,
    *order_history.TEMPLATES,
    *order_pages.TEMPLATES,
    *buying.TEMPLATES,
    *account.TEMPLATES,
)
