import math

import pytest
import torch

from agents.losses import (
    awr_loss,
    critic_loss,
    digirl_actor_loss,
    filtered_bc_loss,
    kl_regression_loss,
    masked_sum,
    reference_divergence,
    reinforce_loss,
    sft_loss,
    success_probability,
)


def test_kl_regression_loss_by_hand():
    loss = kl_regression_loss(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 0.0]), kl_coef=0.5)
    torch.testing.assert_close(loss, torch.tensor((0.0 + 1.0) / 2))


def test_kl_regression_loss_has_no_gradient_at_the_closed_form_optimum():
    advantage = torch.tensor([0.7, -0.4, 0.0])
    log_ratio = (advantage / 0.25).requires_grad_()
    loss = kl_regression_loss(log_ratio, advantage, kl_coef=0.25)
    loss.backward()
    assert loss.item() == 0.0
    assert log_ratio.grad is not None
    assert log_ratio.grad.abs().max() == 0.0


@pytest.mark.parametrize(("advantage", "direction"), [(1.0, 1), (-1.0, -1)])
def test_kl_regression_loss_moves_the_log_prob_with_the_advantage(advantage, direction):
    log_ratio = torch.zeros(1, requires_grad=True)
    kl_regression_loss(log_ratio, torch.tensor([advantage]), kl_coef=0.5).backward()
    assert log_ratio.grad is not None
    assert torch.sign(-log_ratio.grad).item() == direction
    torch.testing.assert_close(log_ratio.grad, torch.tensor([-2 * 0.5 * advantage]))


def test_kl_regression_loss_descends_to_the_tilted_distribution():
    """On a softmax policy that holds every action once, the minimum is pi_ref * exp(A / beta) up to its constant."""
    reference = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()
    raw = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
    beta = 0.5
    constant = beta * torch.logsumexp(reference + raw / beta, dim=0)
    advantage = raw - constant
    logits = reference.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15)

    def closure():
        optimizer.zero_grad()
        loss = kl_regression_loss(logits.log_softmax(0) - reference, advantage, beta)
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(logits.log_softmax(0), reference + advantage / beta, atol=1e-6, rtol=0)


def test_kl_regression_loss_sends_no_gradient_into_the_advantage():
    advantage = torch.ones(2, requires_grad=True)
    kl_regression_loss(torch.zeros(2, requires_grad=True), advantage, 0.5).backward()
    assert advantage.grad is None


@pytest.mark.parametrize("kl_coef", [0.0, -1.0, float("nan")])
def test_kl_regression_loss_refuses_a_weight_that_is_not_positive(kl_coef):
    with pytest.raises(ValueError, match="kl_coef"):
        kl_regression_loss(torch.zeros(2), torch.zeros(2), kl_coef)


def test_kl_regression_loss_refuses_shapes_that_would_broadcast():
    with pytest.raises(ValueError, match=r"\(2, 1\)"):
        kl_regression_loss(torch.zeros(2, 1), torch.zeros(2), 0.5)
    with pytest.raises(ValueError, match=r"\(1,\)"):
        kl_regression_loss(torch.zeros(2), torch.zeros(1), 0.5)


def test_critic_loss_by_hand():
    logits = torch.tensor([0.8, 0.25]).logit()
    expected = -(math.log(0.8) + math.log(0.75)) / 2
    torch.testing.assert_close(critic_loss(logits, torch.tensor([1.0, 0.0])), torch.tensor(expected))


def test_critic_loss_of_two_heads_is_the_sum_of_both():
    torch.manual_seed(0)
    logits, outcome = torch.randn(5, 2), torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0])
    both = critic_loss(logits[:, 0], outcome) + critic_loss(logits[:, 1], outcome)
    torch.testing.assert_close(critic_loss(logits, outcome), both)
    torch.testing.assert_close(success_probability(logits), logits.min(dim=1).values.sigmoid())


