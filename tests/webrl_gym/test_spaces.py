from __future__ import annotations

import copy
import json
import multiprocessing
from contextlib import closing
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Dict
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory
from gymnasium.wrappers import FrameStackObservation
from hypothesis import given
from hypothesis import strategies as st

import webrl_gym
from webrl_gym.spaces import UnicodeText


@given(st.text())
def test_contains_is_honest_about_length_and_encoding(text: str) -> None:
    encodable = not any("\ud800" <= char <= "\udfff" for char in text)
    assert UnicodeText(20).contains(text) == (encodable and len(text) <= 20)


def test_contains_refuses_what_is_not_text() -> None:
    space = UnicodeText(20)
    assert not any(space.contains(value) for value in (None, 3, b"bytes", ["a"], "\ud800"))


def test_samples_are_seeded_short_and_inside() -> None:
    one, two = UnicodeText(50_000, seed=3), UnicodeText(50_000, seed=3)
    samples = [one.sample() for _ in range(50)]
    assert samples == [two.sample() for _ in range(50)]
    assert all(text in one and len(text) <= 24 for text in samples)
    assert len(set(samples)) > 20


def test_equality_and_representation() -> None:
    assert UnicodeText(5) == UnicodeText(5) != UnicodeText(6)
    assert repr(UnicodeText(5)) == "UnicodeText(5)"
    assert hash(UnicodeText(5)) == hash(UnicodeText(5))


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        UnicodeText(0)
    mask: Any = 3
    with pytest.raises(ValueError, match="neither mask"):
        UnicodeText(5).sample(mask=mask)


def test_shared_memory_carries_every_text() -> None:
    space = Dict({"page": UnicodeText(30)})
    memory = create_shared_memory(space, n=2, ctx=multiprocessing.get_context())
    view = read_from_shared_memory(space, memory, n=2)
    write_to_shared_memory(space, 0, {"page": "漢字 <b> 😀 \n"}, memory)
    write_to_shared_memory(space, 1, {"page": "x" * 30}, memory)
    kept = copy.deepcopy(view)
    write_to_shared_memory(space, 1, {"page": ""}, memory)
    assert kept == {"page": ("漢字 <b> 😀 \n", "x" * 30)}
    assert list(view["page"]) == ["漢字 <b> 😀 \n", ""]
    assert view["page"][:1] == ("漢字 <b> 😀 \n",)


def test_dtype_and_shape_suit_object_arrays() -> None:
    space = UnicodeText(10)
    buffer = np.zeros((2, *space.shape), dtype=space.dtype)
    buffer[0] = "hello"
    assert buffer[0] == "hello"
    assert json.dumps(space.max_length) == "10"


def test_frames_can_be_stacked() -> None:
    with closing(FrameStackObservation(gymnasium.make(webrl_gym.ENV_ID), 2)) as env:
        observation, _ = env.reset(seed=0)
        assert len(observation["html"]) == 2
