"""The shared training loop: seeded, length-bucketed batches, gradient clipping, learning rates by schedule.

The weights may end as the mean over the last updates, which is worth a falling rate and leaves the next phase where
high rates still help (Izmailov et al. 2018, "Averaging weights leads to wider optima", arXiv:1803.05407).

One pass over the data is an epoch. Examples of similar length share a batch of at most ``tokens_per_batch`` padded
tokens; an update takes one batch, or as many batches as hold ``examples_per_update`` examples. What is fitted (policy,
critic, ORM) is in ``agents.objectives``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, count, islice
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from agents.batching import length_buckets
from agents.errors import TrainingStopped
from agents.metrics import Progress, SilentProgress
from agents.optimizers import OPTIMIZERS, MasterWeights, make_optimizers
from agents.output_layer import gradients_in_place

SCHEDULES = ("constant", "linear", "cosine")
RUN_SCHEDULES = (*SCHEDULES, "run")
"""Schedules of what is fitted once a phase: ``run`` falls from the first phase's start to 0 at the end of the last."""

Example = TypeVar("Example")
BatchLoss = Callable[[Sequence[int]], Tensor]
"""Loss of the examples at these places: their mean, weighted by the weights that were given with them."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a model is fitted.

    Attributes:
        learning_rate: Of the optimizer, > 0.
        epochs: Passes over the data, >= 1.
        updates: Optimizer steps, >= 1, whatever the number of passes: passes are repeated or cut short. None takes what
            the passes give.
        tokens_per_batch: Most padded tokens in one forward pass; an example longer than that is a batch of its own.
        examples_per_update: Examples in one optimizer step; None takes one batch a step. The paper uses 128.
        max_grad_norm: Gradients are scaled down to this norm.
        schedule: ``constant``, or from the learning rate to its final share at the end, ``linear`` or as a ``cosine``.
        final_rate_share: Where a falling schedule ends, in parts of the learning rate, in [0, 1].
        warmup_share: Share of the updates, the first ones, over which the rate rises before that, in [0, 1).
        averaged_share: Share of the updates, the last ones, over which the weights are averaged at the end, in [0, 1).
        weight_decay: Of the optimizer.
        optimizer: ``adamw`` or ``muon`` (``agents.optimizers``).
        seed: Decides the order of the examples.
    """

    learning_rate: float
    epochs: int = 1
    updates: int | None = None
    tokens_per_batch: int = 4096
    examples_per_update: int | None = None
    max_grad_norm: float = 1.0
    schedule: str = "constant"
    final_rate_share: float = 0.0
    warmup_share: float = 0.0
    averaged_share: float = 0.0
    weight_decay: float = 0.0
    optimizer: str = "adamw"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.learning_rate > 0.0 or not self.max_grad_norm > 0.0:
            raise ValueError(
                f"Expected learning_rate > 0 and max_grad_norm > 0, got {self.learning_rate} and {self.max_grad_norm}."
            )
        numbers = (self.epochs, self.updates, self.tokens_per_batch, self.examples_per_update)
        if any(number is not None and number < 1 for number in numbers):
            raise ValueError(
                "Expected epochs, updates, tokens_per_batch and examples_per_update >= 1, got "
                f"{', '.join(map(str, numbers))}."
            )
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"Expected optimizer {' or '.join(OPTIMIZERS)}, got {self.optimizer!r}.")
        if not 0.0 <= self.averaged_share < 1.0 or not 0.0 <= self.final_rate_share <= 1.0:
            raise ValueError(
                "Expected averaged_share in [0, 1) and final_rate_share in [0, 1], got "
                f"{self.averaged_share} and {self.final_rate_share}."
            )
        if self.schedule not in SCHEDULES or not 0.0 <= self.warmup_share < 1.0:
            raise ValueError(
                f"Expected schedule {' or '.join(SCHEDULES)} and warmup_share in [0, 1), got {self.schedule!r} and "
                f"{self.warmup_share}."
            )

    def rate_share(self, number: int, updates: int) -> float:
        """What part of the learning rate an update has, in (0, 1].

        Args:
            number: Of the update, from 0.
            updates: How many there are.
        """
        warm = round(self.warmup_share * updates)
        if number < warm:
            return (number + 1) / (warm + 1)
        if self.schedule == "constant":
            return 1.0
        fall = 1.0 - self.final_rate_share
        if self.schedule == "linear":
            return 1.0 - fall * (number - warm) / (updates - warm)
        return 1.0 - fall * (1.0 - math.cos(math.pi * (number - warm) / (updates - warm))) / 2.0


