"""Contradictions and impossible values of a training configuration, all found before anything is done.

What a part would refuse when its turn comes, minutes later, is refused at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any

import torch

from agents.adapters import base_of, is_adapter_folder, lora_problems
from agents.algorithms import ALGORITHMS, accepted_arguments, algorithm_class
from agents.algorithms.filtered_bc import MODES
from agents.critics import CRITIC_WEIGHTS
from agents.curriculum import PROTECTED_SUITES, REPORT_SUITES
from agents.curriculum_setup import GRAMMAR, LLM, LOCAL, PROPOSERS
from agents.env_conflicts import env_conflicts
from agents.environments import suite_of
from agents.errors import CheckpointMismatch
from agents.fitting import RUN_SCHEDULES, SCHEDULES
from agents.judge_conflicts import judge_conflicts
from agents.labelling import label_source
from agents.model_files import NANO
from agents.model_record import CUTS, DTYPES, PROMPTS, folder_problem
from agents.models import prompt_of
from agents.optimizers import OPTIMIZERS
from agents.policy_update import POLICY_LOSSES
from agents.rate_conflicts import precision_conflicts, training_rate_conflicts
from agents.released_prompt import RELEASED_CHARACTERS, RELEASED_PROMPTS
from agents.server_conflicts import SERVER_KEYS, server_conflicts
from webrl_gym.errors import TaskFileError

_LEAST = {
    "seed": 0,
    "threads": 1,
    "checkpoints.keep": 1,
    "model.max_prompt_tokens": 1,
    "model.max_new_tokens": 1,
    "sft.epochs_per_round": 1,
    "sft.max_rounds": 0,
    "sft.patience": 1,
    "sft.tokens_per_batch": 1,
    "sft.valid_every": 1,
    "sft.examples_per_update": 1,
    "attempts.count": 1,
    "evaluation.attempts": 1,
    "orm.epochs": 1,
    "orm.tokens_per_batch": 1,
    "orm.examples_per_update": 1,
    "orm.max_page_length": 1,
    "algorithm.phases": 1,
    "algorithm.epochs": 1,
    "algorithm.critic_epochs": 1,
    "algorithm.instructions_per_phase": 1,
    "algorithm.tokens_per_batch": 1,
    "algorithm.examples_per_update": 1,
    "algorithm.critic_examples": 1,
    "algorithm.replay_capacity": 1,
    "curriculum.attempts": 1,
    "curriculum.parallel": 1,
    "curriculum.max_new_tokens": 1,
    "curriculum.instructions_per_ask": 1,
    "curriculum.seeds_per_ask": 1,
    "curriculum.page_length": 1,
    "curriculum.patience": 1,
    "algorithm.critic_heads": 1,
}
"""Whole numbers of the configuration and the least that each may be."""
_CHOICES = {
    "model.dtype": DTYPES,
    "model.autocast": (True, False, "auto"),
    "model.prompt": PROMPTS,
    "model.cut": CUTS,
    "orm.source": ("orm", "rules", "both"),
    "sft.optimizer": OPTIMIZERS,
    "orm.optimizer": OPTIMIZERS,
    "algorithm.optimizer": OPTIMIZERS,
    "algorithm.critic_optimizer": OPTIMIZERS,
    "sft.schedule": SCHEDULES,
    "algorithm.critic_weights": CRITIC_WEIGHTS,
    "orm.schedule": SCHEDULES,
    "algorithm.schedule": RUN_SCHEDULES,
    "algorithm.policy_loss": POLICY_LOSSES,
    "algorithm.mode": MODES,
    "curriculum.proposer": PROPOSERS,
    "curriculum.dtype": DTYPES,
    "curriculum.autocast": (True, False, "auto"),
}
"""Names of the configuration and what each may be."""
_OF_PROPOSER = {LLM: SERVER_KEYS, LOCAL: ("model",)}
"""Keys of the group ``curriculum`` that a proposer needs."""
_SWITCHES = (
    "model.gradient_checkpointing",
    "model.master_weights",
    "algorithm.critic_trunk",
    "algorithm.critic_advantage",
    "algorithm.failures",
    "algorithm.curriculum",
    "algorithm.begin_with_attempts",
    "curriculum.judge",
    "curriculum.seed",
)
"""What of the configuration is true or false; any text would count as true."""
_MAY_BE_NULL = (
    "algorithm.critic_examples",
    "algorithm.critic_optimizer",
    "algorithm.critic_weights",
    "algorithm.examples_per_update",
    "algorithm.updates_per_trajectory",
    "checkpoints.keep",
    "curriculum.max_new_tokens",
    "curriculum.temperature",
    "model.cut",
    "model.max_new_tokens",
    "model.max_prompt_tokens",
    "orm.examples_per_update",
    "sft.examples_per_update",
    "threads",
)
_RANGES = {
    "sft.learning_rate": (1e-12, 10.0),
    "sft.renamed_share": (0.0, 1.0),
    "sft.word_dropout": (0.0, 1.0),
    "sft.warmup_share": (0.0, 0.99),
    "algorithm.policy_learning_rate": (1e-12, 10.0),
    "algorithm.critic_learning_rate": (1e-12, 10.0),
    "algorithm.temperature": (0.01, 100.0),
    "algorithm.lam": (0.0, 1.0),
    "algorithm.kl_coef": (1e-6, 1e6),
    "algorithm.replay_ratio": (0.0, 1000.0),
    "algorithm.max_grad_norm": (1e-9, inf),
    "algorithm.kl_ceiling": (1e-9, inf),
    "algorithm.perplexity_low": (1.0, inf),
    "algorithm.perplexity_high": (1.0, inf),
    "algorithm.value_low": (0.0, 1.0),
    "algorithm.value_high": (0.0, 1.0),
    "algorithm.renamed_share": (0.0, 1.0),
    "algorithm.word_dropout": (0.0, 1.0),
    "algorithm.rephrased_share": (0.0, 1.0),
    "algorithm.min_action_probability": (0.0, 1.0),
    "algorithm.averaged_share": (0.0, 0.99),
    "algorithm.retried_share": (0.0, 1.0),
    "algorithm.updates_per_trajectory": (0.001, 1000.0),
    "algorithm.entropy_floor": (0.0, 100.0),
    "algorithm.discount": (0.0, 1.0),
    "algorithm.advantage_temperature": (0.001, 1000.0),
    "algorithm.max_weight": (0.001, 1000.0),
    "algorithm.trajectory_share": (0.001, 1.0),
    "algorithm.step_threshold": (-1.0, 1.0),
    "orm.learning_rate": (1e-12, 10.0),
    "orm.renamed_share": (0.0, 1.0),
    "orm.rephrased_share": (0.0, 1.0),
    "orm.averaged_share": (0.0, 0.99),
    "orm.warmup_share": (0.0, 0.99),
    "orm.near_misses_per_success": (0.0, 100.0),
    "orm.changed_variables_per_success": (0.0, 100.0),
    "orm.threshold": (0.0, 0.999),
    "attempts.temperature": (0.01, 100.0),
    "curriculum.temperature": (0.0, 100.0),
    "curriculum.timeout_s": (0.001, 86_400.0),
    "evaluation.temperature": (0.0, 100.0),
}
"""Numbers of the configuration and the range of each."""


def conflicts(config: Mapping[str, Any]) -> list[str]:
    """Every contradiction in a training configuration, one sentence each."""
    problems = []
    if config["valid_suite"] == config["suite"]:
        problems.append(f"suite and valid_suite are both {config['suite']}: validation tasks must not be trained on")
    problems += [
        f"{suite} is for the final report only; it is neither suite nor valid_suite"
        for suite in REPORT_SUITES
        if suite in (config["suite"], config["valid_suite"])
    ]
    if config["suite"] in PROTECTED_SUITES.difference(REPORT_SUITES, [config["valid_suite"]]):
        problems.append(f"suite is {config['suite']}, on which nothing is trained")
    if config["env"].get("sites", "embedded") != "embedded":
        problems.append("env.sites must be embedded: the tasks of real sites are for the final report only")
    problems += _demonstrations_conflicts(config)
    orm = config["orm"]
    if orm["from"] and orm["source"] == "rules":
        problems.append("orm.from names a judge, and with orm.source=rules nobody asks one")
    problems += env_conflicts(config, {key: config[key] for key in ("suite", "valid_suite")})
    model = str(config["model"]["name_or_path"])
    problems += [f"model.name_or_path: {problem}" for problem in (folder_problem(model),) if problem]
    problems += judge_conflicts(config, None if orm["from"] or label_source(config) == "rules" else model)
    checks = (_algorithm_conflicts, _curriculum_conflicts, _prompt_conflicts, _adapter_conflicts)
    later = (values_conflicts, training_rate_conflicts)
    return problems + [problem for check in (*checks, *later) for problem in check(config)]


def _demonstrations_conflicts(config: Mapping[str, Any]) -> list[str]:
    count = config["demonstrations"]
    if isinstance(count, str):
        return []
    if type(count) is not int or count < 1:
        return [f"demonstrations must be a file or a whole number of at least 1, got {count!r}"]
    try:
        most = len(suite_of(config["suite"], config["only_sites"]).tasks)
    except (ValueError, TypeError, TaskFileError):
        return []  # suite or sites are a conflict of their own
    return [] if count <= most else [f"demonstrations must be at most {most}, the tasks that there are, got {count}"]


def _adapter_conflicts(config: Mapping[str, Any]) -> list[str]:
    problems = [f"model.lora: {problem}" for problem in lora_problems(config["model"]["lora"])]
    if config["algorithm"].get("critic_weights") == "adapters" and config["model"]["lora"] is None:
        problems.append("algorithm.critic_weights=adapters needs model.lora: they stand on the base of the policy's")
    return problems + precision_conflicts(config["model"]) + _adapted_dtype_conflicts(config["model"])


def _adapted_dtype_conflicts(model: Mapping[str, Any]) -> list[str]:
    """Rounded to float16, weights are others than in the two other types, which have one fingerprint."""
    folder, dtype = Path(str(model["name_or_path"])), str(model["dtype"])
    try:
        learned_on = base_of(folder).dtype if is_adapter_folder(folder) else ""
    except CheckpointMismatch:
        return []  # loading it will say so
    if learned_on in ("", dtype) or "float16" not in (learned_on, dtype):
        return []
    return [f"model.dtype must be {learned_on}, on which the adapters of {folder} learned, got {dtype!r}"]


def _algorithm_conflicts(config: Mapping[str, Any]) -> list[str]:
    settings = {key: value for key, value in config["algorithm"].items() if key != "name"}
    problems = []
    for name in ("perplexity", "value"):
        low, high = settings.get(f"{name}_low"), settings.get(f"{name}_high")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            problems.append(f"algorithm.{name}_low is above algorithm.{name}_high ({low} and {high})")
    heads = settings.get("critic_heads")
    if isinstance(heads, int) and heads > 1 and settings.get("critic_trunk") is False:
        problems.append(
            f"algorithm.critic_heads={heads} needs algorithm.critic_trunk=true: heads fitted alone are all the same"
        )
    if settings.get("policy_loss") == "released" and settings.get("critic_advantage") is False:
        problems.append("algorithm.policy_loss=released needs algorithm.critic_advantage: it weighs by the critic")
    name = str(config["algorithm"]["name"])
    if name not in ALGORITHMS and ":" not in name:
        return [f"algorithm.name must be one of {', '.join(ALGORITHMS)} or module:Class, got {name!r}", *problems]
    try:
        accepted = accepted_arguments(algorithm_class(name))
    except ValueError as error:
        return [f"algorithm.name: {error}", *problems]
    unknown = [f"algorithm.{key}" for key in settings if key not in accepted]
    if unknown and name != "sft":  # of which a run takes no settings: presets for every algorithm may be there
        problems.append(f"{', '.join(unknown)}: no setting of {name}")
    return problems


def _prompt_conflicts(config: Mapping[str, Any]) -> list[str]:
    """The released policies' prompts belong to their own view of a page, and to models that have their tokens."""
    env, model = config["env"], config["model"]
    problems = []
    prompt = prompt_of(str(model["name_or_path"]), str(model["prompt"]))
    if prompt not in RELEASED_PROMPTS:
        if model["cut"] == "characters":
            problems.append(f"model.cut=characters belongs to the released policies' prompts, got prompt {prompt!r}")
        return problems
    if model["name_or_path"] == NANO:
        problems.append(f"model.prompt={prompt} needs a model with its tokens; the nano model has others")
    if env["profile"] != "webrl":
        problems.append(f"model.prompt={prompt} needs env.profile=webrl, the pages it was trained on")
    if model["cut"] != "tokens" and isinstance(env["budget"], int) and env["budget"] < RELEASED_CHARACTERS:
        problems.append(
            f"env.budget must be at least {RELEASED_CHARACTERS} with model.prompt={prompt}, which cuts pages itself; "
            f"got {env['budget']}"
        )
    return problems


