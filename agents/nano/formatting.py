"""How the nano model is prompted: instruction, earlier actions and page in the compact form, then the action marker."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from transformers import PreTrainedTokenizerFast

from agents.nano.compact import compact_action, compact_line, escape, expand_action, html_line
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
        ids, shown, left_out = self._prompt_ids(
            observation["instruction"], history, observation["last_action_error"], observation["html"], max_tokens
        )
        return Prompt(ids, prompt_text(observation, history, shown), left_out)

    def past_action(self, text: str, page: str) -> str:
        """The action in words that a reader understands without the page."""
        return describe_action(text, page)

    def encode_action(self, text: str) -> tuple[int, ...]:
        """Ids of an action, end token included; comments are left out."""
        return (*self._encode(compact_action(text)), self.end_id)

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for, up to the first end token."""
        kept = list(ids[: ids.index(self.end_id)] if self.end_id in ids else ids)
        return expand_action(self._decode(kept))

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
    ) -> tuple[tuple[int, ...], str, int]:
        """Ids, what is shown of the page in them, and characters left out."""
        head = ["<|task|>" + escape(f" {instruction}"), "<|history|>" + escape(" " + "\n ".join(history))]
        if error:
            head.append("<|error|>" + escape(f" {error}"))
        ids: list[int] = []
        for part in head:
            ids += [*self._line_ids(part), self._newline_id]
        ids += self._line_ids("<|page|>")
        lines = page.split("\n")
        encoded = [self._line_ids(compact_line(line)) for line in lines]
        shown, left_out = lines, 0
        room = max_tokens - len(ids) - 1
        if _size(encoded) > room:
            note = self._line_ids(escape(cut_note(len(page))))
            if _size([note]) > room:
                raise too_long(len(ids) + 1 + _size([note]), max_tokens)
            whole, share = encoded, room - _size([note])
            encoded, shown, left_out = self._cut(lines, whole, share)
            while (over := _size(encoded) - room) > 0:  # a smaller number may be a longer note
                share = max(0, share - over)
                encoded, shown, left_out = self._cut(lines, whole, share)
        for line in encoded:
            ids += [*line, self._newline_id]
        return (*ids, self._action_id), "\n".join(shown), left_out

    def _cut(
        self, lines: Sequence[str], encoded: Sequence[list[int]], room: int
    ) -> tuple[list[list[int]], list[str], int]:
        """Ids of the lines that are shown of a page that does not fit, these lines, and characters left out."""
        sizes = [len(line) + 1 for line in encoded]
        count, goes_on = cut_page(sizes, room)
        kept, shown = list(encoded[:count]), list(lines[:count])
        rest = "\n".join(lines[count:])
        if goes_on and (begun := encoded[count][: max(0, room - sum(sizes[:count]) - 1)]):
            # of an element that is cut, the model may read a part that counts as left out
            pairs = zip(lines[count], html_line(self._decode(begun)), strict=False)
            beginning = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            kept.append(begun)
            shown.append(beginning)
            rest = rest[len(beginning) :]
        note = cut_note(len(rest))
        return [*kept, self._line_ids(escape(note))], [*shown, note], len(rest)

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))


def _size(lines: Sequence[Sequence[int]]) -> int:
    """Tokens of lines, line breaks included."""
    return sum(len(line) + 1 for line in lines)
