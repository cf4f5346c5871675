"""From an observation and the agent's earlier actions to what a model reads, and from what it writes to an action.

The page is cut to the token budget, at the end of a line or, where that would waste half of the room, inside one; the
instruction and the last error always stay whole. Of a very long history the oldest actions go, so that it leaves room
for the page. Rendering is a pure function: the same observation and history give the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, takewhile
from typing import Protocol

from jinja2 import TemplateError

from agents.errors import PromptTooLong
from agents.types import Prompt
from webrl_gym.actions import describe_action
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.types import Observation

HISTORY_SHARE = 3
"""The history gets at most one part in this many of a prompt."""

_GUIDE = """You act on web pages to do a task. Answer with one action and nothing else. The actions:
do(action="Click", element="<id>")
do(action="Type", argument="<text>", element="<id>")
do(action="Search", argument="<text>", element="<id>")
do(action="Select Dropdown Option", argument="<option>", element="<id>")
do(action="Scroll Down")
do(action="Scroll Up")
go_backward()
exit(message="<answer, empty when none is asked for>")
"""
_ANSWER = "answer-of-the-model"


class PromptFormat(Protocol):
    """How one kind of model reads prompts and writes actions."""

    end_id: int
    """Token that actions to be learned end with."""
    end_ids: frozenset[int]
    """Tokens that end an action where the model writes them, that one among them."""

    def render(self, observation: Observation, history: Sequence[str], max_tokens: int) -> Prompt:
        """The prompt for the next action; raises ``PromptTooLong`` when it does not fit without any page."""

    def past_action(self, text: str, page: str) -> str:
        """An action that was written for ``page``, as the history of later prompts holds it."""

    def encode_action(self, text: str) -> tuple[int, ...]:
        """Ids of an action, end token included."""

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for; everything from the first end token on is left out."""

    def encode_question(self, text: str, max_tokens: int) -> tuple[int, ...]:
        """Ids of a question; an over-long text is cut."""

    def encode_orm_prompt(self, prompt: OrmPrompt, max_tokens: int) -> tuple[int, ...]:
        """Ids of a judge's prompt, to be answered by the next token; raises ``PromptTooLong`` as ``render`` does."""

    def answer_id(self, answer: str) -> int:
        """The first token of an answer to such a prompt; raises ``ValueError`` where it can be none."""


class FormattedModel(Protocol):
    """A language model that knows how it is prompted."""

    context: int
    """Most tokens that it reads."""
    prompt_format: PromptFormat
    """Its format."""