def _device_conflicts(config: Mapping[str, Any]) -> list[str]:
    groups = [group for group in ("model", "curriculum") if "device" in config.get(group, {})]
    return [problem for group in groups for problem in device_conflicts(f"{group}.device", config[group]["device"])]


def device_conflicts(key: str, name: Any) -> list[str]:
    """What is wrong with a device, in no or one sentence.

    Args:
        key: Whole key of the configuration.
        name: The device, as torch names it.
    """
    try:
        device = torch.device(str(name))
    except RuntimeError:
        return [f"{key} must be a device as torch names it (cpu, cuda, cuda:1, mps), got {name!r}"]
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        return [f"{key} is {name}, but torch sees {torch.cuda.device_count()} CUDA devices here"]
    if device.type == "mps" and not torch.backends.mps.is_available():
        return [f"{key} is {name}, and torch finds no GPU of Apple's here (torch.backends.mps.is_available())"]
    return []


def _curriculum_conflicts(config: Mapping[str, Any]) -> list[str]:
    proposer = config["curriculum"]["proposer"]
    if proposer == GRAMMAR:
        return []
    if config["algorithm"].get("curriculum") is not True:
        return [f"curriculum.proposer={proposer} has nothing to propose without algorithm.curriculum=true"]
    problems = []
    if config["orm"]["source"] == "rules":
        problems.append(
            f"curriculum.proposer={proposer} needs orm.source orm or both: what a language model writes has no rules"
        )
    missing = [key for key in _OF_PROPOSER.get(proposer, ()) if key not in config["curriculum"]]
    if missing:
        return [*problems, f"curriculum.proposer={proposer} needs curriculum={proposer}, which brings {missing[0]}"]
    if proposer == LLM:
        problems += server_conflicts({key: config["curriculum"][key] for key in SERVER_KEYS}, "curriculum.")
    if proposer == LOCAL:
        if config["curriculum"]["model"] == NANO:
            problems.append("curriculum.model must be a chat model, got nano, which writes actions and no sentences")
        problems += [
            f"curriculum.{key} is null, which is for models on a server (curriculum=llm)"
            for key in ("max_new_tokens", "temperature")
            if config["curriculum"][key] is None
        ]
    return problems


