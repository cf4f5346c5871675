"""Muon, with its iteration in the number format that the machine multiplies fastest.

Torch's own multiplies in bfloat16 wherever it runs. A processor without instructions for that emulates them: one update
of the nano model's matrices then takes 1,200 ms instead of 60 ms in float32. Small matrices of one shape are multiplied
together, since a product of two of them takes less time than to ask for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from agents.devices import fast_bfloat16

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration, chosen by Jordan et al. for a steep slope at zero; singular values end near 1, not at 1."""
_ITERATIONS = 5
_LEAST_NORM = 1e-7
_STACKED = 2**20
"""Most numbers of matrices that are stacked: beyond, there is nothing to gain, and a copy costs memory."""


class Muon(Optimizer):
    """Momentum whose update of each matrix is made orthogonal.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, *, weight_decay: float = 0.0, momentum: float = 0.95
    ) -> None:
        """Trains matrices.

        Args:
            params: Parameters of two dimensions.
            lr: Learning rate, > 0; of a matrix with more rows than columns it is multiplied by the root of their ratio.
            weight_decay: Share of the weights, times the learning rate, that each update takes away.
            momentum: Of the mean over gradients, in [0, 1).

        Raises:
            ValueError: If a parameter is no matrix, or a number is out of its range.
        """
        if not lr > 0.0 or weight_decay < 0.0 or not 0.0 <= momentum < 1.0:
            raise ValueError(
                f"Expected lr > 0, weight_decay >= 0 and momentum in [0, 1), got {lr}, {weight_decay} and {momentum}."
            )
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        shapes = [tuple(parameter.shape) for group in self.param_groups for parameter in group["params"]]
        if any(len(shape) != 2 for shape in shapes):
            raise ValueError(f"Expected parameters of two dimensions, got shapes {shapes}.")

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient.

        Args:
            closure: Computes the loss once more first; none is needed.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for stack in _stacks(group["params"]):
                self._update(stack, group)
        return loss

    def _update(self, stack: Sequence[nn.Parameter], group: dict[str, Any]) -> None:
        rate, (rows, columns) = group["lr"], stack[0].shape
        directions = orthogonalized(torch.stack([self._direction(parameter, group["momentum"]) for parameter in stack]))
        for parameter, direction in zip(stack, directions, strict=True):
            parameter.mul_(1.0 - rate * group["weight_decay"])
            parameter.add_(direction, alpha=-rate * max(1.0, rows / columns) ** 0.5)

    def _direction(self, parameter: nn.Parameter, momentum: float) -> Tensor:
        """The gradient with its momentum, as Nesterov has it."""
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        mean: Tensor = state["momentum_buffer"]
        mean.lerp_(gradient, 1.0 - momentum)
        return gradient.lerp(mean, momentum)


def _stacks(parameters: Iterable[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    """Those that have a gradient, by shape and device; large ones one by one."""
    alike: defaultdict[Any, list[nn.Parameter]] = defaultdict(list)
    for parameter in parameters:
        if parameter.grad is not None:
            alike[parameter.shape, parameter.device, parameter.dtype].append(parameter)
    for group in alike.values():
        together = max(1, _STACKED // max(1, group[0].numel()))
        for start in range(0, len(group), together):
            yield group[start : start + together]


def orthogonalized(matrices: Tensor) -> Tensor:
    """The matrices with their singular values near 1, by five Newton-Schulz steps.

    Args:
        matrices: Shape (N, m, n).

    Returns:
        Shape (N, m, n); bfloat16 where the device multiplies that fast, else float32.
    """
    a, b, c = _COEFFICIENTS
    kind = torch.bfloat16 if fast_bfloat16(matrices.device) else torch.float32
    is_tall = matrices.shape[1] > matrices.shape[2]
    result = (matrices.mT if is_tall else matrices).to(kind)
    result = result / result.norm(dim=(1, 2), keepdim=True).clamp(min=_LEAST_NORM)
    for _ in range(_ITERATIONS):
        gram = result @ result.mT
        result = torch.baddbmm(result, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), result, beta=a)
    return result.mT if is_tall else result
