"""Episodes on a deployment: signed in, watched, put back, one changing task at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from flask import request

from tests.webrl_gym.deployment.conftest import Lookalikes
from tests.webrl_gym.deployment.lookalikes import broken, silent
from webrl_gym.actions import Action, ActionKind
from webrl_gym.deployment import logins
from webrl_gym.deployment.accounts import Account
from webrl_gym.deployment.logins import SIGN_INS
from webrl_gym.deployment.settings import read_settings
from webrl_gym.deployment_episodes import DeploymentEpisodes
from webrl_gym.engines import EngineSettings
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import DeploymentBusy, ResetFailed, SignInFailed, SiteError
from webrl_gym.suites import open_reader
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import PageNode, Site

RNG = np.random.default_rng(0)
ANSWER = {"eval_types": ["string_match"], "reference_answers": {"exact_match": "yes"}}


def slow(site: Site) -> Any:
    return pytest.param(site, marks=pytest.mark.slow)


def task(*sites: Site, tag: str = "reading", evaluation: dict[str, Any] | None = None) -> Task:
    start = (f"{sites[0].placeholder}/page",)
    return Task("webarena-lite/0", sites, "Look.", start, evaluation or ANSWER, tags=(tag,), signed_in=sites)


@pytest.fixture
def make(browser: None, urls: dict[str, str]) -> Iterator[Callable[..., DeploymentEpisodes]]:
    made: list[DeploymentEpisodes] = []

    def episodes(**options: Any) -> DeploymentEpisodes:
        settings = read_settings({"urls": urls, "lease_seconds": 0.3, **options}, {})
        made.append(DeploymentEpisodes(EngineSettings("chromium"), settings))
        return made[-1]

    yield episodes
    for one in made:
        one.close()
    logins._shared.clear()


def click(episodes: DeploymentEpisodes, name: str) -> None:
    nodes = episodes.engine.snapshot().body.walk()
    [target] = [node for node in nodes if node.tag == "a" and text_of(node) == name]
    episodes.engine.execute(Action(ActionKind.CLICK, "0"), target.ref)
    episodes.engine.snapshot()


def text_of(node: PageNode) -> str:
    return "".join(child if isinstance(child, str) else text_of(child) for child in node.children).strip()


@pytest.mark.browser
@pytest.mark.parametrize("site", [Site.SHOPPING_ADMIN, Site.REDDIT, *map(slow, (Site.SHOPPING, Site.GITLAB))])
def test_an_episode_begins_signed_in_and_needs_one_sign_in(
    site: Site,
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make()
    for _ in range(2):
        episodes.begin(task(site), RNG)
        assert "Sign Out" in text_of(episodes.engine.snapshot().body)
        assert not episodes.is_over("Click")
        assert episodes.judge("yes", "").success
    assert lookalikes[site].sign_ins == 1


@pytest.mark.browser
@pytest.mark.parametrize("site", [Site.GITLAB, *map(slow, (Site.SHOPPING, Site.SHOPPING_ADMIN))])
def test_a_sign_in_page_is_the_sites_failure_and_the_next_episode_signs_in_anew(
    site: Site,
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make()
    episodes.begin(task(site), RNG)
    lookalikes[site].sessions.clear()
    path = "/customer/account/" if site is Site.SHOPPING else "/x"
    episodes.engine.task_page().goto(lookalikes[site].root + path)
    with pytest.raises(SiteError, match=f"{site} shows its sign-in page at http"):
        episodes.is_over("Click link")
    episodes.begin(task(site), RNG)
    assert not episodes.is_over("Click link")
    assert lookalikes[site].sign_ins == 2


@pytest.mark.browser
@pytest.mark.parametrize("site", [Site.GITLAB, *map(slow, (Site.SHOPPING, Site.SHOPPING_ADMIN, Site.REDDIT))])
def test_an_agent_that_signs_itself_out_is_judged(
    site: Site,
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make()
    episodes.begin(task(site), RNG)
    lookalikes[site].sessions.clear()
    click(episodes, "Sign Out")
    episodes.engine.task_page().goto(lookalikes[site].root + SIGN_INS[site].page)
    assert not episodes.is_over('Click "Sign Out"')
    assert not episodes.judge("no", "").success
    episodes.begin(task(site), RNG)
    assert lookalikes[site].sign_ins == 2


@pytest.mark.browser
def test_it_signs_out_by_going_there_however_it_says_so(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make()
    gitlab = lookalikes[Site.GITLAB]
    episodes.begin(task(Site.GITLAB), RNG)
    gitlab.sessions.clear()
    episodes.engine.task_page().evaluate("document.querySelector('[href*=sign_out]').focus()")
    episodes.engine.execute(Action(ActionKind.PRESS_ENTER), None)
    episodes.engine.snapshot()
    assert not episodes.is_over("Press Enter")
    for words in ('Search "how to log out"', "No action: I will sign out", 'Click "Sign Out"'):
        episodes.begin(task(Site.GITLAB), RNG)
        gitlab.sessions.clear()
        episodes.engine.task_page().goto(gitlab.root + "/a/users/sign_out")
        with pytest.raises(SiteError, match="gitlab shows its sign-in page"):
            episodes.is_over(words)


POSTING = "<a href='#' onclick=\"fetch('{}', {{method: 'POST', body: '{}'}}); return false\">{}</a>"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "state"), [("Save", "unknown"), ("Change", "unknown"), ("Ask", "clean"), ("A page", "clean")]
)
def test_a_reading_episode_that_may_have_changed_a_site_leaves_it_in_doubt(
    name: str,
    state: str,
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    lookalikes[Site.REDDIT].links = (
        "<script>fetch('/counted', {method: 'POST'})</script>"
        + POSTING.format("/bookmark/save", "a=1", "Save")
        + POSTING.format("/api/graphql", "mutation x", "Change")
        + POSTING.format("/api/graphql", "query x", "Ask")
    )
    resets: list[frozenset[Site]] = []
    episodes = make(reset=resets.append)
    episodes.begin(task(Site.REDDIT), RNG)
    click(episodes, name)
    assert not episodes.is_over("Click")
    assert episodes.site_state == state
    episodes.judge("", "")
    make(reset=resets.append).begin(task(Site.REDDIT), RNG)
    assert len(resets) == (2 if state == "unknown" else 1)


@pytest.mark.browser
def test_a_sign_in_page_before_the_evaluators_is_no_empty_find(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make()
    check = {"url": "__GITLAB__/x", "locator": "", "required_contents": {"must_include": ["Nothing else."]}}
    html = {"eval_types": ["program_html"], "program_html": [check]}
    episodes.begin(task(Site.GITLAB, evaluation=html), RNG)
    assert episodes.judge("", "").success
    episodes.begin(task(Site.GITLAB, evaluation=html), RNG)
    lookalikes[Site.GITLAB].sessions.clear()
    with pytest.raises(SiteError, match="gitlab shows its sign-in page"):
        episodes.judge("", "")


@pytest.mark.browser
def test_what_cannot_begin_is_named_and_lets_others_in(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    episodes = make(accounts={"gitlab": Account("somebody", "s3cret")})
    with pytest.raises(SignInFailed, match=r"gitlab at .* did not take the account"):
        episodes.begin(task(Site.GITLAB, tag="changing"), RNG)
    with pytest.raises(SiteError, match=r"sessions of shopping and reddit cannot live in one browser"):
        episodes.begin(task(Site.SHOPPING, Site.REDDIT, tag="changing"), RNG)
    lookalikes[Site.MAP].ill = broken
    with pytest.raises(SiteError, match="answered with status 500"):
        episodes.begin(task(Site.MAP), RNG)
    other = make()
    other.begin(task(Site.REDDIT, tag="changing"), RNG)
    with pytest.raises(DeploymentBusy):
        episodes.begin(task(Site.REDDIT, tag="changing"), RNG)


@pytest.mark.browser
def test_the_browser_waits_as_long_for_an_answer_as_is_asked_for(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    lookalikes[Site.MAP].ill = silent(2.0)
    with pytest.raises(SiteError, match=r"did not answer within 0\.4 seconds"):
        make(answer_seconds=0.4).begin(task(Site.MAP), RNG)


@pytest.mark.browser
def test_without_resets_the_state_is_unknown_and_then_dirty(make: Callable[..., DeploymentEpisodes]) -> None:
    episodes = make()
    episodes.begin(task(Site.REDDIT), RNG)
    assert episodes.site_state == "unknown"
    episodes.begin(task(Site.REDDIT, tag="changing"), RNG)
    assert episodes.site_state == "unknown"
    episodes.is_over("Click")
    episodes.judge("", "")
    episodes.begin(task(Site.REDDIT), RNG)
    assert episodes.site_state == "dirty"
    episodes.begin(task(Site.GITLAB), RNG)
    assert episodes.site_state == "unknown"


@pytest.mark.browser
def test_what_is_not_clean_is_put_back_before_the_next_episode(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    resets: list[frozenset[Site]] = []

    def reset(sites: frozenset[Site]) -> None:
        resets.append(sites)
        for site in sites:
            lookalikes[site].sessions.clear()

    episodes = make(reset=reset)
    for _ in range(2):
        episodes.begin(task(Site.REDDIT), RNG)
        assert episodes.site_state == "clean"
    assert resets == [{Site.REDDIT}]
    episodes.begin(task(Site.REDDIT, tag="changing"), RNG)
    assert episodes.site_state == "clean"
    episodes.is_over("Click")
    assert episodes.site_state == "unknown"
    episodes.judge("", "")
    make(reset=reset).begin(task(Site.REDDIT), RNG)
    assert resets == [{Site.REDDIT}, {Site.REDDIT}]


@pytest.mark.browser
def test_a_changing_episode_that_does_not_begin_costs_no_further_reset(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    resets: list[frozenset[Site]] = []
    episodes = make(reset=resets.append)
    changing = task(Site.REDDIT, tag="changing")
    lookalikes[Site.REDDIT].ill = lambda: broken() if request.path == "/login" else None
    for _ in range(2):
        with pytest.raises(SiteError, match=r"reddit answered .* status 500"):
            episodes.begin(changing, RNG)
    assert resets == [{Site.REDDIT}]
    lookalikes[Site.REDDIT].ill = None
    for _ in range(2):
        episodes.begin(changing, RNG)
        assert episodes.site_state == "clean"
    assert resets == [{Site.REDDIT}, {Site.REDDIT}]


@pytest.mark.browser
def test_sites_that_nobody_puts_back_are_played_on_as_they_are_found(make: Callable[..., DeploymentEpisodes]) -> None:
    episodes = make(reset_urls={"gitlab": "http://127.0.0.1:9"})
    episodes.begin(task(Site.MAP), RNG)
    assert episodes.site_state == "unknown"
    with pytest.raises(ResetFailed, match=r"the reset server at http://127\.0\.0\.1:9 cannot be asked"):
        episodes.begin(task(Site.GITLAB), RNG)


@pytest.mark.browser
def test_a_site_that_does_not_come_back_from_a_reset_is_named(
    make: Callable[..., DeploymentEpisodes],
    lookalikes: Lookalikes,
) -> None:
    def reset(_: frozenset[Site]) -> None:
        lookalikes[Site.REDDIT].ill = broken

    episodes = make(reset=reset, reset_seconds=0.1)
    with pytest.raises(ResetFailed, match=r"reddit did not come back after the reset: reddit answered .* status 500"):
        episodes.begin(task(Site.REDDIT), RNG)
    lookalikes[Site.REDDIT].ill = None
    episodes.begin(task(Site.GITLAB), RNG)
    assert episodes.site_state == "clean"


def test_real_sites_need_a_browser_and_the_official_tasks(urls: dict[str, str]) -> None:
    own = TaskSuite("own", [task(Site.MAP)], open_reader)
    with pytest.raises(ValueError, match='sites="urls" is for the suite webarena-lite; the tasks of own are about'):
        WebArenaLiteEnv(suite=own, sites="urls", deployment={"urls": urls})
    with pytest.raises(ValueError, match='sites="urls" needs engine="chromium"'):
        DeploymentEpisodes(EngineSettings("static"), read_settings({"urls": urls}, {}))
    with pytest.raises(ValueError, match=r"sites must be embedded or urls, got 'clouds'"):
        WebArenaLiteEnv(suite=own, sites="clouds")
    with pytest.raises(ValueError, match=r'deployment=\.\.\. is for sites="urls"'):
        WebArenaLiteEnv(suite=own, deployment={"urls": urls})