@dataclass(frozen=True, slots=True)
class FitReport:
    """What fitting did.

    Attributes:
        loss: Mean loss over all examples seen, each before its own update.
        grad_norm: Mean gradient norm before clipping.
        updates: Optimizer steps.
        examples: Examples seen, repeated ones counted again.
        tokens: Tokens of those examples, without padding.
    """

    loss: float
    grad_norm: float
    updates: int
    examples: int
    tokens: int


def rate_in_phase(learning_rate: float, schedule: str, phase: int, phases: int) -> dict[str, Any]:
    """Arguments of ``FitSettings`` for one phase of a run.

    Args:
        learning_rate: At the start of the run.
        schedule: One of ``RUN_SCHEDULES``.
        phase: Number of the phase, from 1.
        phases: Phases of the run.

    Returns:
        ``learning_rate``, ``schedule`` and ``final_rate_share``.

    Raises:
        ValueError: If there is no such schedule or phase.
    """
    if not 1 <= phase <= phases:
        raise ValueError(f"Expected a phase from 1 to {phases}, got {phase}.")
    if schedule not in RUN_SCHEDULES:
        raise ValueError(f"Expected schedule {', '.join(RUN_SCHEDULES[:-1])} or run, got {schedule!r}.")
    if schedule != "run":
        return {"learning_rate": learning_rate, "schedule": schedule, "final_rate_share": 0.0}
    left = phases - phase + 1
    return {"learning_rate": learning_rate * left / phases, "schedule": "linear", "final_rate_share": (left - 1) / left}


def in_passes(groups: Sequence[Sequence[Example]]) -> tuple[list[Example], list[range]]:
    """The examples of several passes in a row, and the places of each pass.

    Args:
        groups: The examples of each pass.
    """
    ends = list(accumulate(map(len, groups)))
    return [example for group in groups for example in group], list(map(range, [0, *ends[:-1]], ends))


def enough_passes(
    shown: Iterator[Sequence[Example]], size_of: Callable[[Example], int], settings: FitSettings
) -> list[Sequence[Example]]:
    """As many passes as a fit goes through, so that none comes round again where each shows something else.

    Args:
        shown: Passes without end.
        size_of: Tokens of an example.
        settings: Of the fit.

    Returns:
        ``settings.epochs`` passes, or those that ``settings.updates`` take. None follows one without examples.
    """
    if settings.updates is None:
        return list(islice(shown, settings.epochs))
    passes: list[Sequence[Example]] = []
    updates = 0
    for examples in shown:
        sizes = list(map(size_of, examples))
        passes.append(examples)
        updates += sum(1 for _ in _updates(sizes, range(len(sizes)), settings, len(passes) - 1))
        if not examples or updates >= settings.updates:
            break
    return passes


