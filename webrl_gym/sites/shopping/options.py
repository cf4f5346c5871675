"""What must be chosen of a product before it can be bought: its size, its color."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webrl_gym.sites.web import store


@dataclass(frozen=True, slots=True)
class ProductOption:
    """A choice to make.

    Attributes:
        id: Its number, which names its form field.
        label: What is chosen, ``Color`` for example.
        choices: What there is to choose from.
    """

    id: int
    label: str
    choices: tuple[str, ...]

    @property
    def field(self) -> str:
        """Name of its form field."""
        return f"options[{self.id}]"


def product_options(product_id: int) -> list[ProductOption]:
    """The options of a product; most have none."""
    rows = store().query(
        "SELECT id, label, choices FROM product_option WHERE product_id = ? ORDER BY id", (product_id,)
    )
    return [ProductOption(row["id"], row["label"], tuple(row["choices"].split("\n"))) for row in rows]


def read_options(product_id: int, form: Mapping[str, str]) -> str | None:
    """The choices in a form as carts and orders keep them, one a line; None when one is missing."""
    chosen = []
    for option in product_options(product_id):
        choice = form.get(option.field, "")
        if choice not in option.choices:
            return None
        chosen.append(f"{option.label}: {choice}")
    return "\n".join(chosen)
