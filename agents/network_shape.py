"""The shape of a network, counted without its weights, and how many numbers a pass through it keeps.

d width, I inner width of the feed-forward layer, k width of keys and values. Counted with torch's hooks for saved
tensors, a Llama layer keeps 9 d + 2 k + 4 I numbers a token for its backward pass, and the nano model's as many and its
attention weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from agents.adapters import base_name
from agents.model_files import read_context, read_shape
from agents.nano import NanoForCausalLM


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Sizes of a causal language model.

    Attributes:
        parameters: All of them; tied ones once.
        matrices: Those in matrices of the layer stack.
        embedding: Those of the token embedding.
        vocabulary: Tokens.
        layers: In the stack.
        width: Of the hidden states (d).
        key_width: Of all heads' keys (k).
        inner: Of the feed-forward layer (I).
        heads: Attention heads.
        keeps_attention: Whether attention weights are kept for the backward pass.
        linears: Name, inputs and outputs of every linear layer but the output layer.
        context: Most tokens that it reads.
    """

    parameters: int
    matrices: int
    embedding: int
    vocabulary: int
    layers: int
    width: int
    key_width: int
    inner: int
    heads: int
    keeps_attention: bool
    linears: tuple[tuple[str, int, int], ...]
    context: int

    def adapters(self, rank: int, targets: Sequence[str] | None) -> int:
        """Parameters of adapters.

        Args:
            rank: Their inner width.
            targets: Ends of the names of the layers that get one; None takes all.
        """
        chosen = (
            size for size in self.linears if targets is None or any(size[0].split(".")[-1] == name for name in targets)
        )
        return sum(rank * (inputs + outputs) for _, inputs, outputs in chosen)

    def kept_numbers(self, tokens: int, length: int, *, keeps_inputs: bool) -> int:
        """Numbers that one batch keeps from its forward pass to its backward pass.

        Args:
            tokens: Of the batch, padding included.
            length: Of its longest sequence, at most.
            keeps_inputs: Each layer keeps its input alone, and is computed again.
        """
        return tokens * self.layers * (self.width if keeps_inputs else self._layer(tokens, length))

    def working_numbers(self, tokens: int, length: int, *, keeps_inputs: bool) -> int:
        """Numbers that one batch holds beside those while a layer's gradients are computed.

        Args:
            tokens: Of the batch, padding included.
            length: Of its longest sequence, at most.
            keeps_inputs: Each layer keeps its input alone, and is computed again.
        """
        # the attention weights' gradient and what it is made of; a feed-forward layer's gradients
        gradients = 3 * self._attention(tokens, length) + 2 * self.inner + 2 * self.width
        return tokens * (gradients + (self._layer(tokens, length) if keeps_inputs else 0))

    def _layer(self, tokens: int, length: int) -> int:
        """What a layer keeps a token."""
        return 9 * self.width + 2 * self.key_width + 4 * self.inner + self._attention(tokens, length)

    def _attention(self, tokens: int, length: int) -> int:
        """Attention weights that are kept a token."""
        return self.heads * min(length, tokens) if self.keeps_attention else 0

    def passing_numbers(self, tokens: int, length: int) -> int:
        """Numbers that a forward pass without gradients holds at a time.

        Args:
            tokens: Of the batch, padding included.
            length: Of its longest sequence, at most.
        """
        return tokens * (3 * self.inner + 6 * self.width + self._attention(tokens, length))


def network_shape(name_or_path: str) -> NetworkShape:
    """The shape of a model.

    Args:
        name_or_path: As ``agents.models.load_model`` takes it; of adapters, their base.

    Raises:
        FileNotFoundError: If a name's files are not there.
        CheckpointMismatch: If they configure no causal language model.
    """
    model = read_shape(base_name(name_or_path))
    config = model.config.get_text_config()
    heads = int(getattr(config, "num_attention_heads", None) or 1)  # models without attention have none
    key_heads = int(getattr(config, "num_key_value_heads", None) or heads)
    width = int(config.hidden_size)
    output = model.get_output_embeddings()
    linears = tuple(
        (name, module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not output
    )
    return NetworkShape(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        matrices=sum(
            parameter.numel()
            for name, parameter in model.named_parameters()
            if parameter.ndim == 2 and any(part.isdigit() for part in name.split("."))
        ),
        embedding=model.get_input_embeddings().weight.numel(),
        vocabulary=int(config.vocab_size),
        layers=int(config.num_hidden_layers),
        width=width,
        key_width=key_heads * int(getattr(config, "head_dim", None) or width // heads),
        inner=int(getattr(config, "intermediate_size", None) or 4 * width),
        heads=heads,
        keeps_attention=isinstance(model, NanoForCausalLM),
        linears=linears,
        context=read_context(config),
    )
