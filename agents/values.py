"""The critic's values for the report: V(s) beside each step of recorded attempts.

A value stands in the step's ``info`` as ``value``, where the report finds it; it is null where the state's prompt does
not fit the context.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

from agents.adapters import is_adapter
from agents.checkpoint import CheckpointFolder, load_module_tensors
from agents.critics import ValueCritic
from agents.generation import InProcess
from agents.inference import state_values
from agents.model_record import longest_action
from agents.models import LanguageModel, load_model
from agents.policy import LLMPolicy
from agents.trajectory_io import read_trajectories, write_trajectories
from agents.transitions import Renderer, state_prompts
from agents.types import LabelledTrajectory

TOKENS_PER_BATCH = 2048
"""A quarter of the most padded tokens in one forward pass: with eight times as many a processor takes twice as long."""


def load_critic(run: Path, language_model: LanguageModel) -> ValueCritic | None:
    """The critic of a run's newest finished phase.

    Args:
        run: The run's folder, which holds ``checkpoints``.
        language_model: A model of the run, of the precision that it was trained in; gives the trunk's shape and is
            left as it is.

    Returns:
        The critic in evaluation mode; None where no phase is finished, or the run's algorithm has no critic.

    Raises:
        CheckpointCorrupt: If a file of the checkpoint is missing, cut or changed.
        CheckpointMismatch: If the critic is one of another model.
    """
    checkpoint = CheckpointFolder(run / "checkpoints").read_latest()
    if checkpoint is None or "critic" not in checkpoint.tensors:
        return None
    tensors = checkpoint.tensors["critic"]
    weights = "adapters" if any(is_adapter(name) for name in tensors) else "own"
    critic = ValueCritic(language_model, weights=weights, heads=len(tensors["value_head.bias"]))
    load_module_tensors(critic, tensors, "critic")
    return critic.eval()


class NoCritic(ValueError):
    """Raised where nobody can say what states are worth."""


def value_run(run: Path) -> int:
    """Has the critic of a finished run value what the run attempted in its last phases and in its results.

    Args:
        run: The run's folder; its files of attempts that lack a value are replaced, one after the other.

    Returns:
        How many steps were valued.

    Raises:
        NoCritic: If the folder holds no finished run, or one without a critic.
        OSError: If a file cannot be read or written; it is as it was then.
        CheckpointCorrupt: If a file of the checkpoint is missing, cut or changed.
    """
    if not (run / "policy").is_dir() or not (run / "config.json").is_file():
        raise NoCritic(f"{run} holds no finished training run, so there is no critic to value anything")
    model = json.loads((run / "config.json").read_text(encoding="utf-8"))["model"]
    language_model = load_model(
        str(run / "policy"), device=model["device"], dtype=model["dtype"], autocast=model["autocast"]
    )
    critic = load_critic(run, language_model)
    if critic is None:
        raise NoCritic(f"{run} has no critic: only WebRL and the baselines with one leave values")
    longest = longest_action(language_model.record.prompt, model["max_new_tokens"])
    backend = InProcess(language_model, max_new_tokens=longest)  # prompts leave room for its actions
    renderer = LLMPolicy(language_model, max_tokens=model["max_prompt_tokens"], backend=backend).renderer
    files = [*run.glob("rollouts/phase-*.jsonl.gz"), *run.glob("scores/*/*/trajectories.jsonl")]
    return sum(len(add_values(path, critic, renderer)) for path in sorted(files) if not has_values(path))


def has_values(path: Path) -> bool:
    """Whether each step of some attempts was valued.

    Args:
        path: A trajectory file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no trajectory file.
    """
    attempts = read_trajectories(path).trajectories
    return all("value" in step.info for attempt in attempts for step in attempt.steps)


def add_values(
    path: Path, critic: ValueCritic, renderer: Renderer, tokens_per_batch: int = TOKENS_PER_BATCH
) -> list[float]:
    """Puts V(s) beside each step of some attempts, in place of what stood there.

    Args:
        path: A trajectory file; it is replaced as a whole.
        critic: The critic; in evaluation mode.
        renderer: Renders states as the critic read them in training (``policy.renderer`` of its run).
        tokens_per_batch: As ``agents.inference.state_values`` takes it.

    Returns:
        The values, attempt by attempt.

    Raises:
        OSError: If the file cannot be read or written; it is as it was then.
        ValueError: If it is no trajectory file.
    """
    file = read_trajectories(path)
    prompts = [state_prompts(attempt.steps, renderer) for attempt in file.trajectories]
    readable = [ids for ids in chain.from_iterable(prompts) if ids is not None]
    values = state_values(critic, readable, tokens_per_batch)
    following = iter(values)
    valued = []
    for attempt, states, label in zip(file.trajectories, prompts, file.labels, strict=True):
        steps = tuple(
            replace(step, info={**step.info, "value": None if ids is None else next(following)})
            for step, ids in zip(attempt.steps, states, strict=True)
        )
        item = replace(attempt, steps=steps)
        valued.append(item if label is None else LabelledTrajectory(item, label))
    write_trajectories(path, valued)
    return values
