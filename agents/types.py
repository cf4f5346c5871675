"""What flows through one phase of training, rung by rung.

``Step < Trajectory < LabelledTrajectory < Transition < WeighedSteps``, the last in ``agents.policy_update``: each rung
adds what the stage before it computed, and a function asks for the rung it needs. Words: docs/glossary.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation, OutcomeVerdict

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a policy reads before one action.

    Attributes:
        token_ids: The prompt as the model gets it.
        text: The same as text, for people and for OpenAI-compatible servers.
        chars_left_out: Characters of the page that were cut to fit the context.
    """

    token_ids: tuple[int, ...]
    text: str
    chars_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What a policy wrote.

    Attributes:
        text: The action as text.
        token_ids: Sampled ids, end token included; empty for backends that do not tell.
        log_probs: Log-probability of each sampled id under the sampling policy at temperature 1, in nats.
        is_cut: Whether a server says that it was cut at its longest; where there are ids, the last of them tells.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    is_cut: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One action: what was read, what was written, what came of it.

    Attributes:
        observation: What the environment gave before the action.
        prompt: What the policy read.
        completion: What the policy wrote.
        reward: Reward of this step.
        info: JSON-ready facts from the environment (``action_error``, ``timing`` …).
    """

    observation: Observation
    prompt: Prompt
    completion: Completion
    reward: float = 0.0
    info: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One attempt at one task: T steps and the observation after the last.

    Attributes:
        task: What was attempted.
        steps: T steps, T >= 1 unless ``failure`` is set.
        final_observation: What the last action led to.
        phase: Phase in which it was collected; 0 for demonstrations and attempts before the first.
        truncated: True when the step limit or a failure ended it.
        failure: Name and reason of an infrastructure failure; such a trajectory is never trained on or scored.
        rule_verdict: What the task's rules say; None if it has none.
    """

    task: Task
    steps: tuple[Step, ...]
    final_observation: Observation
    phase: int
    truncated: bool
    failure: str | None = None
    rule_verdict: OutcomeVerdict | None = None


@dataclass(frozen=True, slots=True)
class LabelledTrajectory:
    """A trajectory with its outcome.

    Attributes:
        trajectory: The attempt.
        label: The verdict that training uses; its ``source`` says whether rules or an ORM gave it.
    """

    trajectory: Trajectory
    label: OutcomeVerdict

    @property
    def outcome(self) -> float:
        """1.0 done, 0.0 not done."""
        return 1.0 if self.label.success else 0.0


@dataclass(frozen=True, slots=True)
class Transition:
    """One training example: one step of a labelled trajectory.

    Attributes:
        prompt_ids: What the policy read.
        action_ids: What it sampled, end token included.
        next_prompt_ids: What it read (or would have read) next; None after the last step.
        reward: The outcome on the last step, 0 before.
        outcome: The trajectory's outcome, 0 or 1.
        steps_done: Steps before this one.
        steps_to_go: Steps after this one.
        phase: Phase of the trajectory.
    """

    prompt_ids: tuple[int, ...]
    action_ids: tuple[int, ...]
    next_prompt_ids: tuple[int, ...] | None
    reward: float
    outcome: float
    steps_done: int
    steps_to_go: int
    phase: int


class TokenBatch(NamedTuple):
    """Prompts with their actions, padded on the right.

    B sequences, L tokens after padding, A action tokens after padding.
    """

    input_ids: Tensor
    """Prompt and action ids without the last action id. Shape (B, L), int64."""
    attention_mask: Tensor
    """True at real tokens. Shape (B, L), bool."""
    positions: Tensor
    """Positions in ``input_ids`` whose output predicts each action token. Shape (B, A), int64; 0 where padded."""
    action_ids: Tensor
    """The action tokens. Shape (B, A), int64."""
    action_mask: Tensor
    """True at real action tokens. Shape (B, A), bool."""
