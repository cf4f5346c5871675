"""The released code's update in plain torch, restated from what it does: nothing here is of ``agents``.

Facts (github.com/THUDM/WebRL, ``trainer.py``, ``llama_agent.py``, ``critic.py``): one example at a time, gradients
added up; the logits of every position and their log-softmax over the whole vocabulary, of which the action's are
picked; the reference's the same way, and the critic's values of the state and of the state after it, inside the step;
the critic is trained on both states of every step. Left out is what it does beyond that and would only slow it down:
the language model's own loss over all tokens, which it computes and drops, activations computed twice, and anomaly
detection. Logits are turned into float32, as transformers did when it was written.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaForCausalLM

from benchmarks.update import workload
from benchmarks.update.workload import Example, Update

_Losses = tuple[Tensor, Tensor]
"""What is differentiated, and what is compared with the other side's loss."""


class ReleasedUpdate:
    """Policy, reference and critic as three models, and one update of each kind."""

    def __init__(self, folder: str, dtype: torch.dtype) -> None:
        """Loads the models.

        Args:
            folder: Of ``workload.write_models``.
            dtype: Of the weights.
        """
        self.reference = LlamaForCausalLM.from_pretrained(folder, dtype=dtype).eval().requires_grad_(False)
        self.policy = LlamaForCausalLM.from_pretrained(folder, dtype=dtype).train()
        workload.shake(self.policy, seed=1)
        self.trunk = LlamaForCausalLM.from_pretrained(folder, dtype=dtype).model.train()
        workload.shake(self.trunk, seed=2)
        width = self.trunk.config.hidden_size
        self.heads = nn.Linear(width, 2 * workload.HEADS, bias=False, dtype=dtype)
        with torch.no_grad():
            # two classes a head, (no, yes): their difference is the log-odds
            odds = workload.value_heads(width)
            self.heads.weight.copy_(torch.stack((-odds / 2, odds / 2), 1).flatten(0, 1))

    def update_policy(self, examples: Sequence[Example], loss_name: str) -> Update:
        """Some steps of the policy's optimizer.

        Args:
            examples: Of all steps.
            loss_name: ``paper`` or ``released``.
        """
        loss_of = {"paper": _paper_loss, "released": _released_loss}[loss_name]
        return self._step(self.policy, examples, lambda example: self._policy_loss(example, loss_of))

    def update_critic(self, examples: Sequence[Example]) -> Update:
        """Some steps of the critic's optimizer; the loss is that of a state and a head, states after a step left out.

        Args:
            examples: Of all steps.
        """
        critic = nn.ModuleList((self.trunk, self.heads))
        return self._step(critic, examples, self._critic_loss)

    @torch.no_grad()
    def begin_again(self) -> None:
        """Makes the policy what it was before its first step."""
        for parameter, first in zip(self.policy.parameters(), self.reference.parameters(), strict=True):
            parameter.copy_(first)
        workload.shake(self.policy, seed=1)

    def _step(self, model: nn.Module, examples: Sequence[Example], loss_of: Callable[[Example], _Losses]) -> Update:
        began = time.perf_counter()
        optimizer = torch.optim.AdamW(model.parameters(), lr=workload.LEARNING_RATE)
        losses = []
        for step in workload.steps(examples):
            for example in step:
                loss, shown = loss_of(example)
                (loss / len(step)).backward()
                losses.append(float(shown.detach()))
            nn.utils.clip_grad_norm_(model.parameters(), workload.MAX_GRAD_NORM)
            optimizer.step()
            optimizer.zero_grad()
        return Update(time.perf_counter() - began, statistics.fmean(losses))

    def _policy_loss(self, example: Example, loss_of: Callable[..., Tensor]) -> _Losses:
        with torch.no_grad():
            value, following = self._value(example.prompt), self._value(example.following)
            if example.is_last:
                following = torch.zeros_like(following)  # both sides value what comes after the end at nothing
        log_probs = self._log_probs(self.policy, example)
        with torch.no_grad():
            reference = self._log_probs(self.reference, example)
        loss = loss_of(log_probs, reference, value, following, example)
        return loss, loss

    @staticmethod
    def _log_probs(model: LlamaForCausalLM, example: Example) -> Tensor:
        """Of the action's tokens, out of those of all tokens at all positions."""
        ids = torch.tensor([example.prompt + example.action])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
        log_probs = logits.float().log_softmax(-1)
        start = len(example.prompt) - 1
        chosen = log_probs[0, start : start + len(example.action)]
        return chosen.gather(1, torch.tensor(example.action)[:, None])[:, 0]

    def _class_logits(self, prompt: tuple[int, ...]) -> Tensor:
        """Of each head; shape (heads, 2)."""
        ids = torch.tensor([prompt])
        hidden = self.trunk(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).last_hidden_state
        return self.heads(hidden[:, -1]).float().view(workload.HEADS, 2)

    def _value(self, prompt: tuple[int, ...]) -> Tensor:
        return self._class_logits(prompt).softmax(-1)[:, 1].min()

    def _critic_loss(self, example: Example) -> _Losses:
        target = torch.full((workload.HEADS,), int(example.outcome))
        now = functional.cross_entropy(self._class_logits(example.prompt), target)
        following = functional.cross_entropy(self._class_logits(example.following), target)
        return now + following, now


def _paper_loss(log_probs: Tensor, reference: Tensor, value: Tensor, following: Tensor, example: Example) -> Tensor:
    reward = example.outcome if example.is_last else 0.0
    advantage = 0.5 * (reward + following - value) + 0.5 * (example.outcome - value)
    return (workload.KL_COEF * (log_probs.sum() - reference.sum()) - advantage).square()


def _released_loss(log_probs: Tensor, reference: Tensor, value: Tensor, following: Tensor, example: Example) -> Tensor:
    left = example.steps_to_go + 1
    to_come = example.outcome * (1.0 - workload.DISCOUNT**left) / (1.0 - workload.DISCOUNT)
    is_good = following - value - 0.05 + example.outcome + to_come >= 0.0
    if not is_good:
        return 0.0 * log_probs.sum()
    ratio = (log_probs.sum() - reference.sum()) / len(log_probs)
    beta = 5.0 if reference.mean().exp() >= 0.8 else 1.0
    beta = torch.minimum(torch.tensor(beta), (1.0 / ratio).abs()).detach()
    return functional.smooth_l1_loss(beta * ratio, torch.ones_like(ratio)) / beta
