from __future__ import annotations

from typing import Any

import pytest

from webrl_gym.deployment.addresses import Deployment, find_deployment
from webrl_gym.tasks.record import Task
from webrl_gym.types import Site

VARIABLES = {
    "SHOPPING": "http://shop.test:7770/",
    "WA_SHOPPING_ADMIN": "http://shop.test:7780/admin",
    "GITLAB": "https://gitlab.test",
    "HOMEPAGE": "PASS",
    "MAP": "",
    "WEBRL_GYM_EXTRA_ORIGINS": "http://router.test:5000 http://tiles.test",
}


def task(*sites: Site, number: int = 0) -> Task:
    return Task(f"webarena-lite/{number}", sites, "Look.", (sites[0].placeholder,), {"eval_types": []})


def test_addresses_come_from_the_variables_of_webarenas_clients() -> None:
    found = find_deployment(environ=VARIABLES)
    assert found.urls == {
        Site.SHOPPING: "http://shop.test:7770",
        Site.SHOPPING_ADMIN: "http://shop.test:7780/admin",
        Site.GITLAB: "https://gitlab.test",
    }
    assert found.missing == (Site.REDDIT, Site.MAP, Site.WIKIPEDIA, Site.HOMEPAGE)
    assert found.origins == (
        "http://shop.test:7770",
        "http://shop.test:7780",
        "https://gitlab.test",
        "http://router.test:5000",
        "http://tiles.test",
    )


def test_a_configured_address_goes_before_a_variable() -> None:
    found = find_deployment({"gitlab": "http://other.test:8023", "map": None}, ["http://x.test/"], VARIABLES)
    assert found.urls[Site.GITLAB] == "http://other.test:8023"
    assert found.extra_origins == ("http://x.test",)
    assert Site.MAP not in found.urls


def test_placeholders_become_addresses_and_addresses_sites() -> None:
    found = find_deployment(environ=VARIABLES)
    assert found.resolve("__SHOPPING__/a |AND| __GITLAB__/b") == "http://shop.test:7770/a |AND| https://gitlab.test/b"
    assert found.resolve("__SHOPPING_ADMIN__/../tank.html") == "http://shop.test:7780/admin/../tank.html"
    assert found.site_of("http://shop.test:7770/a?b#c") is Site.SHOPPING
    assert found.site_of("http://shop.test:7780/admin/sales") is Site.SHOPPING_ADMIN
    assert found.site_of("http://shop.test:7780/tank.html") is None
    assert found.site_of("http://shop.test:77700/") is None


def test_addresses_are_spelled_as_browsers_spell_them() -> None:
    """So that the pages a browser tells of are those of the sites, and equal deployments are equal."""
    odd = {"GITLAB": "HTTP://MyHost.test:80/", "SHOPPING_ADMIN": "https://Shop.test:443/admin/"}
    found = find_deployment(environ={**odd, "WEBRL_GYM_EXTRA_ORIGINS": "http://Tiles.test:80/"})
    assert found == find_deployment(
        {"gitlab": "http://myhost.test", "shopping_admin": "https://shop.test/admin"}, ["http://tiles.test"], {}
    )
    assert found.resolve("__GITLAB__/a") == "http://myhost.test/a"
    assert found.site_of("http://myhost.test/users/sign_in") is Site.GITLAB
    assert found.site_of("http://MYHOST.test:80/users/sign_in") is Site.GITLAB
    assert found.origins == ("https://shop.test", "http://myhost.test", "http://tiles.test")


def test_a_site_has_the_same_key_in_every_deployment() -> None:
    one = find_deployment(environ=VARIABLES).keys
    other = find_deployment(environ={"GITLAB": "https://GITLAB.test:443/", "SHOPPING": "http://shop.test:7771"}).keys
    assert one[Site.GITLAB] == other[Site.GITLAB]
    assert one[Site.SHOPPING] != other[Site.SHOPPING]
    assert len(set(one.values())) == 3


def test_tasks_that_miss_a_site_are_named() -> None:
    found = find_deployment(environ=VARIABLES)
    tasks = [task(Site.GITLAB), task(Site.GITLAB, Site.REDDIT, number=1), task(Site.MAP, Site.WIKIPEDIA, number=2)]
    assert found.left_out(tasks) == {
        "webarena-lite/1": (Site.REDDIT,),
        "webarena-lite/2": (Site.MAP, Site.WIKIPEDIA),
    }


def test_all_problems_are_said_at_once_and_no_password_is_shown() -> None:
    wrong = {
        "shopping": "shop.test",
        "shopping_admin": "http://shop.test:7780",
        "gitlab": "http://me:s3cret@gitlab.test",
        "reddit": "http://reddit.test:port",
        "map": "me:s3cret@map.test",
    }
    with pytest.raises(ValueError, match="SHOPPING must begin with http") as caught:
        find_deployment(wrong, ["http://x.test/path"], {})
    said = str(caught.value)
    assert "SHOPPING_ADMIN must end in /admin, got http://shop.test:7780" in said
    assert "GITLAB must hold no user name and no password" in said
    assert "MAP must hold no user name and no password" in said
    assert "REDDIT is not an address" in said
    assert "an extra origin must be scheme://host[:port], got http://x.test/path" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("root", ["http://h.test?key=s3cret", "http://h.test/a#b", "http://h.test/?"])
def test_a_root_that_nothing_can_lie_below_is_refused(root: str) -> None:
    with pytest.raises(ValueError, match="REDDIT must hold no query and no fragment") as caught:
        find_deployment(environ={"REDDIT": root})
    assert "s3cret" not in str(caught.value)


def test_origins_may_be_one_text_as_in_the_variable() -> None:
    urls = {"map": "http://map.test"}
    assert find_deployment(urls, "http://x.test/", {}).extra_origins == ("http://x.test",)
    assert find_deployment(urls, "http://x.test http://y.test", {}).extra_origins == ("http://x.test", "http://y.test")


@pytest.mark.parametrize(
    ("urls", "origins", "said"),
    [
        (["http://me:s3cret@x"], (), "urls must be an address by site, .*, got list"),
        ("http://me:s3cret@x", (), "urls must be an address by site, .*, got str"),
        ({"gitlab": 5}, (), "urls must be an address by site, .*, got int for gitlab"),
        ({5: "http://x.test"}, (), "there is no site '5'"),
        ({"gitlab": "http://x.test"}, 5, "extra_origins must be texts such as http://host:5000, got int"),
        ({"gitlab": "http://x.test"}, ["http://me:s3cret@y", 5], "extra_origins must be texts .*, got int"),
    ],
)
def test_what_is_no_table_of_addresses_is_refused(urls: Any, origins: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        find_deployment(urls, origins, {})
    assert "s3cret" not in str(caught.value)


def test_no_address_at_all_and_an_unknown_site_are_refused() -> None:
    with pytest.raises(ValueError, match="no site has an address: set SHOPPING, SHOPPING_ADMIN"):
        Deployment({})
    with pytest.raises(ValueError, match="there is no site 'myspace'; choose from shopping"):
        find_deployment({"myspace": "http://myspace.test"}, environ={})
