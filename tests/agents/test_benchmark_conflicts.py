"""What is wrong with a benchmark's configuration, all of it before the first episode."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from agents.benchmark_conflicts import benchmark_conflicts
from agents.hydra_entry import compose_config
from agents.model_agent import ModelAgent
from agents.model_record import ModelRecord

POLICY = ModelAgent(Path("trained"), ModelRecord("llama"))
RELEASED = ModelAgent(Path("trained"), ModelRecord("released", "webrl_llama3", "characters"))
PAGES = ("agent=trained", "env=chromium", "env.profile=webrl")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(*overrides: str) -> dict[str, Any]:
    return compose_config("benchmark", overrides)


def test_the_shipped_configuration_holds_no_conflict() -> None:
    assert benchmark_conflicts(config()) == benchmark_conflicts(config(), POLICY) == []


@pytest.mark.parametrize(
    ("agent", "policy", "idle"),
    [
        ("random", None, ["max_tokens", "timeout_s", "api_key_variable", "temperature", "env.num_envs"]),
        ("trained", POLICY, ["max_tokens", "timeout_s", "api_key_variable"]),
        ("openai", None, ["env.num_envs"]),
    ],
)
def test_keys_that_decide_nothing_are_refused_where_they_are_named(
    agent: str, policy: ModelAgent | None, idle: list[str]
) -> None:
    named = ["temperature", "max_tokens", "timeout_s", "api_key_variable", "env.num_envs"]
    server = ("base_url=http://localhost/v1", "model=m") if agent == "openai" else ()
    given = config(f"agent={agent}", "env.num_envs=2", *server)
    assert [problem.partition(" ")[0] for problem in benchmark_conflicts(given, policy, named)] == idle
    assert benchmark_conflicts(given, policy) == []


def test_all_conflicts_are_reported_at_once() -> None:
    lines = benchmark_conflicts(
        config(
            "agent=openai",
            "base_url=localhost:8000",
            "api_key_variable=sk-secret",
            "agent_arguments.a=1",
            "screenshots=true",
            "limit=0",
            "seed=-1",
            "temperature=nan",
            "max_tokens=0",
            "test_log=null",
            "suite=practice-tets",
            "only_sites=myspace",
            "env.max_steps=0",
        )
    )
    words = (
        *("model=", "http://", "environment variable", "agent_arguments", "env=chromium", "test_log", "limit", "seed"),
        *("max_tokens", "temperature", "did you mean practice-test", "no site 'myspace'", "env.max_steps"),
    )
    assert all(word in line for word, line in zip(words, lines, strict=True))
    assert "sk-secret" not in "\n".join(lines)


@pytest.mark.parametrize(("key", "value"), [("base_url", "http://localhost:8000/v1"), ("model", "my-model")])
def test_an_address_and_a_name_belong_to_a_model_behind_a_server(key: str, value: str) -> None:
    (said,) = benchmark_conflicts(config(f"{key}={value}"))
    assert said == f"{key} means nothing to agent=oracle; it belongs to agent=openai"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("device=moon", "device must be a device as torch names it (cpu, cuda, cuda:1, mps), got 'moon'"),
        ("device=cuda:99", f"device is cuda:99, but torch sees {torch.cuda.device_count()} CUDA devices here"),
        ("autocast=often", "autocast must be one of True, False, auto, got 'often'"),
        ("prompt=webrl", "prompt must be null or one of auto, webrl_llama3, webrl_glm4, got 'webrl'"),
        ("cut=lines", "cut must be null or one of tokens, characters, got 'lines'"),
        ("cut=characters", "cut=characters belongs to the released policies' prompts, got prompt 'auto'"),
        ("dtype=int8", "dtype must be null or one of float32, bfloat16, float16, got 'int8'"),
        ("max_prompt_tokens=0", "max_prompt_tokens must be null or a whole number of at least 1, got 0"),
        ("max_new_tokens=true", "max_new_tokens must be null or a whole number of at least 1, got True"),
        ("env.num_envs=0", "env.num_envs must be a whole number of at least 1, got 0"),
        ("env.num_envs=two", "env.num_envs must be a whole number of at least 1, got 'two'"),
        ("temperature=nan", "temperature must be a number of at least 0, got nan"),
        ("temperature=true", "temperature must be a number of at least 0, got True"),
        ("temperature=null", "temperature must be a number of at least 0, got None"),
        ("limit=true", "limit must be null or a whole number of at least 1, got True"),
        ("screenshots=no", "screenshots must be true or false, got 'no'"),
        ("env.stable_ids=off", "env.stable_ids must be true or false, got 'off'"),
    ],
)
def test_what_a_policys_panel_would_stumble_over_is_told_at_the_start(override: str, said: str) -> None:
    assert benchmark_conflicts(config(override), POLICY) == [said]


def test_a_device_is_a_policys() -> None:
    assert benchmark_conflicts(config("device=moon")) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("prompt", "webrl_llama3"), ("cut", "tokens"), ("dtype", "bfloat16")),
        *(("max_prompt_tokens", 400), ("max_new_tokens", 8)),
    ],
)
def test_how_a_model_is_loaded_belongs_to_a_models_folder(key: str, value: Any) -> None:
    (said,) = benchmark_conflicts(config(f"{key}={value}"))
    assert said == f"{key} means nothing to agent=oracle; it belongs to a model's folder"
    assert benchmark_conflicts(config(f"{key}={value}"), POLICY) == []


def test_prompt_and_action_must_fit_the_context() -> None:
    small = replace(POLICY, context=512)
    assert benchmark_conflicts(config("max_prompt_tokens=512", "max_new_tokens=511"), small) == []
    assert benchmark_conflicts(config("agent=trained", "max_prompt_tokens=513", "max_new_tokens=512"), small) == [
        "max_prompt_tokens must be at most the context of trained, 512 tokens; got 513",
        "max_new_tokens must be below the context of trained, 512 tokens; got 512",
    ]


def test_a_released_prompt_needs_its_pages() -> None:
    (said,) = benchmark_conflicts(config("agent=trained"), RELEASED)
    assert said == "trained is prompted as webrl_llama3 and needs env.profile=webrl"
    assert benchmark_conflicts(config(*PAGES), RELEASED) == []
    (said,) = benchmark_conflicts(config(*PAGES, "env.budget=8000"), RELEASED)
    assert said.startswith("env.budget must be at least 15872 for trained, whose prompt webrl_llama3 cuts pages itself")


def test_the_released_pages_need_a_prompt_that_somebody_has_said() -> None:
    assert benchmark_conflicts(config(*PAGES), POLICY) == []
    (said,) = benchmark_conflicts(config(*PAGES), replace(POLICY, is_prompt_known=False))
    assert "trained does not say how it is prompted: give prompt=webrl_llama3 or prompt=webrl_glm4" in said


def test_adapters_are_loaded_on_weights_as_those_they_were_made_on() -> None:
    adapted = replace(POLICY, dtype="float16", adapted_dtype="float16")
    assert benchmark_conflicts(config(), adapted) == []
    (said,) = benchmark_conflicts(config("agent=trained", "dtype=float32"), replace(adapted, dtype="float32"))
    assert said.startswith(
        "dtype must be null or float16, that of the weights on which the adapters of trained learned"
    )


def test_the_log_of_looks_must_be_writable_before_the_panel(folder: Path) -> None:
    assert benchmark_conflicts(config("test_log=not/yet/there.jsonl")) == []
    (folder / "file").touch()
    assert benchmark_conflicts(config("test_log=file/log.jsonl", "suite=practice-valid")) == []  # no look, no line
    assert benchmark_conflicts(config("test_log=file")) == []
    for wrong, place in (("file/log.jsonl", "file"), (str(folder), "")):
        (said,) = benchmark_conflicts(config(f"test_log={wrong}"))
        assert said == (
            f"test_log must name a file that can be written, got {wrong!r} (look at {(folder / place).absolute()})"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_the_log_of_looks_may_not_be_locked_away(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    (said,) = benchmark_conflicts(config("test_log=locked/log.jsonl"))
    assert said.startswith("test_log must name a file that can be written, got 'locked/log.jsonl'")
