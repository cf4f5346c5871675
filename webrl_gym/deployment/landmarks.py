"""By what a site is known, and how one searches there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

from webrl_gym.deployment.client import Answer, SiteClient
from webrl_gym.errors import SiteError
from webrl_gym.types import Site


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What tells a site from others.

    Attributes:
        start: CSS selectors, one of which matches on the start page of a visitor who is not signed in; any page will
            do where there are none.
        search_at: Path of a page with a search form, below the site's root.
        field: Name of that form's field; empty for a site that is not searched.
        words: What every deployment holds something of.
    """

    start: tuple[str, ...] = ()
    search_at: str = ""
    field: str = ""
    words: str = ""


LANDMARKS = {
    Site.SHOPPING: Landmarks(('form[action*="/catalogsearch/result"]',), "/", "q", "phone"),
    # The back office searches with scripts of its own; the shop before it has a plain form.
    Site.SHOPPING_ADMIN: Landmarks(('input[name="login[username]"]',), "/..", "q", "tank"),
    Site.REDDIT: Landmarks((".site-nav",), "/", "q", "books"),
    Site.GITLAB: Landmarks(
        ('[href*="/users/sign_in"]', 'form[action*="/users/sign_in"]'), "/", "search", "a11yproject"
    ),
    Site.MAP: Landmarks(('input[name="query"]',), "/", "query", "Pittsburgh"),
    Site.WIKIPEDIA: Landmarks(('input[name="pattern"]', "[id*=kiwix]"), "", "pattern", "Pittsburgh"),
    Site.HOMEPAGE: Landmarks(),
}
"""By site."""


def reach(client: SiteClient) -> Answer:
    """The start page of a site.

    Raises:
        SiteError: If there is none, or it is not that site's.
    """
    page = client.get()
    if page.status >= 400:
        raise SiteError(f"{client.site} answered {client.root} with status {page.status}")
    signs = LANDMARKS[client.site].start
    if signs and not any(page.document.cssselect(sign) for sign in signs):
        shown = page.title or "without a title"
        raise SiteError(
            f"{client.root} is not {client.site}: nothing on its start page ({shown}) matches {' or '.join(signs)}"
        )
    return page


def search_address(client: SiteClient) -> str:
    """Address of a search for something that the site holds, as its own form has it.

    Raises:
        SiteError: If the form is not there.
    """
    landmarks = LANDMARKS[client.site]
    page = client.get(landmarks.search_at)
    for form in page.document.forms:
        if landmarks.field in form.fields and (form.method or "GET").upper() == "GET":
            values = {**{name: value for name, value in form.form_values() if value}, landmarks.field: landmarks.words}
            return f"{urljoin(page.url, form.get('action') or '').partition('?')[0]}?{urlencode(values)}"
    raise SiteError(f"{client.site} has no search form with a field {landmarks.field!r} at {page.url}")
