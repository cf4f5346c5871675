import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agents.returns import (
    constant_reward_return,
    discounted_returns,
    doubly_robust_advantage,
    instruction_advantage,
    mixed_advantage,
    outcome_returns,
    td_residual,
    top_share,
)

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


@given(st.integers(1, 12), st.sampled_from([0.0, 1.0]), unit)
def test_outcome_returns_are_the_discounted_returns_of_a_reward_at_the_end(steps, outcome, discount):
    rewards = torch.zeros(steps, dtype=torch.float64)
    rewards[-1] = outcome
    to_go = torch.arange(steps).flip(0)
    returns = outcome_returns(torch.full((steps,), outcome, dtype=torch.float64), to_go, discount)
    torch.testing.assert_close(returns, discounted_returns(rewards, discount))


def test_outcome_returns_by_hand():
    returns = outcome_returns(torch.tensor([1.0, 1.0, 0.0]), torch.tensor([2, 0, 5]), 0.9)
    torch.testing.assert_close(returns, torch.tensor([0.81, 1.0, 0.0]))
    with pytest.raises(ValueError, match="discount"):
        outcome_returns(torch.ones(2), torch.ones(2), 1.1)
    with pytest.raises(ValueError, match=r"steps_to_go \(3,\)"):
        outcome_returns(torch.ones(2), torch.ones(3), 0.9)


def doubly_robust(value, next_value, reward, outcome, to_go, discount):
    arguments = [torch.tensor([x], dtype=torch.float64) for x in (value, next_value, reward, outcome)]
    return doubly_robust_advantage(*arguments, torch.tensor([to_go]), discount).item()


def test_doubly_robust_advantage_by_hand():
    """A success one step before its end, its last step, a failure on its way and at its end."""
    assert doubly_robust(0.2, 0.6, 0.0, 1.0, to_go=1, discount=0.5) == pytest.approx(0.5 + 0.5 * 0.4)
    assert doubly_robust(0.6, 0.0, 1.0, 1.0, to_go=0, discount=0.5) == 1.0
    assert doubly_robust(0.2, 0.6, 0.0, 0.0, to_go=1, discount=0.5) == pytest.approx(0.4)
    assert doubly_robust(0.6, 0.0, 0.0, 0.0, to_go=0, discount=0.5) == pytest.approx(-0.6)


@given(unit, unit, st.sampled_from([0.0, 1.0]), st.integers(0, 30), unit)
def test_doubly_robust_advantage_lies_between_one_step_and_the_whole(value, next_value, outcome, to_go, discount):
    reward, following = (outcome, 0.0) if to_go == 0 else (0.0, next_value)
    advantage = doubly_robust(value, following, reward, outcome, to_go, discount)
    one_step = reward + following - value
    assert -1.0 <= advantage <= 1.0
    assert one_step - 1e-9 <= advantage <= max(one_step, outcome) + 1e-9
    if not outcome:
        assert advantage == pytest.approx(one_step)


@pytest.mark.parametrize(("discount", "expected"), [(1.0, 1.0), (0.0, 0.4)])
def test_the_ends_of_the_doubly_robust_advantage_before_the_last_step_of_a_success(discount, expected):
    assert doubly_robust(0.2, 0.6, 0.0, 1.0, to_go=3, discount=discount) == pytest.approx(expected)


def test_doubly_robust_advantage_weighs_each_step_by_itself():
    torch.manual_seed(0)
    rows = [torch.rand(6) for _ in range(2)] + [torch.zeros(6), torch.randint(0, 2, (6,)).float()]
    to_go = torch.arange(6)
    whole = doubly_robust_advantage(*rows, to_go, 0.9)
    parts = [doubly_robust_advantage(*(row[part] for row in rows), to_go[part], 0.9) for part in ([0, 1], [2, 3, 4, 5])]
    torch.testing.assert_close(torch.cat(parts), whole)


def test_doubly_robust_advantage_refuses_wrong_arguments():
    two, three = torch.zeros(2), torch.zeros(3)
    with pytest.raises(ValueError, match=r"outcome \(3,\)"):
        doubly_robust_advantage(two, two, two, three, three, 0.9)
    with pytest.raises(ValueError, match="discount"):
        doubly_robust_advantage(two, two, two, two, two, -0.1)


def test_instruction_advantage_is_highest_where_something_hard_was_done():
    advantage = instruction_advantage(torch.tensor([0.9, 0.1, 0.9, 0.1]), torch.tensor([1.0, 1.0, 0.0, 0.0]))
    torch.testing.assert_close(advantage, torch.tensor([0.1, 0.9, -0.9, -0.1]))
    with pytest.raises(ValueError, match=r"value \(2,\)"):
        instruction_advantage(torch.zeros(2), torch.zeros(3))


def test_top_share_by_hand():
    advantage = torch.tensor([0.9, 0.1, 0.5, 0.1, 0.1])
    assert top_share(advantage, 0.4).tolist() == [True, False, True, False, False]
    assert top_share(advantage, 0.6).tolist() == [True, False, True, False, True]  # of equal ones the later
    assert top_share(advantage, 0.01).tolist() == [True, False, False, False, False]
    assert top_share(advantage, 1.0).all()
    assert top_share(torch.zeros(0), 0.5).tolist() == []


@given(st.lists(unit, min_size=1, max_size=20), st.floats(0.01, 1.0))
def test_top_share_takes_none_below_one_that_it_leaves(advantages, share):
    chosen = top_share(torch.tensor(advantages), share).tolist()
    taken = [a for a, is_taken in zip(advantages, chosen, strict=True) if is_taken]
    left = [a for a, is_taken in zip(advantages, chosen, strict=True) if not is_taken]
    assert len(taken) == max(round(share * len(advantages)), 1)
    assert not left or min(taken) >= max(left)


@pytest.mark.parametrize("share", [0.0, 1.1, float("nan")])
def test_top_share_refuses_a_share_out_of_range(share):
    with pytest.raises(ValueError, match="share"):
        top_share(torch.ones(3), share)