def test_critic_loss_of_a_sure_critic_is_finite():
    loss = critic_loss(torch.tensor([200.0, -200.0]), torch.tensor([1.0, 0.0]))
    assert loss.item() == 0.0
    assert critic_loss(torch.tensor([-200.0]), torch.tensor([1.0])).item() == 200.0


def test_critic_loss_is_least_at_the_mean_outcome():
    outcome = torch.tensor([1.0, 0.0, 0.0, 0.0])
    logits = torch.full((4,), math.log(0.25 / 0.75), requires_grad=True)
    critic_loss(logits, outcome).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad.sum(), torch.tensor(0.0))


def test_critic_loss_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        critic_loss(torch.zeros(2), torch.zeros(3))


def test_sft_loss_by_hand():
    log_probs = torch.tensor([[-1.0, -2.0], [-3.0, -50.0]])
    mask = torch.tensor([[True, True], [True, False]])
    torch.testing.assert_close(sft_loss(log_probs, mask), torch.tensor(2.0))


def test_padding_changes_no_sum_even_if_it_is_not_finite():
    log_probs = torch.tensor([[-1.0, -math.inf, math.nan]], requires_grad=True)
    mask = torch.tensor([[True, False, False]])
    total = masked_sum(log_probs, mask)
    total.sum().backward()
    assert total.item() == -1.0
    assert log_probs.grad is not None
    assert log_probs.grad.tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("width", [4, 9])
def test_wider_padding_changes_no_loss(width):
    torch.manual_seed(1)
    log_probs, mask = -torch.rand(3, 4), torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]).bool()
    wide = torch.nn.functional.pad(log_probs, (0, width - 4), value=-7.0)
    wide_mask = torch.nn.functional.pad(mask, (0, width - 4), value=False)
    outcome = torch.tensor([1.0, 0.0, 1.0])
    torch.testing.assert_close(sft_loss(wide, wide_mask), sft_loss(log_probs, mask))
    torch.testing.assert_close(filtered_bc_loss(wide, wide_mask, outcome), filtered_bc_loss(log_probs, mask, outcome))


def test_batch_parts_weighted_by_their_counts_are_the_whole():
    torch.manual_seed(2)
    log_ratio, advantage, outcome = torch.randn(8), torch.randn(8), torch.randint(0, 2, (8,)).float()
    log_probs, mask = -torch.rand(8, 5), torch.rand(8, 5) < 0.7
    parts = [slice(0, 3), slice(3, 8)]
    by_rows = [(len(range(*part.indices(8))) / 8, part) for part in parts]
    torch.testing.assert_close(
        sum(share * kl_regression_loss(log_ratio[part], advantage[part], 0.5) for share, part in by_rows),
        kl_regression_loss(log_ratio, advantage, 0.5),
    )
    torch.testing.assert_close(
        sum(share * critic_loss(log_ratio[part], outcome[part]) for share, part in by_rows),
        critic_loss(log_ratio, outcome),
    )
    torch.testing.assert_close(
        sum(mask[part].sum() / mask.sum() * sft_loss(log_probs[part], mask[part]) for part in parts),
        sft_loss(log_probs, mask),
    )


def test_filtered_bc_loss_is_the_sft_loss_of_the_successes():
    torch.manual_seed(3)
    log_probs, mask = -torch.rand(4, 5), torch.rand(4, 5) < 0.7
    outcome = torch.tensor([1.0, 0.0, 1.0, 0.0])
    torch.testing.assert_close(filtered_bc_loss(log_probs, mask, outcome), sft_loss(log_probs[::2], mask[::2]))


def test_filtered_bc_loss_without_a_success_is_zero_with_zero_gradient():
    log_probs = torch.zeros(2, 3, requires_grad=True)
    loss = filtered_bc_loss(log_probs, torch.ones(2, 3).bool(), torch.zeros(2))
    loss.backward()
    assert loss.item() == 0.0
    assert log_probs.grad is not None
    assert log_probs.grad.abs().sum() == 0.0


