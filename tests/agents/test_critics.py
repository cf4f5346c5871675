"""The value critic: its own trunk or adapters on the policy's base, one head or several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from agents.adapters import LoraSettings, is_adapter
from agents.algorithms import AWR, DigiRL
from agents.batching import collate_prompts
from agents.checkpoint import module_tensors
from agents.critics import ValueCritic
from agents.fitting import FitSettings
from agents.inference import state_values
from agents.losses import success_probability
from agents.models import LanguageModel, load_model
from agents.objectives import fit_actions, fit_critic, fit_value_head
from agents.policy import LLMPolicy
from agents.transitions import to_transitions
from agents.types import Transition
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from tests.agents.tiny_models import tiny_model
from tests.agents.toy_env import ToySuite, demonstration

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])
PROMPTS = [[7, 300, 301, 302, 12], [7, 310, 311, 320, 321, 330, 331, 12], [7, 305, 12]]
SETTINGS = FitSettings(learning_rate=1e-2, tokens_per_batch=512)


@both
def test_critic_begins_undecided_and_owns_its_trunk(model: LanguageModel) -> None:
    critic = ValueCritic(model)
    batch = collate_prompts(PROMPTS, model.pad_id)
    assert critic(*batch).tolist() == [0.0, 0.0, 0.0]
    shared = {parameter.data_ptr() for parameter in model.model.parameters()}
    assert not shared & {parameter.data_ptr() for parameter in critic.parameters()}


@both
def test_critic_reads_the_last_real_token_whatever_the_padding(model: LanguageModel) -> None:
    critic = ValueCritic(model)
    torch.nn.init.normal_(critic.value_head.weight)
    together = critic(*collate_prompts(PROMPTS, model.pad_id))
    alone = torch.cat([critic(*collate_prompts([prompt], model.pad_id)) for prompt in PROMPTS])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    assert together.shape == (3,)
    assert len({round(value, 4) for value in together.tolist()}) == 3
    together.sum().backward()
    assert critic.value_head.weight.grad is not None


def adapted(tmp_path: Path, make: Callable[[], LanguageModel] = tiny_model) -> LanguageModel:
    pytest.importorskip("peft")
    make().save(tmp_path)
    return load_model(str(tmp_path), lora=LoraSettings(rank=4))


def steps_of(policy: LLMPolicy) -> list[Transition]:
    tasks = ToySuite(orders=1).tasks
    return to_transitions([demonstration(task) for task in tasks], policy.renderer).steps


@pytest.mark.parametrize("make", [tiny_nano, tiny_model])
def test_a_critic_of_adapters_shares_the_base_and_neither_update_changes_the_other(
    make: Callable[[], LanguageModel], tmp_path: Path
) -> None:
    policy = LLMPolicy(adapted(tmp_path, make), max_tokens=200)
    steps = steps_of(policy)
    prompts = [step.prompt_ids for step in steps]
    critic = ValueCritic(policy.language_model, weights="adapters").eval()
    base = {p.data_ptr() for name, p in policy.language_model.model.named_parameters() if not is_adapter(name)}
    assert {p.data_ptr() for name, p in critic.trunk.named_parameters() if not is_adapter(name)} <= base
    trained = {name for name, tensor in module_tensors(critic).items() if tensor.requires_grad}
    assert trained == {name for name, _ in critic.named_parameters() if is_adapter(name) or "value_head" in name}

    before = {name: tensor.detach().clone() for name, tensor in module_tensors(policy.language_model.model).items()}
    torch.nn.init.normal_(critic.value_head.weight)
    start = state_values(critic, prompts, 512)
    fit_critic(critic, steps, SETTINGS)
    values = state_values(critic, prompts, 512)
    assert values != start
    after = module_tensors(policy.language_model.model)
    assert all(torch.equal(before[name], after[name]) for name in before)

    fit_actions(policy, steps, SETTINGS)
    assert not all(torch.equal(before[name], after[name]) for name in before)
    assert state_values(critic, prompts, 512) == values


def test_a_critic_begins_as_the_adapters_that_the_policy_has(tmp_path: Path) -> None:
    policy = LLMPolicy(adapted(tmp_path), max_tokens=200)
    fit_actions(policy, steps_of(policy), SETTINGS)
    batch = collate_prompts([[4, 5, 6], [7, 8]], 0)
    shared, own = (ValueCritic(policy.language_model, weights=weights) for weights in ("adapters", "own"))
    with torch.no_grad():
        torch.testing.assert_close(own.hidden(*batch), shared.hidden(*batch), atol=1e-4, rtol=1e-4)
    assert all(parameter.requires_grad for parameter in own.parameters())
    assert not any(is_adapter(name) for name, _ in own.named_parameters())
    taken = ValueCritic(policy.language_model)
    assert any(is_adapter(name) for name, _ in taken.named_parameters())


def test_a_critic_holds_no_output_layer() -> None:
    assert not any("lm_head" in name for name, _ in ValueCritic(MODELS[1]).named_parameters())


def test_adapters_need_a_policy_that_has_them_and_heads_a_number() -> None:
    with pytest.raises(ValueError, match="needs a policy with adapters"):
        ValueCritic(MODELS[1], weights="adapters")
    with pytest.raises(ValueError, match="own or adapters and heads >= 1, got 'shared', 1"):
        ValueCritic(MODELS[1], weights="shared")
    with pytest.raises(ValueError, match="got None, 0"):
        ValueCritic(MODELS[1], heads=0)


def test_of_two_heads_both_learn_and_the_smaller_value_counts() -> None:
    policy = LLMPolicy(tiny_model(), max_tokens=200)
    steps = steps_of(policy)
    critic = ValueCritic(policy.language_model, heads=2).eval()
    prompts = [step.prompt_ids for step in steps]
    batch = collate_prompts(prompts, 0)
    assert critic(*batch).shape == (len(steps), 2)
    before = critic.value_head.weight.detach().clone()
    assert not torch.equal(before[0], before[1])
    fit_critic(critic, steps, FitSettings(learning_rate=1e-2, tokens_per_batch=512, epochs=6))
    assert (critic.value_head.weight - before).abs().sum(1).min() > 0
    with torch.no_grad():
        logits = critic(*batch)
    values = state_values(critic, prompts, 512)
    torch.testing.assert_close(torch.tensor(values), logits.sigmoid().amin(1))
    torch.testing.assert_close(torch.tensor(values), success_probability(logits))
    assert min(values) > 0.6  # demonstrations succeed
    fit_value_head(critic, steps, 512)
    assert torch.equal(critic.value_head.weight[0], critic.value_head.weight[1])


@pytest.mark.parametrize("weights", ["own", "adapters"])
def test_every_algorithm_with_critics_takes_them_as_asked(weights: str, tmp_path: Path) -> None:
    policy = LLMPolicy(adapted(tmp_path), max_tokens=200)
    first, second = AWR(policy, None, critic_weights=weights), DigiRL(policy, None, critic_weights=weights)
    for critic in (first.critic, second.critic, second.instruction_critic):
        assert any(is_adapter(name) for name, _ in critic.named_parameters()) is (weights == "adapters")
