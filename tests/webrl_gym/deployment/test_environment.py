"""The environment on a deployment: the embedded sites at plain HTTP ports, as `sites="urls"` meets real ones."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gymnasium
import pytest

import webrl_gym
from tests.webrl_gym.deployment.conftest import Lookalikes
from tests.webrl_gym.deployment.lookalikes import broken
from tests.webrl_gym.tasks.episodes import Played, play
from webrl_gym.deployment.addresses import find_deployment
from webrl_gym.deployment.leases import Lease
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import BrowserError, DeploymentBusy, TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.sites.hosting import HostedSites
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.tasks.official.suite import official_scripts
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Site, VerdictStatus

try:
    find_official_file()
except TaskFileError as missing:
    pytest.skip(str(missing), allow_module_level=True)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser")]


@pytest.fixture
def env(replica: dict[str, str], caplog: pytest.LogCaptureFixture) -> Iterator[gymnasium.Env]:
    caplog.set_level(logging.DEBUG)
    roots = {name: url for name, url in replica.items() if name not in ("wikipedia", "gitlab")}
    made = gymnasium.make(
        webrl_gym.ENV_ID, disable_env_checker=True, suite="webarena-lite", sites="urls", deployment={"urls": roots}
    )
    yield made
    made.close()


def test_an_official_task_is_played_on_a_deployment(
    env: gymnasium.Env,
    replica: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    suite: TaskSuite = env.get_wrapper_attr("suite")
    left_out = env.get_wrapper_attr("left_out")
    assert (len(suite), len(left_out)) == (127, 38)
    logged = "\n".join(record.getMessage() for phase in ("setup", "call") for record in caplog.get_records(phase))
    assert "38 of 165 tasks are left out: 34 need gitlab (9, 25, 34" in logged
    with pytest.raises(ValueError, match=r"webarena-lite/9 needs gitlab, which has no address: set GITLAB"):
        env.reset(options={"task": "webarena-lite/9"})

    observation, info = env.reset(options={"task": "webarena-lite/40"})
    assert observation["url"].startswith(replica["shopping_admin"])
    assert "Sign Out" in observation["html"]
    assert info["site_state"] == "unknown"
    following, reward, terminated, _, end = env.step('exit(message="done")')
    assert (reward, terminated, end["failure"]) == (0.0, True, None)
    assert end["verdict"].status is VerdictStatus.SCORED

    shown = json.dumps([observation, following]) + repr([info, end, env.spec, env]) + logged + caplog.text
    assert [password for _, password in ACCOUNTS.values() if password in shown] == []


def is_free(urls: dict[str, str]) -> bool:
    """True if nobody has the deployment: another environment could change something there at once."""
    lease = Lease(find_deployment(urls, environ={}).keys, patience=0.0)
    try:
        lease.take(alone=True)
    except DeploymentBusy:
        return False
    lease.release()
    return True


@pytest.mark.parametrize(
    ("illness", "said"),
    [
        (None, "SiteError: gitlab shows its sign-in page at http"),
        pytest.param(broken, "answered with status 500", marks=pytest.mark.slow),
    ],
)
def test_a_site_that_falls_ill_is_no_zero_of_the_agent(
    illness: Callable[[], Any] | None,
    said: str,
    lookalikes: Lookalikes,
    urls: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreadable(_: object) -> None:
        raise BrowserError("not to be read")

    gitlab = lookalikes[Site.GITLAB]
    with closing(WebArenaLiteEnv(suite="webarena-lite", sites="urls", deployment={"urls": urls})) as env:
        observation, _ = env.reset(options={"task": "webarena-lite/43"})
        assert not is_free(urls)
        link = re.search(r'<a id="(\d+)"> A page', observation["html"])
        assert link is not None
        gitlab.sessions.clear()
        gitlab.ill = illness
        _, reward, terminated, truncated, info = env.step(f'do(action="Click", element="{link[1]}")')
        assert (reward, terminated, truncated, info["verdict"]) == (0.0, False, True, None)
        assert said in info["failure"]
        assert is_free(urls)
        gitlab.ill = None
        with monkeypatch.context() as patched:
            patched.setattr(env, "_read", unreadable)
            with pytest.raises(BrowserError, match="not to be read"):
                env.reset(options={"task": "webarena-lite/43"})
        assert is_free(urls)
        assert env.reset(options={"task": "webarena-lite/43"})[1]["failure"] is None


@pytest.fixture
def served(hosted: HostedSites, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebArenaLiteEnv]:
    """An environment that finds sites and reset server in the variables, as people's do."""
    for name, value in hosted.client_variables().items():
        monkeypatch.setenv(name, value)
    with closing(WebArenaLiteEnv(suite="webarena-lite", sites="urls")) as env:
        yield env


def played(env: WebArenaLiteEnv, number: int) -> Played:
    script = official_scripts()[number]
    return play(env, env.suite.get(f"webarena-lite/{number}"), solve=lambda _task, page: script.solve(page))


def test_a_changing_task_is_undone_by_the_reset_server(served: WebArenaLiteEnv, hosted: HostedSites) -> None:
    """The whole way: sign-in, reset, change, verdict, reset."""
    result = played(served, 121)
    assert (result.reward, result.info["site_state"], result.info["failure"]) == (1.0, "unknown", None)
    assert hosted.world.changed_sites == [Site.SHOPPING]
    _, info = served.reset(options={"task": "webarena-lite/121"})
    assert info["site_state"] == "clean"
    assert hosted.world.changed_sites == []
    assert served.step("exit()")[1] == 0.0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_oracle_works_on_a_deployment(served: WebArenaLiteEnv) -> None:
    decided = {number for number, script in official_scripts().items() if not script.judged}
    assert [number for number in sorted(decided) if played(served, number).reward != 1.0] == []
