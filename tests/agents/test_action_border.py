"""A tokenizer that merges letters across the border of prompt and action: trained on is what was sampled."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from agents.inference import transition_batch
from agents.models import LanguageModel, wrap_model
from agents.policy import LLMPolicy
from agents.transitions import to_transitions
from agents.types import Completion, LabelledTrajectory, Prompt
from tests.agents.toy_env import demonstration, oracle_actions, toy_task

TASK = toy_task("Blue", 0)


@pytest.fixture(scope="module")
def merging() -> LanguageModel:
    """Byte pairs without words: the line break before an action and the action's first letter are one token."""
    pairs = [("Ċ", "d"), ("Ċ", "e"), ("d", "o"), ("Ċd", "o")]
    pieces = ["<pad>", "<end>", *sorted(pre_tokenizers.ByteLevel.alphabet()), *(first + last for first, last in pairs)]
    tokenizer = Tokenizer(models.BPE({piece: place for place, piece in enumerate(pieces)}, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=2048,
    )
    return wrap_model(LlamaForCausalLM(config).eval(), fast, "merging")


def sampled(policy: LLMPolicy, prompt: Prompt) -> Completion:
    return policy.act([prompt], temperature=1.0, generator=torch.Generator().manual_seed(3))[0]


def collected(policy: LLMPolicy) -> LabelledTrajectory:
    """The oracle's trajectory as the policy would have collected it: with its prompts and ids that it sampled."""
    item = demonstration(TASK)
    history: list[str] = []
    steps = []
    for step in item.trajectory.steps:
        prompt = policy.renderer.render(step.observation, history)
        written = sampled(policy, prompt)
        steps.append(replace(step, prompt=prompt, completion=written))
        history.append(policy.renderer.past_action(written.text, step.observation["html"]))
    return replace(item, trajectory=replace(item.trajectory, steps=tuple(steps)))


def test_the_tokenizer_does_merge_across_the_border(merging: LanguageModel) -> None:
    policy = LLMPolicy(merging)
    first = demonstration(TASK).trajectory.steps[0]
    prompt = policy.renderer.render(first.observation, [])
    action = oracle_actions(TASK)[0]
    together = merging.tokenizer.encode(f"{prompt.text}\n{action}", add_special_tokens=False)
    apart = [*prompt.token_ids, *policy.renderer.encode_action(action)[:-1]]
    assert together != apart
    assert merging.tokenizer.decode(together) == merging.tokenizer.decode(apart)
    assert any("\nd" in merging.tokenizer.decode([token]) for token in together)


def test_the_sampled_ids_are_trained_on_with_the_probabilities_they_had(merging: LanguageModel) -> None:
    policy = LLMPolicy(merging)
    item = collected(policy)
    result = to_transitions([item], policy.renderer)
    assert (result.rendered_differently, result.too_long) == (0, 0)
    for step, transition in zip(item.trajectory.steps, result.steps, strict=True):
        assert transition.prompt_ids == step.prompt.token_ids
        assert transition.action_ids == step.completion.token_ids
        assert transition.action_ids != policy.renderer.encode_action(step.completion.text)  # no canonical spelling
        with torch.no_grad():
            (scores,) = policy.token_log_probs(transition_batch(policy, [transition]))
        torch.testing.assert_close(scores, torch.tensor(step.completion.log_probs), atol=1e-4, rtol=1e-4)


def test_a_demonstration_is_encoded_apart_from_its_prompt(merging: LanguageModel) -> None:
    policy = LLMPolicy(merging)
    for step, transition in zip(
        demonstration(TASK).trajectory.steps,
        to_transitions([demonstration(TASK)], policy.renderer).steps,
        strict=True,
    ):
        assert transition.action_ids == policy.renderer.encode_action(step.completion.text)
        assert policy.renderer.decode_action(transition.action_ids) == step.completion.text


def test_a_step_whose_prompt_was_tokenised_with_its_action_is_left_out_and_counted(merging: LanguageModel) -> None:
    policy = LLMPolicy(merging)
    item = collected(policy)
    first, second = item.trajectory.steps
    together = merging.tokenizer.encode(f"{first.prompt.text}\ndo(action=", add_special_tokens=False)
    shifted = replace(first, prompt=replace(first.prompt, token_ids=tuple(together[: len(first.prompt.token_ids)])))
    assert shifted.prompt.token_ids != first.prompt.token_ids
    other = replace(item, trajectory=replace(item.trajectory, steps=(shifted, second)))
    result = to_transitions([other], policy.renderer)
    assert result.rendered_differently == 1
    assert [step.steps_done for step in result.steps] == [1]
