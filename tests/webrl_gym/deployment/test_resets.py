"""Every way to make a deployment as new, and every way in which that fails: by name, within its budget."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask, Response

from tests.webrl_gym.deployment.lookalikes import Answered, broken, serve, silent
from webrl_gym.deployment.resets import CallableReset, CommandReset, HttpReset, NoReset, ResetStrategy
from webrl_gym.deployment.settings import read_settings
from webrl_gym.errors import ResetFailed
from webrl_gym.types import Site

URLS = {"gitlab": "http://gitlab.test"}


@dataclass
class ResetServer:
    """WebArena's reset server: a reset takes so many questions."""

    questions: int = 2
    ill: Callable[[], Answered | None] | None = None
    starts: int = 0
    left: int = 0
    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    failure: str = ""

    def app(self) -> Flask:
        app = Flask(__name__)
        app.add_url_rule("/reset", view_func=self.reset)
        app.add_url_rule("/status", view_func=self.status)
        return app

    def reset(self) -> Answered:
        if self.ill is not None:
            return self.ill() or ""
        self.starts += 1
        self.left = self.questions
        return Response("Reset initiated.", status=self.statuses[0])

    def status(self) -> Answered:
        self.left -= 1
        if self.failure and self.left < 1:
            return Response(self.failure, status=500)
        return "Ready for duty!" if self.left < 0 else "Reset ongoing"


@pytest.fixture
def servers() -> Iterator[list[ResetServer]]:
    with ExitStack() as stack:
        made = [ResetServer(), ResetServer()]
        for server in made:
            server.url, stop = serve(server.app())
            stack.callback(stop)
        yield made


def http(urls: str | dict[Site, str], seconds: float = 5.0) -> HttpReset:
    return HttpReset(urls, seconds=seconds, poll_every=0.01, answer_limit=0.3)


def test_one_server_puts_everything_back(servers: list[ResetServer]) -> None:
    strategy = http(servers[0].url + "/")
    assert strategy.problem() == ""
    assert strategy.reset([Site.GITLAB]) == frozenset(Site)
    assert (servers[0].starts, servers[0].left) == (1, -1)


def test_a_server_for_each_site_puts_that_one_back(servers: list[ResetServer]) -> None:
    strategy = http({Site.GITLAB: servers[0].url, Site.REDDIT: servers[1].url})
    assert strategy.reset([Site.GITLAB]) == {Site.GITLAB}
    assert [server.starts for server in servers] == [1, 0]
    assert strategy.reset([Site.GITLAB, Site.REDDIT]) == {Site.GITLAB, Site.REDDIT}
    assert [server.starts for server in servers] == [2, 1]
    assert [site for site in Site if strategy.covers(site)] == [Site.REDDIT, Site.GITLAB]
    assert all(map(http(servers[0].url).covers, Site))


def test_a_reset_that_failed_is_not_waited_for(servers: list[ResetServer]) -> None:
    servers[0].questions, servers[0].failure = 3, "Error executing reset script: exit status 1"
    with pytest.raises(ResetFailed, match=r"failed: /status answers with status 500 and says 'Error executing reset"):
        http(servers[0].url, seconds=600).reset([Site.GITLAB])


def test_a_server_that_trickles_gets_no_more_time_than_one_that_is_silent(servers: list[ResetServer]) -> None:
    servers[0].ill = lambda: Response((time.sleep(0.1) or " " for _ in range(50)), 200)
    with pytest.raises(ResetFailed, match=r"did not answer within 0\.3 seconds"):
        http(servers[0].url).reset([Site.GITLAB])


def test_a_reset_that_somebody_else_has_started_is_waited_for(servers: list[ResetServer]) -> None:
    servers[0].statuses = [418]
    assert http(servers[0].url).reset([Site.GITLAB]) == frozenset(Site)


def test_a_server_that_never_gets_ready_is_given_up(servers: list[ResetServer]) -> None:
    servers[0].questions = 10**9
    with pytest.raises(ResetFailed, match=r"was not ready within 0\.2 seconds; it says 'Reset ongoing'"):
        http(servers[0].url, seconds=0.2).reset([Site.GITLAB])
    assert "says 'Reset ongoing', not 'Ready for duty!'" in http(servers[0].url).problem()


@pytest.mark.parametrize(
    ("illness", "said"), [(silent(1.0), "did not answer within"), (broken, "answered /reset with status 500")]
)
def test_an_ill_server_is_named(illness: Callable[[], Answered | None], said: str, servers: list[ResetServer]) -> None:
    servers[0].ill = illness
    with pytest.raises(ResetFailed, match=f"the reset server at {servers[0].url} {said}"):
        http(servers[0].url).reset([Site.GITLAB])


def test_a_server_that_is_not_there_is_named() -> None:
    strategy = http("http://127.0.0.1:9")
    with pytest.raises(ResetFailed, match=r"the reset server at http://127\.0\.0\.1:9 cannot be asked"):
        strategy.reset([Site.GITLAB])
    assert "cannot be asked" in strategy.problem()


