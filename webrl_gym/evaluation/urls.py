"""Matching the last page's address with a reference (WebArena's ``url_match``). Pure."""

from __future__ import annotations

from urllib.parse import unquote

from webrl_gym.errors import EvaluationError


def match_url(reference_url: str, url: str, *, url_note: str = "EXACT") -> float:
    """Scores an address.

    Args:
        reference_url: One or more addresses joined by `` |OR| ``, placeholders already replaced.
        url: Address of the agent's last page.
        url_note: ``GOLD in PRED``: the reference is a part of the address; ``EXACT``: they are equal.

    Returns:
        1.0 or 0.0. Trailing slashes and percent-encoding do not count.

    Raises:
        EvaluationError: If ``url_note`` is something else.
    """
    found = _clean(url)
    references = [_clean(part) for part in reference_url.split(" |OR| ")]
    if url_note == "GOLD in PRED":
        return float(any(reference in found for reference in references))
    if url_note == "EXACT":
        return float(found in references)
    raise EvaluationError(f"there is no matching rule {url_note!r} for addresses")


def _clean(url: str) -> str:
    return unquote(url).replace("+", " ").rstrip("/")
