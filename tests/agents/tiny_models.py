"""Models that are built in a moment: a tokenizer of the toy site's lines and a Llama of some thousand weights."""

from __future__ import annotations

import re
from functools import lru_cache

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from agents.generation import InProcess
from agents.models import LanguageModel, wrap_model
from agents.policy import LLMPolicy
from agents.prompting import ChatFormat
from tests.agents.toy_env import ToyEnv, ToySuite, oracle_actions
from webrl_gym.actions import describe_action

CONTEXT = 256
_SPECIAL = ["<pad>", "<end>", "<unknown>"]


def _wrapped(vocabulary: dict[str, int]) -> PreTrainedTokenizerFast:
    """One token a line, links apart; what is not in the vocabulary is unknown."""
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Split("<a ", "merged_with_next")]
    )
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", unk_token="<unknown>"
    )


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, int]:
    """Every piece of what the toy site's prompts and actions say."""
    form = ChatFormat(_wrapped({word: place for place, word in enumerate([*_SPECIAL, "YES", "NO"])}))
    texts = ["YES", "NO"]
    env = ToyEnv()
    for task in ToySuite().tasks:
        for actions in (oracle_actions(task), [f'do(action="Click", element="{place}")' for place in (1, 0, 2)]):
            observation, _ = env.reset(options={"task": task})
            history: list[str] = []
            for action in actions:
                texts += [form.render(observation, history, 10_000).text, action]
                history.append(describe_action(action, observation["html"]))
                observation = env.step(action)[0]
    pieces = dict.fromkeys(piece for text in texts for line in text.split("\n") for piece in re.split("(?=<a )", line))
    return {word: place for place, word in enumerate([*_SPECIAL, "\n", *filter(None, pieces)])}


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with one token for each line, each link and each action of the toy site."""
    return _wrapped(_vocabulary())


def tiny_llama(seed: int = 0, hidden: int = 32, layers: int = 2) -> LlamaForCausalLM:
    """A Llama with random weights."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer()),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


def tiny_model(seed: int = 0, hidden: int = 32, layers: int = 2) -> LanguageModel:
    """The tiny Llama with its tokenizer."""
    return wrap_model(tiny_llama(seed, hidden, layers), tiny_tokenizer(), "tiny")


def tiny_policy(seed: int = 0, **sizes: int) -> LLMPolicy:
    """The tiny model as a policy that writes short actions."""
    model = tiny_model(seed, **sizes)
    return LLMPolicy(model, backend=InProcess(model, max_new_tokens=6))


class ToyFormatted:
    """A model's format and context without a model, for renderers."""

    def __init__(self) -> None:
        self.context = 1024
        self.prompt_format = ChatFormat(tiny_tokenizer())
