"""Where the sites of a deployment are: one typed table, from a mapping or from the variables WebArena's clients use."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webrl_gym.tasks.record import Task
from webrl_gym.types import Site
from webrl_gym.web_address import origin_of, root_of

ORIGINS_VARIABLE = "WEBRL_GYM_EXTRA_ORIGINS"
"""Variable with further origins, separated by spaces."""
_NOT_GIVEN = ("", "PASS")
"""What stands for a site that is not there; the second is what the official instructions write for the home page."""
_BACK_OFFICE = "/admin"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The sites that there are.

    Attributes:
        urls: Root of each site as ``root_of`` spells it; the admin's is its back office. Sites may be missing.
        extra_origins: What pages may load from beside the sites, a router or a tile server of the map for example.
    """

    urls: Mapping[Site, str]
    extra_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what is no address.

        Raises:
            ValueError: All problems in one message.
        """
        problems = [*_root_problems(self.urls), *_origin_problems(self.extra_origins)]
        if not self.urls:
            problems.append(f"no site has an address: set {', '.join(site.name for site in Site)} or some of them")
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def origins(self) -> tuple[str, ...]:
        """What a browser is kept to: scheme, host and port of every site, and the extra ones."""
        return tuple(dict.fromkeys([*map(origin_of, self.urls.values()), *self.extra_origins]))

    @property
    def missing(self) -> tuple[Site, ...]:
        """Sites without an address."""
        return tuple(site for site in Site if site not in self.urls)

    @property
    def keys(self) -> dict[Site, str]:
        """Name each site's root, in any deployment that has it."""
        return {site: f"{site}-{hashlib.sha256(root.encode()).hexdigest()[:16]}" for site, root in self.urls.items()}

    def resolve(self, text: str) -> str:
        """The text with the placeholders of known sites replaced by their roots."""
        for site, root in self.urls.items():
            text = text.replace(site.placeholder, root)
        return text

    def site_of(self, url: str) -> Site | None:
        """The site that an address belongs to; None outside. The admin's is what lies below its back office."""
        url = root_of(url)
        found = [site for site, root in self.urls.items() if url.startswith(root) and url[len(root) :][:1] in _AFTER]
        return max(found, key=lambda site: len(self.urls[site]), default=None)

    def lacks(self, task: Task) -> tuple[Site, ...]:
        """The sites that a task needs and that are not there."""
        return tuple(site for site in task.sites if site not in self.urls)

    def left_out(self, tasks: Iterable[Task]) -> dict[str, tuple[Site, ...]]:
        """Ids of the tasks that cannot run here, with the sites that each misses."""
        return {task.task_id: lacking for task in tasks if (lacking := self.lacks(task))}


_AFTER = ("", "/", "?", "#")
"""What may follow a root in an address of its site."""


def find_deployment(
    urls: Mapping[str, str | None] | None = None,
    extra_origins: str | Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Deployment:
    """The deployment that is meant.

    Args:
        urls: Root by the site's name; a site that has none here is looked for in the environment.
        extra_origins: See ``Deployment``, or a text with spaces between them; where there are none, the variable
            ``WEBRL_GYM_EXTRA_ORIGINS`` is read.
        environ: Variables; those of this process when None. A site's is its name in capitals, or that after ``WA_``.

    Raises:
        ValueError: If a site is unknown or an address is none.
    """
    given = _roots(urls)
    variables = os.environ if environ is None else environ
    unknown = sorted(map(str, set(given) - set(Site)))
    if unknown:
        raise ValueError(f"there is no site {unknown[0]!r}; choose from {', '.join(Site)}")
    roots = {}
    for site in Site:
        root = given.get(site) or variables.get(site.name) or variables.get(f"WA_{site.name}") or ""
        if root.strip() not in _NOT_GIVEN:
            roots[site] = root_of(root)
    further = _origins(extra_origins) or variables.get(ORIGINS_VARIABLE, "").split()
    return Deployment(roots, tuple(map(root_of, further)))


def _roots(given: Any) -> dict[str, str | None]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        wrong = [f"{type(url).__name__} for {site}" for site, url in given.items() if not isinstance(url, str | None)]
    else:
        wrong = [type(given).__name__]
    if wrong:
        # Types only: what was given may hold a password.
        raise ValueError(f"urls must be an address by site, as in {{'gitlab': 'http://host:8023'}}, got {wrong[0]}")
    return dict(given)


def _origins(given: Any) -> list[str]:
    if isinstance(given, str):
        return given.split()
    found = list(given) if isinstance(given, Iterable) else [given]
    if wrong := [type(origin).__name__ for origin in found if not isinstance(origin, str)]:
        raise ValueError(f"extra_origins must be texts such as http://host:5000, got {wrong[0]}")
    return found


def _root_problems(urls: Mapping[Site, str]) -> Iterator[str]:
    for site, root in urls.items():
        problem = _problem(root)
        if problem:
            yield f"{site.name} {problem}"
        elif site is Site.SHOPPING_ADMIN and not root.endswith(_BACK_OFFICE):
            yield f"{site.name} must end in {_BACK_OFFICE}, got {root}"


def _origin_problems(origins: Sequence[str]) -> Iterator[str]:
    for text in origins:
        problem = _problem(text) or ("" if text == origin_of(text) else f"must be scheme://host[:port], got {text}")
        if problem:
            yield f"an extra origin {problem}"


def _problem(url: str) -> str:
    """What is wrong with an address, in words that follow its name; empty when nothing is."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # whose text may show a password
        return "is not an address: its host or port cannot be read"
    if "@" in parts.netloc or (not parts.netloc and "@" in url):
        return "must hold no user name and no password"
    if "?" in url or "#" in url:
        return "must hold no query and no fragment: pages are looked for below it"
    return "" if is_web else f"must begin with http:// or https:// and name a host, got {url!r}"
