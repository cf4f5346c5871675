"""What a run of ``webrl-train`` needs in memory, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.devices import is_same_device
from agents.errors import CheckpointMismatch, ConfigConflict
from agents.labelling import label_source
from agents.memory import (
    FROZEN,
    UNTOLD_TOKENS,
    MemoryEstimate,
    NetworkMemory,
    PartMemory,
    longest_prompt,
    make_estimate,
    tokens_with_page,
    written_at_once,
)
from agents.model_record import longest_action
from agents.models import prompt_of
from agents.network_shape import NetworkShape, network_shape
from agents.orm_folder import model_folder

_CRITICS = {"digirl": 2}
"""Of algorithms that have more than one."""


def estimate_memory(config: Mapping[str, Any]) -> MemoryEstimate:
    """What a training run needs.

    Args:
        config: The composed training configuration as plain data, free of conflicts.

    Raises:
        FileNotFoundError: If the model's files are not there.
        CheckpointMismatch: If they are no causal language model.
        ConfigConflict: If another model that the run needs is not there.
    """
    shape = network_shape(config["model"]["name_or_path"])
    config = {**config, "model": {**config["model"], "max_new_tokens": _longest_action(config["model"])}}
    return make_estimate(config, lambda changed: _parts(changed, shape), _advice(config, shape))


def context_problems(model: Mapping[str, Any]) -> list[str]:
    """What a model cannot read or write; nothing of one that cannot be read itself, which loading it will tell.

    Args:
        model: Configuration of the model.
    """
    try:
        context = network_shape(model["name_or_path"]).context
    except (FileNotFoundError, CheckpointMismatch):
        return []
    prompt, action = model["max_prompt_tokens"], _longest_action(model)
    problems = []
    if prompt is not None and prompt > context:
        problems.append(
            f"model.max_prompt_tokens must be at most the model's context of {context} tokens, got {prompt}"
        )
    if action >= context:
        problems.append(f"model.max_new_tokens must be below the model's context of {context} tokens, got {action}")
    return problems


def _longest_action(model: Mapping[str, Any]) -> int:
    return longest_action(prompt_of(str(model["name_or_path"]), str(model["prompt"])), model["max_new_tokens"])


def _advice(config: Mapping[str, Any], shape: NetworkShape) -> Iterator[dict[str, Any]]:
    """Settings that may need less."""
    yield {"model.lora": "{rank: 16}"}
    yield {"model.gradient_checkpointing": "true"}
    yield {"sft.tokens_per_batch": "half", "orm.tokens_per_batch": "half", "algorithm.tokens_per_batch": "half"}
    yield {"model.dtype": "bfloat16"}
    if config["model"]["lora"] is not None:
        yield {"algorithm.critic_weights": "adapters"}
    longest = longest_prompt(config["model"], config["env"], shape.context)
    yield {"model.max_prompt_tokens": max(1, longest // 2)}
    yield {"env.num_envs": max(1, written_at_once(config["env"]) // 2)}


def _parts(config: Mapping[str, Any], shape: NetworkShape) -> Iterator[PartMemory]:
    """The parts of a run."""
    model, algorithm = config["model"], config["algorithm"]
    longest, at_once = longest_prompt(model, config["env"], shape.context), written_at_once(config["env"])
    network = NetworkMemory(shape, model, longest)
    policy = network.weights(is_base=True)
    if config["sft"]["max_rounds"]:
        yield network.trained("supervised start", policy, config["sft"])
    yield network.generating("attempts", policy, at_once)
    if algorithm["name"] == "sft":
        return
    loaded = policy
    is_judged = label_source(config) != "rules"
    if is_judged:
        judge = _named_judge(config) or network
        loaded += judge.weights(is_base=judge is not network)
        if judge is network:
            yield network.trained("ORM", loaded, config["orm"])
    proposer = _proposer(config["curriculum"], model["device"])
    if proposer is not None:
        loaded += proposer.weights(is_base=True)
        yield proposer.generating("proposals", loaded, 1)
    has_critic = "critic_learning_rate" in algorithm
    if has_critic:
        is_own = algorithm.get("critic_weights") == "own" or model["lora"] is None
        critic = NetworkMemory(shape, {**model, "lora": None} if is_own else model, longest)
        loaded += _CRITICS.get(algorithm["name"], 1) * critic.weights(is_base=is_own)
        settings = {**algorithm, "optimizer": algorithm.get("critic_optimizer") or algorithm.get("optimizer")}
        settings["averaged_share"] = 0.0
        if algorithm.get("critic_trunk", True):
            yield critic.trained("critic", loaded, settings, has_logits=False)
        else:
            yield critic.asked("critic", loaded, settings.get("tokens_per_batch") or UNTOLD_TOKENS)
    yield network.generating("rollout", loaded, at_once)
    if is_judged:
        yield judge.judging("judging", loaded, min(config["orm"]["max_page_length"], config["env"]["budget"]))
    yield network.trained("policy update", loaded, algorithm)


def _named_judge(config: Mapping[str, Any]) -> NetworkMemory | None:
    """The judge that is there already, which is loaded for itself; None where one is trained.

    Raises:
        ConfigConflict: If there is no such model.
    """
    if not config["orm"]["from"]:
        return None
    try:
        shape = network_shape(str(model_folder(Path(config["orm"]["from"]))))
    except (FileNotFoundError, CheckpointMismatch) as error:
        raise ConfigConflict(f"orm.from: {error}") from error
    asked = tokens_with_page(min(config["orm"]["max_page_length"], config["env"]["budget"]))
    return NetworkMemory(shape, {**config["model"], **FROZEN}, min(asked, shape.context))


def _proposer(settings: Mapping[str, Any], device: str) -> NetworkMemory | None:
    """The model that writes instructions, where it is in this process and on the policy's device.

    Raises:
        ConfigConflict: If there is no such model.
    """
    if settings["proposer"] != "local" or not is_same_device(settings["device"], device):
        return None
    try:
        shape = network_shape(settings["model"])
    except (FileNotFoundError, CheckpointMismatch) as error:
        raise ConfigConflict(f"curriculum.model: {error}") from error
    asked = tokens_with_page(settings["page_length"])
    longest = max(1, min(asked, shape.context - settings["max_new_tokens"]))
    return NetworkMemory(shape, {**settings, **FROZEN}, longest)
