"""Matching the last page's address with a reference (WebArena's ``url_match``). Pure."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from webrl_gym.errors import MalformedReference
from webrl_gym.types import Semantics


def match_url(reference_url: str, url: str, *, url_note: str | None = None, semantics: str = Semantics.VAB) -> float:
    """Scores an address.

    VAB compares text: the reference is a part of the address (``GOLD in PRED``) or equals it (``EXACT``). BrowserGym
    knows the first rule only and compares host and path as text, then every parameter of the reference's query.

    Args:
        reference_url: One or more addresses joined by `` |OR| ``, placeholders already replaced.
        url: Address of the agent's last page.
        url_note: The rule; None takes the harness's own, ``EXACT`` for VAB and ``GOLD in PRED`` for BrowserGym.
        semantics: ``vab`` or ``browsergym``.

    Returns:
        1.0 or 0.0.

    Raises:
        MalformedReference: If there is no such rule.
        ValueError: If there are no such semantics.
    """
    references = reference_url.split(" |OR| ")
    match Semantics(semantics), url_note:
        case Semantics.VAB, "GOLD in PRED":
            return float(any(_as_text(reference) in _as_text(url) for reference in references))
        case Semantics.VAB, "EXACT" | None:
            return float(_as_text(url) in map(_as_text, references))
        case Semantics.BROWSERGYM, "GOLD in PRED" | None:
            return float(_holds(url, references))
    raise MalformedReference(f"there is no matching rule {url_note!r} for addresses in the semantics {semantics!r}")


def _as_text(url: str) -> str:
    return url.replace("localhost", "127.0.0.1").removesuffix("/")


def _holds(url: str, references: list[str]) -> bool:
    place, given = _place_and_query(url)
    asked: dict[str, list[str]] = {}
    places = []
    for reference in references:
        reference_place, query = _place_and_query(reference)
        places.append(reference_place)
        for name, values in query.items():
            asked.setdefault(name, []).extend(values)
    return any(part in place for part in places) and all(
        any(value in given.get(name, ()) for value in values) for name, values in asked.items()
    )


def _place_and_query(url: str) -> tuple[str, dict[str, list[str]]]:
    try:
        parts = urlsplit(url.rstrip("/"))
    except ValueError as error:
        raise MalformedReference(f"{url[:200]!r} is no address: {error}") from error
    return parts.netloc + parts.path, parse_qs(parts.query)
