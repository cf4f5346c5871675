"""Shape checks for the pure tensor functions; they read no values, so they cost nothing on any device."""

from __future__ import annotations

from torch import Tensor


def require_same_shape(**tensors: Tensor) -> None:
    """Checks that all tensors have one shape.

    Args:
        **tensors: Tensors by the names that the message should use.

    Raises:
        ValueError: If two shapes differ; the message lists all of them.
    """
    if len({tensor.shape for tensor in tensors.values()}) > 1:
        listed = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items())
        raise ValueError(f"Expected one shape for all, got {listed}.")


def require_rank(rank: int, **tensors: Tensor) -> None:
    """Checks that every tensor has ``rank`` dimensions.

    Args:
        rank: Number of dimensions, >= 0.
        **tensors: Tensors by the names that the message should use.

    Raises:
        ValueError: If a tensor has another rank; the message names it.
    """
    for name, tensor in tensors.items():
        if tensor.dim() != rank:
            raise ValueError(f"Expected {name} with {rank} dimensions, got shape {tuple(tensor.shape)}.")
