import math
from dataclasses import replace
from itertools import count, pairwise

import pytest
import torch
from torch import nn

from agents.errors import TrainingStopped
from agents.fitting import FitSettings, enough_passes, fit, in_passes, rate_in_phase

INPUTS = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
TARGETS = INPUTS @ torch.tensor([1.0, -2.0, 0.5])
SIZES = [3, 9, 4, 4, 8, 2, 7, 5, 6, 3, 9, 1]


def linear():
    torch.manual_seed(1)
    return nn.Linear(3, 1)


def squared(module, seen=None):
    def loss(places):
        if seen is not None:
            seen.append(list(places))
        return (module(INPUTS[list(places)])[:, 0] - TARGETS[list(places)]).square().mean()

    return loss


def fitted(weights=None, progress=None, seen=None, **settings):
    module = linear()
    report = fit(
        "toy",
        module,
        SIZES,
        weights or [1.0] * 12,
        squared(module, seen),
        FitSettings(**{"learning_rate": 0.05, "tokens_per_batch": 18, **settings}),
        progress,
    )
    return module, report


def test_fitting_lowers_the_loss_and_counts_what_it_did():
    module, report = fitted(epochs=40)
    assert report.examples == 480
    assert report.tokens == 40 * sum(SIZES)
    assert squared(module)(range(12)).item() < 0.1 * report.loss
    assert not module.training
    assert all(parameter.grad is None for parameter in module.parameters())


def test_every_epoch_sees_every_example_once_within_the_token_budget():
    seen = []
    fitted(epochs=3, seen=seen)
    assert sorted(place for batch in seen for place in batch) == sorted(list(range(12)) * 3)
    assert all(len(batch) == 1 or max(SIZES[place] for place in batch) * len(batch) <= 18 for batch in seen)


@pytest.mark.parametrize("examples_per_update", [None, 2])
def test_passes_may_differ(examples_per_update):
    rows, passes = in_passes([[5, 1, 2], [], [7, 8]])
    assert (rows, [list(places) for places in passes]) == ([5, 1, 2, 7, 8], [[0, 1, 2], [], [3, 4]])
    module, seen = linear(), []
    settings = FitSettings(learning_rate=0.05, epochs=3, tokens_per_batch=18, examples_per_update=examples_per_update)
    report = fit("toy", module, SIZES[:5], [1.0] * 5, squared(module, seen), settings, passes=passes)
    order = [place for batch in seen for place in batch]
    assert (sorted(order[:3]), sorted(order[3:])) == ([0, 1, 2], [3, 4])
    assert (report.examples, report.tokens) == (5, sum(SIZES[:5]))


def test_passes_are_enough_for_the_updates_and_no_more():
    shown = ([size] * 6 for size in count(1))  # each pass another, six batches of one example each
    settings = FitSettings(learning_rate=0.05, epochs=3, updates=15, tokens_per_batch=1)
    assert [part[0] for part in enough_passes(shown, lambda size: size, settings)] == [1, 2, 3]
    assert [part[0] for part in enough_passes(shown, lambda size: size, replace(settings, updates=6))] == [4]
    assert [part[0] for part in enough_passes(shown, lambda size: size, replace(settings, updates=None))] == [5, 6, 7]
    assert enough_passes(iter([[1], [], [2]]), lambda size: size, settings) == [[1], []]


