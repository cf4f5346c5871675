"""What a run of ``webrl-orm`` needs in memory, part by part: of those that it has not done yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.memory import (
    FROZEN,
    MemoryEstimate,
    NetworkMemory,
    PartMemory,
    longest_prompt,
    make_estimate,
    written_at_once,
)
from agents.model_record import longest_action
from agents.models import prompt_of
from agents.network_shape import network_shape
from agents.orm_conflicts import start_of
from agents.orm_folder import model_folder
from agents.orm_policies import acts_as, attempting_policy, judged_policies, place_of


def estimate_orm_memory(config: Mapping[str, Any], folder: Path) -> MemoryEstimate:
    """What is left of a run of ``webrl-orm`` needs.

    Args:
        config: ``conf/train_orm.yaml``, composed, free of conflicts.
        folder: Of the run.

    Raises:
        FileNotFoundError: If a model's files are not there.
        CheckpointMismatch: If they are no causal language model.
    """
    return make_estimate(config, lambda changed: _parts(changed, folder), _advice(config))


def _advice(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings that may need less."""
    yield {"model.lora": "{rank: 16}"}
    yield {"model.gradient_checkpointing": "true"}
    yield {"model.dtype": "bfloat16"}
    yield {"orm.tokens_per_batch": "half"}
    yield {"orm.max_page_length": "half"}
    yield {"env.num_envs": max(1, written_at_once(config["env"]) // 2)}


def _parts(config: Mapping[str, Any], folder: Path) -> Iterator[PartMemory]:
    page, is_trained = config["orm"]["max_page_length"], (folder / "orm").exists()
    if not (is_trained or config["trajectories"] or config["run"] or (folder / "attempts.jsonl.gz").exists()):
        yield _acting("attempts", config, attempting_policy(config), 0)
    shape = network_shape(str(model_folder(folder / "orm")) if is_trained else start_of(config))
    settings = {**config["model"], "max_new_tokens": 0, **(FROZEN if is_trained else {})}
    judge = NetworkMemory(shape, settings, longest_prompt(settings, config["env"], shape.context))
    weights = judge.weights(is_base=True)
    if not is_trained:
        yield judge.trained("ORM", weights, config["orm"])
    yield judge.judging("judging", weights, page)
    for name, policy in judged_policies(config).items():
        if not (folder / "judged" / f"{name}.jsonl.gz").exists():
            yield _acting(f"attempts of {name}", config, policy, weights)


def _acting(name: str, config: Mapping[str, Any], policy: str, loaded: int) -> PartMemory:
    """A part in which a policy acts beside what is loaded already."""
    how, place = acts_as(config, policy), place_of(policy)
    shape = network_shape(place)
    action = longest_action(prompt_of(place, how["prompt"]), how["max_new_tokens"])
    settings = {**config["model"], **how, **FROZEN, "max_new_tokens": action}
    network = NetworkMemory(shape, settings, longest_prompt(settings, config["env"], shape.context))
    return network.generating(name, loaded + network.weights(is_base=True), written_at_once(config["env"]))
