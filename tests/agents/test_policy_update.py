import pytest
import torch

from agents.fitting import FitSettings
from agents.inference import action_log_probs, transition_batch
from agents.losses import kl_regression_loss, released_webrl_loss
from agents.policy_update import WeighedSteps, distance_to_reference, fit_policy, make_policy_loss
from agents.transitions import to_transitions
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import demonstration, toy_task

WRONG = ['do(action="Click", element="0")', 'exit(message="")']


@pytest.fixture
def policy():
    return tiny_policy()


@pytest.fixture
def steps(policy):
    good = [demonstration(toy_task("Blue", order)) for order in range(2)]
    bad = [demonstration(toy_task("Blue", order), WRONG) for order in range(2)]
    return to_transitions([*good, *bad], policy.renderer).steps


def by_outcome(steps, numbers):
    return {outcome: [n for n, s in zip(numbers, steps, strict=True) if s.outcome == outcome] for outcome in (0, 1)}


def moved(policy, steps, reference):
    after = action_log_probs(policy, steps, 10_000)
    return [now - then for now, then in zip(after, reference, strict=True)]


@pytest.fixture
def weighed(policy, steps):
    reference = action_log_probs(policy, steps, 10_000)
    advantages = [0.5 if step.outcome else -0.5 for step in steps]
    return WeighedSteps(steps, reference, advantages, [0.5] * len(steps), [0.4] * len(steps))


def test_the_regression_moves_log_ratios_towards_the_scaled_advantages(policy, weighed):
    settings = FitSettings(learning_rate=2e-3, epochs=40, tokens_per_batch=10_000)
    report = fit_policy(policy, weighed, make_policy_loss("kl_regression", 0.5), settings)
    steps, advantages = weighed.transitions, weighed.advantages
    ratios = moved(policy, steps, weighed.reference_log_probs)
    apart = by_outcome(steps, ratios)
    assert min(apart[1]) > max(apart[0])
    missed = sum((0.5 * r - a) ** 2 for r, a in zip(ratios, advantages, strict=True))
    assert missed < 0.3 * sum(a * a for a in advantages)
    divergence, log_ratio = distance_to_reference(policy, weighed, 10_000)
    assert divergence == pytest.approx(sum(ratio * ratio for ratio in ratios) / 2 / len(ratios), abs=1e-3)
    assert log_ratio == pytest.approx(sum(ratios) / len(ratios), abs=1e-3)
    assert report.loss < 0.25


def test_the_regression_without_advantage_stays_at_the_reference(policy, steps):
    reference = action_log_probs(policy, steps, 10_000)
    nothing = WeighedSteps(steps, reference, [0.0] * len(steps))
    report = fit_policy(policy, nothing, make_policy_loss("kl_regression", 0.5), FitSettings(learning_rate=1e-3))
    assert report.loss < 1e-6
    assert distance_to_reference(policy, nothing, 10_000)[0] < 0.05
    assert action_log_probs(policy, steps, 10_000) == pytest.approx(reference, abs=0.2)


def test_the_policy_gradient_is_held_back_by_nothing(policy, weighed):
    settings = FitSettings(learning_rate=2e-3, epochs=40, tokens_per_batch=10_000)
    fit_policy(policy, weighed, make_policy_loss("reinforce", 0.5), settings)
    apart = by_outcome(weighed.transitions, moved(policy, weighed.transitions, weighed.reference_log_probs))
    assert min(apart[1]) > 0.0 > max(apart[0])
    # the regression stops where the log-ratio is advantage / kl_coef = 1
    assert distance_to_reference(policy, weighed, 10_000)[0] > 5.0


def test_the_released_loss_lifts_successes_up_to_its_brake_and_lowers_nothing(policy, weighed):
    settings = FitSettings(learning_rate=2e-3, epochs=40, tokens_per_batch=10_000)
    fit_policy(policy, weighed, make_policy_loss("released", 0.5), settings)
    log_ratios = moved(policy, weighed.transitions, weighed.reference_log_probs)
    per_token = [ratio / len(step.action_ids) for ratio, step in zip(log_ratios, weighed.transitions, strict=True)]
    assert all(0.0 < ratio < 1.6 for ratio in per_token)  # it stops at 1; the optimizer's momentum goes on a little


@pytest.mark.parametrize("name", ["kl_regression", "released", "reinforce"])
def test_a_loss_is_the_mean_over_its_rows(policy, weighed, name):
    loss = make_policy_loss(name, 0.5)

    def of(places):
        chosen = weighed.at(places)
        batch = transition_batch(policy, chosen.transitions)
        return loss(policy.token_log_probs(batch), batch, chosen).item()

    everything = range(len(weighed.transitions))
    assert of(everything) == pytest.approx(sum(of([place]) for place in everything) / len(everything), abs=1e-4)


def test_the_losses_are_those_of_the_pure_functions(policy, weighed):
    batch = transition_batch(policy, weighed.transitions)
    log_probs = policy.token_log_probs(batch)
    reference = torch.tensor(weighed.reference_log_probs) - 0.3
    shifted = WeighedSteps(weighed.transitions, reference.tolist(), weighed.advantages, weighed.values, weighed.values)
    found = make_policy_loss("kl_regression", 0.2)(log_probs, batch, shifted)
    expected = kl_regression_loss(log_probs.sum(1) - reference, torch.tensor(weighed.advantages), 0.2)
    torch.testing.assert_close(found, expected)
    first = shifted.at([0])
    spread = torch.where(batch.action_mask[:1], reference[0] / batch.action_mask[0].sum(), 0.0)
    one, value = torch.ones(1), torch.tensor([0.5])
    returned = torch.tensor([1 + 0.9])  # the first of two steps
    expected = released_webrl_loss(log_probs[:1], spread, batch.action_mask[:1], value, value, one, returned)
    alone = transition_batch(policy, first.transitions)
    torch.testing.assert_close(
        make_policy_loss("released", 0.2)(log_probs[:1, : alone.action_ids.shape[1]], alone, first), expected
    )


def test_what_does_not_fit_is_refused(policy, weighed):
    with pytest.raises(ValueError, match="kl_regression, released or reinforce, got 'ppo'"):
        make_policy_loss("ppo", 0.5)
    with pytest.raises(ValueError, match=r"as many numbers of each kind as steps, got \[\d+, 1, \d+\]"):
        WeighedSteps(weighed.transitions, [0.0], weighed.advantages)
    bare = WeighedSteps(weighed.transitions, weighed.reference_log_probs, weighed.advantages)
    with pytest.raises(ValueError, match="needs the critic's values"):
        fit_policy(policy, bare, make_policy_loss("released", 0.5), FitSettings(learning_rate=1e-3))
