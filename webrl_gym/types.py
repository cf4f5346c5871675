"""The nouns that every room of the environment shares. Plain data: no browser, no database, no model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, TypedDict


class Site(StrEnum):
    """The places an agent can visit, by their WebArena names."""

    SHOPPING = "shopping"
    SHOPPING_ADMIN = "shopping_admin"
    REDDIT = "reddit"
    GITLAB = "gitlab"
    MAP = "map"
    WIKIPEDIA = "wikipedia"
    HOMEPAGE = "homepage"

    @property
    def placeholder(self) -> str:
        """The token that stands for this site's root in task files, ``__SHOPPING__`` for example."""
        return f"__{self.value.upper()}__"


EMBEDDED_URLS: dict[Site, str] = {site: f"http://{site.value.replace('_', '-')}.test" for site in Site}
"""Roots of the embedded sites, the same on both engines. The admin's back office is at ``/admin``."""


class Observation(TypedDict):
    """What the agent reads after each step."""

    instruction: str
    """The task in words (WebArena's intent)."""
    url: str
    """Address of the page in the current tab."""
    html: str
    """The page as simplified HTML, within the environment's budget."""
    last_action_error: str
    """Why the last action could not be carried out; empty when it was."""


class Semantics(StrEnum):
    """Whose evaluators are meant: the two harnesses in use score some answers differently (docs/evaluators.md)."""

    VAB = "vab"
    """VisualAgentBench's WebArena-Lite, for which WebRL reports its scores."""
    BROWSERGYM = "browsergym"
    """BrowserGym's package ``browsergym-webarenalite``."""


class VerdictStatus(StrEnum):
    """Whether a verdict may be counted."""

    SCORED = "scored"
    """An evaluator decided: ``score`` counts."""
    UNSCORED = "unscored"
    """An evaluator failed: the episode must not be counted."""
    UNDECIDED = "undecided"
    """No judge could tell: the episode must not be counted."""


@dataclass(frozen=True, slots=True)
class OutcomeVerdict:
    """Whether the instruction was done, who says so, and how sure they are.

    Attributes:
        status: Only ``scored`` verdicts count; the others are reported apart.
        score: 1.0 done, 0.0 not done. Meaningless unless ``status`` is ``scored``.
        source: ``rules`` or ``orm``.
        p_yes: Probability of YES under the outcome reward model; None for rules.
        detail: One line for people: which check failed, or why there is no score.
        fuzzy_by: Who decided a fuzzy match: ``rules`` (our own), ``llm`` (a judge); empty when there was none.
    """

    status: VerdictStatus
    score: float
    source: str
    p_yes: float | None = None
    detail: str = ""
    fuzzy_by: str = ""

    @property
    def success(self) -> bool:
        """True when the verdict counts and says done."""
        return self.status is VerdictStatus.SCORED and self.score >= 1.0

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data."""
        return {**asdict(self), "status": self.status.value}


@dataclass(slots=True)
class StepTiming:
    """Where the time of one step went, in seconds.

    Any two timings are equal: a measurement does not make two otherwise equal steps different.
    """

    act: float = field(default=0.0, compare=False)
    """Carrying out the action."""
    settle: float = field(default=0.0, compare=False)
    """Waiting until network and page are quiet."""
    observe: float = field(default=0.0, compare=False)
    """Reading and simplifying the page."""
    score: float = field(default=0.0, compare=False)
    """Judging the end of the episode; 0 on every other step."""

    def as_dict(self) -> dict[str, float]:
        """The timing as JSON-ready data."""
        return asdict(self)


@dataclass(slots=True)
class PageNode:
    """One element of a page, as both engines report it to the simplifier.

    Attributes:
        tag: Lower-case element name.
        attrs: Attributes that matter for reading and acting, form state included: ``value``, ``checked``,
            ``selected`` and ``open`` are the current ones, not those of the page source.
        children: Elements and text in document order; text is as in the page, white space not yet collapsed.
        ref: The engine's own handle of the element; opaque to everyone else.
    """

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[PageNode | str] = field(default_factory=list)
    ref: Any = None

    def walk(self) -> Iterator[PageNode]:
        """This element and all below it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend([child for child in reversed(node.children) if not isinstance(child, str)])


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """A page at one moment: its address, title, tree, and the other open tabs.

    Attributes:
        url: Address of the current tab.
        title: Title of its document.
        body: The document's body.
        tabs: Titles of all open tabs, in the order they were opened.
        current_tab: Index of the current one in ``tabs``.
        document: Equal for two snapshots of the same document; opaque to everyone else.
    """

    url: str
    title: str
    body: PageNode
    tabs: tuple[str, ...]
    current_tab: int
    document: Any = None
