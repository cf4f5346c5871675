"""A question in, an answer out: language models on a server or in this process, for whoever writes no actions.

An answer that did not come is no exception here but says why it did not, so that one of many questions costs no other
its answer. A server that refuses every request raises.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from agents.atomic_file import replacing
from agents.errors import GenerationFailed, PromptTooLong
from agents.generation import InProcess
from agents.models import LanguageModel
from agents.nano import NanoForCausalLM
from agents.server_generation import OpenAICompatible, Request
from agents.types import Prompt
from webrl_gym.chat_server import without_thoughts

_FENCE = re.compile(r"<{3,}|>{3,}")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        text: The whole prompt.
        seed: Of sampling; the same question with another seed may be answered otherwise.
        temperature: Of sampling, >= 0.
    """

    text: str
    seed: int = 0
    temperature: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        text: The answer, without the model's thoughts; empty when there is none.
        problem: Why there is none; empty when there is one.
        is_cut: Whether it was cut at its longest, so that its last line is half a line.
    """

    text: str
    problem: str = ""
    is_cut: bool = False

    @property
    def whole_lines(self) -> str:
        """The text without the line in which it was cut, where there are others."""
        return self.text.rpartition("\n")[0] or self.text if self.is_cut else self.text


class ChatModel(Protocol):
    """Anything that answers questions."""

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order.

        Raises:
            ServerRefused: If the model's server refuses every request.
        """


class EagerModel(Protocol):
    """One that gives each answer when it has it."""

    def as_they_come(self, questions: Sequence[Question]) -> Iterator[tuple[int, Answer]]:
        """Answers in any order, each with the place of its question.

        Raises:
            ServerRefused: If the model's server refuses every request; answers that came are given before.
        """


class ServerModel:
    """Asks a server that speaks OpenAI's chat completions, several questions at a time."""

    def __init__(self, backend: OpenAICompatible) -> None:
        """Asks through ``backend``."""
        self._backend = backend

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order.

        Args:
            questions: What to ask.

        Raises:
            ServerRefused: If the server refuses every request: key, model name or address are wrong.
        """
        return _in_order(self.as_they_come(questions))

    def as_they_come(self, questions: Sequence[Question]) -> Iterator[tuple[int, Answer]]:
        """Answers in any order, each with the place of its question.

        Args:
            questions: What to ask.

        Raises:
            ServerRefused: If the server refuses every request; answers that came are given before.
        """
        requests = [
            Request(question.text, question.temperature, question.seed if question.temperature > 0.0 else None)
            for question in questions
        ]
        for place, completion in self._backend.as_they_come(requests):
            if isinstance(completion, GenerationFailed):
                yield place, Answer("", str(completion))
            else:
                yield place, Answer(without_thoughts(completion.text), is_cut=completion.is_cut)


class LocalModel:
    """Asks a language model of this process, one question at a time: an answer depends on nothing but its question."""

    def __init__(self, language_model: LanguageModel, max_new_tokens: int = 512) -> None:
        """Asks ``language_model``.

        Args:
            language_model: Any chat model.
            max_new_tokens: Longest answer.

        Raises:
            ValueError: If the model cannot read a question and write such an answer, or is the nano model, which
                writes actions and no sentences.
        """
        if isinstance(language_model.model, NanoForCausalLM):
            raise ValueError("the nano model writes actions and no sentences; choose a chat model")  # noqa: TRY004 - which model is a value
        self._room = language_model.context - max_new_tokens
        if self._room < 1:
            raise ValueError(
                f"expected max_new_tokens below the model's context {language_model.context}, got {max_new_tokens}"
            )
        self._backend = InProcess(language_model, max_new_tokens, batch_size=1)
        self._form = language_model.prompt_format

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order; a question that does not fit the context gets none.

        Args:
            questions: What to ask.
        """
        return _in_order(self.as_they_come(questions))

    def as_they_come(self, questions: Sequence[Question]) -> Iterator[tuple[int, Answer]]:
        """The same, each answer with the place of its question.

        Args:
            questions: What to ask.
        """
        for place, question in enumerate(questions):
            try:
                ids = self._form.encode_question(question.text, self._room)
            except PromptTooLong as error:
                yield place, Answer("", str(error))
                continue
            generator = torch.Generator(self._backend.language_model.device).manual_seed(question.seed)
            (completion,) = self._backend.generate(
                [Prompt(ids, question.text)], temperature=question.temperature, generator=generator
            )
            is_cut = self._form.end_ids.isdisjoint(completion.token_ids[-1:])
            yield place, Answer(without_thoughts(completion.text), is_cut=is_cut)


class RememberingModel:
    """Asks another model, and what that has answered once it is not asked again.

    Answers are files in a folder, one each, with the question, written when they come: a phase that is done again after
    a crash gets the same answers, at no cost and whether or not the server repeats itself, and everybody can read what
    was asked and said.
    """

    def __init__(self, model: EagerModel, name: str, folder: Path) -> None:
        """Remembers the answers of ``model``.

        Args:
            model: Is asked what is not known.
            name: Of the model; another one's answers are not taken for its own.
            folder: Of the answers; made when there is one.
        """
        self._model = model
        self._name = name
        self._folder = folder

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order; only those that came are remembered.

        Args:
            questions: What to ask.

        Raises:
            ServerRefused: If the model's server refuses every request.
            OSError: If an answer cannot be written.
        """
        known = {question: answer for question in questions if (answer := self._read(question)) is not None}
        missing = [question for question in dict.fromkeys(questions) if question not in known]
        for place, answer in self._model.as_they_come(missing) if missing else ():
            known[missing[place]] = answer
            if not answer.problem:
                self._write(missing[place], answer)
        return [known[question] for question in questions]

    def _file(self, question: Question) -> Path:
        key = json.dumps([self._name, asdict(question)], sort_keys=True)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _read(self, question: Question) -> Answer | None:
        try:
            record: dict[str, Any] = json.loads(self._file(question).read_text(encoding="utf-8"))
            return Answer(str(record["answer"]), is_cut=bool(record["is_cut"]))
        except (OSError, ValueError, LookupError, TypeError):
            return None  # a file that is missing or broken is an answer to be asked for

    def _write(self, question: Question, answer: Answer) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        record = {"model": self._name, **asdict(question), "answer": answer.text, "is_cut": answer.is_cut}
        with replacing(self._file(question)) as temporary:
            temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _in_order(answers: Iterator[tuple[int, Answer]]) -> list[Answer]:
    return [answer for _, answer in sorted(answers, key=lambda pair: pair[0])]


def fenced(text: str, most: int) -> str:
    """A text as data in a prompt: cut, and unable to end the marks around it.

    Args:
        text: Whatever somebody else wrote.
        most: Most characters that are kept.
    """
    cut = text if len(text) <= most else text[:most] + "\n[cut]"
    return f"<<<\n{_FENCE.sub(' ', cut)}\n>>>"
