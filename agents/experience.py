"""The experience of earlier phases: successes only, replayed step by step where the policy is neither sure nor lost.

Whole trajectories are kept, so that each phase can show them in other words (``agents.augmentation``). A buffer that
keeps failures too is under it (``TrajectoryBuffer``), for algorithms that learn from all that was ever collected.

WebRL's replay buffer with its actor-confidence filter: of the stored steps those count whose action has a perplexity
in [1/0.95, 1/0.5] under the previous phase's policy, and at most twice as many steps as the current phase collected.
Source: Qi et al. 2024, arXiv:2411.02337v1, section 2.1, appendix A, and Table 2 for the window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.trajectory_io import labelled_from_dict, trajectory_to_dict
from agents.types import LabelledTrajectory, Transition

PERPLEXITY_LOW = 1.0 / 0.95
PERPLEXITY_HIGH = 1.0 / 0.5
_CHUNK = 256
"""Steps scored at a time while the draw is not full."""

Show = Callable[[Sequence[LabelledTrajectory]], Sequence[Transition]]
"""Training examples of trajectories."""
LogProbs = Callable[[Sequence[Transition]], Sequence[float]]
"""Log-probability of each action, summed over its tokens, in nats."""


@dataclass(frozen=True, slots=True)
class ExperienceDraw:
    """What was drawn for one phase.

    Attributes:
        transitions: The drawn steps.
        log_probs: Log-probability of each drawn action under the policy that filtered, in nats.
        scored: Steps whose perplexity was computed.
        too_sure: Scored steps below the window.
        too_unsure: Scored steps above the window.
    """

    transitions: tuple[Transition, ...]
    log_probs: tuple[float, ...]
    scored: int
    too_sure: int
    too_unsure: int


def action_perplexity(log_prob: float, tokens: int) -> float:
    """``exp(-log_prob / tokens)``: 1 for an action that is certain.

    Args:
        log_prob: Log-probability of the action, summed over its tokens, in nats.
        tokens: Number of its tokens, >= 1.

    Returns:
        Perplexity per token, >= 1; infinity where it is too large to write.

    Raises:
        ValueError: If ``tokens`` is below 1.
    """
    if tokens < 1:
        raise ValueError(f"Expected an action of at least one token, got {tokens}.")
    try:
        # rounding may put the log-probability of a certain action above 0; not-a-number stays what it is
        return math.exp(max(-log_prob / tokens, 0.0))
    except OverflowError:
        return math.inf


class TrajectoryBuffer:
    """Labelled trajectories of earlier phases, oldest first; whole ones, counted in steps."""

    def __init__(self, capacity: int = 100_000) -> None:
        """An empty buffer.

        Args:
            capacity: Most steps kept; the oldest trajectories go first.

        Raises:
            ValueError: If ``capacity`` is below 1.
        """
        if capacity < 1:
            raise ValueError(f"Expected capacity >= 1 step, got {capacity}.")
        self.capacity = capacity
        self._items: list[LabelledTrajectory] = []
        self._steps = 0

    def __len__(self) -> int:
        """Number of stored steps."""
        return self._steps

    @property
    def items(self) -> tuple[LabelledTrajectory, ...]:
        """The stored trajectories, oldest first."""
        return tuple(self._items)

    @property
    def trajectories(self) -> int:
        """Number of stored trajectories."""
        return len(self._items)

    def with_items(self, items: Iterable[LabelledTrajectory]) -> tuple[LabelledTrajectory, ...]:
        """What would be stored after ``add``; nothing is.

        Args:
            items: Labelled trajectories.
        """
        joined = TrajectoryBuffer(self.capacity)
        joined.add([*self._items, *items])
        return joined.items

    def add(self, items: Iterable[LabelledTrajectory]) -> int:
        """Stores trajectories; one without a step is passed over.

        Args:
            items: Labelled trajectories.

        Returns:
            How many were stored.
        """
        added = [item for item in items if item.trajectory.steps]
        self._items += added
        self._steps += sum(len(item.trajectory.steps) for item in added)
        while self._steps > self.capacity and len(self._items) > 1:
            self._steps -= len(self._items.pop(0).trajectory.steps)
        return len(added)

    def as_records(self) -> Iterator[dict[str, Any]]:
        """One JSON-ready record a trajectory (``agents.trajectory_io``)."""
        return map(trajectory_to_dict, self._items)

    def replace_by(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Forgets everything and takes what ``as_records`` wrote.

        Args:
            records: Records in order.

        Raises:
            ValueError: If a record cannot be read.
        """
        try:
            items = [labelled_from_dict(record) for record in records]
        except ValueError as error:
            raise ValueError(f"An experience record cannot be read: {error}") from error
        self._items, self._steps = [], 0
        self.add(items)


