from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
from torch import Tensor

from agents import generation
from agents.batching import collate
from agents.generation import InProcess
from agents.models import LanguageModel
from agents.policy import LLMPolicy
from agents.types import Prompt
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])


def _prompts(model: LanguageModel) -> list[Prompt]:
    texts = [
        "<|task|> Go\n<|page|> x y z\n<|action|>",
        "<|task|> Stay here a while\n<|page|> q\n<|action|>",
        "<|action|>",
    ]
    return [Prompt(tuple(model.tokenizer.encode(text)), text) for text in texts]


@both
def test_greedy_generation_does_not_depend_on_company(model: LanguageModel) -> None:
    prompts = _prompts(model)
    together = InProcess(model, max_new_tokens=6).generate(prompts, temperature=0.0)
    apart = InProcess(model, max_new_tokens=6, batch_size=1).generate(prompts, temperature=0.0)
    assert [completion.token_ids for completion in together] == [completion.token_ids for completion in apart]
    for one, other in zip(together, apart, strict=True):
        assert one.log_probs == pytest.approx(other.log_probs, abs=1e-4)


@both
def test_log_probabilities_are_those_that_training_sees(model: LanguageModel) -> None:
    prompts = _prompts(model)
    generator = torch.Generator().manual_seed(1)
    completions = InProcess(model, max_new_tokens=7).generate(prompts, temperature=0.7, generator=generator)
    batch = collate([p.token_ids for p in prompts], [c.token_ids for c in completions], model.pad_id)
    with torch.no_grad():
        scored = LLMPolicy(model).token_log_probs(batch)
    for row, completion in enumerate(completions):
        count = len(completion.token_ids)
        assert scored[row, :count].tolist() == pytest.approx(completion.log_probs, abs=1e-4)


@both
def test_sampling_follows_its_generator(model: LanguageModel) -> None:
    backend = InProcess(model, max_new_tokens=8)
    runs = [
        backend.generate(_prompts(model), temperature=1.5, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@both
def test_generation_stops_at_the_end_token_or_the_limit(model: LanguageModel) -> None:
    prompts = _prompts(model)
    endless = InProcess(model, max_new_tokens=5).generate(prompts, temperature=0.0)
    form = copy.copy(model.prompt_format)
    form.end_ids = frozenset({endless[0].token_ids[1], endless[1].token_ids[2]})
    ending = InProcess(dataclasses.replace(model, prompt_format=form), max_new_tokens=5)
    completions = ending.generate(prompts, temperature=0.0)
    for completion, whole in zip(completions, endless, strict=True):
        ids = whole.token_ids
        count = next((place for place, token in enumerate(ids, start=1) if token in form.end_ids), len(ids))
        expected = ids[:count]
        assert completion.token_ids == expected
        assert len(completion.log_probs) == len(expected)
    assert len(completions[0].token_ids) <= 2
    assert len(endless[0].token_ids) == 5


def test_draws_from_elsewhere_fall_on_tokens_by_their_chances() -> None:
    chances = torch.tensor([0.0, 0.5, 0.0, 0.2, 0.3, 0.0])
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(40_000, dtype=torch.float64, generator=generator)
    found = generation._at(chances.expand(len(draws), -1), draws)
    shares = torch.bincount(found, minlength=6) / len(draws)
    torch.testing.assert_close(shares, chances, atol=0.01, rtol=0)
    assert shares[[0, 2, 5]].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_at_a_border_fall_on_tokens_that_have_a_chance(dtype: torch.dtype) -> None:
    chances = torch.tensor([[0.0, 0.25, 0.0, 0.75, 0.0]])
    draws = [0.0, 0.25, 1.0 - 2.0**-24, 1.0]
    found = [int(generation._at(chances, torch.tensor([draw], dtype=dtype))) for draw in draws]
    assert found == [1, 3, 3, 3]
    many = torch.full((1, 128_000), 1.0 / 128_000)  # whose sum is not exactly 1
    ends = [int(generation._at(many, torch.tensor([draw], dtype=dtype))) for draw in (0.0, 1.0)]
    assert ends == [0, 127_999]
    with pytest.raises(ValueError, match="expected finite logits"):
        generation._at(torch.tensor([[0.5, float("nan")]]), torch.zeros(1, dtype=dtype))


def test_only_as_many_draws_as_sequences_go_to_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[torch.Size] = []

    def note(chances: Tensor, draws: Tensor) -> Tensor:
        drawn.append(draws.shape)
        return chances[:, 0]

    monkeypatch.setattr(generation, "_at", note)
    tokens = generation._pick(torch.zeros(3, 7, device="meta"), 1.0, torch.Generator().manual_seed(0))
    assert (tokens.device.type, drawn) == ("meta", [(3,)])


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="got 0 and 16"):
        InProcess(MODELS[0], max_new_tokens=0)
    with pytest.raises(ValueError, match="negative"):
        InProcess(MODELS[0]).generate([], temperature=-1.0)