def values_conflicts(config: Mapping[str, Any]) -> list[str]:
    """Values of a configuration that are out of their range, one sentence each; groups may be absent."""
    checks = (_device_conflicts, _unknown_choices, _wrong_switches, _wrong_numbers)
    return [problem for check in checks for problem in check(config)]


def _unknown_choices(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key, choices in _CHOICES.items():
        group, _, name = key.rpartition(".")
        if name not in config.get(group, {}):
            continue  # an algorithm may lack the setting
        value = config[group][name]
        if value not in choices and not (value is None and key in _MAY_BE_NULL):
            problems.append(f"{key} must be one of {', '.join(map(str, choices))}, got {value!r}")
    return problems


def _wrong_switches(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key in _SWITCHES:
        group, _, name = key.rpartition(".")
        value = config.get(group, {}).get(name, False)  # an algorithm may lack the setting
        if not isinstance(value, bool):
            problems.append(f"{key} must be true or false, got {value!r}")
    return problems


def _wrong_numbers(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key, least in _LEAST.items():
        group, _, name = key.rpartition(".")
        values = config.get(group, {}) if group else config
        if name not in values:
            continue  # an algorithm without this setting
        value = values[name]
        if value is None and key in _MAY_BE_NULL:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            problems.append(f"{key} must be a whole number of at least {least}, got {value!r}")
    for key, (low, high) in _RANGES.items():
        group, _, name = key.rpartition(".")
        if name not in config.get(group, {}):
            continue  # likewise
        value = config[group][name]
        if value is None and key in _MAY_BE_NULL:
            continue
        if not is_within(value, low, high):
            problems.append(f"{key} must be a number from {low:g} to {high:g}, got {value!r}")
    return problems


def is_within(value: Any, low: float, high: float) -> bool:
    """Whether a value is a number in a range, ends included; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
