"""The configuration tree: everything in it composes, every key is explained, and what is not in it is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.errors import ConfigConflict
from agents.hydra_entry import compose_config, run_entry_point

CONF = Path(__file__).parents[1] / "conf"
LOCAL = "local"  # a user's own group; not part of the tree
FILES = sorted(path for path in CONF.rglob("*.yaml") if LOCAL not in path.relative_to(CONF).parts)
ROOTS = [path.stem for path in FILES if path.parent == CONF]
OPTIONS = [(path.parent.name, path.stem) for path in FILES if path.parent != CONF]


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def groups_of(root: str) -> set[str]:
    """Groups that a root file chooses from."""
    entries = [entry for entry in read(CONF / f"{root}.yaml").get("defaults", []) if isinstance(entry, Mapping)]
    return {str(name).split()[-1] for entry in entries for name in entry} - {LOCAL}


def keys_written(path: Path) -> Iterator[tuple[str, bool]]:
    """Keys of a file, and whether a comment explains each: at the end of its line, or on the line above."""
    above = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        key, colon, rest = text.partition(":")
        if colon and key.isidentifier() and key != "defaults":
            # A key that only opens a block is explained by what stands in it.
            opens_block = not rest.partition("#")[0].strip()
            yield key, " #" in line or above.startswith("#") or opens_block
        above = text


def test_the_tree_is_there() -> None:
    assert "benchmark" in ROOTS
    assert ("env", "static") in OPTIONS


@pytest.mark.parametrize("root", ROOTS)
def test_every_root_composes(root: str) -> None:
    composed = dict(leaves(compose_config(root)))
    written = {key for key, _ in leaves({**read(CONF / f"{root}.yaml"), "defaults": None})} - {"defaults"}
    assert written <= set(composed)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_with_every_root_that_has_its_group(group: str, option: str) -> None:
    users = [root for root in ROOTS if group in groups_of(root)]
    assert users, f"no root file has the group {group!r} in its defaults"
    path = CONF / group / f"{option}.yaml"
    is_global = "@package _global_" in path.read_text(encoding="utf-8")
    prefix = "" if is_global else f"{group}."
    written = {key: value for key, value in leaves(read(path), prefix) if not key.startswith(f"{prefix}defaults")}
    given = [f"{key}=given" for key, value in written.items() if value == "???"]
    for root in users:
        composed = dict(leaves(compose_config(root, [f"{group}={option}", *given])))
        assert set(written) <= set(composed), root


def test_every_key_is_explained() -> None:
    """A key means the same wherever it stands, so one comment for each name is enough."""
    written = [(key, explained, path) for path in FILES for key, explained in keys_written(path)]
    explained = {key for key, has_comment, _ in written if has_comment}
    assert sorted({f"{path.relative_to(CONF)}: {key}" for key, _, path in written if key not in explained}) == []


def test_an_override_arrives() -> None:
    config = compose_config("benchmark", ["seed=7", "env=chromium", "env.num_envs=3", "only_sites=[gitlab,map]"])
    assert (config["seed"], config["only_sites"]) == (7, ["gitlab", "map"])
    assert (config["env"]["engine"], config["env"]["num_envs"]) == ("chromium", 3)


def test_a_roots_own_key_may_be_called_like_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """``model`` names a server's model for a benchmark, and one of the files of ``conf/model`` for training."""
    assert compose_config("benchmark", ["model=my-model"])["model"] == "my-model"
    assert compose_config("train", ["model=smollm2"])["model"]["name_or_path"] == "smollm2"
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(sys, "argv", ["webrl-benchmark", "agent=openai", "model=my-model", "seed=3"])
    assert run_entry_point("benchmark", lambda config: seen.append(config) or 0) == 0
    assert (seen[0]["model"], seen[0]["seed"]) == ("my-model", 3)


@pytest.mark.parametrize(
    ("override", "near"),
    [
        pytest.param("sede=1", "'seed'", id="misspelt key"),
        pytest.param("env.engin=static", "'env.engine'", id="misspelt key of a group"),
        pytest.param("engine=chromium", "'env.engine'", id="key without its group"),
        pytest.param("env=chromiumm", "'chromium'", id="misspelt option"),
        pytest.param("evn=static", "'env'", id="misspelt group"),
    ],
)
def test_an_unknown_key_is_refused_with_the_near_one(override: str, near: str) -> None:
    with pytest.raises(ConfigConflict, match=f"did you mean {near}"):
        compose_config("benchmark", [override])


def test_all_unknown_keys_are_named_at_once() -> None:
    with pytest.raises(ConfigConflict) as caught:
        compose_config("benchmark", ["sede=1", "env.engin=static", "env=chromiumm", "limit=2"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert all(any(word in line for line in lines) for word in ("sede", "env.engin", "chromiumm"))


def test_the_command_line_refuses_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def task(config: dict[str, Any]) -> int:
        raise AssertionError(f"ran with {config}")

    monkeypatch.setattr(sys, "argv", ["webrl-benchmark", "sede=1", "env.engin=static"])
    assert run_entry_point("benchmark", task) == 2
    said = capsys.readouterr().err
    assert "did you mean 'seed'" in said
    assert "did you mean 'env.engine'" in said


def test_an_override_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigConflict, match="cannot be read"):
        compose_config("benchmark", ["only_sites=[gitlab"])


ASKED_FOR = [
    (group, option, key)
    for group, option in OPTIONS
    for key, value in leaves(read(CONF / group / f"{option}.yaml"))
    if value == "???"
]


@pytest.mark.parametrize(("group", "option", "key"), ASKED_FOR)
def test_a_value_that_only_the_user_knows_is_asked_for(
    group: str, option: str, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for root in (root for root in ROOTS if group in groups_of(root)):
        with pytest.raises(ConfigConflict, match=f"{group}.{key}"):
            compose_config(root, [f"{group}={option}"])
        monkeypatch.setattr(sys, "argv", [root, f"{group}={option}"])
        assert run_entry_point(root, lambda config: len(config)) == 2
        assert f"{group}.{key}" in capsys.readouterr().err
