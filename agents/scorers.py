"""The YES/NO scorer on a local language model: the model side of the outcome reward model.

After WebRL (arXiv 2411.02337, section 2): the judge is the same kind of language model as the policy, and the outcome
is 1 iff P(YES) > P(NO) for the token that follows the prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from agents.batching import PromptBatch, collate_prompts
from agents.errors import PromptTooLong
from agents.models import LanguageModel
from agents.nano import NanoForCausalLM
from webrl_gym.errors import PromptUnreadable
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.reward import ANSWERS, OutcomeRewardModel

JUDGED_PROMPTS = 16
"""Most prompts that are judged at a time."""
JUDGED_TOKENS = 16_384
"""Most tokens at a time, padding included; a longer prompt is judged alone."""


class LanguageModelScorer(nn.Module):
    """P(YES) of a language model; trainable through ``log_odds``."""

    def __init__(
        self,
        language_model: LanguageModel,
        max_tokens: int | None = None,
        batch_size: int = JUDGED_PROMPTS,
        answers: tuple[str, str] = ANSWERS,
    ) -> None:
        """Scores with ``language_model``, whose weights training changes.

        Args:
            language_model: The model; give a copy to keep another one as it is.
            max_tokens: Most tokens of a prompt; the model's context when None.
            batch_size: Most prompts at a time in ``p_yes``; fewer where they are long.
            answers: What the model answers when the instruction was done, and when not; their first tokens are
                compared.

        Raises:
            ValueError: If a number cannot be, or the answers begin with the same token.
        """
        super().__init__()
        self.max_tokens = language_model.context if max_tokens is None else max_tokens
        if not 1 <= self.max_tokens <= language_model.context or batch_size < 1:
            raise ValueError(
                f"expected max_tokens from 1 to {language_model.context} and batch_size of at least 1, "
                f"got {max_tokens} and {batch_size}"
            )
        self.language_model = language_model
        self.network = language_model.model
        self.batch_size = batch_size
        self.answers = answers
        self._yes_id, self._no_id = map(language_model.prompt_format.answer_id, answers)
        if self._yes_id == self._no_id:
            raise ValueError(
                f"the tokenizer begins the answers {answers[0]!r} and {answers[1]!r} with the same token; "
                "they could not be told apart"
            )

    def encode(self, prompt: OrmPrompt) -> tuple[int, ...]:
        """Token ids of a prompt; an over-long one is cut in its page.

        Raises:
            PromptTooLong: If it does not fit without its page.
        """
        return self.language_model.prompt_format.encode_orm_prompt(prompt, self.max_tokens)

    def collate(self, encoded: Sequence[Sequence[int]]) -> PromptBatch:
        """Encoded prompts as a batch on the model's device."""
        return collate_prompts(encoded, self.language_model.pad_id, self.language_model.device)

    def log_odds(self, batch: PromptBatch) -> Tensor:
        """Log P(YES) - log P(NO), differentiable.

        Args:
            batch: B prompts.

        Returns:
            Shape (B,), float32; P(YES) is its sigmoid.
        """
        last = batch.attention_mask.long().sum(1, keepdim=True) - 1
        logits = self.language_model.logits_at(batch.input_ids, batch.attention_mask, last)[:, 0]
        return logits[:, self._yes_id] - logits[:, self._no_id]

    @torch.no_grad()
    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        """P(YES) / (P(YES) + P(NO)) for each prompt.

        Raises:
            PromptUnreadable: If a prompt does not fit the model.
        """
        self.network.eval()
        try:
            encoded = [self.encode(prompt) for prompt in prompts]
        except PromptTooLong as error:
            raise PromptUnreadable(f"the judge cannot read this prompt: {error}") from error
        scores = [0.0] * len(encoded)
        for places in self._batches([len(ids) for ids in encoded]):
            batch = self.collate([encoded[place] for place in places])
            for place, score in zip(places, torch.sigmoid(self.log_odds(batch)).tolist(), strict=True):
                scores[place] = score
        return scores

    def _batches(self, sizes: Sequence[int]) -> Iterator[list[int]]:
        """Places of prompts that are judged together: of similar length, since padding costs time."""
        # A batch's numbers depend on its company in the last bit: those of the nano model stay as they were measured.
        is_bounded = not isinstance(self.language_model.model, NanoForCausalLM)
        together: list[int] = []
        for place in sorted(range(len(sizes)), key=sizes.__getitem__):
            is_large = is_bounded and (len(together) + 1) * sizes[place] > JUDGED_TOKENS
            if together and (len(together) == self.batch_size or is_large):
                yield together
                together = []
            together.append(place)
        if together:
            yield together


def scorer_of(orm: OutcomeRewardModel) -> LanguageModelScorer:
    """The language model of a judge, to train or to save it.

    Args:
        orm: A judge.

    Raises:
        TypeError: If its scorer is no language model in this process.
    """
    if not isinstance(orm.scorer, LanguageModelScorer):
        raise TypeError(f"Expected a judge on a language model in this process, got {type(orm.scorer).__name__}.")
    return orm.scorer
