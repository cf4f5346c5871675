"""The one place where Playwright's errors become the environment's."""

from __future__ import annotations

from playwright.async_api import Error as PlaywrightError

from webrl_gym.errors import BrowserError, EvaluationError, NothingLocated, WebRLGymError

_LONGEST = 2_000


def translate(error: BaseException) -> WebRLGymError:
    """The environment's exception for whatever went wrong in the driver."""
    if isinstance(error, WebRLGymError):
        return error
    text = str(error).strip().splitlines()
    first = text[0] if text else type(error).__name__
    if isinstance(error, TimeoutError):
        return BrowserError("The browser's page did not answer in time.")
    if isinstance(error, PlaywrightError):
        return BrowserError(f"The browser failed: {first[:_LONGEST]}")
    return BrowserError(f"The browser's driver failed: {type(error).__name__}: {first[:_LONGEST]}")


def locating_error(error: PlaywrightError, locator: str) -> EvaluationError:
    """The environment's exception for a locator whose script failed in the page."""
    text = str(error).splitlines()[0]
    if "TypeError" in text and ("null" in text or "undefined" in text):
        return NothingLocated(f"the locator {locator!r} finds nothing on the page")
    return EvaluationError(f"the locator {locator!r} is broken: {text}")
