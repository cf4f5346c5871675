"""Writes ``eval`` records in the official schema of WebArena, for the practice templates."""

from __future__ import annotations

from typing import Any

_EMPTY: dict[str, Any] = {
    "eval_types": [],
    "reference_answers": None,
    "reference_url": "",
    "program_html": [],
}


def no_rules() -> dict[str, Any]:
    """Nothing is checked: rules cannot tell whether such a task was done, only an outcome reward model can."""
    return dict(_EMPTY)


def answer_is(text: str) -> dict[str, Any]:
    """The answer equals ``text`` after WebArena's cleaning of case and quotes."""
    return {**_EMPTY, "eval_types": ["string_match"], "reference_answers": {"exact_match": text}}


def answer_includes(*texts: str) -> dict[str, Any]:
    """The answer holds every one of ``texts``."""
    return {**_EMPTY, "eval_types": ["string_match"], "reference_answers": {"must_include": list(texts)}}


def ends_at(url: str) -> dict[str, Any]:
    """The last page's address holds ``url`` (which may begin with a placeholder such as ``__MAP__``)."""
    return {**_EMPTY, "eval_types": ["url_match"], "reference_url": url, "url_note": "GOLD in PRED"}


def page_check(url: str, locator: str, *texts: str, exactly: bool = False) -> dict[str, Any]:
    """One ``program_html`` entry.

    Args:
        url: Page to open, with placeholders; ``last`` for the agent's last page.
        locator: ``document.querySelector("...").outerText`` (also ``.value``, ``.innerText``), or empty for the whole
            page.
        texts: What the located text must hold (or, with ``exactly``, the one text it must equal).
        exactly: True to compare the whole text.
    """
    contents: dict[str, Any] = {"exact_match": texts[0]} if exactly else {"must_include": list(texts)}
    return {"url": url, "locator": locator, "required_contents": contents}


def pages_show(*checks: dict[str, Any], ends: str = "") -> dict[str, Any]:
    """Every ``page_check`` holds; with ``ends``, the last page's address holds that too."""
    types = (["url_match"] if ends else []) + ["program_html"]
    return {
        **_EMPTY,
        "eval_types": types,
        "reference_url": ends,
        "url_note": "GOLD in PRED",
        "program_html": list(checks),
    }
