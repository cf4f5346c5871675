"""Both sides of the update's comparison compute the same thing; only what it costs may differ."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from benchmarks.update import workload
from benchmarks.update.comparison import update_flops
from benchmarks.update.ours import OurUpdate, transitions
from benchmarks.update.released import ReleasedUpdate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workload, "VOCABULARY", 200)
        path = tmp_path_factory.mktemp("model")
        workload.write_models(path, width=48, layers=2)
        return path


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[workload.Example]:
    monkeypatch.setattr(workload, "VOCABULARY", 200)
    monkeypatch.setattr(workload, "LENGTHS", (200, 230))
    return workload.examples(8)


def test_examples_have_the_shape_of_rollouts(given: list[workload.Example]) -> None:
    assert [example.is_last for example in given] == [False, False, False, True] * 2
    assert [example.outcome for example in given] == [1.0] * 4 + [0.0] * 4
    assert [example.steps_to_go for example in given] == [3, 2, 1, 0] * 2
    for example, after in pairwise(given):
        assert example.prompt[: workload.GUIDE] == after.prompt[: workload.GUIDE]
        assert (example.following == after.prompt) is not example.is_last
        assert 200 <= len(example.prompt) <= 230
    steps = transitions(given)
    assert [step.next_prompt_ids is None for step in steps] == [example.is_last for example in given]
    assert sum(map(len, workload.steps(given))) == 8


@pytest.mark.parametrize("loss", ["paper", "released"])
def test_the_policys_losses_are_equal(folder: Path, given: list[workload.Example], loss: str) -> None:
    released = ReleasedUpdate(str(folder), torch.float32)
    ours = OurUpdate(str(folder), "float32", 600)
    expected = released.update_policy(given, loss)
    assert ours.update_policy(given, loss).loss == pytest.approx(expected.loss, abs=1e-5, rel=1e-5)
    assert expected.loss > 0.01
    ours.begin_again()
    assert ours.update_policy(given, loss).loss == pytest.approx(expected.loss, abs=1e-5, rel=1e-5)


def test_an_update_of_adapters_begins_where_it_began(folder: Path, given: list[workload.Example]) -> None:
    ours = OurUpdate(str(folder), "float32", 600, gradient_checkpointing=True, rank=2)
    ours.begin_again()
    network = ours.policy.language_model.model
    first = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    assert any(name.endswith(".base_layer.weight") for name in first)
    ours.update_policy(given, "paper")
    assert not all(torch.equal(first[name], parameter) for name, parameter in network.named_parameters())
    ours.begin_again()
    assert all(torch.equal(first[name], parameter) for name, parameter in network.named_parameters())


def test_the_critics_losses_are_equal(folder: Path, given: list[workload.Example]) -> None:
    expected = ReleasedUpdate(str(folder), torch.float32).update_critic(given).loss
    assert OurUpdate(str(folder), "float32", 600).update_critic(given).loss == pytest.approx(expected, abs=1e-5)


def test_operations_are_those_of_a_count_by_hand(folder: Path) -> None:
    from agents.network_shape import network_shape

    shape = network_shape(str(folder))
    layer = 4 * 48 * 48 + 3 * 48 * 128
    assert shape.matrices == 2 * layer
    forward = 2 * shape.matrices * 1000 + 2 * 2 * 48 * 500 * 1000
    assert update_flops(shape, 1000, 2) == pytest.approx(5 * forward + 4 * 2 * 200 * 48 * 20 * 2)
