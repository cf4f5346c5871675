"""The journal of a rollout: what was written is not asked for again, and chance goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from agents.action_journal import ActionJournal
from agents.types import Completion, Prompt

BATCHES = [[Prompt((1, 2), "a"), Prompt((3,), "b")], [Prompt((1, 2, 3), "c")], [Prompt((4,), "d"), Prompt((5,), "e")]]


class Writer:
    """Writes random ids and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def play(self, path: Path | None, batches: list[list[Prompt]] = BATCHES, seed: int = 7) -> list[list[Completion]]:
        generator = torch.Generator().manual_seed(seed)
        with ActionJournal(path) as journal:
            return [journal.completions(batch, generator, self._ask(batch, generator)) for batch in batches]

    def _ask(self, batch: list[Prompt], generator: torch.Generator) -> Callable[[], list[Completion]]:
        def ask() -> list[Completion]:
            self.asked += 1
            ids = torch.randint(0, 99, (len(batch),), generator=generator).tolist()
            scores = torch.rand(len(batch), generator=generator).tolist()
            return [
                Completion(f"do({one}) \u2028\ud83d", (one,), (score,)) for one, score in zip(ids, scores, strict=True)
            ]

        return ask


def test_what_was_written_is_taken_again(tmp_path: Path) -> None:
    writer = Writer()
    whole = writer.play(None)
    assert writer.play(tmp_path / "actions.jsonl", BATCHES[:2]) == whole[:2]
    writer.asked = 0
    assert writer.play(tmp_path / "actions.jsonl") == whole
    assert writer.asked == 1


def test_a_file_that_was_cut_anywhere_goes_on_at_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "actions.jsonl"
    whole = Writer().play(path)
    content = path.read_bytes()
    ends = [place for place, byte in enumerate(content) if byte == ord("\n")]
    for length in (0, 1, *(end + shift for end in ends for shift in (-1, 0, 1)), len(content) - 40):
        path.write_bytes(content[:length])
        writer = Writer()
        assert writer.play(path) == whole
        assert writer.asked == len(BATCHES) - sum(end < length for end in ends)
        assert path.read_bytes() == content


def test_other_prompts_end_the_replay(tmp_path: Path) -> None:
    path = tmp_path / "actions.jsonl"
    whole = Writer().play(path)
    other = [BATCHES[0], [Prompt((9, 9), "x")], BATCHES[2]]
    writer = Writer()
    played = writer.play(path, other)
    assert played[0] == whole[0]
    assert writer.asked == 2
    again = Writer()
    assert again.play(path, other) == played
    assert again.asked == 0