class ExperienceBuffer(TrajectoryBuffer):
    """Successful trajectories of earlier phases, demonstrations and first attempts first."""

    def __init__(
        self,
        *,
        replay_ratio: float = 2.0,
        perplexity_low: float = PERPLEXITY_LOW,
        perplexity_high: float = PERPLEXITY_HIGH,
        capacity: int = 100_000,
    ) -> None:
        """An empty buffer.

        Args:
            replay_ratio: Most replayed steps per step of the current phase, >= 0; 0 switches replay off.
            perplexity_low: Lower end of the window, inclusive, >= 1.
            perplexity_high: Upper end, inclusive, at least ``perplexity_low``.
            capacity: Most steps kept; the oldest trajectories go first.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not replay_ratio >= 0.0:
            raise ValueError(f"Expected replay_ratio >= 0, got {replay_ratio}.")
        if not 1.0 <= perplexity_low <= perplexity_high:
            raise ValueError(
                f"Expected 1 <= perplexity_low <= perplexity_high, got {perplexity_low} and {perplexity_high}."
            )
        super().__init__(capacity)
        self.replay_ratio = replay_ratio
        self.perplexity_low = perplexity_low
        self.perplexity_high = perplexity_high

    def add(self, items: Iterable[LabelledTrajectory]) -> int:
        """Stores the successes among ``items``; anything else is passed over.

        Args:
            items: Labelled trajectories.

        Returns:
            How many were stored.
        """
        return super().add(item for item in items if item.label.success)

    def draw(self, current_steps: int, show: Show, log_probs: LogProbs, rng: np.random.Generator) -> ExperienceDraw:
        """Draws steps for a phase, uniformly among those inside the window.

        Steps are scored in random order until enough are found, which gives the same distribution as scoring all of
        them and drawing afterwards.

        Args:
            current_steps: Steps that the current phase collected; at most ``replay_ratio`` times as many are drawn.
            show: Makes training examples of the stored trajectories; asked once, for all of them.
            log_probs: Scores actions under the previous phase's policy.
            rng: Decides everything but what ``show`` does.

        Raises:
            ValueError: If ``log_probs`` gives another number of results than it was asked for.
        """
        wanted = int(self.replay_ratio * current_steps)
        steps = show(self._items) if wanted else ()
        order = rng.permutation(len(steps))
        drawn: list[tuple[Transition, float]] = []
        scored = too_sure = too_unsure = 0
        for start in range(0, len(order), _CHUNK):
            if len(drawn) >= wanted:
                break
            chunk = [steps[index] for index in order[start : start + _CHUNK]]
            results = log_probs(chunk)
            if len(results) != len(chunk):
                raise ValueError(f"Expected {len(chunk)} log-probabilities, got {len(results)}.")
            scored += len(chunk)
            for step, log_prob in zip(chunk, results, strict=True):
                perplexity = action_perplexity(log_prob, len(step.action_ids))
                if perplexity < self.perplexity_low:
                    too_sure += 1
                elif perplexity <= self.perplexity_high:
                    drawn.append((step, float(log_prob)))
                else:
                    too_unsure += 1  # not-a-number lands here too
        drawn = drawn[:wanted]
        return ExperienceDraw(
            tuple(step for step, _ in drawn), tuple(log_prob for _, log_prob in drawn), scored, too_sure, too_unsure
        )
