from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from agents.nano.compact import structure_tokens, to_compact
from agents.nano.tokenization import folded_ids, train_tokenizer
from tests.agents.nano.tiny_nano import tiny_tokenizer


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
@settings(deadline=None)
def test_every_text_comes_back(text: str) -> None:
    tokenizer = tiny_tokenizer()
    compact = to_compact(text)
    assert tokenizer.decode(tokenizer.encode(compact)) == compact


def test_structure_is_one_token_each_and_comes_first() -> None:
    tokenizer = tiny_tokenizer()
    for index, token in enumerate(structure_tokens()):
        assert tokenizer.encode(token) == [index]


def test_no_token_crosses_a_line_or_joins_more_than_two_digits() -> None:
    tokenizer = tiny_tokenizer()
    assert "Ċ" in tokenizer.tokenize("a\nb")
    assert all(sum(char.isdigit() for char in token) <= 2 for token in tokenizer.tokenize("123456789 2024-11-05"))


def test_a_copied_word_is_the_same_token_wherever_it_stands() -> None:
    tokenizer = tiny_tokenizer()
    quoted = tokenizer.encode(to_compact('say "Quompel" now'))
    alone = tokenizer.encode(" Quompel")
    assert any(quoted[start : start + len(alone)] == alone for start in range(len(quoted)))


def test_tokenizer_is_saved_and_found_by_transformers(tmp_path: Path) -> None:
    tiny_tokenizer().save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "<|h1|> My Orders<|a|> View<|9|>"
    assert loaded.encode(text) == tiny_tokenizer().encode(text)
    assert loaded.pad_token_id == 0


def test_folding_joins_case_and_space_and_skips_structure() -> None:
    tokenizer = tiny_tokenizer()
    folded = folded_ids(tokenizer)
    ids = [tokenizer.convert_tokens_to_ids(token) for token in ("a", "A", "Ġa", "ĠA")]
    assert len({int(folded[index]) for index in ids if index is not None}) == 1
    assert int(folded[tokenizer.convert_tokens_to_ids("b")]) != int(folded[ids[0]])
    assert bool((folded[: len(structure_tokens())] == -1).all())
    assert int(folded[tokenizer.convert_tokens_to_ids("Ċ")]) == -1


def test_too_small_a_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        train_tokenizer(["x"], 100)
