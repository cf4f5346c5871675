"""Supervised fine-tuning on demonstrations, in rounds: train, validate, keep the best.

After arXiv 2411.02337, algorithm 1, part 1. Every finished round's weights are on the disk, so that a stopped
fine-tuning goes on after its last finished round.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from agents.atomic_file import replacing
from agents.augmentation import renamed_passes
from agents.checkpoint import load_module_tensors, module_tensors
from agents.errors import CheckpointCorrupt, CheckpointError, TrainingStopped
from agents.fitting import FitSettings, in_passes
from agents.metrics import Progress
from agents.objectives import fit_actions
from agents.policy import LLMPolicy
from agents.transitions import TransitionSet, to_transitions
from agents.types import LabelledTrajectory

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SupervisedReport:
    """How supervised fine-tuning went.

    Attributes:
        steps: Training examples (one an action).
        left_out: Steps of the demonstrations that are none: they do not fit the context, or render differently now.
        updates: Optimizer steps.
        losses: Mean loss of each round.
        scores: Success on the validation tasks after each round.
    """

    steps: int
    left_out: int = 0
    updates: int = 0
    losses: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()

    @property
    def best_round(self) -> int:
        """The round whose weights are kept, from 1: the first of the highest score; 0 before there is one."""
        return self.scores.index(max(self.scores)) + 1 if self.scores else 0


class _Rounds:
    """Weights of the latest and the best round in a folder, and the report so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._report = folder / "report.json"

    def open(self, model: nn.Module, examples: TransitionSet) -> SupervisedReport:
        """The report so far, with the latest round's weights in the model."""
        if not self._report.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            left_out = examples.too_long + examples.rendered_differently
            return SupervisedReport(len(examples.steps), left_out)
        try:
            record = json.loads(self._report.read_text(encoding="utf-8"))
            report = SupervisedReport(
                record["steps"], record["left_out"], record["updates"], tuple(record["losses"]), tuple(record["scores"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(self._report, error) from error
        self.load(model, len(report.scores))
        return report

    def keep(self, model: nn.Module, report: SupervisedReport) -> None:
        """Writes the latest round; rounds that are neither the latest nor the best are removed."""
        number = len(report.scores)
        try:
            with replacing(self._weights(number)) as temporary:
                save_file(module_tensors(model), temporary)
            with replacing(self._report) as temporary:
                temporary.write_text(json.dumps(asdict(report)) + "\n", encoding="utf-8")
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"Round {number} of the fine-tuning cannot be written: {error}") from error
        needed = {self._weights(number), self._weights(report.best_round)}
        for path in self._folder.glob("round-*.safetensors"):
            if path not in needed:
                path.unlink()

    def load(self, model: nn.Module, number: int) -> None:
        """Puts a round's weights into the model."""
        path = self._weights(number)
        try:
            tensors = load_file(path)
        except (OSError, SafetensorError) as error:
            raise self._damaged(path, error) from error
        load_module_tensors(model, tensors, f"fine-tuning round {number}")

    def _damaged(self, path: Path, error: Exception) -> CheckpointCorrupt:
        return CheckpointCorrupt(
            f"{path} is missing, cut or changed ({error}); remove {self._folder} to begin the fine-tuning anew."
        )

    def _weights(self, number: int) -> Path:
        return self._folder / f"round-{number}.safetensors"


def _tell_what_is_left_out(examples: TransitionSet) -> None:
    """Steps that nothing is learned from, which may be all.

    Raises:
        TrainingStopped: If they are all.
    """
    if not (lost := examples.too_long + examples.rendered_differently):
        return
    why = (
        f"{examples.too_long} are longer than model.max_prompt_tokens, model.max_new_tokens or the model's context "
        f"allow, {examples.rendered_differently} are rendered differently now"
    )
    if not examples.steps:
        raise TrainingStopped(f"supervised fine-tuning has nothing to learn from: of the demonstrations' steps, {why}.")
    _log.warning("%d of the demonstrations' %d steps are left out: %s", lost, lost + len(examples.steps), why)


def rounds_done(folder: Path) -> int:
    """How many rounds of a fine-tuning are finished; for messages.

    Args:
        folder: Of the rounds; it need not be there.
    """
    try:
        return len(json.loads((folder / "report.json").read_text(encoding="utf-8"))["scores"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # going on will say what is wrong with it


def supervised_start(
    policy: LLMPolicy,
    demonstrations: Sequence[LabelledTrajectory],
    evaluate: Callable[[], float],
    folder: Path,
    *,
    learning_rate: float,
    optimizer: str,
    epochs_per_round: int,
    max_rounds: int,
    patience: int,
    tokens_per_batch: int,
    renamed_share: float,
    word_dropout: float,
    schedule: str,
    warmup_share: float,
    examples_per_update: int | None,
    seed: int,
    progress: Progress | None = None,
) -> SupervisedReport:
    """Fine-tunes a policy on demonstrations until validation stops improving, and keeps the best round's weights.

    Args:
        policy: Is trained in place.
        demonstrations: Successful trajectories.
        evaluate: Success of the policy as it is on validation tasks, in [0, 1].
        folder: Holds the rounds; what is there from a run that was stopped is gone on with.
        learning_rate: Highest of each round.
        optimizer: ``adamw`` or ``muon``.
        epochs_per_round: Passes over the demonstrations between two validations.
        max_rounds: Most rounds, >= 1.
        patience: Rounds without improvement after which training ends.
        tokens_per_batch: Most padded tokens in one forward pass.
        renamed_share: Share of the demonstrations that each pass shows under other names (``agents.augmentation``).
        word_dropout: Probability that a word of an instruction is left out, in half of those.
        schedule: Of the learning rate within a round, one of ``agents.fitting.SCHEDULES``; falls to 0.
        warmup_share: Share of a round's updates over which the rate rises first.
        examples_per_update: Examples in one optimizer step; None takes one batch a step.
        seed: Decides names and the order of the examples.
        progress: Shown one unit an example.

    Raises:
        ValueError: If ``renamed_share`` or ``word_dropout`` is outside [0, 1].
        TrainingStopped: If no step of the demonstrations can be learned from; the message says why.
        CheckpointError: If a round cannot be written.
        CheckpointCorrupt: If a round that is there is cut or changed; the message names the file.
        CheckpointMismatch: If the folder holds rounds of another model.
    """
    model = policy.language_model.model
    rounds = _Rounds(folder)
    examples = to_transitions(demonstrations, policy.renderer)
    _tell_what_is_left_out(examples)
    report = rounds.open(model, examples)
    while len(report.scores) < max_rounds and len(report.scores) - report.best_round < patience:
        round_seed = seed + len(report.scores) + 1
        settings = FitSettings(
            learning_rate=learning_rate,
            optimizer=optimizer,
            epochs=epochs_per_round,
            tokens_per_batch=tokens_per_batch,
            examples_per_update=examples_per_update,
            schedule=schedule,
            warmup_share=warmup_share,
            seed=round_seed,
        )
        torch.manual_seed(round_seed)  # of models with dropout
        rng = random.Random(round_seed)
        shown = [
            to_transitions(items, policy.renderer).steps
            for items in renamed_passes(demonstrations, epochs_per_round, renamed_share, rng, word_dropout)
        ]
        steps, passes = in_passes(shown)
        fit = fit_actions(policy, steps, settings, progress, passes=passes)
        report = replace(
            report,
            updates=report.updates + fit.updates,
            losses=(*report.losses, fit.loss),
            scores=(*report.scores, evaluate()),
        )
        rounds.keep(model, report)
    rounds.load(model, report.best_round)
    return report
