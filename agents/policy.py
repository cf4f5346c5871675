"""The policy: a language model that writes the next action, as a Stable-Baselines3 policy.

B sequences, L tokens, A action tokens, V vocabulary.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.utils import get_device
from torch import Tensor

from agents.errors import PromptTooLong
from agents.generation import GenerationBackend, InProcess
from agents.models import LanguageModel, load_model
from agents.prompting import PromptRenderer
from agents.types import Completion, Prompt, TokenBatch
from webrl_gym.actions import MAX_ACTION_LENGTH
from webrl_gym.spaces import UnicodeText
from webrl_gym.types import Observation

State = tuple[tuple[str, ...], ...]
"""The earlier actions of each environment, as the prompt's format holds them."""

_GIVE_UP = 'exit(message="")'
_log = logging.getLogger(__name__)


class LLMPolicy(BasePolicy):  # type: ignore[misc]  # stable-baselines3 is untyped here
    """A language model as a policy.

    The policy remembers what it did only through ``state``, which ``predict`` hands on and ``episode_start`` clears.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        *,
        max_tokens: int | None = None,
        backend: GenerationBackend | None = None,
        temperature: float = 1.0,
        observation_space: spaces.Space[Any] | None = None,
        action_space: spaces.Space[Any] | None = None,
    ) -> None:
        """Acts with ``language_model``.

        Args:
            language_model: Writes and scores actions.
            max_tokens: Most tokens of a prompt; never more than the context less the longest action, which is what None
                stands for.
            backend: Writes actions instead of the model in this process, an ``OpenAICompatible`` server for example.
            temperature: Of ``predict`` when it is not deterministic.
            observation_space: The environment's; text of any length when None.
            action_space: The environment's; text of any action's length when None.

        Raises:
            ValueError: If ``max_tokens`` does not fit the model.
        """
        names = list(Observation.__annotations__)
        super().__init__(
            observation_space or spaces.Dict({name: UnicodeText(2**31 - 1) for name in names}),
            action_space or UnicodeText(MAX_ACTION_LENGTH),
        )
        self.language_model = language_model
        self.network = language_model.model
        self.backend = backend or InProcess(language_model)
        longest_action = getattr(self.backend, "max_new_tokens", 0)
        most = language_model.context if max_tokens is None else max_tokens
        self.renderer = PromptRenderer(language_model, most, longest_action)
        self.temperature = temperature

    def act(
        self, prompts: Sequence[Prompt], *, temperature: float, generator: torch.Generator | None = None
    ) -> list[Completion]:
        """One completion for each prompt, in order.

        Args:
            prompts: What to complete.
            temperature: 0 takes the likeliest token each time.
            generator: Source of chance.

        Raises:
            GenerationFailed: If the backend gives no completion.
        """
        return self.backend.generate(prompts, temperature=temperature, generator=generator)

    def token_logits(self, batch: TokenBatch) -> Tensor:
        """Log-probabilities of every token at the action positions, normalised; shape (B, A, V), float32."""
        logits = self.language_model.logits_at(batch.input_ids, batch.attention_mask, batch.positions)
        return logits.log_softmax(-1)

    def token_log_probs(self, batch: TokenBatch) -> Tensor:
        """Log-probability of each action token, 0 where padded; shape (B, A), differentiable."""
        return self.language_model.log_probs_of(
            batch.action_ids, batch.action_mask, batch.input_ids, batch.attention_mask, batch.positions
        )

    def action_log_probs(self, batch: TokenBatch) -> Tensor:
        """Log-probability of each action, summed over its tokens; shape (B,), differentiable."""
        return self.token_log_probs(batch).sum(1)

    def perplexity(self, batch: TokenBatch) -> Tensor:
        """Exp of the mean negative log-probability of an action's tokens; shape (B,)."""
        return torch.exp(-self.action_log_probs(batch) / batch.action_mask.sum(1))

    def entropy(self, batch: TokenBatch) -> Tensor:
        """Mean entropy of the next-token distribution over an action's tokens, in nats; shape (B,)."""
        entropy = self.language_model.entropies_of(
            batch.action_mask, batch.input_ids, batch.attention_mask, batch.positions
        )
        return entropy.sum(1) / batch.action_mask.sum(1)

    def predict(
        self,
        observation: Mapping[str, Any],
        state: State | None = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Any, State]:
        """The next action of one environment or of each of several.

        Args:
            observation: Texts by name, or an array of texts by name for several environments.
            state: What the last call returned; None at the start.
            episode_start: True where an episode has just begun; one value an environment.
            deterministic: Take the likeliest action.

        Returns:
            The action's text (an object array of texts for several environments) and the state for the next call. Where
            instruction and history do not fit the context, the action ends the episode, and a warning says so.

        Raises:
            ValueError: If state or episode_start are for another number of environments.
        """
        observations, is_batched = _split(observation)
        histories = [()] * len(observations) if state is None else list(state)
        starts = np.zeros(len(observations), dtype=bool) if episode_start is None else np.ravel(episode_start)
        if len(histories) != len(observations) or len(starts) != len(observations):
            raise ValueError(
                f"got {len(observations)} observations, a state for {len(histories)} and "
                f"{len(starts)} values of episode_start"
            )
        histories = [() if start else history for history, start in zip(histories, starts, strict=True)]
        prompts = [self._prompt(seen, history) for seen, history in zip(observations, histories, strict=True)]
        readable = [prompt for prompt in prompts if prompt is not None]
        written = iter(self.act(readable, temperature=0.0 if deterministic else self.temperature))
        texts = [_GIVE_UP if prompt is None else next(written).text for prompt in prompts]
        after = tuple(
            (*history, self.renderer.past_action(text, seen["html"]))
            for history, text, seen in zip(histories, texts, observations, strict=True)
        )
        return (np.array(texts, dtype=object) if is_batched else texts[0]), after

    def _prompt(self, observation: Observation, history: tuple[str, ...]) -> Prompt | None:
        try:
            return self.renderer.render(observation, history)
        except PromptTooLong as error:
            _log.warning("An episode is given up: %s", error)
            return None

    def save(self, path: Path | str) -> None:
        """Writes the language model as a Hugging Face folder, without pickle.

        Args:
            path: The folder; made when it is not there.
        """
        self.language_model.save(path)

    @classmethod
    def load(cls, path: Path | str, device: torch.device | str = "auto") -> Self:
        """A policy of the language model in a folder, with the defaults of the constructor.

        Args:
            path: A folder that ``save`` wrote, or any of a Hugging Face causal language model.
            device: Where the weights go; ``auto`` takes a GPU where there is one.

        Raises:
            CheckpointMismatch: If there is no such model, or it is not whole.
        """
        return cls(load_model(str(path), device=get_device(device)))

    def _predict(self, observation: Any, deterministic: bool = False) -> Tensor:  # noqa: ARG002  # SB3's signature
        """Not for text.

        Raises:
            TypeError: Always; text has no tensor.
        """
        raise TypeError("observations and actions are text, not tensors; call predict or act")


def _split(observation: Mapping[str, Any]) -> tuple[list[Observation], bool]:
    """Observations of one or several environments, and whether they came as several."""
    names = list(Observation.__annotations__)
    missing = [name for name in names if name not in observation]
    if missing:
        raise ValueError(f"an observation holds {', '.join(names)}; {', '.join(missing)} is missing")
    if isinstance(observation["html"], str):
        return [cast("Observation", {name: str(observation[name]) for name in names})], False
    columns = {name: np.ravel(np.asarray(observation[name], dtype=object)).tolist() for name in names}
    rows = zip(*columns.values(), strict=True)
    return [cast("Observation", dict(zip(names, map(str, row), strict=True))) for row in rows], True
