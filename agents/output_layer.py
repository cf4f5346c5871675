"""Log-probabilities of tokens from hidden states, in little memory: what a language model's output layer is asked.

A vocabulary is far wider than a layer. So logits are computed for the wanted tokens alone, a part of them at a time,
and while a model is fitted the gradient of the layer's weights is added where that of earlier batches already lies.

N wanted tokens, V vocabulary, d hidden width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PretrainedConfig, PreTrainedModel

MOST_LOGITS = 2**24
"""Logits that may stand in memory at a time while learning; 64 MiB."""

_CAPPED = ("gemma2", "gemma3_text", "gemma4_text", "nanochat", "vaultgemma")
_MULTIPLIED = ("cohere", "cohere2")
_DIVIDED = ("granite", "granitemoe", "granitemoeshared", "granitemoehybrid")


@contextmanager
def gradients_in_place() -> Iterator[None]:
    """Inside, a backward pass may add to gradients that are there instead of making new ones.

    For passes whose gradients are added up anyway; ``torch.autograd.grad`` would miss what was added.
    """
    _Logits.adds_in_place = True
    try:
        yield
    finally:
        _Logits.adds_in_place = False


def logits_after(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """Logits as the model's own forward pass makes them.

    Args:
        model: Any causal language model whose logits ``finish_logits`` knows.
        hidden: What its output layer reads. Shape (..., d).

    Returns:
        Shape (..., V).
    """
    return finish_logits(model.get_output_embeddings()(hidden), model.config)


def finish_logits(logits: Tensor, config: PretrainedConfig) -> Tensor:
    """What some families of models do to the output layer's logits; those of all others stay as they are.

    Args:
        logits: Shape (..., V).
        config: Of the model. Families of other names use the same settings otherwise, so it is the name that counts.
    """
    if config.model_type in _CAPPED:
        cap: float | None = config.final_logit_softcapping
        return logits if cap is None else torch.tanh(logits / cap) * cap
    if config.model_type in _MULTIPLIED:
        return logits * float(config.logit_scale)
    if config.model_type in _DIVIDED:
        return logits / float(config.logits_scaling)
    return logits


def log_probs_after(model: PreTrainedModel, hidden: Tensor, token_ids: Tensor) -> Tensor:
    """Log-probabilities of tokens; many are computed in parts, and those again for the backward pass.

    Args:
        model: As in ``logits_after``.
        hidden: What it reads before each token. Shape (N, d).
        token_ids: The tokens. Shape (N,), int64.

    Returns:
        Shape (N,), float32.
    """
    output, config = model.get_output_embeddings(), model.config
    rows = max(1, MOST_LOGITS // int(output.out_features))
    if len(hidden) <= rows:
        return _of_rows(output, config, hidden, token_ids)
    parts = zip(torch.split(hidden, rows), torch.split(token_ids, rows), strict=True)
    return torch.cat([checkpoint(_of_rows, output, config, *part, use_reentrant=False) for part in parts])


def entropies_after(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """Entropies of the next token; many are computed in parts.

    Args:
        model: As in ``logits_after``.
        hidden: What its output layer reads before each token. Shape (N, d).

    Returns:
        In nats. Shape (N,), float32.
    """
    rows = max(1, MOST_LOGITS // int(model.get_output_embeddings().out_features))
    scores = (logits_after(model, part).float().log_softmax(-1) for part in torch.split(hidden, rows))
    return torch.cat([-(some.exp() * some).sum(-1) for some in scores])


def _of_rows(output: nn.Module, config: PretrainedConfig, hidden: Tensor, token_ids: Tensor) -> Tensor:
    has_bias = getattr(output, "bias", None) is not None
    if type(output) is nn.Linear and not has_bias:
        logits: Tensor = _Logits.apply(hidden, output.weight)  # type: ignore[no-untyped-call]  # torch leaves it so
    else:
        logits = output(hidden)
    logits = finish_logits(logits, config).float()
    return logits.gather(1, token_ids[:, None])[:, 0] - logits.logsumexp(1)


class _Logits(torch.autograd.Function):
    """``hidden @ weight.T``, with the weights' gradient added in place where ``gradients_in_place`` allows it.

    Its products are autocast's where the forward pass was inside one: the backward pass is not.
    """

    adds_in_place: ClassVar[bool] = False

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(hidden, weight)
        kind = hidden.device.type
        ctx.precision = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None
        return hidden @ weight.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        hidden, weight = ctx.saved_tensors
        (gradient,) = gradients
        with torch.autocast(hidden.device.type, ctx.precision, enabled=ctx.precision is not None):
            to_hidden = (gradient @ weight).to(hidden.dtype) if ctx.needs_input_grad[0] else None
            if not ctx.needs_input_grad[1]:
                return to_hidden, None
            if weight.grad is None or not _Logits.adds_in_place:
                return to_hidden, (gradient.T @ hidden).to(weight.dtype)
            if weight.grad.dtype == hidden.dtype == gradient.dtype:
                weight.grad.addmm_(gradient.T, hidden)
            else:
                weight.grad.add_(gradient.T @ hidden)
        return to_hidden, None
