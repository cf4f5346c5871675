"""The run card says how a number was made, and holds no secret."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents import run_card as module
from agents.run_card import commit, files_sha256, machine, package_versions, run_card, without_secrets


def test_the_card_holds_what_decides_a_number(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"w")
    card = run_card(
        config={"agent": "oracle", "agent_arguments": {"api_key": "sk-secret"}},
        panel=["a", "b"],
        seeds=[3],
        engine="static",
        model_files=[weights],
        prompt_text="Act.",
        failures={"failed": 1},
    )
    assert "sk-secret" not in json.dumps(card)
    assert card["config"]["agent"] == "oracle"
    assert (card["seeds"], card["engine"], card["not_scored"]) == ([3], "static", {"failed": 1})
    assert (card["panel_size"], card["panel_sha256"]) == (2, hashlib.sha256(b"a\nb").hexdigest())
    assert card["model_sha256"] == hashlib.sha256(b"w").hexdigest()
    assert card["prompt_sha256"] == hashlib.sha256(b"Act.").hexdigest()
    assert card["packages"]["gymnasium"] == package_versions()["gymnasium"]
    assert card["machine"]["cores"] >= 1


def test_what_there_is_not_has_no_hash() -> None:
    card = run_card(config={}, panel=[], seeds=[], engine="static")
    assert (card["model_sha256"], card["prompt_sha256"]) == (None, None)


def test_the_order_of_files_does_not_matter_but_their_content_does(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"1" * 3_000_000)
    two.write_bytes(b"2")
    assert (
        files_sha256([two, one])
        == files_sha256(iter([one, two]))
        == hashlib.sha256(b"1" * 3_000_000 + b"2").hexdigest()
    )
    before = files_sha256([one, two])
    two.write_bytes(b"3")
    assert files_sha256([one, two]) != before


@pytest.mark.parametrize(
    "key",
    [
        *("api_key", "key", "apikey", "OPENAI_API_KEY", "token", "hf_token", "accessToken", "password", "passwd"),
        *("secret", "x-api-key", "api-key", "secretKey", "accessKey", "privateKeys", "api_keys", "passphrase", "pwd"),
    ],
)
@pytest.mark.parametrize("value", ["sk-secret", 1234, ["sk-secret"], {"value": "sk-secret"}])
def test_the_value_of_a_secret_key_is_left_out(key: str, value: object) -> None:
    for config in ({key: value}, {"deep": {"list": [{key: value}]}}):
        text = json.dumps(without_secrets(config))
        assert "sk-secret" not in text
        assert "1234" not in text
        assert key in text


def test_everything_else_stays_as_it_is() -> None:
    config = {
        "api_key_variable": "OPENAI_API_KEY",
        "max_tokens": 256,
        "tokens_per_batch": 4096,
        "kl_coef": 0.5,
        "monkey": "chimp",
        "api_key": None,
        "only_sites": ["gitlab"],
        "base_url": "http://localhost:8000/v1",
    }
    assert without_secrets(config) == config


def test_a_password_in_an_address_is_left_out() -> None:
    cleaned = without_secrets({"base_url": "https://me:sk-secret@host:1/v1", "urls": ["http://sk-secret@host"]})
    assert cleaned == {"base_url": "https://<left out>@host:1/v1", "urls": ["http://<left out>@host"]}
    assert without_secrets({"base_url": "https://host/v1?key=sk-secret"}) == {"base_url": "https://host/v1?<left out>"}
    both = {"base_url": "http://me:p@ss@host/v1?sig=sk-secret#part"}
    assert without_secrets(both) == {"base_url": "http://<left out>@host/v1?<left out>#part"}
    assert without_secrets(without_secrets(both)) == without_secrets(both)
    assert without_secrets({"words": "Is that so? http://host is"}) == {"words": "Is that so? http://host is"}


def test_the_machine_is_described_without_names() -> None:
    text = json.dumps(machine())
    assert platform.node() not in text or len(platform.node()) < 4
    assert platform.python_version() in text


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_package_inside_somebody_elses_checkout_does_not_take_its_commit(tmp_path: Path) -> None:
    """As when a virtual environment lies in a project folder."""
    package = tmp_path / "venv"
    package.mkdir()
    copied = package / "run_card.py"
    shutil.copyfile(module.__file__, copied)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    program = "import run_card; print(run_card.commit())"

    def said() -> str:
        run = subprocess.run([sys.executable, "-c", program], cwd=package, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    assert said() == "unknown"
    subprocess.run([*git, "add", "venv/run_card.py"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "y"], cwd=tmp_path, check=True)
    assert len(said()) == 12
    copied.write_text(copied.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert said().endswith("-dirty")


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit() == "unknown"
