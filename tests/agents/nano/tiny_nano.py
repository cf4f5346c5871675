"""A nano model of a few ten thousand weights with a tokenizer learned in the test."""

from __future__ import annotations

import random
from functools import cache

import torch
from transformers import PreTrainedTokenizerFast

from agents.models import LanguageModel, wrap_model
from agents.nano import NanoConfig, NanoForCausalLM
from agents.nano.compact import escape, to_compact
from agents.nano.exercises import make_exercise
from agents.nano.tokenization import folded_ids, train_tokenizer


@cache
def tiny_tokenizer() -> PreTrainedTokenizerFast:
    rng = random.Random(0)
    exercises = [make_exercise(rng).observation for _ in range(60)]
    return train_tokenizer(
        [to_compact(seen["html"]) for seen in exercises] + [escape(seen["instruction"]) for seen in exercises], 700
    )


def tiny_nano(seed: int = 0) -> LanguageModel:
    tokenizer = tiny_tokenizer()
    torch.manual_seed(seed)
    config = NanoConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        copy_size=16,
        max_position_embeddings=512,
    )
    model = NanoForCausalLM(config)
    model.set_vocabulary(folded_ids(tokenizer), tokenizer.convert_tokens_to_ids("Ċ"))
    with torch.no_grad():
        # the blocks' outputs start at zero; a test must see them work
        for parameter in model.blocks.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0.0, 0.15)
    return wrap_model(model.eval(), tokenizer, "tiny")
