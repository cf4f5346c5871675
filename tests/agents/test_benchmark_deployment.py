"""A benchmark on a deployment says what it left out and in what state it found the sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.benchmark import run_panel
from agents.benchmark_conflicts import benchmark_conflicts
from agents.environments import sites_there
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from webrl_gym.errors import TaskFileError
from webrl_gym.official_file import find_official_file
from webrl_gym.sites.hosting import HostedSites
from webrl_gym.sites.web import ACCOUNTS
from webrl_gym.types import Site

URLS = ["env=urls", "suite=webarena-lite"]


def test_environments_in_step_are_refused_on_a_deployment() -> None:
    assert benchmark_conflicts(compose_config("benchmark", URLS)) == []
    [problem] = benchmark_conflicts(compose_config("benchmark", [*URLS, "env.num_envs=2"]))
    assert problem.startswith("env.num_envs must be 1 with env.sites=urls")
    assert benchmark_conflicts(compose_config("benchmark", ["env=urls"])) == [
        "env.sites=urls needs suite=webarena-lite: the other suites are about data of their own"
    ]


def test_only_sites_that_are_there_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = compose_config("benchmark", [*URLS, "env.deployment.urls.gitlab=http://gitlab.test"])["env"]
    monkeypatch.setenv("MAP", "http://map.test")
    assert sites_there([], settings) == ["gitlab", "map"]
    assert sites_there(["map", "reddit"], settings) == ["map"]
    with pytest.raises(ValueError, match="the deployment has none of the sites reddit"):
        sites_there(["reddit"], settings)
    assert sites_there(["reddit"], compose_config("benchmark")["env"]) == ["reddit"]


@pytest.fixture
def hosted() -> Iterator[HostedSites]:
    sites = HostedSites(0, dict.fromkeys(Site, 0), 0)
    yield sites
    sites.close()


@pytest.mark.browser
def test_a_panel_runs_on_a_deployment(hosted: HostedSites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        find_official_file()
    except TaskFileError as missing:
        pytest.skip(str(missing))
    variables = hosted.client_variables()
    where = [f"env.deployment.urls.{name}={variables[name.upper()]}" for name in ("reddit", "map")]
    monkeypatch.setattr("webrl_gym.deployment.leases.cache_folder", lambda: tmp_path)
    config = compose_config(
        "benchmark", [*URLS, *where, "agent=do_nothing", "limit=2", f"output={tmp_path / 'results'}"]
    )
    results, folder = run_panel(config, SilentProgress())
    assert [result.site_state for result in results] == ["unknown"] * 2
    assert "failed" not in {result.status for result in results}
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["site_states"] == {"unknown": 2}
    assert card["deployment"] == {name: variables[name.upper()] for name in ("reddit", "map")}
    assert len(card["left_out"]) == 165 - 26 - 19
    written = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file())
    assert [password for _, password in ACCOUNTS.values() if password in written] == []
    first = json.loads((folder / "trajectories.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert first["steps"][0]["info"]["site_state"] == "unknown"
