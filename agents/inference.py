"""What the current models say about stored steps: log-probabilities of actions and values of states, without gradients.

Both are computed once, in length-bucketed batches, and kept as numbers: the reference of the KL term is the policy at
the start of the phase, so no second copy of the model is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from agents.batching import PromptBatch, collate, collate_prompts, length_buckets
from agents.critics import ValueCritic
from agents.losses import success_probability
from agents.policy import LLMPolicy
from agents.types import TokenBatch, Transition

WITHOUT_GRADIENTS = 4
"""Nothing is kept for a backward pass, so so many times the tokens of a training batch fit."""


def transition_size(transition: Transition) -> int:
    """Tokens of a transition's forward pass: prompt and action.

    Args:
        transition: Any transition.
    """
    return len(transition.prompt_ids) + len(transition.action_ids)


def transition_batch(policy: LLMPolicy, transitions: Sequence[Transition]) -> TokenBatch:
    """The token batch of some transitions, on the policy's device.

    Args:
        policy: Whose padding token and device are used.
        transitions: At least one.
    """
    return collate(
        [transition.prompt_ids for transition in transitions],
        [transition.action_ids for transition in transitions],
        policy.language_model.pad_id,
        policy.language_model.device,
    )


def state_batch(critic: ValueCritic, prompts: Sequence[tuple[int, ...]]) -> PromptBatch:
    """Prompts as the critic reads them, on its device; padding is masked, so its id is 0.

    Args:
        critic: Whose device is used.
        prompts: At least one.
    """
    return collate_prompts(prompts, 0, next(critic.parameters()).device)


def action_log_probs(policy: LLMPolicy, transitions: Sequence[Transition], tokens_per_batch: int) -> list[float]:
    """Log-probability of each action under a policy, summed over its tokens.

    Args:
        policy: The policy; in evaluation mode.
        transitions: Steps to score.
        tokens_per_batch: Most padded tokens in one forward pass while training; here four times as many.

    Returns:
        One number for each transition, in order, in nats.
    """
    results = [0.0] * len(transitions)
    sizes = [transition_size(transition) for transition in transitions]
    with torch.no_grad():
        for bucket in length_buckets(sizes, WITHOUT_GRADIENTS * tokens_per_batch, np.random.default_rng(0)):
            log_probs = policy.action_log_probs(transition_batch(policy, [transitions[place] for place in bucket]))
            for place, log_prob in zip(bucket, log_probs.float().tolist(), strict=True):
                results[place] = log_prob
    return results


def mean_entropy(policy: LLMPolicy, transitions: Sequence[Transition], tokens_per_batch: int) -> float:
    """Entropy of the next token, averaged over all action tokens of some steps.

    Args:
        policy: The policy; in evaluation mode.
        transitions: At least one.
        tokens_per_batch: Most padded tokens in one forward pass.

    Returns:
        In nats, >= 0.
    """
    total = 0.0
    sizes = [transition_size(transition) for transition in transitions]
    with torch.no_grad():
        for bucket in length_buckets(sizes, tokens_per_batch, np.random.default_rng(0)):
            batch = transition_batch(policy, [transitions[place] for place in bucket])
            total += float((policy.entropy(batch) * batch.action_mask.sum(1)).sum())
    return total / sum(len(transition.action_ids) for transition in transitions)


def state_values(critic: ValueCritic, prompts: Sequence[tuple[int, ...]], tokens_per_batch: int) -> list[float]:
    """V(s) of each prompt; a prompt that occurs twice is computed once.

    Args:
        critic: The critic; in evaluation mode.
        prompts: Token ids of states.
        tokens_per_batch: Most padded tokens in one forward pass while training; here four times as many.

    Returns:
        One number in (0, 1) for each prompt, in order.
    """
    with torch.no_grad():
        hidden = state_features(critic, prompts, tokens_per_batch)
        values: list[float] = success_probability(critic.logits(hidden)).float().tolist()
    return values


def state_features(critic: ValueCritic, prompts: Sequence[tuple[int, ...]], tokens_per_batch: int) -> Tensor:
    """What the critic's value head reads of each prompt; a prompt that occurs twice is computed once.

    Args:
        critic: The critic; in evaluation mode.
        prompts: Token ids of states.
        tokens_per_batch: As ``state_values`` takes it.

    Returns:
        Shape (N, d), float32, on the CPU.
    """
    distinct = {prompt: place for place, prompt in enumerate(dict.fromkeys(prompts))}
    states = list(distinct)
    features = torch.zeros(len(states), critic.value_head.in_features)
    with torch.no_grad():
        sizes = [len(state) for state in states]
        for bucket in length_buckets(sizes, WITHOUT_GRADIENTS * tokens_per_batch, np.random.default_rng(0)):
            features[list(bucket)] = critic.hidden(*state_batch(critic, [states[place] for place in bucket])).cpu()
    return features[[distinct[prompt] for prompt in prompts]]


def transition_values(
    critic: ValueCritic, transitions: Sequence[Transition], tokens_per_batch: int
) -> tuple[list[float], list[float]]:
    """V(s) and V(s') of each transition; V(s') is 0 after the last step, also at the step limit.

    Args:
        critic: The critic; in evaluation mode.
        transitions: Steps to value.
        tokens_per_batch: Most padded tokens in one forward pass while training; here four times as many.

    Returns:
        Values and next values, in order.
    """
    states = [transition.prompt_ids for transition in transitions]
    following = [transition.next_prompt_ids for transition in transitions if transition.next_prompt_ids is not None]
    values = state_values(critic, [*states, *following], tokens_per_batch)
    later = iter(values[len(states) :])
    return values[: len(states)], [0.0 if step.next_prompt_ids is None else next(later) for step in transitions]
