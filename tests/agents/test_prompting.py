from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from agents.errors import PromptTooLong
from agents.models import LanguageModel
from agents.prompting import ChatFormat, PromptRenderer, recent_history
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama, tokenizer_with
from webrl_gym.actions import describe_action, format_action, leave, select_option, type_text
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence, OrmTemplate
from webrl_gym.types import Observation

PAGE = "\n".join(
    [
        "<h1> My Orders </h1>",
        '<tr> <td> 000000170 </td> <td> <a id="9"> View Order </a> </td> </tr>',
        '<input id="10" label="Say &quot;why&quot;"> <select id="11" label="Sort By" value="Name"> Name </select>',
        '<input id="12" type="checkbox" label="" checked>',
        *(f"line {number} of the page goes on and on" for number in range(40)),
    ]
)
ONE_LINE = "<html> " + " ".join(f'<a id="{number}"> word {number} </a>' for number in range(400)) + " </html>"
"""As a page in the profile ``webrl``."""
MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])


def _observation(html: str = PAGE, instruction: str = "View order 170", error: str = "") -> Observation:
    return Observation(instruction=instruction, url="http://shopping.test/", html=html, last_action_error=error)


@both
def test_a_page_that_fits_is_whole(model: LanguageModel) -> None:
    renderer = PromptRenderer(model, model.context)
    short = _observation("\n".join(PAGE.split("\n")[:2]))
    prompt = renderer.render(short, ['Click "Home"'])
    assert prompt.chars_left_out == 0
    assert short["html"] in prompt.text
    assert "View order 170" in prompt.text
    assert 'Click "Home"' in prompt.text
    assert renderer.render(short, ['Click "Home"']) == prompt


@both
def test_only_the_page_is_cut(model: LanguageModel) -> None:
    renderer = PromptRenderer(model, 460)
    prompt = renderer.render(_observation(error="There is no element 99."), ['Click "Home"'])
    assert len(prompt.token_ids) <= 460
    assert prompt.chars_left_out > 0
    assert f"[{prompt.chars_left_out} characters left out]" in prompt.text
    shown = prompt.text.partition("page:\n")[2].rpartition("\n[")[0]
    assert PAGE.startswith(shown)
    assert len(PAGE) - len(shown) - 1 == prompt.chars_left_out
    for kept in ("View order 170", 'Click "Home"', "There is no element 99."):
        assert kept in prompt.text


@both
@settings(deadline=None, max_examples=30)
@given(budget=st.integers(330, 512), entries=st.integers(0, 12), page=st.sampled_from((PAGE, ONE_LINE)))
def test_prompts_never_pass_their_budget(model: LanguageModel, budget: int, entries: int, page: str) -> None:
    prompt = PromptRenderer(model, budget).render(_observation(page), ['Type "abc" in "Name"'] * entries)
    assert len(prompt.token_ids) <= budget


@both
@pytest.mark.parametrize(
    "page",
    [ONE_LINE, f"<h1> Orders </h1>\n{ONE_LINE}\n{PAGE}", "word " * 500, "\N{SNOWMAN}\N{EURO SIGN}" * 300],
    ids=["one line", "a long second line", "words", "characters of several tokens"],
)
def test_a_line_that_leaves_half_of_the_room_empty_is_cut_inside(model: LanguageModel, page: str) -> None:
    budget = 460
    prompt = PromptRenderer(model, budget).render(_observation(page), [])
    assert budget - 9 <= len(prompt.token_ids) <= budget
    shown = prompt.text.partition("page:\n")[2].rpartition("\n[")[0]
    assert page.startswith(shown)
    assert shown
    assert 0 < prompt.chars_left_out == len(page) - len(shown)
    assert f"[{prompt.chars_left_out} characters left out]" in prompt.text
    ids = model.prompt_format.encode_orm_prompt(DEFAULT_TEMPLATE.fill(Evidence("View order 170", (), page)), budget)
    assert budget - 9 <= len(ids) <= budget
    read = model.tokenizer.decode(list(ids))
    assert "characters left out" in read
    assert page.split()[0][:2] in read


