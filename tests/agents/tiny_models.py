"""Models that are built in a moment: a byte-pair tokenizer of the toy site and a Llama of a few thousand weights."""

from __future__ import annotations

from functools import lru_cache

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from agents.prompting import ChatFormat, describe_action
from tests.agents.toy_env import ToyEnv, ToySuite, oracle_actions


@lru_cache(maxsize=1)
def _trained() -> Tokenizer:
    texts = ['YES NO Exit "" Click "Home" none last action failed: There is no element 0 to use.']
    env = ToyEnv()
    for task in ToySuite().tasks:
        observation, _ = env.reset(options={"task": task})
        for action in [*oracle_actions(task), 'do(action="Click", element="0")']:
            texts += [action, observation["html"], observation["instruction"], describe_action(action, observation)]
            observation = env.step(action)[0]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer that writes every text back exactly and knows the toy site's words."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_trained().to_str()), pad_token="<pad>", eos_token="<end>"
    )


def tiny_llama(seed: int = 0, hidden: int = 32, layers: int = 2) -> LlamaForCausalLM:
    """A Llama with random weights."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer()),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=512,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


class ToyFormatted:
    """A model's format and context without a model, for renderers."""

    def __init__(self) -> None:
        self.context = 512
        self.prompt_format = ChatFormat(tiny_tokenizer())