def test_the_reset_servers_password_is_shown_nowhere(
    servers: list[ResetServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    named = servers[0].url.replace("//", "//ops:s3cret@")
    strategy = http(named)
    assert strategy.reset([Site.GITLAB]) == frozenset(Site)
    servers[0].questions = 10**9
    said = [strategy.problem()]
    for url in (named, "http://ops:s3cret@127.0.0.1:9", "http://ops:s3cret@127.0.0.1:port", "ops:s3cret@127.0.0.1"):
        with pytest.raises(ResetFailed, match=r"the reset server at (http://)?127\.0\.0\.1") as caught:
            http(url, seconds=0.2).reset([Site.GITLAB])
        said += [str(caught.value), http(url).problem()]
    servers[0].ill = broken
    with pytest.raises(ResetFailed, match=f"the reset server at {servers[0].url} answered /reset with status 500"):
        strategy.reset([Site.GITLAB])
    with pytest.raises(ValueError, match="or one by site, got one for myspace") as refused:
        read_settings({"urls": URLS, "reset_urls": {"myspace": named}}, {})
    assert "/status" in caplog.text
    assert "s3cret" not in "\n".join([*said, str(refused.value), caplog.text])


def test_a_command_is_told_the_sites(tmp_path: Path) -> None:
    file = tmp_path / "sites"
    strategy = CommandReset(f'echo "$WEBRL_GYM_RESET_SITES" > {file}', seconds=20)
    assert strategy.reset([Site.REDDIT, Site.GITLAB]) == {Site.GITLAB, Site.REDDIT}
    assert file.read_text() == "gitlab reddit\n"


def test_a_command_that_fails_says_its_last_words() -> None:
    with pytest.raises(ResetFailed, match="the reset command ended with status 3: no such container"):
        CommandReset("echo starting >&2; echo no such container >&2; exit 3", seconds=20).reset([Site.GITLAB])


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "late"
    with pytest.raises(ResetFailed, match=r"did not end within 0\.3 seconds"):
        CommandReset(f"(sleep 1; touch {file}) & sleep 60", seconds=0.3).reset([Site.GITLAB])
    time.sleep(1.2)
    assert not file.exists()


def test_a_function_is_called_and_may_fail() -> None:
    asked: list[frozenset[Site]] = []
    assert CallableReset(asked.append).reset([Site.MAP]) == {Site.MAP}
    assert asked == [{Site.MAP}]
    with pytest.raises(ResetFailed, match="the reset function failed: KeyError: 'x'"):
        CallableReset(lambda _: {}["x"]).reset([Site.MAP])


def test_nothing_is_put_back_by_nobody() -> None:
    assert NoReset().reset([Site.MAP]) == frozenset()


class Own:
    """A strategy of the user's."""

    def covers(self, site: Site) -> bool:
        return site is Site.GITLAB

    def reset(self, sites: Collection[Site]) -> frozenset[Site]:
        return frozenset(sites)

    def problem(self) -> str:
        return ""


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, NoReset),
        ({"reset": "none", "reset_urls": "http://r.test"}, NoReset),
        ({"reset_urls": "http://r.test"}, HttpReset),
        ({"reset_urls": {"gitlab": "http://r.test", "map": None}}, HttpReset),
        ({"reset": "command", "reset_command": "true"}, CommandReset),
        ({"reset_command": "true"}, CommandReset),
        ({"reset": print}, CallableReset),
        ({"reset": Own()}, Own),
    ],
)
def test_the_configuration_chooses(options: dict[str, object], kind: type[ResetStrategy]) -> None:
    assert type(read_settings({"urls": URLS, **options}, {}).reset) is kind


def test_a_reset_server_has_the_time_of_an_answer(servers: list[ResetServer]) -> None:
    servers[0].ill = silent(1.0)
    strategy = read_settings({"urls": URLS, "reset_urls": servers[0].url, "answer_seconds": 0.1}, {}).reset
    began = time.monotonic()
    with pytest.raises(ResetFailed, match="did not answer within"):
        strategy.reset([Site.GITLAB])
    assert time.monotonic() - began < 1.0


def test_the_reset_servers_variable_is_the_clients() -> None:
    assert type(read_settings({"urls": URLS}, {"WA_FULL_RESET": "http://r.test"}).reset) is HttpReset


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reset": "http"}, "reset=http needs reset_urls or the variable WA_FULL_RESET"),
        ({"reset": "command"}, "reset=command needs reset_command, a text for the shell; got ''"),
        ({"reset": "docker"}, "reset must be none, http, command, a function or a ResetStrategy, got 'docker'"),
        ({"reset": "http", "reset_urls": {"myspace": "x"}}, "reset_urls must be an address, or one by site"),
        ({"reset_command": True}, "reset_command, a text for the shell; got True"),
        ({"resets": "http"}, "a deployment has no setting 'resets'; choose from"),
        ({"lease_seconds": 0}, "lease_seconds must be a finite number of seconds above 0, got 0"),
        ({"answer_seconds": "soon"}, "answer_seconds must be a finite number of seconds above 0, got 'soon'"),
        ({"answer_seconds": math.inf}, "answer_seconds must be a finite number of seconds above 0, got inf"),
        ({"reset_seconds": math.nan}, "reset_seconds must be a finite number of seconds above 0, got nan"),
        ({"lease_seconds": -math.inf}, "lease_seconds must be a finite number of seconds above 0, got -inf"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_settings({"urls": URLS, **options}, {})
