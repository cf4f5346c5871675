import numpy as np
import pytest
import scipy.stats

from benchmarks.learning.bootstrap import mean_interval, paired_difference


def successes(rate, seeds=4, tasks=200, seed=0):
    return (np.random.default_rng(seed).random((seeds, tasks)) < rate).astype(float)


def test_with_one_seed_it_is_the_interval_of_a_proportion():
    found = mean_interval(successes(0.4, seeds=1, tasks=400))
    error = (found.mean * (1 - found.mean) / 400) ** 0.5
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert found.low < found.mean < found.high


@pytest.mark.parametrize("axis", [0, 1])
def test_of_one_level_it_is_scipys_interval(axis):
    values = successes(0.3, seeds=1, tasks=150)[0]
    found = mean_interval(np.expand_dims(values, axis))
    one_level = {"method": "percentile", "confidence_level": 0.95, "n_resamples": 10_000, "rng": 1}
    expected = scipy.stats.bootstrap((values,), np.mean, **one_level).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.01)


def test_a_paired_difference_of_one_seed_is_scipys():
    base, better = successes(0.4, seeds=1), successes(0.5, seeds=1, seed=1)
    found = paired_difference(better, base)
    settings = {"method": "percentile", "n_resamples": 10_000, "paired": True, "rng": 1}
    expected = scipy.stats.bootstrap((better[0], base[0]), lambda a, b: np.mean(a - b), vectorized=False, **settings)
    low, high = expected.confidence_interval
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)


def test_resamples_of_unknown_cells_alone_do_not_count():
    found = mean_interval(np.array([[1.0, np.nan]]))
    assert (found.mean, found.low, found.high) == (1.0, 1.0, 1.0)


def test_seeds_that_differ_widen_it():
    alike = np.tile(successes(0.5, seeds=1), (4, 1))
    differing = np.concatenate(
        [successes(rate, seeds=1, seed=place) for place, rate in enumerate((0.2, 0.4, 0.6, 0.8))]
    )
    one, other = mean_interval(alike), mean_interval(differing)
    assert other.high - other.low > 2 * (one.high - one.low)


def test_what_both_arms_share_is_no_difference():
    base = successes(0.5)
    same = paired_difference(base, base)
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)
    better = base.copy()
    better[:, :20] = 1.0
    gain = paired_difference(better, base)
    assert gain.low > 0.0
    assert gain.high - gain.low < mean_interval(base).high - mean_interval(base).low


def test_episodes_that_do_not_count_are_left_out():
    known = successes(0.5, tasks=50)
    padded = np.concatenate([known, np.full((4, 50), np.nan)], axis=1)
    assert mean_interval(padded).mean == pytest.approx(mean_interval(known).mean)
    with pytest.raises(ValueError, match="without a number"):
        mean_interval(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="same seeds and tasks"):
        paired_difference(known, padded)


def test_tasks_that_are_alike_are_drawn_together():
    kinds = successes(0.5, seeds=1, tasks=20)
    ten_of_each = np.repeat(kinds, 10, axis=1)
    groups = [f"kind {place // 10}" for place in range(200)]
    alone, together = mean_interval(ten_of_each), mean_interval(ten_of_each, groups)
    of_kinds = mean_interval(kinds)
    assert together.mean == alone.mean
    assert together.high - together.low == pytest.approx(of_kinds.high - of_kinds.low, rel=0.1)
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_it_is_printed_in_points():
    found = mean_interval(np.array([[1.0, 1.0], [1.0, 1.0]]))
    assert found.in_points() == "100.0 [100.0, 100.0]"
    assert found.in_points(signed=True) == "+100.0 [+100.0, +100.0]"
