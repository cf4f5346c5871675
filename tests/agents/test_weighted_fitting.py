from dataclasses import replace
from functools import partial
from statistics import fmean

import pytest
import torch

from agents.critics import ValueCritic
from agents.errors import TrainingStopped
from agents.fitting import FitSettings
from agents.inference import action_log_probs, state_values
from agents.losses import awr_loss, digirl_actor_loss
from agents.policy import LLMPolicy
from agents.transitions import to_transitions
from agents.weighted_fitting import fit_values, fit_weighted_actions
from tests.agents.tiny_models import tiny_model, tiny_policy
from tests.agents.toy_env import demonstration, toy_task

WRONG = ['do(action="Click", element="0")', 'exit(message="")']


@pytest.fixture
def policy():
    return tiny_policy()


@pytest.fixture
def steps(policy):
    tasks = [toy_task("Blue", order) for order in range(2)]
    items = [demonstration(task, actions) for actions in (None, WRONG) for task in tasks]
    return to_transitions(items, policy.renderer).steps


@pytest.mark.parametrize("with_trunk", [True, False])
def test_a_critic_learns_the_targets_of_its_states(steps, with_trunk):
    critic = ValueCritic(tiny_model())
    trunk = [tensor.clone() for tensor in critic.trunk.parameters()]
    prompts = [step.prompt_ids for step in steps if step.steps_to_go == 0]
    targets = [0.9, 0.9, 0.2, 0.2]
    settings = FitSettings(learning_rate=5e-3, epochs=40)
    fit_values(critic, prompts, targets, settings, with_trunk=with_trunk)
    assert state_values(critic, prompts, 1000) == pytest.approx(targets, abs=0.1)
    assert all(map(torch.equal, critic.trunk.parameters(), trunk)) is not with_trunk


def test_a_head_learns_the_mean_target_of_a_state_that_occurs_often():
    critic = ValueCritic(tiny_model())
    prompt = (3, 4, 5)
    fit_values(critic, [prompt] * 4, [1.0, 1.0, 1.0, 0.0], FitSettings(learning_rate=1.0), with_trunk=False)
    assert state_values(critic, [prompt], 1000) == pytest.approx([0.75], abs=1e-3)


def test_the_better_of_two_actions_in_a_state_becomes_the_likelier_one(policy, steps):
    starts = [step for step in steps if step.steps_done == 0]
    assert starts[0].prompt_ids == starts[2].prompt_ids
    advantages = [1.0 if step.outcome else -1.0 for step in starts]
    settings = FitSettings(learning_rate=3e-3, epochs=15)
    report = fit_weighted_actions(policy, starts, advantages, partial(awr_loss, temperature=0.5), settings)
    good, bad = action_log_probs(policy, starts[:2], 1000), action_log_probs(policy, starts[2:], 1000)
    assert fmean(good) > fmean(bad) + 1
    assert report.examples == 15 * len(starts)


@pytest.mark.parametrize("fitted", ["policy", "critic"])
def test_weights_of_16_bits_are_trained_over_copies_of_32_unless_they_are_not_to_be(steps, fitted):
    def changed_share(master_weights):
        model = replace(tiny_model(), master_weights=master_weights)
        model.model.to(torch.bfloat16)
        policy, critic = LLMPolicy(model), ValueCritic(model)
        module = model.model if fitted == "policy" else critic.trunk
        before = torch.cat([tensor.detach().flatten() for tensor in module.parameters()])
        settings = FitSettings(learning_rate=2e-5, epochs=20)
        if fitted == "policy":
            loss = partial(awr_loss, temperature=1.0)
            fit_weighted_actions(policy, steps, [0.5] * len(steps), loss, settings)
        else:
            critic.value_head.weight.data.fill_(0.1)
            fit_values(critic, [step.prompt_ids for step in steps], [1.0] * len(steps), settings, with_trunk=True)
        after = torch.cat([tensor.detach().flatten() for tensor in module.parameters()])
        return float((after != before).float().mean())

    assert changed_share(master_weights=False) < 0.6 * changed_share(master_weights=True)


def test_an_update_is_the_same_however_it_is_cut_into_batches(steps):
    advantages, ends = [0.1 * place for place in range(len(steps))], []
    for tokens in (1, 10_000):
        policy = tiny_policy()
        settings = FitSettings(learning_rate=1e-2, tokens_per_batch=tokens, examples_per_update=len(steps))
        fit_weighted_actions(policy, steps, advantages, partial(awr_loss, temperature=0.5), settings)
        ends.append(action_log_probs(policy, steps, 1000))
    assert ends[0] == pytest.approx(ends[1], abs=1e-3)


def test_what_is_not_there_or_does_not_fit_is_refused(policy, steps):
    settings, loss = FitSettings(learning_rate=1e-3), partial(digirl_actor_loss, threshold=0.0)
    with pytest.raises(ValueError, match="got 1 and 8"):
        fit_weighted_actions(policy, steps, [0.0], loss, settings)
    with pytest.raises(ValueError, match="got 2 and 1"):
        fit_values(ValueCritic(tiny_model()), [(3,)], [0.0, 1.0], settings, with_trunk=True)
    with pytest.raises(TrainingStopped, match="policy: there is no training example"):
        fit_weighted_actions(policy, [], [], loss, settings)
    with pytest.raises(TrainingStopped, match="instruction critic: there is no training example"):
        fit_values(ValueCritic(tiny_model()), [], [], settings, with_trunk=True, stage="instruction critic")
