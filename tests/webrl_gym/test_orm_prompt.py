"""The judge's prompt: what it holds, and template files of other people."""

from __future__ import annotations

from pathlib import Path

import pytest

from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, MAX_PAGE_LENGTH, Evidence, OrmTemplate, read_template

EPISODE = Evidence(
    instruction="Find {it}",
    actions=('Click "Home"', 'Exit "12"'),
    page="<p> {page} </p>",
    completions=('# Element: home\ndo(action="Click", element="0")', 'exit(message="12")'),
)
RELEASED = """[system]
You must respond with YES or NO.
[user]
The User Intent:
{instruction}

Action History:
{completions}

The Current Screenshot:
{page}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "judge.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_prompt_holds_everything_in_order() -> None:
    prompt = DEFAULT_TEMPLATE.fill(EPISODE).user
    places = [prompt.index(part) for part in ("Find {it}", '1. Click "Home"', '2. Exit "12"', "<p> {page} </p>")]
    assert places == sorted(places)
    assert prompt.endswith("answer:")
    assert DEFAULT_TEMPLATE.fill(EPISODE).system == ""
    assert "none" in DEFAULT_TEMPLATE.fill(Evidence("x", (), "")).user


def test_a_long_page_is_cut() -> None:
    long = "a" * MAX_PAGE_LENGTH
    assert "[page cut]" not in DEFAULT_TEMPLATE.fill(Evidence("x", (), long)).user
    cut = DEFAULT_TEMPLATE.fill(Evidence("x", (), long + "b")).user
    assert long + "\n[page cut]" in cut
    assert "ab" not in cut
    short = OrmTemplate(DEFAULT_TEMPLATE.user, max_page_length=3)
    assert "abc\n[page cut]" in short.fill(Evidence("x", (), "abcd")).user


def test_a_file_of_two_parts_is_a_template(tmp_path: Path) -> None:
    prompt = read_template(written(tmp_path, RELEASED)).fill(EPISODE)
    assert prompt.system == "You must respond with YES or NO."
    assert prompt.user == (
        "The User Intent:\nFind {it}\n\nAction History:\n"
        '# Element: home; do(action="Click", element="0")\nexit(message="12")\n\n'
        "The Current Screenshot:\n<p> {page} </p>"
    )
    assert prompt.text == f"{prompt.system}\n\n{prompt.user}"
    assert prompt.with_page("<p/>").user.endswith("<p/>")


def test_a_file_without_parts_is_the_question(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, "Was {instruction} done?\n{actions}\n{page}\n"), max_page_length=5)
    assert template == OrmTemplate("Was {instruction} done?\n{actions}\n{page}", max_page_length=5)


def test_a_file_may_hold_the_whole_prompt(tmp_path: Path) -> None:
    template = read_template(written(tmp_path, "[prompt]\n<|begin|>{instruction}{completions}{page}<|end|>\n\n"))
    assert template.is_whole
    assert template.user.endswith("<|end|>\n")
    assert template.fill(EPISODE).user.startswith("<|begin|>Find {it}# Element")
    with pytest.raises(ValueError, match="no system message"):
        OrmTemplate("{instruction} {actions} {page}", "system", is_whole=True)


def test_braces_that_are_no_field_are_text() -> None:
    template = OrmTemplate('{"a": {"b": 1}} {{page}} { page } {instruction} {actions} {page}')
    assert template.fill(Evidence("I", (), "P")).user == '{"a": {"b": 1}} {page} { page } I none P'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{instruction} {actions}", r"the field \{page\} is missing"),
        ("{actions} {page}", r"the field \{instruction\} is missing"),
        ("{instruction} {page}", r"the field \{actions\} \(or \{completions\}\) is missing"),
        ("{instruction} {actions} {pages} {page}", r"no field \{pages\}, did you mean \{page\}\?"),
        ("{x1} {instruction} {actions} {page}", r"no field \{x1\} \(fields: instruction, actions, completions, page\)"),
        ("nothing", r"instruction.*page.*actions"),
        ("[system]\n{instruction} {actions} {page}", r"there is no \[user\] part"),
        ("[user]\n{page}\n[user]\n{page}", r"\[user\] stands there twice"),
        ("Hello\n[user]\n{page}", r"text stands before the first part: 'Hello'"),
        ("[prompt]\n{page}\n[system]\nx", r"\[prompt\] is the whole and has no other part"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"judge\.txt.*{named}"):
        read_template(written(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"template .*missing\.txt cannot be read: No such file"):
        read_template(tmp_path / "missing.txt")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"no UTF-8 text: .* at byte 0"):
        read_template(tmp_path / "binary")
    with pytest.raises(ValueError, match="max_page_length >= 1, got 0"):
        OrmTemplate("{instruction} {actions} {page}", max_page_length=0)