@pytest.mark.parametrize("examples_per_update", [None, 5])
def test_one_seed_gives_one_result(examples_per_update):
    weights = [fitted(epochs=2, seed=seed, examples_per_update=examples_per_update)[0].weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("weights", [[1.0] * 12, [float(size) for size in SIZES]])
def test_cutting_an_update_into_batches_changes_nothing(weights):
    """One update over all examples, cut finely and not at all; the loss is the weighted mean over each batch."""

    def weighted(module):
        def loss(places):
            share = torch.tensor([weights[place] for place in places])
            errors = (module(INPUTS[list(places)])[:, 0] - TARGETS[list(places)]).square()
            return (errors * share).sum() / share.sum()

        return loss

    modules, losses = [], []
    for tokens in (9, 10_000):
        module = linear()
        settings = FitSettings(learning_rate=0.05, tokens_per_batch=tokens, examples_per_update=12)
        losses.append(fit("toy", module, SIZES, weights, weighted(module), settings).loss)
        modules.append(module)
    torch.testing.assert_close(modules[0].weight, modules[1].weight)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_examples_per_update_sets_the_number_of_updates():
    assert fitted(examples_per_update=5)[1].updates == 3
    assert fitted(examples_per_update=100)[1].updates == 1


def test_where_schedules_fall_to():
    def shares(**settings):
        return [FitSettings(learning_rate=0.1, **settings).rate_share(number, 4) for number in range(4)]

    assert shares(schedule="linear") == [1.0, 0.75, 0.5, 0.25]
    assert shares(schedule="linear", final_rate_share=0.5) == [1.0, 0.875, 0.75, 0.625]
    assert shares(schedule="constant") == [1.0] * 4


def test_a_linear_schedule_falls_to_zero():
    rates = []

    class Watched(nn.Linear):
        def forward(self, inputs):
            before = self.weight.detach().clone()
            rates.append(before)
            return super().forward(inputs)

    torch.manual_seed(1)
    module = Watched(3, 1)
    settings = FitSettings(
        learning_rate=0.1, epochs=4, tokens_per_batch=10_000, schedule="linear", max_grad_norm=1e-12, weight_decay=0.0
    )
    fit("toy", module, SIZES, [1.0] * 12, squared(module), settings)
    steps = [(later - earlier).abs().max().item() for earlier, later in pairwise(rates)]
    assert steps == sorted(steps, reverse=True)
    constant, _ = fitted(epochs=4, tokens_per_batch=10_000)
    falling, _ = fitted(epochs=4, tokens_per_batch=10_000, schedule="linear")
    assert not torch.equal(constant.weight, falling.weight)


def test_a_rate_rises_first_and_then_falls_as_a_cosine():
    settings = FitSettings(learning_rate=1.0, schedule="cosine", warmup_share=0.2)
    shares = [settings.rate_share(number, 10) for number in range(10)]
    falling = [(1 + math.cos(math.pi * done / 8)) / 2 for done in range(8)]
    assert shares == pytest.approx([1 / 3, 2 / 3, *falling])
    rising = FitSettings(learning_rate=1.0, schedule="constant", warmup_share=0.5, final_rate_share=0.1)
    assert [rising.rate_share(number, 4) for number in range(4)] == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0])
    half = FitSettings(learning_rate=1.0, schedule="cosine", final_rate_share=0.5)
    assert [half.rate_share(number, 2) for number in range(2)] == pytest.approx([1.0, 0.75])
    assert FitSettings(learning_rate=1.0, schedule="cosine", warmup_share=0.1).rate_share(0, 1) == 1.0


def test_a_run_schedule_falls_through_all_phases():
    phases = [FitSettings(**rate_in_phase(0.3, "run", phase, 3)) for phase in (1, 2, 3)]
    starts = [settings.learning_rate for settings in phases]
    ends = [settings.learning_rate * settings.final_rate_share for settings in phases]
    assert starts == pytest.approx([0.3, 0.2, 0.1])
    assert ends == pytest.approx([0.2, 0.1, 0.0])
    assert rate_in_phase(0.3, "linear", 2, 3) == rate_in_phase(0.3, "linear", 1, 3)
    with pytest.raises(ValueError, match="constant, linear, cosine or run, got 'steps'"):
        rate_in_phase(0.3, "steps", 1, 3)
    with pytest.raises(ValueError, match="from 1 to 3, got 4"):
        rate_in_phase(0.3, "run", 4, 3)


