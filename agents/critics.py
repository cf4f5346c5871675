"""The value critic: a language model's trunk that says how likely a trajectory is to succeed.

B sequences, T tokens, d hidden width, H heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from agents.adapters import copy_merged, copy_trained, has_adapters
from agents.models import LanguageModel, hidden_at

CRITIC_WEIGHTS = ("own", "adapters")
"""What a critic's trunk is made of: a copy of the policy's, or adapters of its own on the policy's base."""
_SPREAD = 0.02
"""Of the weights that several heads begin with."""


class ValueCritic(nn.Module):
    """Estimates whether a trajectory will succeed: a language model's trunk with a value head, or several.

    One head starts at zero, so an untrained critic says 0.5 everywhere. Several start a little apart, or they would
    stay the same.
    """

    def __init__(self, language_model: LanguageModel, *, weights: str | None = None, heads: int = 1) -> None:
        """Begins as the trunk of ``language_model``; what either learns does not change the other.

        Args:
            language_model: Of the policy.
            weights: ``own`` copies the trunk, and all of the copy can be trained; ``adapters`` shares the weights that
                the policy's adapters stand on, and trains adapters that begin as the policy's. None takes adapters
                where the policy has them.
            heads: Value heads; of several the smallest value counts (``agents.losses.success_probability``).

        Raises:
            ValueError: If ``weights`` is neither, or adapters are asked for and the policy has none, or ``heads`` is
                below 1.
        """
        super().__init__()
        trunk = language_model.trunk
        if weights not in (None, *CRITIC_WEIGHTS) or heads < 1:
            raise ValueError(f"expected weights {' or '.join(CRITIC_WEIGHTS)} and heads >= 1, got {weights!r}, {heads}")
        if weights == "adapters" and not has_adapters(trunk):
            raise ValueError("a critic of adapters needs a policy with adapters (model.lora); this one has none")
        self.trunk: PreTrainedModel = copy_merged(trunk) if weights == "own" else copy_trained(trunk)
        self.trunk.get_input_embeddings().sparse = False  # there is no output layer to add its rows to
        self.master_weights = language_model.master_weights
        self._arithmetic = language_model.arithmetic
        reference = next(self.trunk.parameters())
        self.value_head = nn.Linear(language_model.hidden_size, heads, device=reference.device)
        nn.init.zeros_(self.value_head.weight)
        nn.init.zeros_(self.value_head.bias)
        if heads > 1:
            generator = torch.Generator().manual_seed(0)
            start = torch.randn(self.value_head.weight.shape, generator=generator) * _SPREAD
            self.value_head.weight.data.copy_(start)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits of success, read at the last real token; V is their sigmoid.

        Args:
            input_ids: Prompts padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.

        Returns:
            Shape (B,), float32; (B, H) of several heads.
        """
        return self.logits(self.hidden(input_ids, attention_mask))

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of success.

        Args:
            hidden: What ``hidden`` gave. Shape (B, d).

        Returns:
            Shape (B,), float32; (B, H) of several heads.
        """
        logits: Tensor = self.value_head(hidden.to(self.value_head.weight))
        return logits[:, 0] if logits.shape[1] == 1 else logits

    def hidden(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """What the value head reads: the trunk's hidden state at the last real token.

        Args:
            input_ids: Prompts padded on the right. Shape (B, T), int64.
            attention_mask: Shape (B, T), bool.

        Returns:
            Shape (B, d), float32.
        """
        last = attention_mask.long().sum(1, keepdim=True) - 1
        with self._arithmetic(is_learning=torch.is_grad_enabled()):
            return hidden_at(self.trunk, input_ids, attention_mask, last)[:, 0].float()