@contextmanager
def _repeatable(module: nn.Module) -> Iterator[None]:
    """On a CPU, the same numbers every time: with several threads some gradients are summed in any order otherwise."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    settings: Any = torch.utils.deterministic  # a module whose attributes checkers do not see
    fills = settings.fill_uninitialized_memory
    if next(module.parameters()).device.type == "cpu":
        torch.use_deterministic_algorithms(True, warn_only=True)
        settings.fill_uninitialized_memory = False  # else every new tensor is written twice
    try:
        yield
    finally:
        settings.fill_uninitialized_memory = fills
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def fit(
    stage: str,
    module: nn.Module,
    sizes: Sequence[int],
    weights: Sequence[float],
    loss_of: BatchLoss,
    settings: FitSettings,
    progress: Progress | None = None,
    passes: Sequence[Sequence[int]] | None = None,
    master_weights: bool = True,
) -> FitReport:
    """Minimises a loss over examples.

    An update's gradient is that of the weighted mean over its examples, however they are cut into batches.

    Args:
        stage: What is fitted, for messages and the progress display.
        module: Its parameters that require gradients are trained; left in evaluation mode.
        sizes: Tokens of each example.
        weights: Weight of each example in the mean: 1, or its number of action tokens for a mean over tokens.
        loss_of: Loss of some examples, by their places.
        settings: How.
        progress: Shown one unit an example.
        passes: Places of the examples of each pass, where passes differ (``agents.augmentation``); their number stands
            in place of ``settings.epochs``. All examples in each pass when None.
        master_weights: Train parameters of 16 bits over copies of 32.

    Returns:
        What was done.

    Raises:
        TrainingStopped: If there is no example, or a loss or gradient is not finite; the message says where.
        ValueError: If what is trained is of float16.
    """
    if passes is None:
        passes = [range(len(sizes))] * settings.epochs
    if not any(map(len, passes)):
        raise TrainingStopped(f"{stage}: there is no training example.")
    progress = progress or SilentProgress()
    masters = MasterWeights(module, enabled=master_weights)
    parameters = list(masters.parameters.values())
    optimizers = make_optimizers(settings.optimizer, masters.parameters, settings.learning_rate, settings.weight_decay)
    groups = [(group, group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]
    updates = _all_updates(sizes, passes, settings)
    seen = [place for batches in updates for batch in batches for place in batch]
    total_loss = total_weight = total_norm = 0.0
    mean = _RunningMean(parameters)
    first_averaged = round((1.0 - settings.averaged_share) * len(updates))
    progress.begin(stage, len(seen))
    module.train()
    try:
        for number, batches in enumerate(updates):
            for group, learning_rate in groups:
                group["lr"] = learning_rate * settings.rate_share(number, len(updates))
            weight = sum(weights[place] for batch in batches for place in batch)
            with _repeatable(module):
                loss = _accumulate(batches, weights, weight, loss_of, masters)
            norm = float(nn.utils.clip_grad_norm_(parameters, settings.max_grad_norm))
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise TrainingStopped(
                    f"{stage}: update {number + 1} of {len(updates)} has loss {loss} and gradient norm {norm}."
                )
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            masters.put_back()
            if number >= first_averaged:
                mean.add()
            total_loss += loss * weight
            total_weight += weight
            total_norm += norm
            progress.advance(sum(map(len, batches)))
        mean.put_back()
        masters.put_back()
    finally:
        for parameter in (*parameters, *module.parameters()):
            parameter.grad = None
        module.eval()
        progress.end()
    return FitReport(
        loss=total_loss / total_weight if total_weight else 0.0,
        grad_norm=total_norm / len(updates),
        updates=len(updates),
        examples=len(seen),
        tokens=sum(sizes[place] for place in seen),
    )


class _RunningMean:
    """The mean of some parameters over several moments."""

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        self._parameters = parameters
        self._means: list[Tensor] = []
        self._count = 0

    @torch.no_grad()
    def add(self) -> None:
        """Takes the parameters as they are now into the mean."""
        self._count += 1
        if not self._means:
            self._means = [parameter.detach().clone() for parameter in self._parameters]
            return
        for mean, parameter in zip(self._means, self._parameters, strict=True):
            mean.lerp_(parameter, 1.0 / self._count)

    @torch.no_grad()
    def put_back(self) -> None:
        """Gives the parameters their means, if there are any."""
        for mean, parameter in zip(self._means, self._parameters, strict=False):
            parameter.copy_(mean)


def _accumulate(
    batches: Sequence[Sequence[int]],
    weights: Sequence[float],
    weight: float,
    loss_of: BatchLoss,
    masters: MasterWeights,
) -> float:
    """Adds up the gradients of one update; returns its mean loss."""
    mean = 0.0
    for batch in batches:
        share = sum(weights[place] for place in batch) / weight if weight else 0.0
        loss = loss_of(batch) * share
        with gradients_in_place():
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        masters.take_gradients()
        mean += float(loss.detach())
    return mean


def _all_updates(sizes: Sequence[int], passes: Sequence[Sequence[int]], settings: FitSettings) -> list[list[list[int]]]:
    """The batches of each update; where their number is given, the passes come round again until it is reached."""
    updates: list[list[list[int]]] = []
    epochs = range(len(passes)) if settings.updates is None else count()
    for epoch in epochs:
        updates += _updates(sizes, passes[epoch % len(passes)], settings, epoch)
        if settings.updates is not None and len(updates) >= settings.updates:
            break
    return updates[: settings.updates]


def _updates(
    sizes: Sequence[int], places: Sequence[int], settings: FitSettings, epoch: int
) -> Iterator[list[list[int]]]:
    """The batches of each update of one pass over the examples at some places."""
    rng = np.random.default_rng((settings.seed, epoch))
    if settings.examples_per_update is None:
        for batch in _batches(sizes, places, settings, rng):
            yield [batch]
        return
    order = [places[index] for index in rng.permutation(len(places)).tolist()]
    for start in range(0, len(order), settings.examples_per_update):
        yield _batches(sizes, order[start : start + settings.examples_per_update], settings, rng)


def _batches(
    sizes: Sequence[int], places: Sequence[int], settings: FitSettings, rng: np.random.Generator
) -> list[list[int]]:
    """Places of examples of similar length together."""
    buckets = length_buckets([sizes[place] for place in places], settings.tokens_per_batch, rng)
    return [[places[index] for index in bucket] for bucket in buckets]
