"""An article before it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Article:
    """Title, facts as label and value, and paragraphs as heading and text."""

    title: str
    kind: str
    novel: bool = False
    facts: list[tuple[str, str]] = field(default_factory=list)
    paragraphs: list[tuple[str, str]] = field(default_factory=list)
