"""Sizes and token roles of the nano model."""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from agents.nano.compact import CELLS, structure_tokens


class NanoConfig(PretrainedConfig):  # type: ignore[misc]  # transformers is untyped here
    """Configuration of ``NanoForCausalLM``.

    The ids of the structure tokens are fixed by ``agents.nano.compact.structure_tokens``: the model reads regions,
    lines, columns and matches from them.
    """

    model_type = "webrl_nano"

    def __init__(
        self,
        vocab_size: int = 4096,
        hidden_size: int = 128,
        num_hidden_layers: int = 4,
        num_attention_heads: int = 4,
        intermediate_size: int = 352,
        copy_heads: int = 2,
        copy_size: int = 64,
        match_levels: int = 4,
        copy_levels: int = 6,
        max_columns: int = 16,
        rope_theta: float = 10_000.0,
        max_position_embeddings: int = 4096,
        **kwargs: Any,
    ) -> None:
        """Sets the sizes.

        Args:
            vocab_size: Tokens.
            hidden_size: Width d.
            num_hidden_layers: Transformer blocks.
            num_attention_heads: Heads; the first half reads token positions, the second half line numbers.
            intermediate_size: Width of the gated feed-forward layer.
            copy_heads: Heads of the copy (pointer) head.
            copy_size: Width of each of them.
            match_levels: Longest n-gram whose occurrence elsewhere in the prompt is flagged.
            copy_levels: Longest run of copied tokens that the copy head can tell from a shorter one.
            max_columns: Table columns that are told apart.
            rope_theta: Base of the rotary embedding.
            max_position_embeddings: Longest input, in tokens.
            **kwargs: Anything that ``PretrainedConfig`` takes.
        """
        ids = {token: index for index, token in enumerate(structure_tokens())}
        kwargs.setdefault("pad_token_id", ids["<|pad|>"])
        kwargs.setdefault("eos_token_id", ids["<|end|>"])
        kwargs.setdefault("tie_word_embeddings", True)
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.copy_heads = copy_heads
        self.copy_size = copy_size
        self.match_levels = match_levels
        self.copy_levels = copy_levels
        self.max_columns = max_columns
        self.rope_theta = rope_theta
        self.max_position_embeddings = max_position_embeddings
        self.structure_size = len(ids)
        self.first_element_id = ids["<|0|>"]
        self.task_token_id = ids["<|task|>"]
        self.history_token_id = ids["<|history|>"]
        self.error_token_id = ids["<|error|>"]
        self.page_token_id = ids["<|page|>"]
        self.action_token_id = ids["<|action|>"]
        self.cell_token_ids = [ids[f"<|{name}|>"] for name in CELLS]
