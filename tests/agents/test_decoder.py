"""A decoder whose last layer is computed at the wanted positions alone says and learns what the whole one does."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaModel, MistralConfig, MistralModel, PreTrainedModel, Qwen2Config, Qwen2Model

from agents.decoder import decoder_hidden_at, is_plain_decoder

SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
IDS = torch.randint(3, 50, (2, 9), generator=torch.Generator().manual_seed(0))
POSITIONS = torch.tensor([[8, 0, 4], [5, 6, 6]])
MADE = {
    "llama": (LlamaModel, LlamaConfig),
    "qwen2": (Qwen2Model, Qwen2Config),
    "mistral": (MistralModel, MistralConfig),
}


def trunk(family: str, **settings: object) -> PreTrainedModel:
    torch.manual_seed(0)
    model, config = MADE[family]
    if family == "mistral":
        settings = {"sliding_window": None, **settings}
    return model(config(**SIZES, **settings)).eval()


@pytest.mark.parametrize("family", list(MADE))
def test_the_wanted_positions_alone_are_those_of_the_whole(family: str) -> None:
    model = trunk(family)
    assert is_plain_decoder(model)
    whole = model(input_ids=IDS).last_hidden_state[torch.arange(2)[:, None], POSITIONS]
    some = decoder_hidden_at(model, IDS, POSITIONS)
    torch.testing.assert_close(some, whole, atol=1e-5, rtol=1e-5)
    parameters = list(model.parameters())
    expected, found = (torch.autograd.grad(hidden.square().sum(), parameters) for hidden in (whole, some))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_inside_autocast_too() -> None:
    model = trunk("llama")
    with torch.autocast("cpu", torch.bfloat16):
        whole = model(input_ids=IDS).last_hidden_state[torch.arange(2)[:, None], POSITIONS]
        some = decoder_hidden_at(model, IDS, POSITIONS)
    torch.testing.assert_close(some, whole, atol=3e-2, rtol=3e-2)
    some.float().square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_models_of_other_make_are_left_to_themselves() -> None:
    assert not is_plain_decoder(trunk("mistral", sliding_window=4))
    assert is_plain_decoder(trunk("qwen2", sliding_window=4, use_sliding_window=False))
    eager = trunk("llama")
    eager.set_attn_implementation("eager")
    assert not is_plain_decoder(eager)
