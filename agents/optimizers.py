"""Optimizers by name: AdamW, and Muon for the matrices of the layer stack with AdamW for everything else.

First trials on 150 demonstrations (practice-valid, one seed): 22 % with Muon at 1e-2, 13 %
with AdamW at 1e-3, 20 % with AdamW at 3e-3 (the last on 100 of the 165 tasks).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from agents.muon import Muon

OPTIMIZERS = ("adamw", "muon")

_BETAS = (0.9, 0.98)
UNTRAINABLE = (
    "expected bfloat16 or float32 for weights that are trained, or adapters on frozen ones (model.lora), whose own are "
    "float32"
)


def trained_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters of a module that require gradients, by name."""
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}


def require_trainable(module: nn.Module) -> None:
    """Refuses weights whose gradients would be lost.

    Args:
        module: Its parameters that require gradients are to be trained.

    Raises:
        ValueError: If one of them is of float16, in which small gradients become 0 without a scaled loss.
    """
    for name, parameter in trained_parameters(module).items():
        if parameter.dtype == torch.float16:
            raise ValueError(f"{UNTRAINABLE}, got float16 in {name}")


class MasterWeights:
    """What of a module is trained, as optimizers step it: parameters of 16 bits over copies of 32.

    An update below 1/256 of a bfloat16 weight rounds to nothing, and so do small gradients that are added to larger
    ones. The copies take both in.

    Attributes:
        parameters: By name; the module's own where those have 32 bits.
    """

    def __init__(self, module: nn.Module, *, enabled: bool = True) -> None:
        """Copies the parameters of 16 bits.

        Args:
            module: Its parameters that require gradients are trained.
            enabled: Without it the module's own parameters are stepped, whatever their precision.

        Raises:
            ValueError: If what is trained is of float16.
        """
        require_trainable(module)
        self.parameters = trained_parameters(module)
        self._pairs: list[tuple[nn.Parameter, nn.Parameter]] = []
        for name, parameter in self.parameters.items() if enabled else ():
            if parameter.element_size() < torch.float32.itemsize:
                copy = nn.Parameter(parameter.detach().float())
                self.parameters[name] = copy
                self._pairs.append((parameter, copy))

    def take_gradients(self) -> None:
        """Adds the gradients of the module's parameters to those of their copies."""
        for parameter, copy in self._pairs:
            if parameter.grad is not None:
                gradient = parameter.grad.float()
                copy.grad = gradient if copy.grad is None else copy.grad.add_(gradient)
                parameter.grad = None

    @torch.no_grad()
    def put_back(self) -> None:
        """Gives the module's parameters the values of their copies."""
        for parameter, copy in self._pairs:
            parameter.copy_(copy)


def make_optimizers(
    name: str, parameters: Mapping[str, nn.Parameter], learning_rate: float, weight_decay: float
) -> list[Optimizer]:
    """Optimizers that together train some parameters.

    Args:
        name: ``adamw``, or ``muon``: then AdamW gets 0.15 times the learning rate for what is no hidden matrix.
        parameters: What is trained, by name.
        learning_rate: Of AdamW, or of Muon, > 0.
        weight_decay: As in AdamW; with ``muon`` of the hidden matrices only.

    Raises:
        ValueError: If there is no such optimizer.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"Expected optimizer {' or '.join(OPTIMIZERS)}, got {name!r}.")
    if name == "muon":
        return muon_with_adamw(parameters, learning_rate, 0.15 * learning_rate, weight_decay)
    return [_adamw(list(parameters.values()), learning_rate, weight_decay=weight_decay)]


def muon_with_adamw(
    parameters: Mapping[str, nn.Parameter], muon_rate: float, adam_rate: float, weight_decay: float = 0.01
) -> list[Optimizer]:
    """Muon for the matrices of the layer stack, AdamW for embeddings, heads, norms and gains.

    Args:
        parameters: What is trained, by name.
        muon_rate: Learning rate of Muon.
        adam_rate: Learning rate of AdamW.
        weight_decay: Of the hidden matrices; the others have none.
    """
    hidden: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in parameters.items():
        # a layer of a stack has its number in the name: blocks.0.attention.query.weight
        in_stack = any(part.isdigit() for part in name.split("."))
        (hidden if in_stack and parameter.ndim == 2 else others).append(parameter)
    optimizers: list[Optimizer] = []
    if hidden:
        optimizers.append(Muon(hidden, lr=muon_rate, weight_decay=weight_decay))
    if others:  # of adapters there are none
        optimizers.append(_adamw(others, adam_rate, betas=_BETAS, weight_decay=0.0))
    return optimizers


def _adamw(parameters: list[nn.Parameter], learning_rate: float, **settings: Any) -> Optimizer:
    """AdamW in one kernel a tensor where there is one, which takes a fraction of the time on a CPU."""
    fused = all(parameter.device.type in ("cpu", "cuda") for parameter in parameters)
    return torch.optim.AdamW(parameters, lr=learning_rate, fused=fused, **settings)
