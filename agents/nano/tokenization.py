"""The nano model's tokenizer: byte-level BPE over words, single digits and single signs, plus the structure tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from agents.nano.compact import structure_tokens

_PIECES = Regex(r" ?\p{L}+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}]|\n|\s")


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Learns a tokenizer from texts in the compact form.

    Args:
        texts: Compact pages, instructions and actions; structure in them is skipped.
        vocab_size: Number of tokens, structure tokens included.

    Raises:
        ValueError: If ``vocab_size`` leaves no room for the bytes and the structure tokens.
    """
    structure = structure_tokens()
    least = len(structure) + 256
    if vocab_size < least:
        raise ValueError(f"vocab_size must be at least {least} (bytes and structure tokens), got {vocab_size}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(_PIECES, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in structure],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    between = re.compile(r"<\|\w[\w ]*\|>")
    tokenizer.train_from_iterator(chain.from_iterable(between.split(text) for text in texts), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|end|>", clean_up_tokenization_spaces=False
    )


def folded_ids(tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """For each token the id of the token that stands for it when case and leading space do not count.

    Structure tokens and white space stand for no word: their entry is -1. Shape (V,), int64.
    """
    vocabulary = tokenizer.get_vocab()
    structure = set(structure_tokens())
    first: dict[str, int] = {}
    folded = torch.full((len(vocabulary),), -1, dtype=torch.int64)
    for token, index in sorted(vocabulary.items(), key=lambda item: item[1]):
        if token in structure:
            continue
        word = token.removeprefix("Ġ").lower()
        if word and word != "Ċ".lower():
            folded[index] = first.setdefault(word, index)
    return folded