def test_reference_divergence_is_close_to_the_kl_of_near_distributions():
    reference = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    policy = torch.tensor([0.21, 0.3, 0.49], dtype=torch.float64)
    exact = (reference * (reference.log() - policy.log())).sum()
    counts = (reference * 10).long()
    log_ratio = (policy.log() - reference.log()).repeat_interleave(counts)
    torch.testing.assert_close(reference_divergence(log_ratio), exact, rtol=0.05, atol=0)


def test_reinforce_loss_is_the_policy_gradient():
    log_prob = torch.tensor([-1.0, -2.0, -0.5], requires_grad=True)
    advantage = torch.tensor([0.5, -0.25, 0.0], requires_grad=True)
    loss = reinforce_loss(log_prob, advantage)
    torch.testing.assert_close(loss, torch.tensor(-(-0.5 + 0.5) / 3))
    loss.backward()
    torch.testing.assert_close(log_prob.grad, torch.tensor([-0.5, 0.25, 0.0]) / 3)
    assert advantage.grad is None
    with pytest.raises(ValueError, match="advantage"):
        reinforce_loss(torch.zeros(2), torch.zeros(3))


def test_critic_loss_is_least_at_the_mean_of_any_target():
    """AWR's returns lie between 0 and 1; cross-entropy has its minimum at their mean, as a squared error has."""
    returns = torch.tensor([0.9, 0.81, 0.0, 0.0])
    logits = returns.mean().logit().expand(4).clone().requires_grad_()
    critic_loss(logits, returns).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad.sum(), torch.tensor(0.0))


def test_awr_loss_by_hand():
    loss = awr_loss(torch.tensor([-1.0, -2.0]), torch.tensor([0.0, 0.5]), temperature=0.5)
    torch.testing.assert_close(loss, torch.tensor((1.0 + 2.0 * math.e) / 2))


def test_awr_loss_is_the_written_out_sum():
    torch.manual_seed(4)
    log_prob, advantage = -5 * torch.rand(9, dtype=torch.float64), torch.randn(9, dtype=torch.float64)
    weighed = [min(math.exp(a / 0.3), 4.0) * p for p, a in zip(log_prob.tolist(), advantage.tolist(), strict=True)]
    assert awr_loss(log_prob, advantage, 0.3, max_weight=4.0).item() == pytest.approx(-sum(weighed) / 9)


def test_awr_loss_clips_its_weights_before_they_overflow():
    log_prob = torch.tensor([-1.0, -1.0], requires_grad=True)
    loss = awr_loss(log_prob, torch.tensor([1000.0, -1000.0]), temperature=0.1, max_weight=20.0)
    loss.backward()
    torch.testing.assert_close(loss.detach(), torch.tensor(10.0))
    assert log_prob.grad is not None
    torch.testing.assert_close(log_prob.grad, torch.tensor([-10.0, 0.0]))


def test_awr_loss_of_equal_advantages_of_zero_is_plain_imitation():
    log_prob = torch.tensor([-1.0, -3.0, -0.5])
    torch.testing.assert_close(awr_loss(log_prob, torch.zeros(3), 0.2), -log_prob.mean())


def test_awr_loss_makes_every_action_likelier_and_the_better_ones_more():
    log_prob, advantage = torch.full((3,), -1.0, requires_grad=True), torch.tensor([-0.5, 0.0, 0.5])
    awr_loss(log_prob, advantage.requires_grad_(), temperature=0.5).backward()
    assert log_prob.grad is not None
    torch.testing.assert_close(log_prob.grad, -torch.tensor([-1.0, 0.0, 1.0]).exp() / 3)
    assert advantage.grad is None


def test_awr_loss_descends_to_the_tilted_distribution():
    """On a softmax policy and samples of the reference, the minimum is pi_ref * exp(A / beta), normalised."""
    counts, advantage, beta = torch.tensor([5, 3, 2]), torch.tensor([0.2, -0.3, 0.4], dtype=torch.float64), 0.5
    actions = torch.arange(3).repeat_interleave(counts)
    logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-12, tolerance_change=1e-15)

    def closure():
        optimizer.zero_grad()
        loss = awr_loss(logits.log_softmax(0)[actions], advantage[actions], beta)
        loss.backward()
        return loss

    optimizer.step(closure)
    tilted = counts / 10 * (advantage / beta).exp()
    torch.testing.assert_close(logits.softmax(0), tilted / tilted.sum(), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("temperature", "max_weight"), [(0.0, 20.0), (float("nan"), 20.0), (0.5, 0.0), (0.5, -1.0)])
