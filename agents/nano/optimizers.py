"""The optimizers that the nano model learns with: Muon for hidden matrices, AdamW for everything else."""

from __future__ import annotations

import torch
from torch.optim import Optimizer

from agents.nano.modeling import NanoForCausalLM


def muon_with_adamw(
    model: NanoForCausalLM, muon_rate: float, adam_rate: float, weight_decay: float = 0.01
) -> list[Optimizer]:
    """Optimizers that together train every parameter.

    Where this version of torch has no Muon, AdamW trains the hidden matrices too.

    Args:
        model: The model.
        muon_rate: Learning rate of Muon.
        adam_rate: Learning rate of AdamW.
        weight_decay: Of the hidden matrices; the others have none.
    """
    hidden = [parameter for parameter in model.blocks.parameters() if parameter.ndim == 2]
    chosen = {id(parameter) for parameter in hidden}
    others = [parameter for parameter in model.parameters() if id(parameter) not in chosen]
    adamw = torch.optim.AdamW(others, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    if hasattr(torch.optim, "Muon"):
        return [torch.optim.Muon(hidden, lr=muon_rate, weight_decay=weight_decay), adamw]
    return [torch.optim.AdamW(hidden, lr=adam_rate, betas=(0.9, 0.98), weight_decay=weight_decay), adamw]
