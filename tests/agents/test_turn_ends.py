"""Chat models that end a turn with another token than their tokenizer's own, alone or beside it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from agents import generation
from agents.chat_models import Answer, LocalModel, Question
from agents.generation import InProcess
from agents.models import LanguageModel, wrap_model
from agents.prompting import ChatFormat
from agents.types import Prompt
from tests.agents.small_llama import small_llama, tokenizer_with

TOKENS = ("<turn>", "</turn>", "<user>")
_TURNS = "{% for m in messages %}<turn>{{ m.role }}\n{{ m.content }}ENDING{% endfor %}"
PLAIN = _TURNS.replace("ENDING", "\n")
MARKED = _TURNS.replace("ENDING", " </turn>\n")
ANSWERLESS = "{% for m in messages %}{% if m.role != 'user' %}{{ raise_exception('no') }}{% endif %}{% endfor %}"


def turned(ends: int | list[int] | None, template: str | None = MARKED) -> LanguageModel:
    tokenizer = tokenizer_with(TOKENS)
    tokenizer.chat_template = template
    network = small_llama().model
    network.resize_token_embeddings(len(tokenizer))
    network.generation_config.eos_token_id = ends
    return wrap_model(network, tokenizer, "turned")


EOS = small_llama().tokenizer.eos_token_id
TURN, USER = (tokenizer_with(TOKENS).convert_tokens_to_ids(token) for token in TOKENS[1:])


def writes(monkeypatch: pytest.MonkeyPatch, model: LanguageModel, scripts: Sequence[Sequence[int]]) -> None:
    """Has a model write these tokens, whatever it is asked."""

    class Scripted:
        def __init__(self) -> None:
            self.rows = list(scripts)
            self.place = 0

        def begin(self) -> Tensor:
            tokens = torch.tensor([script[self.place] for script in self.rows])
            return functional.one_hot(tokens, len(model.tokenizer)).float()

        def extend(self, tokens: Tensor) -> Tensor:
            self.place += 1
            return self.begin()

        def keep(self, rows: Tensor) -> None:
            self.rows = [self.rows[row] for row in rows.tolist()]

    monkeypatch.setattr(generation, "_writer", lambda *_: Scripted())


def test_any_end_of_a_turn_ends_an_action(monkeypatch: pytest.MonkeyPatch) -> None:
    model = turned([EOS, TURN, USER])
    go, rambling = model.tokenizer.encode("go_backward()"), model.tokenizer.encode(" and so on, and on")[:2]
    scripts = [[*go, end, *rambling] for end in (TURN, USER, EOS)]
    writes(monkeypatch, model, scripts)
    completions = InProcess(model, max_new_tokens=len(scripts[0])).generate([Prompt((5,), "")] * 3, temperature=0.0)
    for completion, script in zip(completions, scripts, strict=True):
        assert completion.text == "go_backward()"
        assert completion.token_ids == tuple(script[: len(go) + 1])
        assert len(completion.log_probs) == len(completion.token_ids)
        assert model.prompt_format.decode_action(script) == "go_backward()"


@pytest.mark.parametrize(
    ("ends", "template", "known", "written"),
    [
        (None, MARKED, {EOS}, EOS),
        (TURN, None, {EOS, TURN}, EOS),
        ([EOS, TURN, USER], MARKED, {EOS, TURN, USER}, TURN),
        (USER, MARKED, {EOS, USER}, EOS),
        ([EOS, TURN], PLAIN, {EOS, TURN}, EOS),
        (TURN, ANSWERLESS, {EOS, TURN}, EOS),
        ([2, TURN], MARKED, {EOS, TURN}, TURN),
    ],
    ids=["none told", "no template", "several", "another than the template's", "no mark", "no answers", "plain text"],
)
def test_actions_to_be_learned_end_as_the_template_ends_a_turn(
    ends: int | list[int] | None, template: str | None, known: set[int], written: int
) -> None:
    form = turned(ends, template).prompt_format
    assert isinstance(form, ChatFormat)
    assert (set(form.end_ids), form.end_id) == (known, written)
    assert form.encode_action("go_backward()")[-1] == written


def test_an_answer_that_the_turns_end_closed_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model = turned([EOS, TURN], PLAIN)
    text = "one\ntwo"
    writes(monkeypatch, model, [[*model.tokenizer.encode(text), TURN]])
    assert LocalModel(model, max_new_tokens=40).answers([Question("Write.")]) == [Answer(text)]
