"""One message for the next page: "You saved the product."."""

from __future__ import annotations

from flask import redirect, session
from werkzeug.wrappers import Response

_KEY = "messages"


def leave_message(text: str, *, error: bool = False) -> None:
    """Keeps a message for the next page that this browser opens."""
    session[_KEY] = [*session.get(_KEY, []), ["error" if error else "success", text]]


def take_messages() -> list[list[str]]:
    """(kind, text) of the waiting messages, which are gone then."""
    messages: list[list[str]] = session.pop(_KEY, [])
    return messages


def back_to(path: str, message: str, *, error: bool = False) -> Response:
    """Redirects to ``path``, where ``message`` shows."""
    leave_message(message, error=error)
    return redirect(path)
