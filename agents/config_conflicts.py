"""Contradictions and impossible values of a training configuration, all found before anything is done.

What a part would refuse when its turn comes, minutes later, is refused at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.adapters import lora_problems
from agents.algorithms import ALGORITHMS
from agents.algorithms.filtered_bc import MODES
from agents.critics import CRITIC_WEIGHTS
from agents.fitting import RUN_SCHEDULES
from agents.optimizers import OPTIMIZERS
from agents.policy_update import POLICY_LOSSES

_LEAST = {
    "seed": 0,
    "demonstrations": 1,
    "env.num_envs": 1,
    "model.max_prompt_tokens": 1,
    "sft.epochs_per_round": 1,
    "sft.max_rounds": 0,
    "sft.patience": 1,
    "sft.tokens_per_batch": 1,
    "sft.valid_every": 1,
    "attempts.count": 1,
    "orm.epochs": 1,
    "orm.tokens_per_batch": 1,
    "algorithm.phases": 1,
    "algorithm.instructions_per_phase": 1,
    "algorithm.tokens_per_batch": 1,
    "algorithm.critic_examples": 1,
    "algorithm.critic_heads": 1,
}
"""Whole numbers of the configuration and the least that each may be."""
_CHOICES = {
    "orm.source": ("orm", "rules", "both"),
    "sft.optimizer": OPTIMIZERS,
    "orm.optimizer": OPTIMIZERS,
    "algorithm.optimizer": OPTIMIZERS,
    "algorithm.critic_optimizer": OPTIMIZERS,
    "algorithm.critic_weights": CRITIC_WEIGHTS,
    "algorithm.schedule": RUN_SCHEDULES,
    "algorithm.policy_loss": POLICY_LOSSES,
    "algorithm.mode": MODES,
}
"""Names of the configuration and what each may be."""
_SWITCHES = (
    "model.gradient_checkpointing",
    "model.master_weights",
    "algorithm.critic_trunk",
    "algorithm.critic_advantage",
    "algorithm.failures",
    "algorithm.curriculum",
    "algorithm.begin_with_attempts",
)
"""What of the configuration is true or false; any text would count as true."""
_MAY_BE_NULL = ("algorithm.critic_examples", "algorithm.updates_per_trajectory")
_RANGES = {
    "sft.renamed_share": (0.0, 1.0),
    "sft.word_dropout": (0.0, 1.0),
    "algorithm.renamed_share": (0.0, 1.0),
    "algorithm.word_dropout": (0.0, 1.0),
    "algorithm.rephrased_share": (0.0, 1.0),
    "algorithm.min_action_probability": (0.0, 1.0),
    "algorithm.averaged_share": (0.0, 0.99),
    "algorithm.retried_share": (0.0, 1.0),
    "algorithm.updates_per_trajectory": (0.001, 1000.0),
    "algorithm.entropy_floor": (0.0, 100.0),
    "orm.renamed_share": (0.0, 1.0),
    "orm.near_misses_per_success": (0.0, 100.0),
    "orm.threshold": (0.0, 0.999),
    "attempts.temperature": (0.01, 100.0),
}
"""Numbers of the configuration and the range of each."""


def conflicts(config: Mapping[str, Any]) -> list[str]:
    """Every contradiction in a training configuration, one sentence each."""
    problems = []
    if config["valid_suite"] == config["suite"]:
        problems.append(f"suite and valid_suite are both {config['suite']}: validation tasks must not be trained on")
    if config["suite"] == "practice-test" or config["valid_suite"] == "practice-test":
        problems.append("practice-test is for the final report only; it is neither suite nor valid_suite")
    if config["env"].get("sites", "embedded") != "embedded":
        problems.append("env.sites must be embedded: the tasks of real sites are for the final report only")
    algorithm = config["algorithm"]
    if algorithm["name"] not in ALGORITHMS:
        problems.append(f"algorithm.name must be one of {', '.join(ALGORITHMS)}, got {algorithm['name']!r}")
    if algorithm["name"] == "webrl":
        for name in ("perplexity", "value"):
            low, high = algorithm[f"{name}_low"], algorithm[f"{name}_high"]
            if low > high:
                problems.append(f"algorithm.{name}_low is above algorithm.{name}_high ({low} and {high})")
        if algorithm["policy_loss"] == "released" and not algorithm["critic_advantage"]:
            problems.append("algorithm.policy_loss=released needs algorithm.critic_advantage: it weighs by the critic")
    problems += [f"model.lora: {problem}" for problem in lora_problems(config["model"]["lora"])]
    if algorithm.get("critic_weights") == "adapters" and config["model"]["lora"] is None:
        problems.append("algorithm.critic_weights=adapters needs model.lora: they stand on the base of the policy's")
    return problems + _unknown_choices(config) + _wrong_switches(config) + _wrong_numbers(config)


def _unknown_choices(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key, choices in _CHOICES.items():
        group, _, name = key.rpartition(".")
        value = config[group].get(name)  # an algorithm may lack the setting
        if value is not None and value not in choices:
            problems.append(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return problems


def _wrong_switches(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key in _SWITCHES:
        group, _, name = key.rpartition(".")
        value = config[group].get(name, False)  # an algorithm may lack the setting
        if not isinstance(value, bool):
            problems.append(f"{key} must be true or false, got {value!r}")
    return problems


def _wrong_numbers(config: Mapping[str, Any]) -> list[str]:
    problems = []
    for key, least in _LEAST.items():
        group, _, name = key.rpartition(".")
        values = config[group] if group else config
        if name not in values:
            continue  # an algorithm without this setting
        value = values[name]
        if value is None and key in _MAY_BE_NULL:
            continue
        if not isinstance(value, int) or value < least:
            problems.append(f"{key} must be a whole number of at least {least}, got {value!r}")
    for key, (low, high) in _RANGES.items():
        group, _, name = key.rpartition(".")
        if name not in config[group]:
            continue  # likewise
        value = config[group][name]
        if value is None and key in _MAY_BE_NULL:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            problems.append(f"{key} must be a number from {low:g} to {high:g}, got {value!r}")
    return problems
