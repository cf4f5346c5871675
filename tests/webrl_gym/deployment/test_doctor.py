"""The doctor on healthy sites, on ill ones, and on none."""

from __future__ import annotations

import pytest

from tests.webrl_gym.deployment.conftest import Lookalikes
from tests.webrl_gym.deployment.lookalikes import broken
from webrl_gym.cli import main
from webrl_gym.deployment.accounts import Account, find_accounts
from webrl_gym.deployment.addresses import find_deployment
from webrl_gym.deployment.client import Answer
from webrl_gym.deployment.resets import HttpReset
from webrl_gym.doctor import Check, Verdict, examine, foreign_links
from webrl_gym.errors import BrowserMissing, TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.types import Site

try:
    find_official_file()
except TaskFileError as missing:
    pytest.skip(str(missing), allow_module_level=True)

NAMES = {
    Site.SHOPPING: ["answers", "signs in", "links", "opens", "searches", "orders"],
    Site.SHOPPING_ADMIN: ["answers", "signs in", "links", "opens", "searches"],
    Site.REDDIT: ["answers", "signs in", "links", "opens", "searches"],
    Site.GITLAB: ["answers", "signs in", "links", "opens", "searches"],
    Site.MAP: ["answers", "links", "opens", "searches", "routes"],
    Site.WIKIPEDIA: ["answers", "links", "opens", "searches"],
    Site.HOMEPAGE: ["answers", "links", "opens"],
}


def of(checks: list[Check], about: str) -> dict[str, Check]:
    return {check.name: check for check in checks if check.about == about}


def failures(checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.about, check.name) for check in checks if check.verdict is Verdict.FAILED]


def test_the_embedded_sites_are_looked_over() -> None:
    checks = list(examine())
    for site, names in NAMES.items():
        assert list(of(checks, site)) == names
    assert failures(checks) == []
    assert [check.detail for check in checks if check.name == "tasks"] == ["165 of 165 can run"]


def test_the_command_prints_a_line_a_check_and_its_status_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok    shopping        answers   http://shopping.test (")


def test_no_address_and_no_such_engine_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--sites", "urls"]) == 2
    assert "no site has an address: set SHOPPING, SHOPPING_ADMIN" in capsys.readouterr().err
    with pytest.raises(ValueError, match="real sites need engine chromium"):
        next(examine("urls", "static"))
    with pytest.raises(ValueError, match="sites must be embedded or urls, got 'clouds'"):
        next(examine("clouds"))


@pytest.mark.parametrize("option", [["--reset-url", "http://127.0.0.1:9"], ["--seconds", "5"]])
def test_options_for_real_sites_are_refused_on_embedded_ones(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *option]) == 2
    said = f"webrl-gym: {option[0]} means nothing to the embedded sites: it belongs to --sites urls\n"
    assert capsys.readouterr() == ("", said)


def test_without_a_browser_the_sites_are_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise BrowserMissing("no Chromium was found")

    monkeypatch.setattr("webrl_gym.doctor.make_engine", missing)
    checks = list(examine("embedded", "chromium"))
    assert failures(checks) == [("browser", "starts"), ("webarena-lite", "tasks")]
    assert list(of(checks, Site.GITLAB)) == ["answers", "signs in", "links"]
    assert next(check.detail for check in checks if check.name == "tasks") == "0 of 165 can run"


def test_a_shop_that_does_not_tell_its_orders_costs_the_tasks_that_ask_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts = find_accounts({"shopping_admin": Account("admin", "s3cret")}, environ={})
    monkeypatch.setattr("webrl_gym.doctor.find_accounts", lambda **_: accounts)
    checks = list(examine())
    assert failures(checks) == [("shopping", "orders"), ("shopping_admin", "signs in")]
    said = of(checks, Site.SHOPPING)["orders"].detail
    assert "check WEBRL_GYM_SHOPPING_ADMIN_USER and WEBRL_GYM_SHOPPING_ADMIN_PASSWORD" in said
    tasks = [check.detail for check in checks if check.name == "tasks"]
    assert "3 cannot, since shopping does not tell its newest order (orders): 104, 117, 118" in tasks
    assert not any("s3cret" in str(check) for check in checks)


