"""The released policies' prompt, letter for letter, against what the released harness writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from agents.errors import PromptTooLong
from agents.model_record import ModelRecord, read_record
from agents.models import LanguageModel, load_model, wrap_model
from agents.policy import LLMPolicy
from agents.prompting import PromptRenderer
from agents.released_prompt import RELEASED_CHARACTERS
from agents.transitions import to_transitions
from agents.types import Completion
from tests.agents.small_llama import small_llama, tokenizer_with
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence
from webrl_gym.types import Observation

GOLDENS = Path(__file__).resolve().parents[3] / "shared" / "goldens" / "webrl_start_pages.json"
LLAMA3 = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
GLM4 = ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>")
ACTIONS = [
    '# Element: the \'Sales\' menu item on the left sidebar\ndo(action="Click", element="2")',
    'do(action="Click", element="4")',
]
FIRST_ROUND = """\
Task Instruction: Cancel order 12

Round 0

<|eot_id|><|start_header_id|>user<|end_header_id|>
<html> <a id="2"> Sales </a> </html>

<|eot_id|><|start_header_id|>assistant<|end_header_id|>
"""
THIRD_ROUND = """\
Task Instruction: Cancel order 12

Round 0

<|eot_id|><|start_header_id|>user<|end_header_id|>
Cancel order 12

<|eot_id|><|start_header_id|>assistant<|end_header_id|>
# Element: the 'Sales' menu item on the left sidebar
do(action="Click", element="2")

Round 1

<|eot_id|><|start_header_id|>user<|end_header_id|>
** Simplified html **

<|eot_id|><|start_header_id|>assistant<|end_header_id|>
do(action="Click", element="4")

Round 2

<|eot_id|><|start_header_id|>user<|end_header_id|>
<html> <a id="2"> Sales </a> </html>