def test_awr_loss_refuses_numbers_that_are_not_positive(temperature, max_weight):
    with pytest.raises(ValueError, match="temperature > 0 and max_weight > 0"):
        awr_loss(torch.zeros(2), torch.zeros(2), temperature, max_weight)


def test_digirl_actor_loss_by_hand():
    log_prob, advantage = torch.tensor([-1.0, -50.0, -3.0, -9.0]), torch.tensor([0.5, 0.05, 0.06, -1.0])
    torch.testing.assert_close(digirl_actor_loss(log_prob, advantage, threshold=0.05), torch.tensor(2.0))


def test_digirl_actor_loss_is_that_of_the_actions_that_pass():
    torch.manual_seed(5)
    log_prob, advantage = -torch.rand(20), torch.rand(20) - 0.5
    passing = [p for p, a in zip(log_prob.tolist(), advantage.tolist(), strict=True) if a > 0.1]
    assert 0 < len(passing) < 20
    assert digirl_actor_loss(log_prob, advantage, 0.1).item() == pytest.approx(-sum(passing) / len(passing))


def test_digirl_actor_loss_leaves_what_does_not_pass_alone():
    log_prob = torch.tensor([-1.0, -math.inf, -2.0], requires_grad=True)
    digirl_actor_loss(log_prob, torch.tensor([0.5, 0.0, 0.5]), 0.05).backward()
    assert log_prob.grad is not None
    assert log_prob.grad.tolist() == [-0.5, 0.0, -0.5]
    nothing = torch.zeros(2, requires_grad=True)
    loss = digirl_actor_loss(nothing, torch.zeros(2), 0.05)
    loss.backward()
    assert loss.item() == 0.0
    assert nothing.grad is not None
    assert nothing.grad.abs().sum() == 0.0


def test_losses_of_actions_do_not_depend_on_padding_or_on_how_a_batch_is_cut():
    torch.manual_seed(6)
    log_probs, mask, advantage = -torch.rand(8, 4), torch.rand(8, 4) < 0.7, torch.randn(8)
    log_prob = masked_sum(log_probs, mask)
    padded = torch.nn.functional.pad(log_probs, (0, 5), value=math.nan)
    wide = masked_sum(padded, torch.nn.functional.pad(mask, (0, 5), value=False))
    whole = awr_loss(log_prob, advantage, 0.5), digirl_actor_loss(log_prob, advantage, 0.05)
    torch.testing.assert_close(awr_loss(wide, advantage, 0.5), whole[0])
    torch.testing.assert_close(digirl_actor_loss(wide, advantage, 0.05), whole[1])
    parts, passes = [slice(0, 3), slice(3, 8)], advantage > 0.05
    in_parts = [len(log_prob[part]) / 8 * awr_loss(log_prob[part], advantage[part], 0.5) for part in parts]
    torch.testing.assert_close(sum(in_parts), whole[0])
    shares = [passes[part].sum() / passes.sum() for part in parts]
    in_parts = [digirl_actor_loss(log_prob[part], advantage[part], 0.05) for part in parts]
    torch.testing.assert_close(sum(share * loss for share, loss in zip(shares, in_parts, strict=True)), whole[1])


@pytest.mark.parametrize("loss", [lambda p, a: awr_loss(p, a, 0.5), lambda p, a: digirl_actor_loss(p, a, 0.05)])
def test_losses_of_actions_refuse_shapes_that_would_broadcast(loss):
    with pytest.raises(ValueError, match=r"\(2, 1\)"):
        loss(torch.zeros(2, 1), torch.zeros(2))
    with pytest.raises(ValueError, match=r"\(1,\)"):
        loss(torch.zeros(2), torch.zeros(1))
