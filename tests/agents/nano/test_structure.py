from __future__ import annotations

import torch

from agents.nano.compact import to_compact
from agents.nano.structure import PromptStructure, copy_levels, flag_count, last_written, next_runs, read_structure
from tests.agents.nano.tiny_nano import tiny_nano

LM = tiny_nano()
MODEL = LM.model
PROMPT = (
    "<|task|> Status of Bo Nam\n<|history|> Click Bo\n<|page|>"
    + to_compact(
        "<h1> All </h1>\n<tr> <th> Name </th> <th> Status </th> </tr>\n<tr> <td> Bo Nam </td> <td> nam </td> </tr>"
    )
    + "\n<|action|>"
)


def _read(text: str) -> tuple[list[int], PromptStructure]:
    ids = torch.tensor([LM.tokenizer.encode(text)])
    return ids[0].tolist(), read_structure(ids, MODEL.folded, MODEL.newline, MODEL.config)


def _spans(ids: list[int], words: str) -> list[list[int]]:
    sought = LM.tokenizer.encode(words)
    return [
        list(range(start, start + len(sought)))
        for start in range(len(ids))
        if ids[start : start + len(sought)] == sought
    ]


def test_regions_lines_and_columns() -> None:
    ids, structure = _read(PROMPT + LM.tokenizer.decode(LM.tokenizer.encode("<|exit|>")))
    region, line, column = structure.region[0], structure.line[0], structure.column[0]
    task, history, page = (
        ids.index(LM.tokenizer.convert_tokens_to_ids(f"<|{n}|>")) for n in ("task", "history", "page")
    )
    assert [int(region[place]) for place in (task, history, page, len(ids) - 1)] == [1, 2, 3, 4]
    assert int(structure.prompt_length[0]) == len(ids) - 1
    head, cell = _spans(ids, " Status")[-1][0], _spans(ids, " nam")[-1][0]
    assert int(column[head]) == int(column[cell]) == 2
    assert int(line[cell]) == int(line[head]) + 1
    assert int(column[task]) == 0
    assert int(line[-1]) == int(line[-2])


def test_n_grams_of_the_task_are_flagged_on_the_page_and_whole_fields_at_their_end() -> None:
    ids, structure = _read(PROMPT)
    flags = structure.flags[0]
    levels = MODEL.config.match_levels
    whole_in_task = len(flags[0]) - 2
    spans = _spans(ids, " Bo Nam")
    in_page = spans[-1]
    assert len(spans) == 2
    assert bool(flags[in_page, :2].all())
    assert bool(flags[in_page[-1], whole_in_task])
    assert not bool(flags[in_page[0], whole_in_task]) or len(in_page) == 1
    lower = _spans(ids, " nam")[-1]
    assert bool(flags[lower, 0].all())
    head = _spans(ids, " Name")[-1] if _spans(ids, " Name") else []
    assert not head or not bool(flags[head[-1], whole_in_task])
    assert flags.shape[1] == flag_count(MODEL.config)
    assert levels == 4


def test_flags_know_nothing_of_the_action() -> None:
    ids, alone = _read(PROMPT)
    _, followed = _read(PROMPT + "<|exit|> Bo Nam")
    assert torch.equal(alone.flags[0], followed.flags[0, : len(ids)])
    assert not bool(followed.flags[0, len(ids) :].any())


def test_copy_levels_count_the_tokens_that_were_copied() -> None:
    prompt = torch.tensor([[5, 6, 7, 6, 7, 8]])
    source = torch.tensor([[True, True, True, True, True, False]])
    written = torch.tensor([[[6, -1, -1], [7, 6, 5], [9, 6, 5]]])
    level = copy_levels(prompt, source, written, 3)
    assert level[0].tolist() == [[0, 0, 1, 0, 1, 0], [0, 0, 0, 3, 0, 0], [0, 0, 0, 0, 0, 0]]


def test_runs_followed_token_by_token_are_the_levels() -> None:
    generator = torch.Generator().manual_seed(0)
    prompt = torch.randint(0, 2, (4, 40), generator=generator)
    source = torch.rand(4, 40, generator=generator) < 0.8
    action = torch.randint(0, 2, (4, 12), generator=generator)
    runs = torch.zeros_like(prompt)
    longest = 0
    for count in range(1, 13):
        runs = next_runs(runs, prompt, action[:, count - 1], 5)
        written = torch.full((4, 1, 5), -1)
        latest = action[:, :count].flip(1)[:, :5]
        written[:, 0, : latest.shape[1]] = latest
        assert torch.equal((runs * source)[:, None], copy_levels(prompt, source, written, 5))
        longest = max(longest, int(runs.max()))
    assert longest == 5  # the highest level was reached


def test_last_written_begins_with_the_action() -> None:
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    found = last_written(ids, torch.tensor([[2, 3, 4]]), torch.tensor([3]), 3)
    assert found[0].tolist() == [[-1, -1, -1], [4, -1, -1], [5, 4, -1]]
