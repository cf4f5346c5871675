"""The environment on a deployment: the embedded sites at plain HTTP ports, as `sites="urls"` meets real ones."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import gymnasium
import pytest

import webrl_gym
from tests.webrl_gym.deployment.conftest import apart, replica  # noqa: F401 - fixtures
from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.sites.worlds import World
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import VerdictStatus

try:
    find_official_file()
except TaskFileError as missing:
    pytest.skip(str(missing), allow_module_level=True)

pytestmark = pytest.mark.browser
Replica = tuple[World, dict[str, str]]


@pytest.fixture
def env(replica: Replica, caplog: pytest.LogCaptureFixture) -> Iterator[gymnasium.Env]:  # noqa: F811 - a fixture
    caplog.set_level(logging.DEBUG)
    urls = {name: url for name, url in replica[1].items() if name not in ("wikipedia", "gitlab")}
    made = gymnasium.make(
        webrl_gym.ENV_ID, disable_env_checker=True, suite="webarena-lite", sites="urls", deployment={"urls": urls}
    )
    yield made
    made.close()


def test_an_official_task_is_played_on_a_deployment(
    env: gymnasium.Env,
    replica: Replica,  # noqa: F811 - a fixture
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
    assert observation["url"].startswith(replica[1]["shopping_admin"])
    assert "Sign Out" in observation["html"]
    assert info["site_state"] == "unknown"
    following, reward, terminated, _, end = env.step('exit(message="done")')
    assert (reward, terminated, end["failure"]) == (0.0, True, None)
    assert end["verdict"].status is VerdictStatus.SCORED

    shown = json.dumps([observation, following]) + repr([info, end, env.spec, env]) + logged + caplog.text
    assert [password for _, password in ACCOUNTS.values() if password in shown] == []
