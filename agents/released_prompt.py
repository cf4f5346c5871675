"""The prompt of WebRL's released policies (arXiv 2411.02337, appendix A and figure 9).

A trajectory is told in rounds. Round 0 repeats the instruction in place of its page, every later round has a
placeholder there, and only the current round shows its page; the answers are what the policy wrote, comments included.
The marks between the turns are those of Llama 3, for the GLM-4 policy too: both were trained on the same texts, and the
released harness (VisualAgentBench, VAB-WebArena-Lite) writes the same one for any policy. What differs is the tokens
that a tokenizer puts before a sequence, and that GLM-4 reads most of the marks as plain text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agents.prompting import ChatFormat, ChatTokenizer, too_long
from agents.types import Prompt
from webrl_gym.types import Observation

RELEASED_PROMPTS = {"webrl_llama3": ("<|begin_of_text|>",), "webrl_glm4": ("[gMASK]", "<sop>")}
"""Prompts of released policies by name, and the tokens before each."""
RELEASED_CHARACTERS = 16_384 - 512
"""Most characters of history and page together in the released harness and training data."""

_END = "<|eot_id|>"
_USER = f"{_END}<|start_header_id|>user<|end_header_id|>"
_ASSISTANT = f"{_END}<|start_header_id|>assistant<|end_header_id|>"
_NO_PAGE = "** Simplified html **"


class ReleasedFormat(ChatFormat):
    """Prompts as the released policies were trained on them, token for token.

    The history is never cut, and the last action's error is not told: the released prompt has no place for it.
    """

    def __init__(
        self, tokenizer: ChatTokenizer, name: str, max_characters: int | None = None, end_ids: Collection[int] = ()
    ) -> None:
        """Uses ``tokenizer``.

        Args:
            tokenizer: Of the policy.
            name: A key of ``RELEASED_PROMPTS``.
            max_characters: Most characters of history and page together; the page is cut behind them.
                ``RELEASED_CHARACTERS`` is what the released policies know; None leaves it to the token budget.
            end_ids: As in ``ChatFormat``.

        Raises:
            ValueError: If there is no such prompt, or the tokenizer lacks a token of it.
        """
        super().__init__(tokenizer, end_ids)
        before = RELEASED_PROMPTS.get(name)
        if before is None:
            raise ValueError(f"expected a prompt {' or '.join(RELEASED_PROMPTS)}, got {name!r}")
        needed = (*before, _END) if name == "webrl_llama3" else before
        lacking = [token for token in needed if len(self._ids(token)) != 1]
        if lacking:
            raise ValueError(f"prompt {name} needs the tokens {', '.join(lacking)}, which this tokenizer does not have")
        self._before = tuple(self._ids(token)[0] for token in before)  # of questions without a template, too
        self._text_before = "".join(before)
        self._max_characters = max_characters
        mark = self._ids(_END)
        if len(mark) == 1:  # else GLM-4's own end token
            self.end_id = mark[0]
            self.end_ids |= {self.end_id}

    def render(self, observation: Observation, history: Sequence[str], max_tokens: int) -> Prompt:
        """The prompt for the next action; the page is cut to fit.

        Raises:
            PromptTooLong: If instruction and history alone do not fit.
        """
        instruction, page = observation["instruction"], observation["html"]
        earlier = _earlier_rounds(instruction, history)
        head = f"Task Instruction: {instruction}\n\n{earlier}Round {len(history)}\n\n{_USER}\n"
        foot = f"\n\n{_ASSISTANT}\n"
        shown = page
        if self._max_characters is not None:
            shown = page[: max(0, self._max_characters - len(earlier))]
        ids = self._prompt_ids(head + shown + foot)
        if len(ids) > max_tokens:
            fits, ids = 0, self._prompt_ids(head + foot)
            if len(ids) > max_tokens:
                raise too_long(len(ids), max_tokens)
            fails = len(shown)
            while fits + 1 < fails:
                middle = (fits + fails) // 2
                tried = self._prompt_ids(head + shown[:middle] + foot)
                if len(tried) <= max_tokens:
                    fits, ids = middle, tried
                else:
                    fails = middle
            shown = shown[:fits]
        return Prompt(ids, self._text_before + head + shown + foot, len(page) - len(shown))

    def past_action(self, text: str, page: str) -> str:  # noqa: ARG002  # a format's signature
        """The action as it was written, comments included."""
        return text

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for, up to the first end token, or end mark where that is no token."""
        return super().decode_action(ids).partition(_END)[0]

    def _prompt_ids(self, text: str) -> tuple[int, ...]:
        return (*self._before, *self._ids(text))


def _earlier_rounds(instruction: str, history: Sequence[str]) -> str:
    return "".join(
        f"Round {number}\n\n{_USER}\n{_NO_PAGE if number else instruction}\n\n{_ASSISTANT}\n{answer}\n\n"
        for number, answer in enumerate(history)
    )
