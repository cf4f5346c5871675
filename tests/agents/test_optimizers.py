from __future__ import annotations

import pytest
import torch
from torch import nn

from agents.muon import Muon
from agents.optimizers import MasterWeights, make_optimizers, trained_parameters


class Stack(nn.Module):
    """An embedding, two layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.head = nn.Linear(4, 5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        hidden = self.embedding(ids)
        for layer in self.layers:
            hidden = torch.tanh(layer(hidden))
        return self.head(hidden)


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_every_parameter_is_trained_by_one_optimizer_and_the_loss_falls(name: str) -> None:
    torch.manual_seed(0)
    module = Stack()
    module.head.bias.requires_grad_(False)
    optimizers = make_optimizers(name, trained_parameters(module), 0.05, 0.0)
    trained = [id(p) for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]]
    assert sorted(trained) == sorted(id(p) for p in module.parameters() if p.requires_grad)
    ids, targets = torch.arange(5), torch.tensor([3, 1, 4, 0, 2])
    losses = []
    for _ in range(60):
        loss = nn.functional.cross_entropy(module(ids), targets)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_muon_alone_is_enough_where_all_that_is_trained_is_in_the_stack() -> None:
    module = nn.ModuleList([nn.Linear(3, 3, bias=False)])
    (muon,) = make_optimizers("muon", trained_parameters(module), 0.02, 0.0)
    assert isinstance(muon, Muon)


def test_muon_takes_the_matrices_of_the_stack_only() -> None:
    module = Stack()
    muon, adamw = make_optimizers("muon", trained_parameters(module), 0.02, 0.0)
    hidden = {id(p) for group in muon.param_groups for p in group["params"]}
    assert hidden == {id(layer.weight) for layer in module.layers}
    assert [group["lr"] for group in adamw.param_groups] == [pytest.approx(0.003)]


def test_an_unknown_optimizer_is_named() -> None:
    with pytest.raises(ValueError, match="adamw or muon, got 'sgd'"):
        make_optimizers("sgd", trained_parameters(Stack()), 0.1, 0.0)


def test_weights_of_16_bits_take_in_updates_that_they_are_too_coarse_for() -> None:
    """One update is a tenth of what a bfloat16 weight of 1 can move by; ten of them are one such move."""
    weights = {}
    for enabled in (True, False):
        module = nn.Linear(1, 1, bias=False).bfloat16()
        nn.init.ones_(module.weight)
        masters = MasterWeights(module, enabled=enabled)
        (parameter,) = masters.parameters.values()
        assert parameter.dtype == (torch.float32 if enabled else torch.bfloat16)
        optimizer = torch.optim.SGD([parameter], lr=1.0)
        for _ in range(20):
            module.weight.grad = torch.full_like(module.weight, -0.1 / 128)
            masters.take_gradients()
            optimizer.step()
            optimizer.zero_grad()
            masters.put_back()
        weights[enabled] = module.weight.item()
    assert weights == {True: 1.0 + 2 / 128, False: 1.0}


def test_gradients_of_several_batches_are_added_in_32_bits() -> None:
    module = nn.Linear(1, 1, bias=False).bfloat16()
    masters = MasterWeights(module)
    for gradient in (1.0, *[1 / 512] * 512):
        module.weight.grad = torch.full_like(module.weight, gradient)
        masters.take_gradients()
    (parameter,) = masters.parameters.values()
    assert parameter.grad is not None
    assert parameter.grad.item() == 2.0
    assert module.weight.grad is None


@pytest.mark.parametrize("enabled", [True, False])
def test_weights_of_float16_are_not_trained(enabled: bool) -> None:
    module = nn.Sequential(nn.Linear(2, 2).half(), nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"expected bfloat16 or float32 .*adapters .*got float16 in 0\.weight"):
        MasterWeights(module, enabled=enabled)
    module[0].requires_grad_(False)
    assert list(MasterWeights(module, enabled=enabled).parameters) == ["1.weight", "1.bias"]


def test_weights_of_32_bits_are_stepped_themselves() -> None:
    module = nn.Linear(2, 2)
    assert dict(MasterWeights(module).parameters) == dict(module.named_parameters())
