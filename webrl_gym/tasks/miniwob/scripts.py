"""Oracle scripts by page name."""

from __future__ import annotations

from collections.abc import Callable

from webrl_gym.tasks.page_view import Oracle, PageView

SCRIPTS: dict[str, Callable[[PageView], Oracle]] = {}
