from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from agents.nano import NanoCache, NanoConfig, NanoForCausalLM
from tests.agents.nano.tiny_nano import tiny_nano

LM = tiny_nano()
MODEL: NanoForCausalLM = LM.model
PAGE = "<|h1|> Orders\n<|tr|><|td|> 17<|td|><|a|> View<|4|>"
PROMPTS = [
    f"<|task|> View 17\n<|history|> none\n<|page|>{PAGE}\n<|action|>",
    "<|task|> Say Quompel\n<|history|> none\n<|page|> x\n<|action|>",
]
ACTIONS = ["<|Click|><|4|><|end|>", "<|exit|> Quompel Quompel<|end|>"]


def _batch() -> tuple[list[list[int]], list[int], Tensor, Tensor]:
    prompts = [LM.tokenizer.encode(text) for text in PROMPTS]
    rows = [prompt + LM.tokenizer.encode(action) for prompt, action in zip(prompts, ACTIONS, strict=True)]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows])
    return rows, [len(prompt) for prompt in prompts], ids, mask


@torch.no_grad()
def test_logits_are_log_probabilities() -> None:
    _, _, ids, mask = _batch()
    torch.testing.assert_close(MODEL(ids, mask).logits.exp().sum(-1), torch.ones(ids.shape), atol=1e-4, rtol=0)


@torch.no_grad()
def test_padding_and_company_change_nothing() -> None:
    rows, _, ids, mask = _batch()
    together = MODEL(ids, mask).logits
    for index, row in enumerate(rows):
        alone = MODEL(torch.tensor([row])).logits[0]
        torch.testing.assert_close(together[index, : len(row)], alone, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_cache_gives_what_the_whole_sequence_gives() -> None:
    rows, lengths, ids, mask = _batch()
    whole = MODEL(ids, mask).logits
    prompt_size = max(lengths)
    prompt_mask = torch.arange(prompt_size) < torch.tensor(lengths)[:, None]
    logits, cache = MODEL.prefill(ids[:, :prompt_size] * prompt_mask, prompt_mask, room=16)
    for step in range(3):
        for index, length in enumerate(lengths):
            torch.testing.assert_close(logits[index], whole[index, length - 1 + step], atol=5e-5, rtol=1e-3)
        logits = MODEL.advance(torch.tensor([row[n + step] for row, n in zip(rows, lengths, strict=True)]), cache)
    kept = cache.select(torch.tensor([1]))
    logits = MODEL.advance(torch.tensor([rows[1][lengths[1] + 3]]), kept)
    torch.testing.assert_close(logits[0], whole[1, lengths[1] + 3], atol=5e-5, rtol=1e-3)


@torch.no_grad()
def test_prompts_that_are_read_apart_are_written_to_together() -> None:
    rows, lengths, ids, _ = _batch()
    prompt_mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    expected, whole = MODEL.prefill(ids[:, : max(lengths)] * prompt_mask, prompt_mask, room=16)
    read = [MODEL.prefill(ids[i : i + 1, :n], torch.ones(1, n, dtype=torch.bool), 16) for i, n in enumerate(lengths)]
    logits, cache = torch.cat([found for found, _ in read]), NanoCache.join([part for _, part in read])
    for step in range(3):
        torch.testing.assert_close(logits, expected, atol=5e-5, rtol=1e-3)
        tokens = torch.tensor([row[length + step] for row, length in zip(rows, lengths, strict=True)])
        logits, expected = MODEL.advance(tokens, cache), MODEL.advance(tokens, whole)
    assert lengths[0] != lengths[1]


@torch.no_grad()
def test_logits_at_some_positions_are_those_of_all() -> None:
    _, _, ids, mask = _batch()
    positions = torch.tensor([[3, 20], [1, 9]])
    some = MODEL(ids, mask, positions).logits
    all_of_them = MODEL(ids, mask).logits
    expected = all_of_them.gather(1, positions[..., None].expand(-1, -1, all_of_them.shape[-1]))
    torch.testing.assert_close(some, expected, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_an_action_token_sees_the_whole_prompt_and_nothing_after_it() -> None:
    rows, lengths, _, _ = _batch()
    row, start = rows[1], lengths[1]
    before = MODEL(torch.tensor([row])).logits[0]
    later = row[: start + 2] + [row[0]] * (len(row) - start - 2)
    torch.testing.assert_close(MODEL(torch.tensor([later])).logits[0, : start + 2], before[: start + 2])
    changed = [*row[: start - 2], row[start - 3], *row[start - 1 :]]
    assert not torch.allclose(MODEL(torch.tensor([changed])).logits[0, 0], before[0], atol=1e-4)


@torch.no_grad()
def test_text_without_an_action_marker_is_read_causally() -> None:
    ids = torch.tensor([LM.tokenizer.encode(" some plain text that goes on")])
    whole = MODEL(ids).logits
    torch.testing.assert_close(MODEL(ids[:, :3]).logits, whole[:, :3], atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_copy_head_prefers_the_next_token_of_a_copy_in_progress() -> None:
    rows, lengths, _, _ = _batch()
    word = LM.tokenizer.encode(" Quompel")
    assert len(word) > 2
    model = tiny_nano().model
    model.copy_level *= 20.0
    log_probs = model(torch.tensor([rows[1]])).logits[0]
    # From the second token on: one token of context may well stand elsewhere in the prompt.
    for written, token in enumerate(word[2:], start=2):
        assert int(log_probs[lengths[1] + written].argmax()) == token


def test_gradients_reach_every_parameter() -> None:
    _, _, ids, mask = _batch()
    model = tiny_nano().model
    model(ids, mask).logits.square().mean().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@torch.no_grad()
def test_saved_model_is_loaded_by_transformers(tmp_path: Path) -> None:
    _, _, ids, mask = _batch()
    MODEL.save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert isinstance(loaded, NanoForCausalLM)
    torch.testing.assert_close(loaded(ids, mask).logits, MODEL(ids, mask).logits)


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of twice"):
        NanoForCausalLM(NanoConfig(hidden_size=36, num_attention_heads=4))
    with pytest.raises(ValueError, match="at most 512 tokens"):
        MODEL(torch.zeros((1, 513), dtype=torch.int64))
