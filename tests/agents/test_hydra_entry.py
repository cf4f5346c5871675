"""Entry points: what every command line does with errors, Ctrl-C and Hydra's own options."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.errors import AgentError, ConfigConflict
from agents.hydra_entry import compose_config, named_keys, run_entry_point, unknown_keys
from webrl_gym.errors import SiteError

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs an entry point with a command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def start(task: Callable[[dict[str, Any]], int], *arguments: str, config: str = "benchmark") -> int:
        monkeypatch.setattr(sys, "argv", ["webrl", *arguments])
        return run_entry_point(config, task)

    return start


def test_the_task_gets_plain_data_and_gives_the_status(run: Run) -> None:
    seen: list[dict[str, Any]] = []

    def task(config: dict[str, Any]) -> int:
        seen.append(config)
        return 3

    assert run(task, "only_sites=[map]", "limit=2") == 3
    assert type(seen[0]) is type(seen[0]["env"]) is dict
    assert (seen[0]["only_sites"], seen[0]["limit"]) == (["map"], 2)


@pytest.mark.parametrize(
    "arguments", [["agent_arguments={word: y, n: 2}"], ["agent_arguments.word=y", "agent_arguments.n=2"]]
)
def test_arguments_of_an_agent_need_no_special_sign(run: Run, arguments: list[str]) -> None:
    assert compose_config("benchmark", arguments)["agent_arguments"] == {"word": "y", "n": 2}
    seen: list[dict[str, Any]] = []
    assert run(lambda config: seen.append(config["agent_arguments"]) or 0, *arguments) == 0
    assert seen == [{"word": "y", "n": 2}]


def test_a_run_leaves_no_files_of_hydra(run: Run, tmp_path: Path) -> None:
    assert run(len, "seed=1") > 0
    assert run(len, "--multirun", "seed=1,2") > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error", [ConfigConflict("a\nb"), AgentError("x"), SiteError("gone"), ValueError("bad"), OSError("no space")]
)
def test_an_error_is_one_message_and_status_2(run: Run, error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def task(config: dict[str, Any]) -> int:
        raise error

    assert run(task) == 2
    assert capsys.readouterr().err == f"{type(error).__name__}: {error}\n"


@pytest.mark.parametrize("arguments", [[], ["--multirun", "seed=0,1,2"]])
def test_ctrl_c_ends_everything(run: Run, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    seeds: list[int] = []

    def task(config: dict[str, Any]) -> int:
        seeds.append(config["seed"])
        raise KeyboardInterrupt

    assert run(task, *arguments) == 130
    assert seeds == [0]
    assert "what was finished is kept" in capsys.readouterr().err


def test_a_sweep_runs_every_value_and_gives_the_worst_status(run: Run) -> None:
    seeds: list[int] = []

    def task(config: dict[str, Any]) -> int:
        seeds.append(config["seed"])
        if config["seed"] == 1:
            raise ValueError("not this one")
        return 0

    assert run(task, "--multirun", "seed=0,1,2") == 2
    assert seeds == [0, 1, 2]


def test_a_model_of_a_server_cannot_be_swept(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(len, "--multirun", "agent=openai", "model=a,b") == 2
    assert "model cannot be swept" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--cfg", "job"], ["-c", "job"], ["seed=1", "--cfg", "job"]])
def test_hydra_shows_the_configuration(run: Run, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def task(config: dict[str, Any]) -> int:
        raise AssertionError("ran")

    assert run(task, *arguments) == 0
    assert "agent: oracle" in capsys.readouterr().out


def test_a_group_of_which_nothing_is_chosen(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    names: list[str] = []
    assert run(lambda config: names.append(config["name"]) or 0, "experiment=null", config="train") == 0
    assert names == ["webrl"] == [compose_config("train", ["experiment=null"])["name"]]
    assert run(len, "-m", "experiment=null,no_kl", config="train") == 2
    assert capsys.readouterr().err == "experiment=null cannot be swept: start that run by itself.\n"


@pytest.mark.parametrize(
    ("root", "argument", "said"),
    [
        ("train", "env=null", "env must not be null; choose one of chromium, static, urls"),
        ("train", "name=null", "name must not be empty, got null"),
        ("train", "name=", "name must not be empty, got ''"),
        ("train", "run=null", "run must not be empty, got null"),
        ("train_orm", "output=null", "output must not be empty, got null"),
        ("train", "sft=null", "sft is a group of settings, sft.NAME=value, got null"),
        ("train_orm", "evaluation=7", "evaluation is a group of settings, evaluation.NAME=value, got '7'"),
        ("benchmark", "env.judge=null", "env.judge is a group of settings, env.judge.NAME=value, got null"),
        ("train", "orm.from=5", "orm.from must be a text, got '5'; a number is quoted: orm.from='\"7\"'"),
        ("train", "suite=[a]", "suite must be a text, got \"['a']\"; a number is quoted: suite='\"7\"'"),
        ("train_orm", "output=5", "output must be a text, got '5'; a number is quoted: output='\"7\"'"),
        ("benchmark", "algorithm=sft", "There is no group 'algorithm' in this command; it has env, local, paths."),
        ("train", "~algorithm", "algorithm cannot be left out; give it another value: algorithm=..."),
        ("train", "~sft.optimizer", "sft.optimizer cannot be left out; give it another value: sft.optimizer=..."),
        ("train", "+algorithm=sft", "algorithm is there already: write algorithm=..., without the +"),
        ("train", "phases=2", "There is no configuration key 'phases'; did you mean 'algorithm.phases'?"),
        ("train_orm", "policies=SFT", "policies holds values by names, policies.NAME=value, got 'SFT'"),
    ],
)
def test_what_cannot_be_empty_is_told_in_a_sentence(root: str, argument: str, said: str) -> None:
    assert unknown_keys(root, [argument]) == [said]


def test_what_may_be_empty_or_whole_may_be() -> None:
    assert unknown_keys("benchmark", ["output=null", "agent_arguments={a: 1}"]) == []
    assert unknown_keys("train_orm", ["run=null", "policies={SFT: a}", "policies.b=c", "name=a,b"]) == []
    assert unknown_keys("train", ["sft={max_rounds: 0}", "model.lora=null", "~experiment", "run='\"5\"'"]) == []
    assert unknown_keys("train", ["experiment=pretrained_lora", "model.lora=null", "suite=a,b", "orm.from=null"]) == []


def test_ones_own_files_may_lie_deeper_and_be_broken(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "conf" / "experiment" / "team"
    mine.mkdir(parents=True)
    (mine / "a.yaml").write_text("# @package _global_\nname: ours\n", encoding="utf-8")
    (mine / "broken.yaml").write_text("name: [ours\n", encoding="utf-8")
    names: list[str] = []
    where = ["--config-dir", str(tmp_path / "conf")]
    assert run(lambda config: names.append(config["name"]) or 0, *where, "experiment=team/a", config="train") == 0
    assert names == ["ours"]
    assert run(len, *where, "experiment=team/broken", config="train") == 2
    said = capsys.readouterr().err
    assert said.startswith("a configuration file cannot be read: ")
    assert "broken.yaml" in said


def test_a_users_own_group_is_no_unknown_key() -> None:
    assert unknown_keys("train", ["+anything=1", "hydra.verbose=true"]) == []


def test_presets_and_models_compose_together() -> None:
    config = compose_config("train", ["experiment=rule_labels", "debug=smoke", "model=smollm2", "name=mine"])
    assert (config["name"], config["run"]) == ("mine", "runs/mine")
    assert config["orm"]["source"] == "rules"
    assert config["model"]["name_or_path"] == "smollm2"
    with pytest.raises(ConfigConflict, match="did you mean 'rule_labels'"):
        compose_config("train", ["experiment=rule_label"])


@pytest.mark.parametrize(
    ("root", "key"),
    [
        *(("benchmark", "only_sites"), ("train", "only_sites"), ("demo", "only_sites")),
        *(("train_orm", "trajectories"), ("train_orm", "held_out_templates"), ("train_orm", "only_sites")),
    ],
)
def test_one_name_is_a_list_of_one(root: str, key: str) -> None:
    assert compose_config(root, [f"{key}=map"])[key] == ["map"]
    assert compose_config(root, [f"{key}=[map,gitlab]"])[key] == ["map", "gitlab"]
    assert compose_config(root, [f"{key}="])[key] == []
    assert compose_config(root, [f"{key}=null"])[key] is None


def test_the_keys_of_a_command_line() -> None:
    words = [
        "--multirun",
        "resume=runs/a",
        "algorithm.phases=3",
        "--config-dir",
        "here=there",
        "+new.key=1",
        "env=static",
    ]
    assert named_keys(words) == ["resume", "algorithm.phases", "new.key", "env"]
    assert named_keys(["a=[", "b=1"]) == []


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (
            "base_url=http://h:8000/v1?x=y",
            """base_url cannot be read (.*). .* quoted: base_url='"http://h:8000/v1?x=y"'""",
        ),
        ("output=/tmp/a b (2)", """output cannot be read (.*). .* quoted: output='"/tmp/a b (2)"'"""),
        ("agents", "'agents' is no override: expected key=value"),
    ],
)
def test_a_value_that_needs_quotes_is_shown_with_them(argument: str, said: str) -> None:
    (problem,) = unknown_keys("benchmark", ["seed=1", argument])
    assert re.search(re.escape(said).replace(r"\.\*", ".*"), problem)