class PromptRenderer:
    """Renders prompts for one language model within a token budget."""

    def __init__(self, language_model: FormattedModel, max_tokens: int, longest_action: int = 0) -> None:
        """Renders for ``language_model``.

        Args:
            language_model: Gives format and context.
            max_tokens: Most tokens of a prompt; less where the context would not leave room for the longest action.
            longest_action: Tokens of it, end token included.

        Raises:
            ValueError: If the model cannot read that many tokens, or the longest action leaves no room for a prompt.
        """
        if not 1 <= max_tokens <= language_model.context:
            raise ValueError(
                f"max_tokens must be from 1 to the model's context {language_model.context}, got {max_tokens}"
            )
        if longest_action >= language_model.context:
            raise ValueError(
                f"the longest action must be below the model's context {language_model.context}, got {longest_action}"
            )
        self.context = language_model.context
        self.max_tokens = min(max_tokens, self.context - longest_action)
        self._format = language_model.prompt_format

    def render(self, observation: Observation, history: Sequence[str]) -> Prompt:
        """The prompt for the next action.

        Args:
            observation: What the environment gave.
            history: The agent's earlier actions in order, each by ``past_action``.

        Raises:
            PromptTooLong: If instruction and history alone do not fit.
        """
        return self._format.render(observation, history, self.max_tokens)

    def past_action(self, text: str, page: str) -> str:
        """An action as the history of later prompts holds it.

        Args:
            text: What the policy wrote.
            page: The page that it was written for.
        """
        return self._format.past_action(text, page)

    def encode_action(self, text: str) -> tuple[int, ...]:
        """Ids of an action, end token included."""
        return self._format.encode_action(text)

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for; the inverse of ``encode_action`` on canonical actions without comments."""
        return self._format.decode_action(ids)


def prompt_text(observation: Observation, history: Sequence[str], page: str) -> str:
    """A prompt as people read it, and as models get it that know no other format."""
    listed = "\n".join(f"{number}. {entry}" for number, entry in enumerate(history, start=1)) or "none"
    error = observation["last_action_error"]
    failed = f"\nlast action failed: {error}" if error else ""
    return f"task: {observation['instruction']}\nactions so far:\n{listed}{failed}\npage:\n{page}"


def cut_page(sizes: Sequence[int], room: int) -> tuple[int, bool]:
    """How much of a page that does not fit is shown.

    Args:
        sizes: Tokens of each of its lines, line break included.
        room: Tokens for the page, >= 0.

    Returns:
        Number of whole lines that fit, and whether as much as fits of the next one is shown too: where the whole ones
        fill less than half of the room. (Pages in the profile ``webrl`` are a single line.)
    """
    used = [size for size in accumulate(sizes) if size <= room]
    return len(used), 2 * max(used, default=0) < room


def recent_history(history: Sequence[str], sizes: Sequence[int], max_tokens: int) -> list[str]:
    """The latest actions that fit the history's share of a prompt, and a line that says how many were left out.

    Args:
        history: Earlier actions in words.
        sizes: Tokens of each.
        max_tokens: Most tokens of the prompt.
    """
    room = max_tokens // HISTORY_SHARE
    kept = len(history)
    while kept > 0 and sizes[kept - 1] <= room:
        kept -= 1
        room -= sizes[kept]
    return list(history) if kept == 0 else [f"[{kept} earlier actions left out]", *history[kept:]]


def cut_note(chars_left_out: int) -> str:
    """The line that stands where a page was cut."""
    return f"[{chars_left_out} characters left out]"


def _cut(page: str, place: int) -> str:
    """A page up to a place, and the note on a line of its own."""
    shown = page[:place]
    line_break = "\n" if shown and not shown.endswith("\n") else ""
    return f"{shown}{line_break}{cut_note(len(page) - place)}"


def too_long(needed: int, max_tokens: int) -> PromptTooLong:
    """The error for a prompt that does not fit without any page."""
    return PromptTooLong(
        f"instruction and history need {needed} tokens without the page; at most {max_tokens} are read"
    )


class ChatFormat:
    """Plain text in a chat template, for any Hugging Face causal language model."""

    def __init__(self, tokenizer: ChatTokenizer, end_ids: Collection[int] = ()) -> None:
        """Uses ``tokenizer``, and its chat template when it has one.

        Args:
            tokenizer: Of the model.
            end_ids: Tokens beside the tokenizer's own that the model ends a turn with. Those that are no control tokens
                of the tokenizer do not count: a configuration that was never told holds what its class begins with.

        Raises:
            ValueError: If the tokenizer has no end token.
        """
        self._tokenizer = tokenizer
        if tokenizer.eos_token_id is None:
            raise ValueError("the tokenizer has no end-of-sequence token; an action could not be ended")
        self.end_id = int(tokenizer.eos_token_id)
        self.end_ids = frozenset({self.end_id, *(end for end in end_ids if end in tokenizer.added_tokens_decoder)})
        self.end_id = self._written_end()
        self._before = self._own_beginning()

    def render(self, observation: Observation, history: Sequence[str], max_tokens: int) -> Prompt:
        """The prompt for the next action; the page is cut to fit.

        Raises:
            PromptTooLong: If instruction and history alone do not fit.
        """
        history = recent_history(history, self._line_sizes(history), max_tokens)

        def text(page: str) -> str:
            return _GUIDE + prompt_text(observation, history, page)

        page = observation["html"]
        ids, shown, left_out = self._fitted(page, max_tokens, lambda part: self._chat(text(part)))
        return Prompt(ids, text(shown), left_out)

    def _line_sizes(self, history: Sequence[str]) -> list[int]:
        """Tokens of each entry as it stands in a prompt: on a line of its own, behind its number."""
        return [len(self._ids(f"{number}. {entry}\n")) for number, entry in enumerate(history, start=1)]

    def past_action(self, text: str, page: str) -> str:
        """The action in words that a reader understands without the page."""
        return describe_action(text, page)

    def encode_action(self, text: str) -> tuple[int, ...]:
        """Ids of an action, end token included."""
        return (*self._ids(text), self.end_id)

    def decode_action(self, ids: Sequence[int]) -> str:
        """The action that ids stand for, up to the first end token."""
        kept = list(takewhile(lambda token: token not in self.end_ids, ids))
        return str(self._tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def encode_question(self, text: str, max_tokens: int) -> tuple[int, ...]:
        """Ids of a question; what is over the budget is left out of the middle."""
        ids = self._chat(text)
        if len(ids) <= max_tokens:
            return ids
        tail = min(max_tokens // 4, 64)
        return ids[: max_tokens - tail] + ids[len(ids) - tail :]

    def encode_orm_prompt(self, prompt: OrmPrompt, max_tokens: int) -> tuple[int, ...]:
        """Ids of a judge's prompt; the page is cut to fit, of a very long history the oldest actions go.

        Raises:
            PromptTooLong: If the rest alone does not fit.
            ValueError: If the template has a system message and the model's chat template takes none.
        """
        prompt = self._with_recent_history(prompt, max_tokens)
        page = prompt.evidence.page
        return self._fitted(page, max_tokens, lambda part: self._asked(prompt.with_page(part)))[0]

    def answer_id(self, answer: str) -> int:
        """The first token of an answer.

        Raises:
            ValueError: If the tokenizer makes nothing of it.
        """
        ids = self._ids(answer)
        if not ids:
            raise ValueError(f"the tokenizer has no token for the answer {answer!r}")
        return ids[0]

    def _written_end(self) -> int:
        """The end token that the chat template writes behind an answer; the tokenizer's own where it writes none."""
        if not getattr(self._tokenizer, "chat_template", None):
            return self.end_id
        turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _ANSWER}]
        try:
            written = self._tokenizer.apply_chat_template(turns, add_generation_prompt=False, tokenize=False)
        except TemplateError:  # one that takes no answers
            return self.end_id
        _, answer, after = str(written).rpartition(_ANSWER)
        first = self._ids(after.lstrip())[:1] if answer else ()
        return first[0] if first and first[0] in self.end_ids else self.end_id

    def _with_recent_history(self, prompt: OrmPrompt, max_tokens: int) -> OrmPrompt:
        evidence = prompt.evidence
        actions, completions = (
            tuple(recent_history(entries, self._line_sizes(entries), max_tokens))
            for entries in (evidence.actions, evidence.completions)
        )
        return replace(prompt, evidence=replace(evidence, actions=actions, completions=completions))

    def _asked(self, prompt: OrmPrompt) -> tuple[int, ...]:
        if prompt.template.is_whole:
            return self._ids(prompt.user)
        try:
            return self._chat(prompt.user, prompt.system)
        except TemplateError as error:
            raise ValueError(
                f"the model's chat template does not take the judge's prompt ({error}); without a [system] part it may"
            ) from error

    def _fitted(
        self, page: str, max_tokens: int, prompted: Callable[[str], tuple[int, ...]]
    ) -> tuple[tuple[int, ...], str, int]:
        """Ids of the prompt with as much of a page as fits, what that shows, and characters left out.

        Args:
            page: The whole page.
            max_tokens: Most tokens of the prompt.
            prompted: Ids of the prompt with a page, or with what is shown of it.

        Raises:
            PromptTooLong: If the rest alone does not fit.
        """
        ids = prompted(page)
        if len(ids) <= max_tokens:
            return ids, page, 0
        bare = prompted(_cut(page, 0))
        if len(bare) > max_tokens:
            raise too_long(len(bare), max_tokens)
        lines = page.split("\n")
        places = [0, *accumulate(len(line) + 1 for line in lines)]
        count, goes_on = cut_page([len(self._ids(line + "\n")) for line in lines], max_tokens - len(bare))
        count = min(count, len(lines) - 1)
        # tokens may join differently over line breaks, so the count is a first guess
        while len(ids := prompted(_cut(page, places[count]))) > max_tokens:
            count -= 1
        fits, fails = places[count], places[count + 1]
        while goes_on and fits + 1 < fails:
            middle = (fits + fails) // 2
            tried = prompted(_cut(page, middle))
            if len(tried) <= max_tokens:
                fits, ids = middle, tried
            else:
                fails = middle
        return ids, _cut(page, fits), len(page) - fits

    def _chat(self, text: str, system: str = "") -> tuple[int, ...]:
        if getattr(self._tokenizer, "chat_template", None):
            before = [{"role": "system", "content": system}] if system else []
            written = self._tokenizer.apply_chat_template(
                [*before, {"role": "user", "content": text}], add_generation_prompt=True, tokenize=False
            )
            return self._ids(str(written))
        ids = self._ids(f"{system}\n\n{text}\n" if system else f"{text}\n")
        return ids if ids[: len(self._before)] == self._before else (*self._before, *ids)

    def _own_beginning(self) -> tuple[int, ...]:
        """The token that the tokenizer begins every sequence with, where it has one; a template writes its own."""
        begin = self._tokenizer.bos_token_id
        whole = self._tokenizer.encode(_ANSWER, add_special_tokens=True)
        return () if begin is None or whole[:1] != [begin] else (int(begin),)

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))


class ChatTokenizer(Protocol):
    """What ``ChatFormat`` needs of a Hugging Face tokenizer."""

    eos_token_id: int | None
    """Id of the token that ends a sequence."""
    bos_token_id: int | None
    """Id of the token that begins a sequence."""
    added_tokens_decoder: Mapping[int, object]
    """Its control tokens, by their ids."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Ids of a text."""

    def decode(self, ids: list[int], *, skip_special_tokens: bool, clean_up_tokenization_spaces: bool) -> str:
        """The text of ids."""

    def apply_chat_template(
        self, conversation: list[dict[str, str]], *, add_generation_prompt: bool, tokenize: bool
    ) -> str:
        """A conversation in the model's own format."""
