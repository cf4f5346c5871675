"""What algorithms share that collect their own data: which successes are learned from."""

import math
from dataclasses import replace

import pytest

from agents.algorithms.collected import least_action_probability, worth_learning_from
from agents.errors import TrainingStopped
from agents.labelling import RuleLabeller, label_trajectories
from agents.rollout import Rollout
from agents.types import Completion
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, started_policy, webrl
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def stopped(algorithm, match):
    with pytest.raises(TrainingStopped, match=match) as caught:
        algorithm.learn()
    return str(caught.value)


class RightOrm(RuleLabeller):
    """An ORM that is always right."""

    def judge(self, trajectories):
        return [replace(verdict, source="orm", p_yes=verdict.score) for verdict in super().judge(trajectories)]


def test_successes_that_the_policy_was_not_sure_of_are_not_learned_from():
    settings = {"phases": 1, "labeller": RightOrm()}
    every, sure = webrl(started_policy(), **settings), webrl(started_policy(), **settings, min_action_probability=0.81)
    every.learn()
    sure.learn()
    assert every.history[0]["data/unsure_successes"] == 0
    unsure = sure.history[0]["data/unsure_successes"]
    assert unsure > 0
    assert sure.experience.trajectories == every.experience.trajectories - unsure
    assert sure.history[0]["rollout/success_rate"] == every.history[0]["rollout/success_rate"]
    stopped(
        webrl(started_policy(), **settings, min_action_probability=1.0), r"11 of 12 .* below min_action_probability=1"
    )
    by_rules = webrl(started_policy(), phases=1, min_action_probability=1.0)
    by_rules.learn()  # the rules do not err
    assert by_rules.history[0]["data/unsure_successes"] == 0
    with pytest.raises(ValueError, match=r"min_action_probability and .* in \[0, 1\], got 2 and"):
        webrl(started_policy(), min_action_probability=2)


def test_a_verdict_that_does_not_count_is_no_failure_by_the_rules():
    undecided = OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "rules")
    done, *others = [demonstration(task).trajectory for task in TASKS]
    trajectories = (done, *(replace(other, rule_verdict=undecided) for other in others))
    labelling = label_trajectories(RightOrm(), [done, *others])
    collected = worth_learning_from(Rollout(trajectories, (), 0, 2), labelling, tiny_policy().renderer, 0.0)
    assert collected.metrics["rollout/rule_success_rate"] == 1.0
    assert (collected.metrics["rollout/ruled"], collected.metrics["rollout/trajectories"]) == (1, len(TASKS))


def test_the_least_likely_action_decides():
    first, second = demonstration(TASKS[0]).trajectory.steps
    likely, unlikely = (Completion("x", (1, 2), (math.log(0.9), math.log(share))) for share in (0.8, 0.1))
    steps = (replace(first, completion=likely), replace(second, completion=unlikely))
    trajectory = replace(demonstration(TASKS[0]).trajectory, steps=steps)
    assert least_action_probability(trajectory) == pytest.approx(0.09)
    unknown = replace(trajectory, steps=(replace(first, completion=Completion("x")),))
    assert least_action_probability(unknown) == 1.0