<|eot_id|><|start_header_id|>assistant<|end_header_id|>
"""
BEFORE = {"webrl_llama3": "<|begin_of_text|>", "webrl_glm4": "[gMASK]<sop>"}


def released(name: str, tokens: tuple[str, ...] | None = None, context: int = 8192, **options: str) -> LanguageModel:
    tokenizer = tokenizer_with(tokens or {"webrl_llama3": LLAMA3, "webrl_glm4": GLM4}[name])
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=context,
    )
    return wrap_model(LlamaForCausalLM(config).eval(), tokenizer, "released", name, **options)


LLAMA, GLM = released("webrl_llama3"), released("webrl_glm4")
both = pytest.mark.parametrize("model", [LLAMA, GLM], ids=["llama3", "glm4"])


def page(html: str, error: str = "") -> Observation:
    return Observation(instruction="Cancel order 12", url="http://x.test/", html=html, last_action_error=error)


SALES = page('<html> <a id="2"> Sales </a> </html>')


@both
def test_rounds_are_written_as_the_harness_writes_them(model: LanguageModel) -> None:
    renderer = PromptRenderer(model, 4096)
    before = BEFORE[model.record.prompt]
    assert renderer.render(SALES, []).text == before + FIRST_ROUND
    prompt = renderer.render(SALES, ACTIONS)
    assert prompt.text == before + THIRD_ROUND
    assert prompt.chars_left_out == 0
    assert model.tokenizer.decode(prompt.token_ids, clean_up_tokenization_spaces=False) == before + THIRD_ROUND
    assert renderer.render(page(SALES["html"], error="There is no element 7."), ACTIONS) == prompt


def test_the_marks_are_single_tokens_for_llama_and_mostly_text_for_glm() -> None:
    marks = LLAMA.tokenizer.convert_tokens_to_ids(list(LLAMA3))
    ids = PromptRenderer(LLAMA, 4096).render(SALES, ACTIONS).token_ids
    assert [ids.count(mark) for mark in marks] == [1, 6, 6, 6]
    assert LLAMA.prompt_format.end_id == marks[1]
    ids = PromptRenderer(GLM, 4096).render(SALES, ACTIONS).token_ids
    assert ids[:2] == tuple(GLM.tokenizer.convert_tokens_to_ids(["[gMASK]", "<sop>"]))
    assert not set(ids) & set(GLM.tokenizer.convert_tokens_to_ids(["<|user|>", "<|assistant|>"]))
    assert GLM.prompt_format.end_id == GLM.tokenizer.eos_token_id
    tuned = released("webrl_glm4", (*GLM4, "<|eot_id|>"))  # what fine-tuning on these texts adds to the tokenizer
    assert tuned.prompt_format.end_id == tuned.tokenizer.convert_tokens_to_ids("<|eot_id|>")


@both
def test_questions_begin_with_the_tokens_that_prompts_begin_with(model: LanguageModel) -> None:
    before = tuple(model.tokenizer.encode(BEFORE[model.record.prompt], add_special_tokens=False))
    form = model.prompt_format
    judged = DEFAULT_TEMPLATE.fill(Evidence("Buy tea", (), SALES["html"]))
    for ids in (form.encode_question("What next?", 300), form.encode_orm_prompt(judged, 2000)):
        assert ids[: len(before)] == before
        assert ids.count(before[0]) == 1


@both
def test_actions_come_back_with_their_comments(model: LanguageModel) -> None:
    form = model.prompt_format
    for action in ACTIONS:
        ids = form.encode_action(action)
        assert ids[-1] == form.end_id
        assert form.decode_action([*ids, 5, 6]) == action
    written = form.encode_action(ACTIONS[1] + "<|eot_id|>\n\nRound 1")
    assert form.decode_action(written) == ACTIONS[1]


@both
def test_the_harness_cuts_history_and_page_together_by_characters(model: LanguageModel) -> None:
    html = "".join(chr(97 + place % 26) for place in range(20_000))
    renderer = PromptRenderer(released(model.record.prompt, context=60_000), 50_000)
    for history in ([], ACTIONS, ACTIONS * 4):
        text = renderer.render(page(html), history).text
        shown = text.rpartition("user<|end_header_id|>\n")[2].partition("\n\n<|eot_id|>")[0]
        earlier = text[text.index("Round 0") : text.rindex("Round ")]
        assert len(shown) + len(earlier) == RELEASED_CHARACTERS == 15_872
        assert html.startswith(shown)


@pytest.mark.skipif(not GOLDENS.exists(), reason="recorded pages are not part of the project")
def test_a_recorded_page_that_is_too_long_ends_where_the_harness_ends_it() -> None:
    (pages,) = json.loads(GOLDENS.read_text(encoding="utf-8"))
    model = released("webrl_llama3", context=60_000)
    for html in pages.values():
        prompt = PromptRenderer(model, 50_000).render(page(html), [])
        head, _, foot = FIRST_ROUND.partition(SALES["html"])
        assert prompt.text == f"<|begin_of_text|>{head}{html[:15_872]}{foot}"
        assert prompt.chars_left_out == max(0, len(html) - 15_872)


def test_the_cut_by_characters_can_be_left_out() -> None:
    html = "word " * 4000
    whole = PromptRenderer(released("webrl_llama3", context=60_000, cut="tokens"), 50_000).render(page(html), [])
    assert whole.chars_left_out == 0
    assert html in whole.text


@both
@settings(deadline=None, max_examples=15)
@given(room=st.integers(450, 900), length=st.integers(0, 3000))
def test_a_prompt_keeps_to_its_tokens_and_loses_nothing_but_page(model: LanguageModel, room: int, length: int) -> None:
    html = ("<td> ünïcode and the like </td> " * 100)[:length]
    prompt = PromptRenderer(model, room).render(page(html), ACTIONS[1:])
    assert len(prompt.token_ids) <= room
    shown = html[: len(html) - prompt.chars_left_out]
    _, _, end = THIRD_ROUND.partition("Sales </a> </html>")
    assert prompt.text.endswith(f"user<|end_header_id|>\n{shown}{end}")
    assert ACTIONS[1] in prompt.text


def test_instruction_and_history_alone_may_be_too_long() -> None:
    with pytest.raises(PromptTooLong, match="at most 100 are read"):
        PromptRenderer(LLAMA, 100).render(SALES, ACTIONS)


def test_the_policy_remembers_what_it_wrote() -> None:
    policy = LLMPolicy(LLAMA, max_tokens=4096)
    text, state = policy.predict(dict(SALES), deterministic=True)
    assert state == ((text,),)
    item = demonstration(toy_task("Blue", 0), [ACTIONS[0], 'do(action="Click", element="1")', 'exit(message="")'])
    (_, second, third) = to_transitions([item], policy.renderer).steps
    texts = [LLAMA.tokenizer.decode(step.prompt_ids) for step in (second, third)]
    assert ACTIONS[0] in texts[0]
    assert "** Simplified html **" not in texts[0]
    assert "Round 1" in texts[1]
    assert "** Simplified html **" in texts[1]


def test_a_step_that_was_sampled_renders_the_same_again() -> None:
    policy = LLMPolicy(LLAMA, max_tokens=4096)
    item = demonstration(toy_task("Blue", 0), ACTIONS[1:] * 2 + ['exit(message="")'])
    history: list[str] = []
    steps = []
    for step in item.trajectory.steps:
        prompt = policy.renderer.render(step.observation, history)
        steps.append(type(step)(step.observation, prompt, Completion(step.completion.text, (3, 4), (-1.0, -1.0))))
        history.append(policy.renderer.past_action(step.completion.text, step.observation["html"]))
    trajectory = type(item.trajectory)(item.trajectory.task, tuple(steps), item.trajectory.final_observation, 1, False)
    again = to_transitions([type(item)(trajectory, item.label)], policy.renderer)
    assert again.rendered_differently == 0
    assert [step.prompt_ids for step in again.steps] == [step.prompt.token_ids for step in steps]


def test_a_saved_model_keeps_its_prompt(tmp_path: Path) -> None:
    released("webrl_llama3", cut="tokens").save(tmp_path)
    assert read_record(tmp_path) == ModelRecord("released", "webrl_llama3", "tokens")
    loaded = load_model(str(tmp_path))
    assert PromptRenderer(loaded, 4096).render(SALES, ACTIONS) == PromptRenderer(LLAMA, 4096).render(SALES, ACTIONS)
    assert load_model(str(tmp_path), cut="characters").record.cut == "characters"


@pytest.mark.parametrize(("name", "lacking"), [("webrl_llama3", "<|begin_of_text|>"), ("webrl_glm4", r"\[gMASK\]")])
def test_a_tokenizer_without_the_tokens_is_refused(name: str, lacking: str) -> None:
    with pytest.raises(ValueError, match=f"prompt {name} needs the tokens {lacking}"):
        released(name, ("<|other|>",))


@pytest.mark.parametrize(
    ("prompt", "cut", "named"),
    [("webrl", None, "'webrl'"), ("webrl_llama3", "words", "'words'"), ("auto", "characters", "got prompt 'auto'")],
)
def test_prompts_and_cuts_that_there_are_not_are_refused(prompt: str, cut: str | None, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        wrap_model(small_llama().model, tokenizer_with(LLAMA3), "plain", prompt, cut)
