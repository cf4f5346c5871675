from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agents.batching import collate, collate_prompts, length_buckets


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_buckets_hold_everything_once_within_the_budget(sizes: list[int], max_tokens: int) -> None:
    buckets = length_buckets(sizes, max_tokens, np.random.default_rng(0))
    assert sorted(index for bucket in buckets for index in bucket) == list(range(len(sizes)))
    for bucket in buckets:
        padded = max(sizes[index] for index in bucket) * len(bucket)
        assert len(bucket) == 1 or padded <= max_tokens


def test_buckets_follow_the_seed_and_join_similar_lengths() -> None:
    sizes = [10, 200, 11, 210, 12, 190] * 5
    first = length_buckets(sizes, 600, np.random.default_rng(3))
    assert first == length_buckets(sizes, 600, np.random.default_rng(3))
    assert first != length_buckets(sizes, 600, np.random.default_rng(4))
    assert all(max(sizes[i] for i in b) < 2 * min(sizes[i] for i in b) for b in first if len(b) > 1 and 200 in b)


def test_buckets_refuse_an_empty_budget() -> None:
    with pytest.raises(ValueError, match="got 0"):
        length_buckets([1], 0, np.random.default_rng(0))


def test_collate_lays_prompt_and_action_out() -> None:
    batch = collate([[5, 6, 7], [8]], [[1, 2], [3, 4, 2]], pad_id=0)
    assert batch.input_ids[:, :4].tolist() == [[5, 6, 7, 1], [8, 3, 4, 0]]
    assert batch.attention_mask[:, :4].tolist() == [[True] * 4, [True, True, True, False]]
    assert batch.input_ids.shape == batch.attention_mask.shape == (2, 32)
    assert not batch.attention_mask[:, 4:].any()
    assert batch.positions.tolist() == [[2, 3, 0], [0, 1, 2]]
    assert batch.action_ids.tolist() == [[1, 2, 0], [3, 4, 2]]
    assert batch.action_mask.tolist() == [[True, True, False], [True] * 3]
    assert batch.input_ids.dtype == batch.positions.dtype == torch.int64


def test_every_position_is_the_token_before_its_action_token() -> None:
    prompts, actions = [[1, 2], [3, 4, 5, 6]], [[7, 8, 9], [10, 11]]
    batch = collate(prompts, actions, pad_id=0)
    for row, (prompt, action) in enumerate(zip(prompts, actions, strict=True)):
        whole = [*prompt, *action]
        for place, token in enumerate(action):
            assert whole[int(batch.positions[row, place]) + 1] == token


def test_empty_prompts_and_actions_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        collate_prompts([[1], []], 0)
    with pytest.raises(ValueError, match="none empty"):
        collate([[1]], [[]], 0)
    with pytest.raises(ValueError, match="as many actions"):
        collate([[1]], [[1], [2]], 0)
