import json
from pathlib import Path

import pytest
import torch

from agents.losses import critic_loss, released_advantage, released_webrl_loss, success_probability

GOLDENS = Path(__file__).resolve().parents[3] / "shared" / "goldens" / "released_losses.json"


def golden_cases():
    return json.loads(GOLDENS.read_text())["cases"] if GOLDENS.exists() else []


@pytest.mark.skipif(not GOLDENS.exists(), reason="the recorded numbers of the released code are not here")
def test_losses_match_the_numbers_of_the_released_code():
    cases = golden_cases()
    assert cases
    for case in cases:
        expected = case["expected"]
        heads = torch.tensor(case["value_logits"]).diff(dim=-1)[..., 0].T
        next_heads = torch.tensor(case["next_value_logits"]).diff(dim=-1)[..., 0].T
        arguments = (
            torch.tensor(case["log_prob"]),
            torch.tensor(case["ref_log_prob"]),
            torch.tensor(case["mask"]),
            success_probability(heads),
            success_probability(next_heads),
            torch.tensor(case["reward"]),
            torch.tensor(case["mc_return"]),
        )
        plain, supervised = released_webrl_loss(*arguments), released_webrl_loss(*arguments, supervised=True)
        assert plain.item() == pytest.approx(expected["policy_loss"], abs=1e-5)
        assert supervised.item() == pytest.approx(expected["policy_loss_with_sft"], abs=1e-5)
        outcome = (torch.tensor(case["mc_return"]) > 0).float()
        assert critic_loss(heads[:, 0], outcome).item() == pytest.approx(expected["critic_loss_v1"], abs=1e-5)
        assert critic_loss(heads[:, 1], outcome).item() == pytest.approx(expected["critic_loss_v2"], abs=1e-5)


def test_released_advantage_by_hand():
    advantage = released_advantage(
        values=torch.tensor([0.5, 0.5, 0.5, 0.9]),
        next_values=torch.tensor([0.625, 0.52, 0.5, 0.0]),
        rewards=torch.tensor([0.0, 0.0, 0.0, 1.0]),
        returns=torch.tensor([0.0, 0.0, 0.0, 1.0]),
    )
    torch.testing.assert_close(advantage, torch.tensor([1.0, -0.6, -0.6, 1.0]))


def positive_row(log_prob, ref_log_prob):
    one, zero = torch.ones(1), torch.zeros(1)
    return released_webrl_loss(log_prob, ref_log_prob, torch.ones_like(log_prob), zero, zero, one, one)


@pytest.mark.parametrize(("ref_token", "beta"), [(-0.1, 5.0), (-1.0, 1.0)])
@pytest.mark.parametrize("step", [-0.4, 0.1, 0.15, 0.5, 1.5])
def test_positive_rows_get_the_braked_supervised_gradient(ref_token, beta, step):
    """d loss / d ratio = -w with w = 1 for r <= 0, 1 - beta * r up to 1 / beta, 0 beyond, per token."""
    ref = torch.full((1, 4), ref_token)
    log_prob = (ref + step).requires_grad_()
    positive_row(log_prob, ref).backward()
    weight = 1.0 if step <= 0 else max(0.0, 1.0 - beta * step)
    torch.testing.assert_close(log_prob.grad, torch.full((1, 4), -weight / 4), atol=1e-6, rtol=0)


def test_negative_rows_send_no_gradient():
    log_prob = torch.full((2, 3), -1.0, requires_grad=True)
    zero = torch.zeros(2)
    loss = released_webrl_loss(log_prob, torch.full((2, 3), -2.0), torch.ones(2, 3), zero, zero, zero, zero)
    loss.backward()
    assert loss.item() == 0.0
    assert log_prob.grad.abs().sum() == 0.0


def test_equal_policies_give_a_finite_gradient():
    log_prob = torch.full((1, 3), -1.0, requires_grad=True)
    positive_row(log_prob, log_prob.detach().clone()).backward()
    torch.testing.assert_close(log_prob.grad, torch.full((1, 3), -1 / 3))


def test_padding_changes_nothing():
    torch.manual_seed(0)
    log_prob, ref, mask = -torch.rand(2, 3), -torch.rand(2, 3), torch.tensor([[1, 1, 1], [1, 0, 0]])
    rest = [torch.zeros(2), torch.zeros(2), torch.ones(2), torch.ones(2)]
    wide = [torch.nn.functional.pad(x, (0, 2), value=fill) for x, fill in ((log_prob, -9.0), (ref, -3.0), (mask, 0))]
    narrow = released_webrl_loss(log_prob, ref, mask, *rest, supervised=True)
    torch.testing.assert_close(released_webrl_loss(*wide, *rest, supervised=True), narrow)


def test_shapes_that_do_not_fit_are_refused():
    zero = torch.zeros(2)
    with pytest.raises(ValueError, match="ref_log_probs"):
        released_webrl_loss(torch.zeros(2, 3), torch.zeros(2, 4), torch.ones(2, 3), zero, zero, zero, zero)
