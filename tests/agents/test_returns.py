import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agents.returns import constant_reward_return, discounted_returns, mixed_advantage, td_residual

unit = st.floats(0.0, 1.0, width=32)


def test_discounted_returns_by_hand():
    rewards = torch.tensor([0.0, 0.0, 1.0])
    torch.testing.assert_close(discounted_returns(rewards, 0.5), torch.tensor([0.25, 0.5, 1.0]))


def test_discounted_returns_of_equal_rewards_is_the_geometric_series():
    returns = discounted_returns(torch.ones(7), 0.9)
    expected = torch.tensor([(1 - 0.9 ** (7 - step)) / 0.1 for step in range(7)])
    torch.testing.assert_close(returns, expected)


@given(st.lists(unit, min_size=1, max_size=12), unit)
def test_discounted_returns_equal_the_written_out_sum(rewards, discount):
    expected = [sum(discount**later * r for later, r in enumerate(rewards[step:])) for step in range(len(rewards))]
    returns = discounted_returns(torch.tensor(rewards, dtype=torch.float64), discount)
    torch.testing.assert_close(returns, torch.tensor(expected, dtype=torch.float64))


def test_discounted_returns_of_padded_rows_are_those_of_the_rows():
    padded = torch.tensor([[1.0, 2.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0]])
    returns = discounted_returns(padded, 0.9)
    torch.testing.assert_close(returns[0, :2], discounted_returns(padded[0, :2], 0.9))
    torch.testing.assert_close(returns[1], discounted_returns(padded[1], 0.9))


def test_discounted_returns_of_no_step_are_empty():
    assert discounted_returns(torch.zeros(0), 0.9).shape == (0,)


@pytest.mark.parametrize("discount", [-0.1, 1.1, float("nan")])
def test_discounted_returns_refuse_a_discount_out_of_range(discount):
    with pytest.raises(ValueError, match="discount"):
        discounted_returns(torch.ones(2), discount)


def test_discounted_returns_refuse_a_scalar():
    with pytest.raises(ValueError, match="step dimension"):
        discounted_returns(torch.tensor(1.0), 0.9)


def test_mixed_advantage_by_hand():
    advantage = mixed_advantage(
        value=torch.tensor([0.2, 0.6]),
        next_value=torch.tensor([0.6, 0.0]),
        reward=torch.tensor([0.0, 1.0]),
        outcome=torch.tensor([1.0, 1.0]),
        lam=0.5,
    )
    torch.testing.assert_close(advantage, torch.tensor([0.5 * 0.4 + 0.5 * 0.8, 0.4]))


@given(unit, unit, unit, unit, unit)
def test_mixed_advantage_lies_between_its_two_parts(value, next_value, reward, outcome, lam):
    arguments = [torch.tensor([x], dtype=torch.float64) for x in (value, next_value, reward, outcome)]
    one_step, whole = mixed_advantage(*arguments, lam=1.0), mixed_advantage(*arguments, lam=0.0)
    torch.testing.assert_close(one_step, td_residual(*arguments[:3]))
    torch.testing.assert_close(whole, arguments[3] - arguments[0])
    torch.testing.assert_close(mixed_advantage(*arguments, lam=lam), lam * one_step + (1 - lam) * whole)


def test_one_step_advantages_of_a_trajectory_sum_to_outcome_minus_start_value():
    value = torch.tensor([0.3, 0.5, 0.9])
    next_value = torch.tensor([0.5, 0.9, 0.0])
    reward = torch.tensor([0.0, 0.0, 1.0])
    advantage = mixed_advantage(value, next_value, reward, torch.ones(3), lam=1.0)
    torch.testing.assert_close(advantage.sum(), torch.tensor(1.0 - 0.3))


def test_mixed_advantage_refuses_wrong_arguments():
    two, three = torch.zeros(2), torch.zeros(3)
    with pytest.raises(ValueError, match=r"outcome \(3,\)"):
        mixed_advantage(two, two, two, three, 0.5)
    with pytest.raises(ValueError, match="lam"):
        mixed_advantage(two, two, two, two, 1.5)


def test_the_return_of_a_constant_reward_is_the_discounted_one():
    returns = discounted_returns(torch.full((5,), 0.7), 0.9)
    left = torch.arange(5, 0, -1)
    torch.testing.assert_close(constant_reward_return(torch.full((5,), 0.7), left, 0.9), returns)
    with pytest.raises(ValueError, match=r"discount in \[0, 1\), got 1.0"):
        constant_reward_return(torch.ones(1), torch.ones(1), 1.0)
    with pytest.raises(ValueError, match="steps"):
        constant_reward_return(torch.ones(1), torch.ones(2), 0.9)
