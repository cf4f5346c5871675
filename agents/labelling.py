"""From trajectories to labelled trajectories: by the task's rules or by an outcome reward model (ORM).

The two sources are never mixed in one field: the label says where it comes from, the rules' verdict stays on the
trajectory, and wherever both exist their agreement is counted. Verdicts that are not ``scored`` label nothing; such
trajectories are left out and counted. Source: Qi et al. 2024, arXiv:2411.02337v1, sections 2 and 3.8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agents.types import LabelledTrajectory, Trajectory
from webrl_gym.actions import describe_action
from webrl_gym.orm_prompt import Evidence
from webrl_gym.reward import OutcomeRewardModel
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def label_source(config: Mapping[str, Any]) -> str:
    """Who labels a run's attempts: ``orm``, ``rules``, or ``both``, each the tasks that it is for.

    Where nothing evolves there is nothing that the ORM would label beside the rules.

    Args:
        config: ``conf/train.yaml``, composed.
    """
    source = str(config["orm"]["source"])
    return "rules" if source == "both" and not config["algorithm"].get("curriculum") else source


def label_sentence(config: Mapping[str, Any]) -> str:
    """Who labels a run's attempts, as it is told before the run starts; empty for an algorithm that attempts nothing.

    Args:
        config: As for ``label_source``.
    """
    if config["algorithm"]["name"] == "sft":
        return ""
    source, given = label_source(config), f"orm.source={config['orm']['source']}"
    if source == "both":
        return f"The tasks' rules label attempts at tasks of the suite, the ORM those at evolved ones ({given})."
    if source == "orm":
        return f"The ORM labels all attempts ({given})."
    return f"The tasks' rules label all attempts ({given}{', and nothing evolves' if given.endswith('both') else ''})."


class Labeller(Protocol):
    """Anything that says whether trajectories did what they were asked."""

    def judge(self, trajectories: Sequence[Trajectory]) -> list[OutcomeVerdict]:
        """One verdict for each trajectory, in order."""


class RuleLabeller:
    """Takes the verdict of the task's own rules."""

    def judge(self, trajectories: Sequence[Trajectory]) -> list[OutcomeVerdict]:
        """The rules' verdicts; undecided where a task has no rules.

        Args:
            trajectories: Finished attempts.
        """
        missing = OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "rules", detail="the task has no rules")
        return [trajectory.rule_verdict or missing for trajectory in trajectories]


class SplitLabeller:
    """Asks one labeller about the suite's own tasks and another about those that evolved from them.

    A suite comes with rules, as the training tasks of WebArena-Lite do; an instruction that a language model writes has
    none.
    """

    def __init__(self, suite: Labeller, evolved: Labeller) -> None:
        """Uses both.

        Args:
            suite: Judges attempts at tasks without a parent.
            evolved: Judges all others.
        """
        self.suite = suite
        self.evolved = evolved

    def judge(self, trajectories: Sequence[Trajectory]) -> list[OutcomeVerdict]:
        """Each trajectory's verdict by the labeller that it belongs to.

        Args:
            trajectories: Finished attempts.
        """
        of_suite = iter(self.suite.judge([item for item in trajectories if item.task.parent is None]))
        of_evolved = iter(self.evolved.judge([item for item in trajectories if item.task.parent is not None]))
        return [next(of_suite if item.task.parent is None else of_evolved) for item in trajectories]


class OrmLabeller:
    """Asks an outcome reward model."""

    def __init__(self, orm: OutcomeRewardModel) -> None:
        """Uses ``orm`` with its threshold and its prompt."""
        self.orm = orm

    def judge(self, trajectories: Sequence[Trajectory]) -> list[OutcomeVerdict]:
        """The ORM's verdicts; all undecided when its scorer fails.

        Args:
            trajectories: Finished attempts.
        """
        return self.orm.judge_all([evidence_of(trajectory) for trajectory in trajectories])


