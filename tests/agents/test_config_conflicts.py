"""What is wrong with a training configuration, told before anything is done."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from agents.config_conflicts import conflicts
from agents.errors import ConfigConflict
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.training_run import TrainingRun


@cache
def composed(*choices: str) -> dict[str, Any]:
    return compose_config("train", list(choices))


def told(*overrides: str, choices: tuple[str, ...] = ()) -> list[str]:
    """The conflicts of a configuration with some values changed; composing one for each would take long."""
    config = copy.deepcopy(composed(*choices))
    for override in overrides:
        key, _, value = override.partition("=")
        *groups, name = key.split(".")
        inner = config
        for group in groups:
            inner = inner[group]
        inner[name] = yaml.safe_load(value)
    return conflicts(config)


@pytest.mark.parametrize("algorithm", ["webrl", "filtered_bc", "awr", "digirl", "sft"])
def test_the_shipped_configurations_hold_no_conflict(algorithm: str) -> None:
    assert told(choices=(f"algorithm={algorithm}",)) == []
    assert "algorithm.name must be one of" in told("algorithm.name=ppo")[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere:Mine", "the module of 'nowhere:Mine' cannot be imported: No module named 'nowhere'"),
        (":Mine", "expected module:Class, got ':Mine'"),
        ("json:Mine", "'json:Mine' is no subclass of agents.algorithms.PhaseAlgorithm"),
        ("json:JSONDecoder", "'json:JSONDecoder' is no subclass of agents.algorithms.PhaseAlgorithm"),
        ("agents.algorithms:PhaseAlgorithm", "'agents.algorithms:PhaseAlgorithm' does not define _run_phase"),
    ],
)
def test_an_algorithm_of_ones_own_that_is_none_is_a_conflict(name: str, problem: str) -> None:
    assert told(f"algorithm.name='{name}'") == [f"algorithm.name: {problem}"]


def test_settings_that_an_algorithm_does_not_have_are_one_conflict() -> None:
    of_another = told("algorithm.lam=0.5", "algorithm.size=2", choices=("algorithm=filtered_bc",))
    assert of_another == ["algorithm.lam, algorithm.size: no setting of filtered_bc"]
    assert told("algorithm.phases=1", choices=("algorithm=sft",)) == []


RELEASED = ("model.name_or_path=somewhere", "model.prompt=webrl_llama3")
PRETRAINED = ("experiment=pretrained",)
PAGES = ("env.engine=chromium", "env.profile=webrl")


def test_a_released_prompt_needs_the_released_pages() -> None:
    assert told(*RELEASED, *PAGES, choices=PRETRAINED) == []
    assert told(*RELEASED, choices=PRETRAINED) == [
        "model.prompt=webrl_llama3 needs env.profile=webrl, the pages it was trained on"
    ]
    assert told(*RELEASED, "env.profile=webrl", choices=PRETRAINED) == [
        "env.profile=webrl needs env.engine=chromium, got 'static'"
    ]
    (budget,) = told(*RELEASED, *PAGES, "env.budget=8000", choices=PRETRAINED)
    assert budget.startswith("env.budget must be at least 15872 with model.prompt=webrl_llama3")
    assert told(*RELEASED, *PAGES, "env.budget=8000", "model.cut=tokens", choices=PRETRAINED) == []
    (nano,) = told(*PAGES, "model.prompt=webrl_glm4")
    assert "the nano model has others" in nano
    (cut,) = told("model.cut=characters")
    assert cut == "model.cut=characters belongs to the released policies' prompts, got prompt 'auto'"


def test_a_local_model_with_a_released_prompt_is_known_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"webrl_gym": {"prompt": "webrl_glm4"}}', encoding="utf-8")
    (found,) = told(f"model.name_or_path={tmp_path}", choices=PRETRAINED)
    assert found.startswith("model.prompt=webrl_glm4 needs env.profile=webrl")


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("model.device=gpu", "model.device must be a device as torch names it (cpu, cuda, cuda:1, mps), got 'gpu'"),
        ("model.device=cuda:99", f"model.device is cuda:99, but torch sees {torch.cuda.device_count()} CUDA"),
        ("model.dtype=int8", "model.dtype must be one of float32, bfloat16, float16, got 'int8'"),
        ("model.dtype=float16", "model.dtype: expected bfloat16 or float32 for weights that are trained"),
        ("model.autocast=often", "model.autocast must be one of True, False, auto, got 'often'"),
        ("model.max_new_tokens=0", "model.max_new_tokens must be a whole number of at least 1, got 0"),
        ("sft.schedule=run", "sft.schedule must be one of constant, linear, cosine, got 'run'"),
        ("sft.warmup_share=1", "sft.warmup_share must be a number from 0 to 0.99, got 1"),
        ("algorithm.policy_learning_rate=-1", "algorithm.policy_learning_rate must be a number from 1e-12 to 10"),
        ("algorithm.perplexity_low=low", "algorithm.perplexity_low must be a number from 1 to inf, got 'low'"),
        ("env.max_steps=0", "env.max_steps must be a whole number of at least 1, got 0"),
        ("env.stable_ids='no'", "env.stable_ids must be true or false, got 'no'"),
        ("suite=practice-trian", "suite: there is no suite 'practice-trian'"),
        ("valid_suite=practice-vlaid", "valid_suite: there is no suite 'practice-vlaid'"),
        ("only_sites=[myspace]", "only_sites: there is no site 'myspace'"),
        ("demonstrations=1001", "demonstrations must be at most 1000, the tasks that there are, got 1001"),
        ("demonstrations=0", "demonstrations must be a file or a whole number of at least 1, got 0"),
    ],
)
def test_a_value_that_cannot_be_is_named(override: str, problem: str) -> None:
    (found,) = told(override)
    assert found.startswith(problem)


def test_apples_gpu_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert told("model.device=mps") == []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    (found,) = told("model.device=mps")
    assert found.startswith("model.device is mps, and torch finds no GPU of Apple's here")


def test_a_file_of_demonstrations_must_be_there_until_it_was_taken(tmp_path: Path) -> None:
    config, run = {**composed(), "demonstrations": str(tmp_path / "gone.jsonl")}, tmp_path / "run"
    with pytest.raises(ConfigConflict, match=r"^demonstrations: there is no file .*gone\.jsonl$"):
        TrainingRun(run, config, SilentProgress())
    assert not run.exists()
    run.mkdir()
    (run / "demonstrations.jsonl.gz").touch()
    TrainingRun(run, config, SilentProgress())


@pytest.mark.parametrize("group", ["sft", "orm", "algorithm"])
def test_an_optimizer_that_there_is_not_is_a_conflict(group: str) -> None:
    assert told(f"{group}.optimizer=lion") == [f"{group}.optimizer must be one of adamw, muon, got 'lion'"]


def test_the_critic_may_leave_its_optimizer_open() -> None:
    assert told("algorithm.critic_optimizer=null") == told("algorithm.critic_optimizer=muon") == []


@pytest.mark.parametrize("switch", ["critic_trunk", "critic_advantage", "failures", "curriculum"])
def test_a_switch_is_true_or_false(switch: str) -> None:
    assert told(f"algorithm.{switch}=maybe") == [f"algorithm.{switch} must be true or false, got 'maybe'"]
    assert told(f"algorithm.{switch}=true") == []


def test_what_the_baselines_set_is_checked() -> None:
    wrong = ["algorithm.mode=offline", "algorithm.advantage_temperature=0", "algorithm.discount=2"]
    assert told(*wrong, choices=("algorithm=awr",)) == [
        "algorithm.mode must be one of online, paper, got 'offline'",
        "algorithm.discount must be a number from 0 to 1, got 2",
        "algorithm.advantage_temperature must be a number from 0.001 to 1000, got 0",
    ]
    wrong = ["algorithm.trajectory_share=0", "algorithm.step_threshold=2", "algorithm.replay_capacity=0"]
    assert told(*wrong, choices=("algorithm=digirl",)) == [
        "algorithm.replay_capacity must be a whole number of at least 1, got 0",
        "algorithm.trajectory_share must be a number from 0.001 to 1, got 0",
        "algorithm.step_threshold must be a number from -1 to 1, got 2",
    ]


LLM = ["curriculum=llm", "curriculum.base_url=http://127.0.0.1:1/v1", "curriculum.model=m"]


def test_what_a_language_model_writes_needs_an_orm() -> None:
    assert conflicts(compose_config("train", LLM)) == []
    assert conflicts(compose_config("train", [*LLM, "orm.source=orm"])) == []
    assert conflicts(compose_config("train", [*LLM, "orm.source=rules"])) == [
        "curriculum.proposer=llm needs orm.source orm or both: what a language model writes has no rules"
    ]
    for change in ("algorithm.curriculum=false", "algorithm=filtered_bc"):
        assert conflicts(compose_config("train", [*LLM, change])) == [
            "curriculum.proposer=llm has nothing to propose without algorithm.curriculum=true"
        ]


@pytest.mark.parametrize(("proposer", "brings"), [("llm", "base_url"), ("local", "model")])
def test_a_proposer_comes_with_its_group(proposer: str, brings: str) -> None:
    (problem,) = conflicts(compose_config("train", [f"curriculum.proposer={proposer}"]))
    assert problem == f"curriculum.proposer={proposer} needs curriculum={proposer}, which brings {brings}"


def test_settings_of_the_curriculum_are_looked_at() -> None:
    wrong = ["curriculum.parallel=0", "curriculum.judge=maybe", "curriculum.temperature=-1", "curriculum.patience=many"]
    told = conflicts(compose_config("train", [*LLM, *wrong]))
    assert sorted(line.split()[0] for line in told) == sorted(text.partition("=")[0] for text in wrong)
    assert conflicts(compose_config("train", ["curriculum=local", "curriculum.model=nano"])) == [
        "curriculum.model must be a chat model, got nano, which writes actions and no sentences"
    ]
    assert (
        "curriculum.proposer must be one of grammar, llm, local"
        in conflicts(compose_config("train", ["curriculum.proposer=me"]))[0]
    )


def test_a_server_is_named_as_one_and_a_key_is_not_shown() -> None:
    wrong = told(
        *("curriculum.base_url=null", "curriculum.model=7", "curriculum.api_key_variable=sk-secret"),
        "env.judge.api_key_variable=null",
        choices=tuple(LLM),
    )
    assert sorted(wrong) == [
        "curriculum.api_key_variable must be the name of an environment variable, not the key",
        "curriculum.base_url must begin with http:// or https://, got None",
        "curriculum.model must be the name that the server knows, got 7",
        "env.judge.api_key_variable must be the name of an environment variable, not the key",
    ]
    assert told("curriculum.base_url=localhost:8000/v1", choices=tuple(LLM)) == [
        "curriculum.base_url must begin with http:// or https://, got 'localhost:8000/v1'"
    ]


@pytest.mark.parametrize(
    "override",
    [
        "threads=many",
        "threads=0",
        "algorithm.epochs=0",
        "algorithm.epochs=true",
        "algorithm.critic_epochs=0",
        "algorithm.max_grad_norm=0",
        "algorithm.kl_ceiling=high",
        "algorithm.perplexity_low=0.5",
        "algorithm.optimizer=null",
        "algorithm.schedule=null",
        "orm.source=null",
        "model.dtype=null",
    ],
)
def test_what_a_part_would_refuse_minutes_later_is_refused_at_the_start(override: str) -> None:
    (problem,) = told(override)
    assert problem.startswith(override.partition("=")[0])


def test_several_heads_need_a_trunk_that_tells_them_apart() -> None:
    (problem,) = told("algorithm.critic_heads=2")
    assert problem.startswith("algorithm.critic_heads=2 needs algorithm.critic_trunk=true")
    assert told("algorithm.critic_heads=2", "algorithm.critic_trunk=true") == []


def test_what_may_be_endless_or_left_open_may_be() -> None:
    endless = ("algorithm.perplexity_high=.inf", "algorithm.kl_ceiling=.inf", "algorithm.max_grad_norm=.inf")
    assert told(*endless, "threads=null", "model.cut=null", "algorithm.critic_weights=null") == []
    assert told("model.max_new_tokens=null") == []


def test_where_a_local_model_proposes_its_place_is_looked_at() -> None:
    local = ("curriculum=local", "curriculum.model=somewhere")
    wrong = told("curriculum.device=moon", "curriculum.dtype=int8", choices=local)
    assert [problem.split()[0] for problem in wrong] == ["curriculum.device", "curriculum.dtype"]


def test_a_folder_that_is_not_there_is_told_as_such() -> None:
    said = "model.name_or_path: /typo/policy holds no model (there is no config.json or adapter_config.json)"
    assert told("model.name_or_path=/typo/policy") == [said]


def test_a_template_needs_a_judge_that_reads_it(tmp_path: Path) -> None:
    template = tmp_path / "judge.txt"
    template.write_text("{instruction} {actions} {page}", encoding="utf-8")
    (problem,) = told(f"orm.prompt_template={template}")
    assert problem.startswith("orm.prompt_template needs a judge that reads templates")
    assert told(f"orm.prompt_template={template}", "model.name_or_path=somewhere", choices=PRETRAINED) == []


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (["suite=practice-valid", "valid_suite=practice-train"], "suite is practice-valid, on which nothing"),
        (["suite=webarena-lite"], "webarena-lite is for the final report only; it is neither suite nor valid_suite"),
        (["valid_suite=webarena-lite"], "webarena-lite is for the final report only"),
        (["valid_suite=practice-test-large"], "practice-test-large is for the final report only"),
    ],
)
def test_nothing_is_trained_or_stopped_by_tasks_that_are_kept_apart(overrides: list[str], problem: str) -> None:
    (found,) = told(*overrides)
    assert found.startswith(problem)


def test_all_conflicts_are_reported_at_once(tmp_path: Path) -> None:
    config = compose_config(
        "train",
        [
            "suite=practice-test",
            "valid_suite=practice-test",
            "orm.source=me",
            "demonstrations=0",
            "env.num_envs=many",
            "algorithm.perplexity_low=2000",
            "algorithm.value_high=0",
            "algorithm.phases=0",
            "sft.valid_every=0",
            "seed=-1",
            "sft.renamed_share=2",
            "sft.word_dropout=1.5",
            "algorithm.word_dropout=-0.1",
            "algorithm.rephrased_share=two",
            "algorithm.retried_share=7",
            "orm.optimizer=lion",
            "algorithm.critic_optimizer=lion",
            "algorithm.schedule=steps",
            "orm.threshold=high",
            "algorithm.critic_examples=0",
        ],
    )
    with pytest.raises(ConfigConflict) as caught:
        TrainingRun(tmp_path / "run", config, SilentProgress())
    lines = str(caught.value).splitlines()
    assert len(lines) == 20
    words = (
        "both practice-test",
        "final report only",
        "orm.source",
        "demonstrations",
        "env.num_envs",
        "perplexity_low",
    )
    words += ("value_low", "algorithm.phases", "sft.valid_every", "seed")
    words += (
        "sft.renamed_share",
        "sft.word_dropout",
        "algorithm.word_dropout",
        "algorithm.rephrased_share",
        "algorithm.retried_share",
        "orm.optimizer",
        "critic_optimizer must be one of adamw, muon",
        "algorithm.schedule",
        "orm.threshold",
        "algorithm.critic_examples",
    )
    assert all(any(word in line for line in lines) for word in words)
    assert "got 'many'" in str(caught.value)
    assert not (tmp_path / "run").exists()
