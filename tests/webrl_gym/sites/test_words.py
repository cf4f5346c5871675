from __future__ import annotations

import pytest

from webrl_gym.sites import words


def test_novel_words_belong_to_one_world_and_kind() -> None:
    seen: set[str] = set()
    for world in range(words.WORLDS):
        for kind in ("product", "person", "place", "forum", "project", "article", "title", "street"):
            found = words.novel_words(world, kind, 60)
            assert len(set(found)) == 60
            assert seen.isdisjoint(found)
            seen.update(found)
    common = {word.lower() for word in words.PRODUCT_QUALITIES + words.PLACE_NAMES + words.FIRST_NAMES}
    assert common.isdisjoint(word.lower() for word in seen)


def test_novel_words_refuse_what_they_do_not_have() -> None:
    with pytest.raises(ValueError, match=r"0\.\.31"):
        words.novel_words(32, "product", 1)
    with pytest.raises(ValueError, match="kind must be one of"):
        words.novel_words(0, "colour", 1)