def evidence_of(trajectory: Trajectory) -> Evidence:
    """What a judge may look at of a trajectory: instruction, actions, the final page.

    The same that the environment shows its own judge.

    Args:
        trajectory: A finished attempt.
    """
    return Evidence(
        instruction=trajectory.task.instruction,
        actions=tuple(describe_action(step.completion.text, step.observation["html"]) for step in trajectory.steps),
        page=trajectory.final_observation["html"],
        completions=tuple(step.completion.text for step in trajectory.steps),
    )


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts of predicted against true outcomes.

    Attributes:
        true_yes: Predicted success, was success.
        false_yes: Predicted success, was none.
        true_no: Predicted no success, was none.
        false_no: Predicted no success, was success.
    """

    true_yes: int = 0
    false_yes: int = 0
    true_no: int = 0
    false_no: int = 0

    @classmethod
    def of(cls, predicted: Iterable[bool], actual: Iterable[bool]) -> ConfusionMatrix:
        """Counts pairs.

        Args:
            predicted: What the judge said, in order.
            actual: What is true, in the same order and number.

        Raises:
            ValueError: If one is longer than the other.
        """
        counts = Counter((bool(said), bool(true)) for said, true in zip(predicted, actual, strict=True))
        return cls(counts[True, True], counts[True, False], counts[False, False], counts[False, True])

    @property
    def total(self) -> int:
        """Number of pairs."""
        return self.true_yes + self.false_yes + self.true_no + self.false_no

    @property
    def accuracy(self) -> float | None:
        """Share that is right; None without pairs."""
        return _share(self.true_yes + self.true_no, self.total)

    @property
    def recall(self) -> float | None:
        """Share of successes that were seen; None without a success."""
        return _share(self.true_yes, self.true_yes + self.false_no)

    @property
    def specificity(self) -> float | None:
        """Share of non-successes that were seen; None without one."""
        return _share(self.true_no, self.true_no + self.false_yes)

    @property
    def precision(self) -> float | None:
        """Share of predicted successes that are one; None without a predicted one."""
        return _share(self.true_yes, self.true_yes + self.false_yes)

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of recall and specificity; None unless both classes occur."""
        if self.recall is None or self.specificity is None:
            return None
        return (self.recall + self.specificity) / 2.0

    @property
    def base_rate(self) -> float | None:
        """Share of true successes; None without pairs."""
        return _share(self.true_yes + self.false_no, self.total)

    @property
    def always_no_accuracy(self) -> float | None:
        """Accuracy of a judge that always says NO; None without pairs."""
        return _share(self.true_no + self.false_yes, self.total)


@dataclass(frozen=True, slots=True)
class Labelling:
    """Labelled trajectories and what labelling them told.

    Attributes:
        labelled: Trajectories with a verdict that counts, in order.
        left_out: Trajectories without one, by status (``unscored``, ``undecided``).
        agreement: The labels against the rules, where both exist.
    """

    labelled: tuple[LabelledTrajectory, ...]
    left_out: Mapping[str, int]
    agreement: ConfusionMatrix

    @property
    def success_rate(self) -> float | None:
        """Share of labelled successes; None without a labelled trajectory."""
        return _share(sum(item.label.success for item in self.labelled), len(self.labelled))


def label_trajectories(labeller: Labeller, trajectories: Sequence[Trajectory]) -> Labelling:
    """Labels trajectories and compares the labels with the rules wherever there are any.

    Args:
        labeller: Who gives the labels.
        trajectories: Finished attempts without infrastructure failures.

    Raises:
        ValueError: If a trajectory was ended by an infrastructure failure, or the labeller gives another number of
            verdicts.
    """
    for trajectory in trajectories:
        if trajectory.failure is not None:
            raise ValueError(f"Task {trajectory.task.task_id} failed ({trajectory.failure}): it cannot be labelled.")
    verdicts = labeller.judge(trajectories) if trajectories else []
    if len(verdicts) != len(trajectories):
        raise ValueError(f"Expected {len(trajectories)} verdicts from the labeller, got {len(verdicts)}.")
    left_out: Counter[str] = Counter()
    labelled: list[LabelledTrajectory] = []
    for trajectory, verdict in zip(trajectories, verdicts, strict=True):
        if verdict.status is VerdictStatus.SCORED:
            labelled.append(LabelledTrajectory(trajectory, verdict))
        else:
            left_out[verdict.status.value] += 1
    return Labelling(tuple(labelled), dict(left_out), agreement_with_rules(labelled))


def agreement_with_rules(labelled: Iterable[LabelledTrajectory]) -> ConfusionMatrix:
    """A judge's labels as predictions of the rules' scored verdicts, where a trajectory has one.

    Args:
        labelled: Trajectories with their labels; those that the rules labelled are passed over.
    """
    both = [
        (item.label.success, item.trajectory.rule_verdict.success)
        for item in labelled
        if item.label.source != "rules"
        and item.trajectory.rule_verdict is not None
        and item.trajectory.rule_verdict.status is VerdictStatus.SCORED
    ]
    return ConfusionMatrix.of((said for said, _ in both), (true for _, true in both))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
