"""What a phase collected: labelled trajectories, their training examples, and numbers about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents.algorithms.checkpointing import PhaseMetrics
from agents.errors import TrainingStopped
from agents.labelling import Labelling
from agents.rollout import Rollout
from agents.trajectory_io import trajectory_to_dict
from agents.transitions import Renderer, TransitionSet, to_transitions
from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.types import VerdictStatus


@dataclass(frozen=True, slots=True)
class Collected:
    """What a phase collected.

    Attributes:
        labelling: Labelled trajectories.
        transitions: Their steps as training examples.
        metrics: Numbers about them.
        min_action_probability: What a success by the ORM must have in each action to be learned from.
    """

    labelling: Labelling
    transitions: TransitionSet
    metrics: PhaseMetrics
    min_action_probability: float = 0.0

    @property
    def trusted(self) -> list[LabelledTrajectory]:
        """Attempts to learn from, in order: all but successes that the policy itself was not sure of."""
        return [item for item in self.labelling.labelled if not item.label.success or self._is_sure(item)]

    @property
    def successes(self) -> list[LabelledTrajectory]:
        """Successes to learn from, in order."""
        return [item for item in self.trusted if item.label.success]

    def as_lines(self) -> Iterator[dict[str, Any]]:
        """What a stage keeps of it, JSON-ready; the transitions are made anew."""
        yield {"metrics": self.metrics, "left_out": dict(self.labelling.left_out)}
        yield from map(trajectory_to_dict, self.labelling.labelled)

    def _is_sure(self, item: LabelledTrajectory) -> bool:
        return item.label.source == "rules" or least_action_probability(item.trajectory) >= self.min_action_probability


def worth_learning_from(
    rollout: Rollout, labelling: Labelling, renderer: Renderer, min_action_probability: float
) -> Collected:
    """Training examples of a rollout, and numbers about them; stops where there is nothing to learn from.

    Args:
        rollout: What was attempted.
        labelling: The labels of its trajectories.
        renderer: Renders prompts for the policy.
        min_action_probability: Of each action of a success that the ORM saw, or it is not learned from.

    Raises:
        TrainingStopped: If every attempt failed, none could be labelled, no step can be trained on, or none succeeded.
    """
    transitions = to_transitions(labelling.labelled, renderer)
    metrics = _metrics(rollout, labelling, transitions)
    if not transitions.steps:
        raise TrainingStopped(_why_empty(rollout, labelling, transitions))
    collection = Collected(labelling, transitions, metrics, min_action_probability)
    metrics["data/unsure_successes"] = len(labelling.labelled) - len(collection.trusted)
    if not collection.successes:
        raise TrainingStopped(_why_no_success(collection))
    return collection


def least_action_probability(trajectory: Trajectory) -> float:
    """Probability of the least likely action of an attempt, under the policy that made it; 1 where none is known.

    Args:
        trajectory: Any attempt; completions of a server come without log-probabilities.
    """
    return min((math.exp(sum(step.completion.log_probs)) for step in trajectory.steps), default=1.0)


def _why_empty(rollout: Rollout, labelling: Labelling, transitions: TransitionSet) -> str:
    if not rollout.trajectories:
        reason = rollout.failures[0].failure if rollout.failures else "there was no task"
        return f"empty batch: no attempt came to an end ({reason})."
    if not labelling.labelled:
        return (
            f"empty batch: none of {len(rollout.trajectories)} trajectories could be labelled ({labelling.left_out})."
        )
    return (
        f"empty batch: no step can be trained on ({transitions.rendered_differently} are rendered differently now, "
        f"{transitions.too_long} are too long)."
    )


def _why_no_success(collection: Collected) -> str:
    labelled = collection.labelling.labelled
    unsure = len(labelled) - len(collection.trusted)
    if not unsure:
        return f"no success: none of {len(labelled)} labelled trajectories."
    return (
        f"no success to learn from: {unsure} of {len(labelled)} labelled trajectories succeeded, but in each the "
        f"policy gave some action a probability below min_action_probability={collection.min_action_probability:g}."
    )


def _metrics(rollout: Rollout, labelling: Labelling, transitions: TransitionSet) -> PhaseMetrics:
    trajectories = rollout.trajectories
    verdicts = [item.rule_verdict for item in trajectories if item.rule_verdict is not None]
    ruled = [verdict.success for verdict in verdicts if verdict.status is VerdictStatus.SCORED]
    lengths = [len(item.steps) for item in trajectories]
    return {
        "rollout/trajectories": len(trajectories),
        "rollout/steps": rollout.steps,
        "rollout/success_rate": labelling.success_rate,
        "rollout/ruled": len(ruled),
        "rollout/rule_success_rate": sum(ruled) / len(ruled) if ruled else None,
        "rollout/mean_length": sum(lengths) / len(lengths) if lengths else None,
        "rollout/truncated": sum(item.truncated for item in trajectories),
        "rollout/infrastructure_failures": len(rollout.failures),
        "rollout/retries": rollout.retries,
        "label/left_out": sum(labelling.left_out.values()),
        "label/accuracy": labelling.agreement.accuracy,
        "label/balanced_accuracy": labelling.agreement.balanced_accuracy,
        "label/precision": labelling.agreement.precision,
        "label/recall": labelling.agreement.recall,
        "label/base_rate": labelling.agreement.base_rate,
        "label/always_no_accuracy": labelling.agreement.always_no_accuracy,
        "label/compared": labelling.agreement.total,
        "data/steps": len(transitions.steps),
        "data/rendered_differently": transitions.rendered_differently,
        "data/too_long": transitions.too_long,
    }