def test_the_weights_end_as_their_mean_over_the_last_updates():
    moments = []

    class Watching(nn.Linear):
        def forward(self, inputs):
            moments.append(self.weight.detach().clone())
            return super().forward(inputs)

    def run(share):
        moments.clear()
        torch.manual_seed(1)
        module = Watching(3, 1)
        settings = FitSettings(learning_rate=0.05, tokens_per_batch=18, epochs=5, averaged_share=share)
        report = fit("toy", module, SIZES, [1.0] * 12, squared(module), settings)
        return module.weight.detach().clone(), report.updates

    last, updates = run(0.0)
    averaged, _ = run(0.5)
    after_each = [*moments[1:], last]
    assert len(after_each) == updates
    half = round(0.5 * updates)
    torch.testing.assert_close(averaged, torch.stack(after_each[half:]).mean(0))
    assert not torch.equal(averaged, last)


def test_gradients_are_clipped():
    _, report = fitted(tokens_per_batch=10_000)
    assert report.grad_norm > 1.0
    module, _ = fitted(tokens_per_batch=10_000, max_grad_norm=1e-20)
    assert torch.allclose(module.weight, linear().weight, atol=1e-4)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_before_it_is_applied(value):
    module = linear()
    before = module.weight.detach().clone()
    with pytest.raises(TrainingStopped, match=r"toy: update 1 of .* has loss (nan|-inf)"):
        fit("toy", module, SIZES, [1.0] * 12, lambda _: module.weight.sum() * value, FitSettings(learning_rate=0.1))
    assert torch.equal(module.weight, before)
    assert not module.training


def test_a_gradient_that_is_not_finite_stops_too():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    with pytest.raises(TrainingStopped, match="gradient norm"):
        fit("toy", module, [1], [1.0], lambda _: module.weight.abs().sqrt().sum(), FitSettings(learning_rate=0.1))


def test_nothing_to_fit_stops():
    with pytest.raises(TrainingStopped, match="toy: there is no training example"):
        fit("toy", linear(), [], [], squared(linear()), FitSettings(learning_rate=0.1))


def test_progress_is_shown_in_examples():
    class Shown:
        done = 0
        stages = ()
        ended = False

        def begin(self, stage, total):
            self.stages = (stage, total)

        def advance(self, count=1):
            self.done += count

        def end(self):
            self.ended = True

    shown = Shown()
    fitted(epochs=2, progress=shown)
    assert (shown.stages, shown.done, shown.ended) == (("toy", 24), 24, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"learning_rate": 0.0},
        {"max_grad_norm": 0.0},
        {"epochs": 0},
        {"tokens_per_batch": 0},
        {"examples_per_update": 0},
        {"averaged_share": 1.0},
        {"final_rate_share": -0.1},
        {"schedule": "steps"},
        {"warmup_share": 1.0},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FitSettings(**{"learning_rate": 0.1, **wrong})


@pytest.mark.parametrize(("updates", "examples"), [(1, 2), (4, 8), (15, 30)])
def test_the_number_of_updates_may_be_given(updates, examples):
    seen = []
    _, report = fitted(seen=seen, updates=updates, examples_per_update=2, epochs=2)
    assert (report.updates, report.examples) == (updates, examples)
    first_pass = [place for batch in seen for place in batch][:12]
    assert len(set(first_pass)) == len(first_pass)


def test_updates_go_through_given_passes_again():
    seen = []
    module = linear()
    settings = FitSettings(learning_rate=0.05, tokens_per_batch=1, updates=5)
    fit("toy", module, SIZES, [1.0] * 12, squared(module, seen), settings, passes=[[0, 1], [2]])
    assert [sorted(batch[0] for batch in part) for part in (seen[:2], seen[2:3], seen[3:])] == [[0, 1], [2], [0, 1]]


def test_passes_without_an_example_stop():
    module, settings = linear(), FitSettings(learning_rate=1.0, updates=3)
    with pytest.raises(TrainingStopped, match="toy: there is no training example"):
        fit("toy", module, SIZES, [1.0] * 12, squared(module), settings, passes=[[]])
