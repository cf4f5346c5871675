"""Families of models that differ from Llama: they are trained on the distribution that they act by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    CONFIG_MAPPING,
    AutoModelForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    PreTrainedModel,
)

from agents import output_layer
from agents.batching import collate
from agents.critics import ValueCritic
from agents.fitting import FitSettings, fit
from agents.generation import InProcess
from agents.models import load_model, wrap_model
from agents.network_shape import network_shape
from agents.policy import LLMPolicy
from agents.types import Prompt
from tests.agents.small_llama import CONTEXT, small_tokenizer

PROMPTS = [[7, 300, 301, 302, 12], [7, 310, 311, 320, 321, 330, 331, 12], [7, 305, 12]]
FAMILIES: dict[str, dict[str, Any]] = {
    "gemma2": {"final_logit_softcapping": 0.1},
    "gemma3_text": {"final_logit_softcapping": 0.1},
    "gemma4_text": {
        "final_logit_softcapping": 0.1,
        "vocab_size_per_layer_input": len(small_tokenizer()),
        "hidden_size_per_layer_input": 8,
        "global_head_dim": 8,
    },
    "nanochat": {"final_logit_softcapping": 0.1},
    "vaultgemma": {"final_logit_softcapping": 0.1},
    "cohere": {"logit_scale": 0.0625},
    "cohere2": {"logit_scale": 0.25},
    "granite": {"logits_scaling": 8.0},
    "granitemoe": {"logits_scaling": 8.0},
    "granitemoeshared": {"logits_scaling": 8.0},
    "granitemoehybrid": {"logits_scaling": 8.0, "mamba_n_heads": 8, "layer_types": ["attention", "attention"]},
    "qwen3": {},
    "mamba": {"state_size": 4},
    "falcon_mamba": {"state_size": 4},
    "mamba2": {"state_size": 4, "num_heads": 8, "n_groups": 1, "head_dim": 8},
}
SIZES = {
    "vocab_size": len(small_tokenizer()),
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": CONTEXT,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": None,
}


def network(family: str, **settings: Any) -> PreTrainedModel:
    if family not in CONFIG_MAPPING:
        pytest.skip(f"this version of transformers has no {family}")
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(CONFIG_MAPPING[family](**{**SIZES, **settings})).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_actions_are_scored_under_the_distribution_that_wrote_them(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = wrap_model(network(family, **FAMILIES[family]), small_tokenizer(), family)
    prompts = [Prompt(tuple(prompt), "") for prompt in PROMPTS]
    generator = torch.Generator().manual_seed(0)
    written = InProcess(model, max_new_tokens=4).generate(prompts, temperature=1.0, generator=generator)
    batch = collate(PROMPTS, [completion.token_ids for completion in written], model.pad_id)
    policy = LLMPolicy(model)
    scores = policy.token_log_probs(batch)
    whole = policy.token_logits(batch).gather(2, batch.action_ids[..., None])[..., 0]
    torch.testing.assert_close(scores, whole.masked_fill(~batch.action_mask, 0.0))
    for row, completion in enumerate(written):
        expected = torch.tensor(completion.log_probs)
        torch.testing.assert_close(scores[row, : len(expected)], expected, atol=2e-5, rtol=1e-5)
    monkeypatch.setattr(output_layer, "MOST_LOGITS", 2 * len(small_tokenizer()))
    torch.testing.assert_close(policy.token_log_probs(batch), scores)


def test_a_model_that_does_something_else_to_its_logits_is_refused(tmp_path: Path) -> None:
    network("hyperclovax", logits_scaling=0.5).save_pretrained(tmp_path)
    small_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"type hyperclovax\): expected the output layer's on a short prompt, got oth"):
        load_model(str(tmp_path))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("family", ["cohere", "qwen3"])
def test_rounding_is_no_other_distribution(family: str, dtype: str, tmp_path: Path) -> None:
    network(family, **FAMILIES[family]).save_pretrained(tmp_path)
    small_tokenizer().save_pretrained(tmp_path)
    assert load_model(str(tmp_path), dtype=dtype).model.dtype == getattr(torch, dtype)


def test_of_a_model_that_sees_pictures_too_the_text_decides(tmp_path: Path) -> None:
    torch.manual_seed(0)
    seeing = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Gemma3Config(
        text_config=SIZES,
        vision_config={**seeing, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4,
        image_token_index=5,
        eos_token_id=1,
    )
    Gemma3ForConditionalGeneration(config).save_pretrained(tmp_path)
    small_tokenizer().save_pretrained(tmp_path)
    model = load_model(str(tmp_path))
    assert (model.context, model.hidden_size) == (CONTEXT, 32)
    shape = network_shape(str(tmp_path))
    assert (shape.context, shape.width, shape.layers) == (CONTEXT, 32, 2)
    batch = collate(PROMPTS, [[301, 1]] * len(PROMPTS), model.pad_id)
    critic = ValueCritic(model)
    assert critic(batch.input_ids, batch.attention_mask).tolist() == [0.0] * len(PROMPTS)
    policy = LLMPolicy(model)

    def loss(places: Sequence[int]) -> Tensor:
        return -policy.action_log_probs(batch)[list(places)].mean()

    fit("policy", model.model, [10] * len(PROMPTS), [1.0] * len(PROMPTS), loss, FitSettings(learning_rate=1e-3))
    (written,) = InProcess(model, max_new_tokens=3).generate([Prompt(tuple(PROMPTS[0]), "")], temperature=0.0)
    assert len(written.log_probs) in (1, 2, 3)
