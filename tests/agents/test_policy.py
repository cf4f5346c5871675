from __future__ import annotations

import numpy as np
import pytest
import torch

from agents import output_layer
from agents.batching import collate
from agents.generation import InProcess
from agents.models import LanguageModel
from agents.policy import LLMPolicy
from agents.types import TokenBatch
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from webrl_gym.actions import describe_action
from webrl_gym.types import Observation

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])
FIRST = Observation(instruction="Open Tea", url="", html='<a id="0"> Tea </a>', last_action_error="")
SECOND = Observation(instruction="Open Milk", url="", html='<a id="0"> Milk </a> <p> long </p>', last_action_error="")


def _batch(policy: LLMPolicy) -> TokenBatch:
    prompts = [policy.renderer.render(seen, ()).token_ids for seen in (FIRST, SECOND)]
    actions = [
        policy.renderer.encode_action(text) for text in ('do(action="Click", element="0")', 'exit(message="a b")')
    ]
    return collate(prompts, actions, policy.language_model.pad_id)


@both
def test_action_log_probability_is_the_sum_over_its_tokens(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=500)
    batch = _batch(policy)
    tokens = policy.token_log_probs(batch)
    assert tokens.shape == batch.action_ids.shape
    assert bool((tokens <= 0).all())
    assert bool((tokens[~batch.action_mask] == 0).all())
    torch.testing.assert_close(policy.action_log_probs(batch), tokens.sum(1))
    lengths = batch.action_mask.sum(1)
    torch.testing.assert_close(policy.perplexity(batch), torch.exp(-tokens.sum(1) / lengths))


@both
@torch.no_grad()
def test_log_probability_does_not_depend_on_the_batch(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=500)
    together = policy.action_log_probs(_batch(policy))
    for row, seen in enumerate((FIRST, SECOND)):
        text = ('do(action="Click", element="0")', 'exit(message="a b")')[row]
        alone = collate(
            [policy.renderer.render(seen, ()).token_ids], [policy.renderer.encode_action(text)], model.pad_id
        )
        torch.testing.assert_close(policy.action_log_probs(alone)[0], together[row], atol=1e-4, rtol=1e-4)


@both
def test_a_gradient_step_makes_an_action_likelier(model: LanguageModel) -> None:
    policy = LLMPolicy(model.copy(), max_tokens=500)
    batch = _batch(policy)
    optimizer = torch.optim.AdamW(policy.network.parameters(), lr=1e-3)
    before = policy.action_log_probs(batch)
    (-before.sum()).backward()
    optimizer.step()
    after = policy.action_log_probs(batch)
    assert bool((after > before).all())


@both
@torch.no_grad()
def test_entropy_lies_between_none_and_uniform(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=500)
    batch = _batch(policy)
    scores = policy.token_logits(batch)
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones(scores.shape[:2]), atol=1e-4, rtol=0)
    entropy = policy.entropy(batch)
    assert bool((entropy > 0).all())
    assert bool((entropy < np.log(scores.shape[-1])).all())
    of_tokens = -(scores.exp() * scores).sum(-1) * batch.action_mask
    torch.testing.assert_close(entropy, of_tokens.sum(1) / batch.action_mask.sum(1))


def test_entropies_are_computed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = LLMPolicy(small_llama(), max_tokens=500)
    batch = _batch(policy)
    whole = policy.entropy(batch)
    monkeypatch.setattr(output_layer, "MOST_LOGITS", 1)
    torch.testing.assert_close(policy.entropy(batch), whole)


@both
def test_predict_carries_the_history_in_its_state(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=480)
    action, state = policy.predict(dict(FIRST), deterministic=True)
    assert isinstance(action, str)
    assert state == ((describe_action(action, FIRST["html"]),),)
    again, later = policy.predict(dict(FIRST), state=state, deterministic=True)
    expected = policy.act([policy.renderer.render(FIRST, state[0])], temperature=0.0)[0].text
    assert again == expected
    assert later[0][0] == state[0][0]
    assert len(later[0]) == 2
    fresh, restarted = policy.predict(dict(FIRST), state=later, episode_start=np.array([True]), deterministic=True)
    assert fresh == action
    assert restarted == state


@both
def test_an_action_as_long_as_the_context_is_refused(model: LanguageModel) -> None:
    backend = InProcess(model, max_new_tokens=model.context)
    with pytest.raises(ValueError, match=rf"must be below the model's context {model.context}, got {model.context}"):
        LLMPolicy(model, backend=backend)


@both
def test_a_page_is_cut_so_that_the_longest_action_fits_behind_it(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=model.context, backend=InProcess(model, max_new_tokens=60))
    assert policy.renderer.max_tokens == LLMPolicy(model, backend=policy.backend).renderer.max_tokens == 512 - 60
    page = Observation(instruction="Open Tea", url="", html="<p> line </p>\n" * 900, last_action_error="")
    prompt = policy.renderer.render(page, ())
    assert prompt.chars_left_out > 0
    (completion,) = policy.act([prompt], temperature=1.0, generator=torch.Generator().manual_seed(0))
    assert len(completion.token_ids) == 60 or completion.token_ids[-1] == model.prompt_format.end_id
    assert len(prompt.token_ids) + len(completion.token_ids) <= model.context


@both
def test_an_episode_that_outgrew_the_context_is_left(model: LanguageModel, caplog: pytest.LogCaptureFixture) -> None:
    policy = LLMPolicy(model, backend=InProcess(model, max_new_tokens=4))
    endless = {**FIRST, "instruction": "x " * 2000}
    seen = {name: np.array([FIRST[name], endless[name]], dtype=object) for name in FIRST}
    actions, state = policy.predict(seen, deterministic=True)
    assert actions.tolist() == [policy.predict(dict(FIRST), deterministic=True)[0], 'exit(message="")']
    assert [len(history) for history in state] == [1, 1]
    assert "An episode is given up" in caplog.text


@both
def test_predict_takes_several_environments(model: LanguageModel) -> None:
    policy = LLMPolicy(model, max_tokens=480)
    columns = {name: np.array([FIRST[name], SECOND[name]], dtype=object) for name in FIRST}
    texts, state = policy.predict(
        columns, state=(("Click",), ("Wait",)), episode_start=[False, True], deterministic=True
    )
    assert texts.shape == (2,)
    assert state[0][0] == "Click"
    assert len(state[1]) == 1
    alone, _ = policy.predict(dict(SECOND), deterministic=True)
    assert texts[1] == alone


def test_wrong_input_is_refused() -> None:
    policy = LLMPolicy(MODELS[0], max_tokens=480)
    with pytest.raises(ValueError, match="html"):
        policy.predict({"instruction": "x", "url": "", "last_action_error": ""})
    with pytest.raises(ValueError, match="1 observations, a state for 2"):
        policy.predict(dict(FIRST), state=((), ()))
    with pytest.raises(TypeError, match="text, not tensors"):
        policy._predict(None)
