import math

import pytest
import torch

from agents.critics import ValueCritic
from agents.errors import TrainingStopped
from agents.fitting import FitSettings
from agents.inference import action_log_probs, state_features, state_values, transition_batch, transition_values
from agents.labelling import evidence_of
from agents.objectives import fit_actions, fit_critic, fit_scorer, fit_value_head
from agents.scorers import LanguageModelScorer
from agents.transitions import to_transitions
from tests.agents.tiny_models import tiny_model, tiny_policy
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE

WRONG = ['do(action="Click", element="0")', 'exit(message="")']


@pytest.fixture
def policy():
    return tiny_policy()


@pytest.fixture
def steps(policy):
    good = [demonstration(toy_task("Blue", order)) for order in range(2)]
    bad = [demonstration(toy_task("Blue", order), WRONG) for order in range(2)]
    return to_transitions([*good, *bad], policy.renderer).steps


def test_log_probs_do_not_depend_on_the_batching(policy, steps):
    together = action_log_probs(policy, steps, 100_000)
    assert action_log_probs(policy, steps, 1) == pytest.approx(together, abs=1e-4)
    single = policy.action_log_probs(transition_batch(policy, steps[:1]))
    assert together[0] == pytest.approx(single.item(), abs=1e-4)


def test_values_do_not_depend_on_batching_or_repetition(steps):
    critic = ValueCritic(tiny_model())
    torch.nn.init.normal_(critic.value_head.weight)
    prompts = [step.prompt_ids for step in steps]
    together = state_values(critic, [*prompts, *prompts], 100_000)
    assert together[: len(prompts)] == together[len(prompts) :]
    assert state_values(critic, prompts, 1) == pytest.approx(together[: len(prompts)], abs=1e-5)
    assert len(set(together)) > 1
    assert state_values(critic, [], 10) == []


def test_next_values_are_the_next_states_and_0_at_the_end(steps):
    critic = ValueCritic(tiny_model())
    torch.nn.init.normal_(critic.value_head.weight)
    values, next_values = transition_values(critic, steps, 10_000)
    for place, step in enumerate(steps):
        expected = 0.0 if step.steps_to_go == 0 else values[place + 1]
        assert next_values[place] == pytest.approx(expected, abs=1e-6)


def test_a_value_head_alone_learns_the_outcomes(steps):
    critic = ValueCritic(tiny_model())
    trunk = {name: tensor.clone() for name, tensor in critic.trunk.state_dict().items()}
    last = [step for step in steps if step.steps_to_go == 0]
    loss = fit_value_head(critic, last, 256)
    values = state_values(critic, [step.prompt_ids for step in last], 256)
    for step, value in zip(last, values, strict=True):
        assert (value > 0.5) == bool(step.outcome)
    losses = [-math.log(value if step.outcome else 1 - value) for step, value in zip(last, values, strict=True)]
    assert loss == pytest.approx(sum(losses) / len(losses), abs=1e-4)
    for name, tensor in critic.trunk.state_dict().items():
        assert torch.equal(tensor, trunk[name])


def test_a_value_head_is_at_the_optimum_of_its_loss(steps):
    """The gradient of the weighted cross-entropy and the decay over standardised features is 0 there."""
    critic = ValueCritic(tiny_model())
    fit_value_head(critic, steps, 256)
    features = state_features(critic, [step.prompt_ids for step in steps], 256).double()
    mean, deviation = features.mean(0), features.std(0, correction=0) + 1e-6
    scaled = (features - mean) / deviation
    weight = critic.value_head.weight[0].detach().double() * deviation
    bias = critic.value_head.bias.detach().double() + critic.value_head.weight[0].detach().double() @ mean
    shares = torch.tensor([1.0 if step.steps_done else 4.0 for step in steps]).double()
    wrong = torch.sigmoid(scaled @ weight + bias) - torch.tensor([step.outcome for step in steps]).double()
    wrong *= shares / shares.sum()
    assert (scaled.T @ wrong + 0.003 * weight).abs().max() < 1e-3
    assert wrong.sum().abs() < 1e-3


def test_a_value_head_needs_examples():
    with pytest.raises(TrainingStopped, match="critic: there is no example"):
        fit_value_head(ValueCritic(tiny_model()), [], 256)


def test_imitation_makes_the_actions_likely(policy, steps):
    before = action_log_probs(policy, steps, 10_000)
    report = fit_actions(policy, steps[:4], FitSettings(learning_rate=5e-3, epochs=15))
    after = action_log_probs(policy, steps, 10_000)
    assert all(later > earlier + 1 for later, earlier in zip(after[:4], before[:4], strict=True))
    assert math.isfinite(report.loss)


def test_the_critic_learns_the_outcomes(steps):
    critic = ValueCritic(tiny_model())
    assert set(state_values(critic, [step.prompt_ids for step in steps], 10_000)) == {0.5}
    last = [step for step in steps if step.steps_to_go == 0]
    fit_critic(critic, last, FitSettings(learning_rate=5e-3, epochs=30))
    values = state_values(critic, [step.prompt_ids for step in last], 10_000)
    assert all((value > 0.7) if step.outcome else (value < 0.3) for value, step in zip(values, last, strict=True))


def test_the_scorer_learns_the_labels():
    items = [demonstration(toy_task("Blue", order), actions) for order in (0, 1) for actions in (None, WRONG)]
    prompts = [DEFAULT_TEMPLATE.fill(evidence_of(item.trajectory)) for item in items]
    outcomes = [item.outcome for item in items]
    assert outcomes == [1.0, 0.0, 1.0, 0.0]
    scorer = LanguageModelScorer(tiny_model())
    fit_scorer(scorer, list(map(scorer.encode, prompts)), outcomes, FitSettings(learning_rate=3e-3, epochs=30))
    assert [p_yes > 0.5 for p_yes in scorer.p_yes(prompts)] == [outcome > 0.5 for outcome in outcomes]
    with pytest.raises(ValueError, match="3 and 4"):
        fit_scorer(scorer, list(map(scorer.encode, prompts)), outcomes[:3], FitSettings(learning_rate=1e-3))
