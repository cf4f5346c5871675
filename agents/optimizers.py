"""Optimizers by name: AdamW, and Muon for the matrices of the layer stack with AdamW for everything else.

First trials on 150 demonstrations (practice-valid, one seed): 22 % with Muon at 1e-2, 13 %
with AdamW at 1e-3, 20 % with AdamW at 3e-3 (the last on 100 of the 165 tasks).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from agents.muon import Muon

OPTIMIZERS = ("adamw", "muon")

_BETAS = (0.9, 0.98)


def make_optimizers(name: str, module: nn.Module, learning_rate: float, weight_decay: float) -> list[Optimizer]:
    """Optimizers that together train every parameter of ``module`` that requires gradients.

    Args:
        name: ``adamw``, or ``muon``: then AdamW gets 0.15 times the learning rate for what is no hidden matrix.
        module: What is trained.
        learning_rate: Of AdamW, or of Muon, > 0.
        weight_decay: As in AdamW; with ``muon`` of the hidden matrices only.

    Raises:
        ValueError: If there is no such optimizer.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"Expected optimizer {' or '.join(OPTIMIZERS)}, got {name!r}.")
    if name == "muon":
        return muon_with_adamw(module, learning_rate, 0.15 * learning_rate, weight_decay)
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return [_adamw(parameters, learning_rate, weight_decay=weight_decay)]


def muon_with_adamw(
    module: nn.Module, muon_rate: float, adam_rate: float, weight_decay: float = 0.01
) -> list[Optimizer]:
    """Muon for the matrices of the layer stack, AdamW for embeddings, heads, norms and gains.

    Args:
        module: What is trained.
        muon_rate: Learning rate of Muon.
        adam_rate: Learning rate of AdamW.
        weight_decay: Of the hidden matrices; the others have none.
    """
    hidden: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            # a layer of a stack has its number in the name: blocks.0.attention.query.weight
            in_stack = any(part.isdigit() for part in name.split("."))
            (hidden if in_stack and parameter.ndim == 2 else others).append(parameter)
    adamw = _adamw(others, adam_rate, betas=_BETAS, weight_decay=0.0)
    if not hidden:
        return [adamw]
    return [Muon(hidden, lr=muon_rate, weight_decay=weight_decay), adamw]


def _adamw(parameters: list[nn.Parameter], learning_rate: float, **settings: Any) -> Optimizer:
    """AdamW in one kernel a tensor where there is one, which takes a fraction of the time on a CPU."""
    fused = all(parameter.device.type in ("cpu", "cuda") for parameter in parameters)
    return torch.optim.AdamW(parameters, lr=learning_rate, fused=fused, **settings)
