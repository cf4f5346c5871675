"""Small runs on the toy site: a policy after some supervised fine-tuning, and algorithms with settings that fit it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.algorithms import AWR, SFT, DigiRL, FilteredBC, WebRL
from agents.checkpoint import load_module_tensors, module_tensors
from agents.metrics import SilentProgress
from agents.policy import LLMPolicy
from agents.types import LabelledTrajectory
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration

TASKS = ToySuite(orders=1).tasks


class Interrupting(SilentProgress):
    """Presses Ctrl-C when a stage begins for the n-th time, if ever; notes which ones begin."""

    def __init__(self, stage: str = "", times: int = 1) -> None:
        self.stage, self.left = stage, times
        self.begun: list[str] = []

    def begin(self, stage: str, total: int) -> None:
        """A stage begins."""
        self.begun.append(stage)
        if stage == self.stage:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


def demonstrations() -> list[LabelledTrajectory]:
    """One for each of the three colours in the first order."""
    return [demonstration(task) for task in TASKS]


def environments(slots: int = 8, **arguments: Any) -> DummyVecEnv:
    """Toy environments with one order of links."""
    return DummyVecEnv([lambda: ToyEnv(**{"orders": 1, **arguments}) for _ in range(slots)])


@lru_cache(maxsize=4)
def _started(epochs: int, seed: int) -> dict[str, torch.Tensor]:
    policy = tiny_policy(seed)
    sft(policy, epochs=epochs, seed=seed).learn()
    return {name: tensor.detach().clone() for name, tensor in module_tensors(policy.language_model.model).items()}


def started_policy(epochs: int = 80, seed: int = 0) -> LLMPolicy:
    """A policy that does some of the tasks, some of the time."""
    policy = tiny_policy(seed)
    load_module_tensors(policy.language_model.model, _started(epochs, seed), "policy")
    return policy


def sft(policy: LLMPolicy, **changes: Any) -> SFT:
    """Supervised fine-tuning on the demonstrations."""
    settings = {
        "demonstrations": demonstrations(),
        "policy_learning_rate": 5e-3,
        "epochs": 50,
        "tokens_per_batch": 256,
        "schedule": "linear",
    }
    return SFT(policy, None, **{**settings, **changes})


def webrl(policy: LLMPolicy, env: Any = None, **changes: Any) -> WebRL:
    """WebRL with settings for the toy site."""
    settings = {
        "demonstrations": demonstrations(),
        "kl_coef": 0.2,
        "policy_learning_rate": 3e-3,
        "critic_learning_rate": 3e-3,
        "epochs": 3,
        "critic_epochs": 2,
        "tokens_per_batch": 256,
        "instructions_per_phase": 12,
        "phases": 2,
    }
    return WebRL(policy, env if env is not None else environments(), **{**settings, **changes})


def filtered_bc(policy: LLMPolicy, env: Any = None, **changes: Any) -> FilteredBC:
    """Filtered behaviour cloning with settings for the toy site."""
    settings = {"policy_learning_rate": 3e-3, "epochs": 3, "tokens_per_batch": 256, "instructions_per_phase": 12}
    return FilteredBC(policy, env if env is not None else environments(), **{**settings, **changes})


def awr(policy: LLMPolicy, env: Any = None, **changes: Any) -> AWR:
    """Advantage-weighted regression with settings for the toy site."""
    settings = {**_WEIGHTED, "advantage_temperature": 0.2}
    return AWR(policy, env if env is not None else environments(), **{**settings, **changes})


def digirl(policy: LLMPolicy, env: Any = None, **changes: Any) -> DigiRL:
    """DigiRL with settings for the toy site."""
    settings = {**_WEIGHTED, "trajectory_share": 0.3}
    return DigiRL(policy, env if env is not None else environments(), **{**settings, **changes})


_WEIGHTED = {
    "policy_learning_rate": 3e-3,
    "critic_learning_rate": 3e-3,
    "epochs": 3,
    "critic_epochs": 2,
    "tokens_per_batch": 256,
    "instructions_per_phase": 12,
    "phases": 2,
}


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The history without what depends on the clock; undefined numbers compare equal."""
    return [
        {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in metrics.items()
            if not name.startswith("time/")
        }
        for metrics in history
    ]


def weights(policy: LLMPolicy) -> torch.Tensor:
    """All weights in one row."""
    return torch.cat([tensor.detach().flatten() for tensor in policy.language_model.model.parameters()])