@both
def test_an_instruction_that_does_not_fit_is_refused(model: LanguageModel) -> None:
    with pytest.raises(PromptTooLong, match="at most 300"):
        PromptRenderer(model, 300).render(_observation(instruction="word " * 600), [])


def test_long_histories_keep_their_latest_actions() -> None:
    history = [f"action {number}" for number in range(10)]
    assert recent_history(history, [10] * 10, 90) == ["[7 earlier actions left out]", *history[7:]]
    assert recent_history(history, [10] * 10, 300) == history


@both
def test_budget_beyond_the_context_is_refused(model: LanguageModel) -> None:
    with pytest.raises(ValueError, match=f"context {model.context}"):
        PromptRenderer(model, model.context + 1)


@both
@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=30), number=st.integers(0, 400))
def test_actions_come_back(model: LanguageModel, text: str, number: int) -> None:
    renderer = PromptRenderer(model, 400)
    for action in (leave(text), type_text(str(number), text), select_option(str(number), text)):
        written = format_action(action)
        ids = renderer.encode_action(written)
        assert ids[-1] == model.prompt_format.end_id
        assert renderer.decode_action(ids) == written
        assert renderer.decode_action([*ids, 1, 2, 3]) == written


@both
def test_questions_end_where_the_answer_begins(model: LanguageModel) -> None:
    form = model.prompt_format
    question = DEFAULT_TEMPLATE.fill(Evidence("Buy tea", ('Click "Tea"', 'Exit ""'), PAGE))
    ids = form.encode_orm_prompt(question, 400)
    assert len(ids) <= 400
    assert ids == form.encode_orm_prompt(question, 400)
    assert form.answer_id("YES") != form.answer_id("NO")
    other = DEFAULT_TEMPLATE.fill(Evidence("Buy milk", ('Click "Tea"', 'Exit ""'), PAGE))
    assert ids != form.encode_orm_prompt(other, 400)
    short = DEFAULT_TEMPLATE.fill(Evidence("Buy tea", (), "Tea"))
    assert len(form.encode_orm_prompt(short, 400)) < len(ids)


@pytest.mark.parametrize("budget", [400, 420, 512])
def test_the_historys_share_holds_with_numbers_and_line_breaks(budget: int) -> None:
    form = small_llama().prompt_format
    seen = Observation(instruction="Buy tea", url="", html=PAGE, last_action_error="")
    prompt = form.render(seen, ["Go back"] * 30, budget)
    assert len(prompt.token_ids) <= budget
    assert "earlier actions left out" in prompt.text
    shown = prompt.text.partition("actions so far:\n")[2].partition("page:\n")[0]
    assert len(form.encode_action(shown)) <= budget // 3 + 20  # and the line that says how many were left out


@both
def test_of_a_question_the_page_and_the_oldest_actions_are_cut(model: LanguageModel) -> None:
    form = model.prompt_format
    actions = tuple(f'Click "Number {number}"' for number in range(60))
    ids = form.encode_orm_prompt(DEFAULT_TEMPLATE.fill(Evidence("Buy tea", actions, PAGE)), 460)
    assert len(ids) <= 460
    text = model.tokenizer.decode(list(ids))
    for kept in ("Buy tea", "earlier actions left out", "Number 59", "characters left out"):
        assert kept in text
    assert "Number 0" not in text
    with pytest.raises(PromptTooLong, match="at most 40 are read"):
        form.encode_orm_prompt(DEFAULT_TEMPLATE.fill(Evidence("Buy tea " * 20, (), PAGE)), 40)