def test_sites_that_nothing_puts_back_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = dict.fromkeys([site for site in Site if site not in (Site.GITLAB, Site.REDDIT)], "http://127.0.0.1:9")
    monkeypatch.setattr("webrl_gym.doctor.NoReset", lambda: HttpReset(urls))
    resets = [check for check in examine() if check.name == "reset"]
    assert [check.verdict for check in resets] == [Verdict.FAILED, Verdict.NOTE]
    assert resets[1].detail == "nothing puts back reddit, gitlab"


def test_links_that_leave_a_sites_path_lead_away() -> None:
    deployment = find_deployment(
        {
            "map": "http://one.test/map",
            "reddit": "http://one.test/forum",
            "shopping_admin": "http://one.test/admin",
            "wikipedia": "http://one.test/wiki/A/Landing",
        },
        environ={},
    )
    links = ["/search", "/map/search", "/mapped", "/forum", "#top", "http://two.test/", "mailto:me@one.test"]
    source = "<form action='/go'></form>" + "".join(f"<a href='{link}'>x</a>" for link in links)
    page = Answer("http://one.test/map/", 200, source)
    outside = {"addresses outside http://one.test/map": 3, "http://two.test": 1}
    assert foreign_links(page, deployment, Site.MAP) == (outside, 3)
    for site in (Site.SHOPPING_ADMIN, Site.WIKIPEDIA):
        assert foreign_links(page, deployment, site) == ({"http://two.test": 1}, 6)


@pytest.mark.browser
def test_a_healthy_deployment_passes(browser: None, urls: dict[str, str]) -> None:
    checks = list(examine("urls", options={"urls": urls, "reset": lambda _: None}))
    assert failures(checks) == []
    assert of(checks, "deployment")["reset"].detail == "nothing speaks against one"
    for site, names in NAMES.items():
        assert [name for name in of(checks, site) if name != "session"] == names
    # Shop and forum lie on one host here and call their cookies the same: the one task on both cannot run.
    assert "shares its cookie 'PHPSESSID' with reddit" in of(checks, Site.SHOPPING)["session"].detail
    assert of(checks, "deployment")["state"].detail.startswith("unknown: shopping, shopping_admin, reddit")
    tasks = [check.detail for check in checks if check.name == "tasks"]
    assert tasks == ["164 of 165 can run", "1 cannot, since its sites' sessions cannot live in one browser: 144"]


@pytest.mark.browser
def test_what_is_wrong_is_named_and_its_tasks_are_counted(
    browser: None,
    lookalikes: Lookalikes,
    urls: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lookalikes[Site.MAP].ill = broken
    lookalikes[Site.SHOPPING].links = "<a href='http://metis.test/'>x</a>" * 5
    lookalikes[Site.REDDIT].links = "<a href='http://elsewhere.test/'>x</a><a href='http://[your-site]/'>y</a>"
    for name, url in urls.items():
        if name != "wikipedia":
            monkeypatch.setenv(name.upper(), url)
    monkeypatch.setenv("WEBRL_GYM_GITLAB_USER", "somebody-unknown")
    monkeypatch.setenv("WEBRL_GYM_GITLAB_PASSWORD", "s3cret")
    assert main(["doctor", "--sites", "urls", "--seconds", "5", "--reset-url", "http://127.0.0.1:9"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  map             answers   map answered" in said
    assert "FAIL  shopping        links     most lead away, to http://metis.test (5)" in said
    assert "note  reddit          links     1 of 4 lead away, to http://elsewhere.test (1)" in said
    assert "FAIL  gitlab          signs in  gitlab at http" in said
    assert "note  wikipedia       address   there is none: set WIKIPEDIA" in said
    assert "FAIL  deployment      reset     the reset server at http://127.0.0.1:9 cannot be asked" in said
    assert "note  webarena-lite   tasks     54 of 165 can run" in said
    assert "34 cannot, since gitlab fails (signs in): 9, 25, 34" in said
    assert "s3cret" not in said
    assert "somebody-unknown" not in said
