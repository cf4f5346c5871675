"""This project's update on the same models and examples, through the functions that training calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from agents.adapters import LoraSettings
from agents.critics import ValueCritic
from agents.fitting import FitSettings
from agents.inference import action_log_probs, transition_values
from agents.models import load_model
from agents.objectives import fit_critic, fit_value_head
from agents.policy import LLMPolicy
from agents.policy_update import WeighedSteps, fit_policy, make_policy_loss
from agents.returns import mixed_advantage
from agents.types import Transition
from benchmarks.update import workload
from benchmarks.update.workload import Example, Update

_LOSSES = {"paper": "kl_regression", "released": "released"}


class OurUpdate:
    """Policy and critic, and one update of each kind; the reference is the policy as it was, and lives in numbers."""

    def __init__(
        self,
        folder: str,
        dtype: str,
        tokens_per_batch: int,
        *,
        gradient_checkpointing: bool = False,
        rank: int | None = None,
    ) -> None:
        """Loads the models.

        Args:
            folder: Of ``workload.write_models``, or a name that ``load_model`` knows.
            dtype: Of the weights; ``default`` is what a run takes by itself.
            tokens_per_batch: Most padded tokens in one forward pass while training.
            gradient_checkpointing: Keep layer inputs alone.
            rank: Of adapters; None trains all weights.
        """
        model = load_model(
            folder,
            dtype="float32" if dtype == "default" else dtype,
            autocast="auto" if dtype == "default" else False,
            gradient_checkpointing=gradient_checkpointing,
            lora=None if rank is None else LoraSettings(rank),
        )
        self.policy = LLMPolicy(model, max_tokens=2048)
        self.tokens_per_batch = tokens_per_batch
        self._folder = Path(folder)
        adapters = {} if rank is None else dict(model.model.named_parameters())
        self._adapters = {name: each.detach().clone() for name, each in adapters.items() if each.requires_grad}
        critic = ValueCritic(self.policy.language_model, heads=workload.HEADS)
        workload.shake(critic.trunk, seed=2)
        with torch.no_grad():
            critic.value_head.weight.copy_(workload.value_heads(critic.value_head.in_features))
        self.critic = critic.eval()

    def update_policy(self, examples: Sequence[Example], loss_name: str) -> Update:
        """Some steps of the policy's optimizer, reference and values included.

        Args:
            examples: Of all steps.
            loss_name: ``paper`` or ``released``.
        """
        began = time.perf_counter()
        steps = transitions(examples)
        reference = action_log_probs(self.policy, steps, self.tokens_per_batch)
        values, following = transition_values(self.critic, steps, self.tokens_per_batch)
        rewards = torch.tensor([step.reward for step in steps])
        outcomes = torch.tensor([step.outcome for step in steps])
        advantages = mixed_advantage(torch.tensor(values), torch.tensor(following), rewards, outcomes, lam=0.5)
        weighed = WeighedSteps(steps, reference, advantages.tolist(), values, following)
        prepared = time.perf_counter() - began
        workload.shake(self.policy.language_model.model, seed=1)  # some updates later
        began = time.perf_counter()
        loss = make_policy_loss(_LOSSES[loss_name], workload.KL_COEF)
        report = fit_policy(self.policy, weighed, loss, self._settings(len(steps)))
        return Update(prepared + time.perf_counter() - began, report.loss)

    def update_critic(self, examples: Sequence[Example]) -> Update:
        """Some steps of the critic's optimizer; the loss is that of a state and a head.

        Args:
            examples: Of all steps.
        """
        began = time.perf_counter()
        steps = transitions(examples)
        loss = fit_critic(self.critic, steps, self._settings(len(steps))).loss
        return Update(time.perf_counter() - began, loss / workload.HEADS)

    def update_head(self, examples: Sequence[Example]) -> Update:
        """The critic's head alone, to its optimum; the loss is that of a state.

        Args:
            examples: Of all steps.
        """
        began = time.perf_counter()
        loss = fit_value_head(self.critic, transitions(examples), self.tokens_per_batch)
        return Update(time.perf_counter() - began, loss)

    @torch.no_grad()
    def begin_again(self) -> None:
        """Makes the policy its own reference again."""
        if self._folder.is_dir():
            stored = load_file(self._folder / "model.safetensors")
            for name, parameter in self.policy.language_model.model.named_parameters():
                first = self._adapters.get(name)
                parameter.copy_(stored[name.replace(".base_layer", "")] if first is None else first)

    def _settings(self, count: int) -> FitSettings:
        return FitSettings(
            learning_rate=workload.LEARNING_RATE,
            tokens_per_batch=self.tokens_per_batch,
            examples_per_update=-(-count // workload.OPTIMIZER_STEPS),
            max_grad_norm=workload.MAX_GRAD_NORM,
            weight_decay=0.01,
        )


def transitions(examples: Sequence[Example]) -> list[Transition]:
    """Examples as training takes them; there is no state after the last step.

    Args:
        examples: Of the workload.
    """
    return [
        Transition(
            prompt_ids=example.prompt,
            action_ids=example.action,
            next_prompt_ids=None if example.is_last else example.following,
            reward=example.outcome if example.is_last else 0.0,
            outcome=example.outcome,
            steps_done=0,
            steps_to_go=example.steps_to_go,
            phase=1,
        )
        for example in examples
    ]