def test_a_chat_model_gets_the_templates_own_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_llama()
    template = OrmTemplate("Intent: {instruction}\n{completions}\n{page}", system="Say YES or NO.")
    prompt = template.fill(Evidence("Buy tea", ('Click "Tea"',), "<p> Tea </p>", ("click(1)", "# Note: a\nexit()")))
    text = model.tokenizer.decode(list(model.prompt_format.encode_orm_prompt(prompt, 400)))
    parts = ("Say YES or NO.", "Intent: Buy tea", "click(1)\n# Note: a; exit()", "<p> Tea")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "Decide whether" not in text
    whole = OrmTemplate("<end>{instruction}|{actions}|{page}", is_whole=True).fill(prompt.evidence)
    ids = model.prompt_format.encode_orm_prompt(whole, 400)
    assert ids[0] == model.tokenizer.eos_token_id
    assert model.tokenizer.decode(list(ids)) == whole.user
    monkeypatch.setattr(model.tokenizer, "chat_template", "{{ raise_exception('no system here') }}")
    with pytest.raises(ValueError, match=r"does not take the judge's prompt \(no system here\); without a \[system\]"):
        model.prompt_format.encode_orm_prompt(prompt, 400)


def beginning_tokenizer(*, begins: bool = True) -> PreTrainedTokenizerFast:
    """A tokenizer that knows a token which begins sequences, and puts it there itself, as Llama's, or not."""
    tokenizer = tokenizer_with(("<begin>",))
    tokenizer.bos_token = "<begin>"
    if begins:
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single="<begin> $A", special_tokens=[("<begin>", tokenizer.bos_token_id)]
        )
    return tokenizer


@pytest.mark.parametrize(
    ("begins", "template", "beginnings"),
    [(True, None, 1), (False, None, 0), (True, "{{ bos_token }}{{ messages[-1].content }}", 1), (True, "go", 0)],
)
def test_without_a_template_sequences_begin_as_the_tokenizer_begins_them(
    begins: bool, template: str | None, beginnings: int
) -> None:
    tokenizer = beginning_tokenizer(begins=begins)
    tokenizer.chat_template = template
    form = ChatFormat(tokenizer)
    evidence = Evidence("Buy tea", (), PAGE)
    own = OrmTemplate(
        "Intent: {instruction} {page} {actions}", system="<begin>Say YES or NO." if template is None else ""
    )
    for ids in (
        form.render(_observation(), ['Click "Home"'], 2000).token_ids,
        form.render(_observation(), [], 460).token_ids,
        form.encode_question("What next? " * 20, 30),
        form.encode_orm_prompt(DEFAULT_TEMPLATE.fill(evidence), 2000),
    ):
        assert ids.count(tokenizer.bos_token_id) == ids[:1].count(tokenizer.bos_token_id) == beginnings
    written = form.encode_orm_prompt(own.fill(evidence), 2000)  # the mark is in the text already
    assert written.count(tokenizer.bos_token_id) == max(beginnings, template is None)
    whole = OrmTemplate("Intent: {instruction} {page} {actions}", is_whole=True)
    assert tokenizer.bos_token_id not in form.encode_orm_prompt(whole.fill(evidence), 2000)
    assert tokenizer.bos_token_id not in form.encode_action("go_backward()")


DESCRIPTIONS = {
    'do(action="Click", element="9")': 'Click "View Order"',
    'do(action="Type", argument="a  b", element="10")': 'Type "a b" in "Say "why""',
    'do(action="Select Dropdown Option", argument="Price", element="11")': 'Select "Price" in "Sort By"',
    'do(action="Search", argument="tea", element="99")': 'Search "tea" in element 99',
    'do(action="Click", element="12")': "Click input 12",
    'do(action="Scroll Down")': "Scroll Down",
    'do(action="Switch Tab", argument="1")': 'Switch Tab "1"',
    'exit(message="$5.00")': 'Exit "$5.00"',
    "go_backward()": "Go back",
    "go_forward()": "Go forward",
    "let me see": "No action: let me see",
}


@pytest.mark.parametrize(("action", "words"), DESCRIPTIONS.items())
def test_actions_in_words(action: str, words: str) -> None:
    assert describe_action(action, _observation()["html"]) == words


def test_descriptions_stay_short() -> None:
    assert len(describe_action(format_action(type_text("9", "x" * 5000)), _observation()["html"])) < 200
