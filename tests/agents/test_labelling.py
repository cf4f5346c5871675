import dataclasses

import pytest

from agents.hydra_entry import compose_config
from agents.labelling import (
    ConfusionMatrix,
    OrmLabeller,
    RuleLabeller,
    SplitLabeller,
    agreement_with_rules,
    evidence_of,
    label_sentence,
    label_trajectories,
)
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.errors import ScorerError
from webrl_gym.reward import OutcomeRewardModel
from webrl_gym.types import OutcomeVerdict, VerdictStatus

WRONG = ['do(action="Click", element="0")', "not an action", 'exit(message="")']


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ([], "the ORM those at evolved ones"),
        (["algorithm=digirl"], "orm.source=both, and nothing evolves"),
        (["algorithm=digirl", "orm.source=orm"], "The ORM labels all attempts"),
        (["orm.source=rules"], "rules label all attempts (orm.source=rules)."),
    ],
)
def test_who_labels_is_told(overrides, said):
    assert said in label_sentence(compose_config("train", overrides))


def test_who_learns_from_demonstrations_alone_has_nothing_labelled():
    assert label_sentence(compose_config("train", ["algorithm=sft"])) == ""


class BlueScorer:
    """Says YES to every episode that ends on the blue page."""

    def p_yes(self, prompts):
        return [0.9 if "<h1> Blue </h1>" in prompt.text else 0.1 for prompt in prompts]


class BrokenScorer:
    def p_yes(self, _prompts):
        raise ScorerError("the judge is away")


@pytest.fixture
def success():
    return demonstration(toy_task("Blue", 0)).trajectory


@pytest.fixture
def failure():
    return demonstration(toy_task("Blue", 0), WRONG).trajectory


@pytest.fixture
def without_rules(failure):
    return dataclasses.replace(failure, rule_verdict=None)


def test_rules_label_what_they_scored(success, failure, without_rules):
    unscored = dataclasses.replace(success, rule_verdict=OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules"))
    labelling = label_trajectories(RuleLabeller(), [success, failure, without_rules, unscored])
    assert [item.outcome for item in labelling.labelled] == [1.0, 0.0]
    assert labelling.left_out == {"undecided": 1, "unscored": 1}
    assert labelling.success_rate == 0.5
    assert labelling.agreement.total == 0  # they agree with themselves


def test_the_orm_labels_and_is_compared_with_the_rules(success, failure, without_rules):
    red = demonstration(toy_task("Red", 0)).trajectory
    labeller = OrmLabeller(OutcomeRewardModel(BlueScorer()))
    labelling = label_trajectories(labeller, [success, failure, red, without_rules])
    assert [item.outcome for item in labelling.labelled] == [1.0, 0.0, 0.0, 0.0]
    assert {item.label.source for item in labelling.labelled} == {"orm"}
    assert labelling.labelled[0].label.p_yes == 0.9
    assert labelling.labelled[2].trajectory.rule_verdict.success
    assert labelling.agreement == ConfusionMatrix(true_yes=1, true_no=1, false_no=1)


def test_the_suite_is_judged_by_the_rules_and_what_evolved_by_the_orm(success, failure):
    red = demonstration(toy_task("Red", 0)).trajectory
    evolved = [
        dataclasses.replace(item, task=dataclasses.replace(item.task, parent="toy-train/Red/0"))
        for item in (success, failure, red)
    ]
    labeller = SplitLabeller(suite=RuleLabeller(), evolved=OrmLabeller(OutcomeRewardModel(BlueScorer())))
    labelling = label_trajectories(labeller, [red, evolved[0], failure, evolved[1], evolved[2]])
    assert [item.label.source for item in labelling.labelled] == ["rules", "orm", "rules", "orm", "orm"]
    assert [item.label.success for item in labelling.labelled] == [True, True, False, False, False]
    assert labelling.agreement == ConfusionMatrix(true_yes=1, true_no=1, false_no=1)
    assert labeller.judge([]) == []


def test_a_threshold_moves_the_orm(success):
    assert OrmLabeller(OutcomeRewardModel(BlueScorer(), threshold=0.95)).judge([success])[0].success is False
    with pytest.raises(ValueError, match="threshold"):
        OutcomeRewardModel(BlueScorer(), threshold=1.0)


def test_a_failing_judge_labels_nothing(success, failure):
    labelling = label_trajectories(OrmLabeller(OutcomeRewardModel(BrokenScorer())), [success, failure])
    assert labelling.labelled == ()
    assert labelling.left_out == {"undecided": 2}
    assert labelling.success_rate is None


def test_nothing_to_label():
    assert label_trajectories(RuleLabeller(), []).agreement.total == 0


def test_infrastructure_failures_cannot_be_labelled(success):
    broken = dataclasses.replace(success, failure="SiteError: gone")
    with pytest.raises(ValueError, match="SiteError: gone"):
        label_trajectories(RuleLabeller(), [broken])


def test_a_labeller_that_loses_a_trajectory_is_refused(success):
    class Lossy:
        def judge(self, _trajectories):
            return []

    with pytest.raises(ValueError, match="1 verdicts"):
        label_trajectories(Lossy(), [success])


def test_the_orm_reads_instruction_actions_in_words_and_last_page(failure):
    evidence = evidence_of(failure)
    assert evidence.instruction == "Open Blue"
    assert evidence.actions[:2] == ('Click "Red"', "No action: not an action")
    assert evidence.completions == tuple(WRONG)
    assert "<h1> Red </h1>" in evidence.page


def test_confusion_matrix_by_hand():
    matrix = ConfusionMatrix.of([True] * 4 + [False] * 6, [True] * 3 + [False] + [False] * 4 + [True] * 2)
    assert matrix == ConfusionMatrix(true_yes=3, false_yes=1, true_no=4, false_no=2)
    assert matrix.accuracy == 0.7
    assert matrix.recall == 0.6
    assert matrix.specificity == 0.8
    assert matrix.precision == 0.75
    assert matrix.balanced_accuracy == pytest.approx(0.7)
    assert matrix.base_rate == 0.5
    assert matrix.always_no_accuracy == 0.5


def test_shares_of_nothing_are_undefined():
    empty = ConfusionMatrix()
    assert [empty.accuracy, empty.precision, empty.balanced_accuracy, empty.base_rate] == [None] * 4
    assert ConfusionMatrix(true_no=3).balanced_accuracy is None
    with pytest.raises(ValueError, match="shorter"):
        ConfusionMatrix.of([True], [])


def test_agreement_counts_only_scored_rules(success):
    unscored = OutcomeVerdict(VerdictStatus.UNSCORED, 0.0, "rules")
    item = demonstration(toy_task("Blue", 0))
    item = dataclasses.replace(item, trajectory=dataclasses.replace(success, rule_verdict=unscored))
    assert agreement_with_rules([item]).total == 0
