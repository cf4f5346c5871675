"""How the nano model is prompted: instruction, earlier actions and page in the compact form, then the action marker."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from transformers import PreTrainedTokenizerFast

from agents.nano.compact import compact_action, compact_line, escape, expand_action
from agents.prompting import cut_note, cut_page, prompt_text, recent_history, too_long
from agents.types import Prompt
from webrl_gym.actions import describe_action
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.reward import ANSWERS
from webrl_gym.types import Observation

_LINES_KEPT = 32_768


class NanoFormat:
    """The nano model's prompt format.

    Lines are encoded one by one and remembered: the pages of an episode share most of theirs.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        """Uses the nano model's tokenizer."""
        self._tokenizer = tokenizer
        self.end_id, yes_id, no_id, self._action_id, self._newline_id = tokenizer.convert_tokens_to_ids(
            ["<|end|>", "<|yes|>", "<|no|>", "<|action|>", "Ċ"]
        )
        self.end_ids = frozenset({self.end_id})
        self._answer_ids: dict[str, int] = dict(zip(ANSWERS, (yes_id, no_id), strict=True))
        self._line_ids = lru_cache(_LINES_KEPT)(self._encode)

    def render(self, observation: Observation, history: Sequence[str], max_tokens: int) -> Prompt:
        """The prompt for the next action; the page is cut to fit.

        Raises:
            PromptTooLong: If instruction and history alone do not fit.
        """
        history = self._recent(history, max_tokens)
        ids, count, left_out = self._prompt_ids(
            observation["instruction"], history, observation["last_action_error"], observation["html"], max_tokens
        )
        lines = observation["html"].split("\n")
        shown = [*lines[:count], cut_note(left_out)] if left_out else lines
        return Prompt(ids, prompt_text(observation, history, "\n".join(shown)), left_out)

    def past_action(self, text: str, page: str) -> str:
        """The action in words that a reader understands without the page."""
        return describe_action(text, page)

    def encode_action(self, text: str) -> tuple[int, ...]:
        """Ids of an action, end token included; comments are left out."""
        return (*self._encode(compact_action(text)), self.end_id)

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for, up to the first end token."""
        kept = list(ids[: ids.index(self.end_id)] if self.end_id in ids else ids)
        return expand_action(self._tokenizer.decode(kept, clean_up_tokenization_spaces=False))

    def encode_question(self, text: str, max_tokens: int) -> tuple[int, ...]:
        """Ids of a question, as an instruction without a page."""
        return self._prompt_ids(text, (), "", "", max_tokens)[0]

    def encode_orm_prompt(self, prompt: OrmPrompt, max_tokens: int) -> tuple[int, ...]:
        """Ids of a judge's prompt: what differs from one to the next, in the form of any other prompt.

        Raises:
            PromptTooLong: If instruction and actions alone do not fit.
        """
        evidence = prompt.evidence
        history = self._recent(evidence.actions or ("none",), max_tokens)
        return self._prompt_ids(evidence.instruction, history, "", evidence.page, max_tokens)[0]

    def answer_id(self, answer: str) -> int:
        """The token of YES or NO.

        Raises:
            ValueError: If it is another answer.
        """
        if answer not in self._answer_ids:
            raise ValueError(f"the nano model answers {' or '.join(ANSWERS)}, not {answer!r}")
        return self._answer_ids[answer]

    def _recent(self, history: Sequence[str], max_tokens: int) -> list[str]:
        return recent_history(history, [len(self._line_ids(escape(f" {entry}"))) for entry in history], max_tokens)

    def _prompt_ids(
        self, instruction: str, history: Sequence[str], error: str, page: str, max_tokens: int
    ) -> tuple[tuple[int, ...], int, int]:
        """Ids, lines of the page in them, and characters left out."""
        head = ["<|task|>" + escape(f" {instruction}"), "<|history|>" + escape(" " + "\n ".join(history))]
        if error:
            head.append("<|error|>" + escape(f" {error}"))
        ids: list[int] = []
        for part in head:
            ids += [*self._line_ids(part), self._newline_id]
        ids += self._line_ids("<|page|>")
        lines = page.split("\n")
        encoded = [self._line_ids(compact_line(line)) for line in lines]
        sizes = [len(line) + 1 for line in encoded]
        if len(ids) + sum(sizes) + 1 <= max_tokens:
            count, left_out = len(lines), 0
        else:
            note = self._line_ids(escape(cut_note(len(page))))
            room = max_tokens - len(ids) - len(note) - 2
            if room < 0:
                raise too_long(len(ids) + len(note) + 2, max_tokens)
            count, left_out = cut_page(lines, sizes, room)
            encoded = [*encoded[:count], self._line_ids(escape(cut_note(left_out)))]
        for line in encoded:
            ids += [*line, self._newline_id]
        return (*ids, self._action_id), count, left_out

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))
