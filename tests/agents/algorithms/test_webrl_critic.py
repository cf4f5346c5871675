"""WebRL's critic: what it is fitted on, and what it decides."""

import pytest
import torch

from agents.inference import state_values
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS, environments, started_policy, webrl

FAILED = ['do(action="Click", element="1")', "exit()"]


def critic_weights(algorithm):
    return torch.cat([tensor.detach().flatten() for tensor in algorithm.critic.parameters()])


def test_the_critic_may_have_an_optimizer_of_its_own():
    same, other = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1, critic_optimizer="muon")
    same.learn()
    other.learn()
    assert not torch.equal(critic_weights(same), critic_weights(other))
    with pytest.raises(ValueError, match="got 'lion'"):
        webrl(started_policy(), critic_optimizer="lion")


def test_the_critic_can_be_fitted_on_a_part_of_the_phase():
    whole, part = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1, critic_examples=4)
    whole.learn()
    part.learn()
    assert whole.history[0]["critic/loss"] != part.history[0]["critic/loss"]


def test_the_critic_may_be_a_head_on_the_policys_trunk():
    whole, head = webrl(started_policy(), phases=1), webrl(started_policy(), phases=1, critic_trunk=False)
    trunk = [tensor.clone() for tensor in head.critic.trunk.parameters()]
    whole.learn()
    head.learn()
    assert all(torch.equal(*pair) for pair in zip(head.critic.trunk.parameters(), trunk, strict=True))
    assert head.critic.value_head.weight.abs().sum() > 0
    assert head.history[0]["critic/loss"] < 0.69
    assert not all(torch.equal(*pair) for pair in zip(whole.critic.trunk.parameters(), trunk, strict=True))


def test_without_the_critics_advantage_all_actions_of_an_attempt_weigh_alike():
    algorithm = webrl(started_policy(), phases=1, failures=False, critic_advantage=False)
    algorithm.learn()
    (metrics,) = algorithm.history
    assert (metrics["advantage/mean"], metrics["advantage/std"]) == (0.5, 0.0)
    assert metrics["critic/loss"] < 0.7
    assert "critic/value_mean" not in metrics


def test_the_critic_has_learned_from_the_attempts_before_it_filters():
    attempts = [demonstration(task, FAILED if place else None) for place, task in enumerate(TASKS)]
    assert {item.label.success for item in attempts} == {True, False}
    algorithm = webrl(started_policy(), attempts=attempts, phases=1, critic_trunk=False)
    start_values, heads = algorithm.start_values, []

    def recorded(tasks, phase):
        heads.append(algorithm.critic.value_head.weight.clone())
        return start_values(tasks, phase)

    algorithm.start_values = recorded
    algorithm.learn()
    assert heads
    assert all(head.abs().sum() > 0 for head in heads)


def test_start_values_are_the_critics_values_of_the_start_pages():
    algorithm = webrl(started_policy(), environments(2, broken_resets={TASKS[1].task_id: 1}))
    torch.nn.init.normal_(algorithm.critic.value_head.weight)
    values = algorithm.start_values(TASKS)
    observation = algorithm.collector.start_observations(TASKS[2:])[0]
    prompt = algorithm.policy.renderer.render(observation, ()).token_ids
    assert values[1] is None
    assert values[2] == pytest.approx(state_values(algorithm.critic, [prompt], 100)[0])
