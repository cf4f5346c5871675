"""What the nano model reads off the token ids before its first layer.

A model this small does not learn to match words across a prompt from a few hundred demonstrations (measured: without
these features it stays below 11 % success). So matching is given: which region, line and table column a token is in,
which of its n-grams occur elsewhere in the prompt, and, while an action is written, where in the prompt the last tokens
written were copied from. All of it is computed from the ids alone, so a stored prompt always reads the same.

B sequences, T tokens, P prompt tokens, A action tokens.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from agents.nano.configuration import NanoConfig

REGIONS = 5
"""None, task, history (errors included), page, action."""
_TASK, _HISTORY, _PAGE, _ACTION = range(1, REGIONS)
_FLAG_PAIRS = (
    (_TASK, _PAGE),
    (_PAGE, _TASK),
    (_TASK, _HISTORY),
    (_HISTORY, _TASK),
    (_HISTORY, _PAGE),
    (_PAGE, _HISTORY),
)
"""(Where an n-gram is sought, whose tokens are flagged)."""
_WHOLE_PAIRS = ((_TASK, _PAGE), (_HISTORY, _PAGE))
"""Pairs for which fields of the page that match as a whole are flagged too."""
_LONGEST_RUN = 8


class PromptStructure(NamedTuple):
    """Features of a prompt."""

    region: Tensor
    """Region of each token. Shape (B, T), int64."""
    line: Tensor
    """Line number, counted over the prompt. Shape (B, T), int64."""
    column: Tensor
    """Table column, 0 outside of tables. Shape (B, T), int64."""
    flags: Tensor
    """N-gram matches. Shape (B, T, ``flag_count(config)``), bool."""
    prompt_length: Tensor
    """Tokens up to and including the action marker; 0 without one. Shape (B,), int64."""


def flag_count(config: NanoConfig) -> int:
    """Number of match flags a token has."""
    return len(_FLAG_PAIRS) * config.match_levels + len(_WHOLE_PAIRS)


def read_structure(input_ids: Tensor, folded: Tensor, newline: Tensor, config: NanoConfig) -> PromptStructure:
    """Reads the structure of a batch of prompts, which actions may follow.

    Args:
        input_ids: Shape (B, T), int64.
        folded: For each token the id that stands for it when case does not count, -1 for structure. Shape (V,).
        newline: Id of the newline token; a scalar.
        config: Token roles and number of levels.
    """
    positions = torch.arange(input_ids.shape[1], device=input_ids.device)
    region = _regions(input_ids, config)
    is_marker = input_ids == config.action_token_id
    prompt_length = torch.where(is_marker.any(1), is_marker.int().argmax(1) + 1, 0)
    in_prompt = positions < prompt_length[:, None]
    ends_line = (input_ids == newline) & (in_prompt | (prompt_length == 0)[:, None])
    line = ends_line.cumsum(1) - ends_line.long()
    column = _columns(input_ids, line, config)
    words = folded[input_ids]
    return PromptStructure(region, line, column, _match_flags(words, region, config), prompt_length)


def _regions(input_ids: Tensor, config: NanoConfig) -> Tensor:
    markers = torch.zeros_like(input_ids)
    for token, region in (
        (config.task_token_id, _TASK),
        (config.history_token_id, _HISTORY),
        (config.error_token_id, _HISTORY),
        (config.page_token_id, _PAGE),
        (config.action_token_id, _ACTION),
    ):
        markers = markers.masked_fill(input_ids == token, region)
    positions = torch.arange(input_ids.shape[1], device=input_ids.device)
    latest = torch.where(markers > 0, positions, 0).cummax(1).values
    return markers.gather(1, latest)


def _columns(input_ids: Tensor, line: Tensor, config: NanoConfig) -> Tensor:
    starts_cell = torch.isin(input_ids, torch.tensor(config.cell_token_ids, device=input_ids.device))
    cells = starts_cell.cumsum(1)
    starts_line = torch.ones_like(starts_cell)
    starts_line[:, 1:] = line[:, 1:] != line[:, :-1]
    before = torch.where(starts_line, cells - starts_cell.long(), 0).cummax(1).values
    return (cells - before).clamp(max=config.max_columns - 1)


def _match_flags(words: Tensor, region: Tensor, config: NanoConfig) -> Tensor:
    """Flags of tokens whose n-gram occurs in another region.

    For n from 1 to ``match_levels``, a token is flagged when an n-gram that covers it occurs there, in order and
    contiguous. Last come the flags of page tokens at the end of a field all of whose tokens occur there in a row.
    """
    is_word = words >= 0
    runs: dict[tuple[int, int], Tensor] = {}
    runs.update(_run_lengths(words, region, _TASK, (_HISTORY, _PAGE)))
    runs.update(_run_lengths(words, region, _HISTORY, (_PAGE,)))
    flags = []
    for pair in _FLAG_PAIRS:
        for level in range(1, config.match_levels + 1):
            covered = ends = runs[pair] >= level
            for shift in range(1, level):
                covered = covered | functional.pad(ends, (0, shift))[:, shift:]
            flags.append(covered)
    ends_field = is_word & ~functional.pad(is_word, (0, 1))[:, 1:]
    needed = _number_in_field(is_word).clamp(max=_LONGEST_RUN)
    flags += [ends_field & (runs[pair] > 0) & (runs[pair] >= needed) for pair in _WHOLE_PAIRS]
    return torch.stack(flags, -1)


def _number_in_field(is_word: Tensor) -> Tensor:
    """For each word its number within its field, from 1."""
    count = is_word.long().cumsum(1)
    return count - torch.where(is_word, 0, count).cummax(1).values


def _run_lengths(words: Tensor, region: Tensor, source: int, others: tuple[int, ...]) -> dict[tuple[int, int], Tensor]:
    """Length, at most 8, of the longest n-gram that ends at each token and occurs in another region.

    Args:
        words: Folded ids, -1 for structure. Shape (B, T).
        region: Shape (B, T).
        source: Region whose words are compared with those of the others.
        others: The other regions.

    Returns:
        By (where it occurs, whose tokens), both ways between ``source`` and the others. Shape (B, T), int64.
    """
    in_source = region == source
    width = max(1, int(in_source.sum(1).max()))
    order = torch.argsort((~in_source).to(torch.int8), dim=1, stable=True)[:, :width]
    sought = words.gather(1, order).masked_fill(~in_source.gather(1, order), -1)
    matches = (words[:, :, None] == sought[:, None]) & (sought >= 0)[:, None] & ~in_source[:, :, None]
    run = matches
    length = matches.to(torch.int8)
    for _ in range(_LONGEST_RUN - 1):
        run = matches & functional.pad(run, (1, 0, 1, 0))[:, :-1, :-1]
        length += run
    of_tokens = length.amax(2).long()
    of_source = {other: (length * (region == other)[:, :, None]).amax(1).long() for other in others}
    lengths = {}
    for other in others:
        lengths[source, other] = torch.where(region == other, of_tokens, 0)
        lengths[other, source] = torch.zeros_like(words).scatter(1, order, of_source[other])
    return lengths


def copy_levels(prompt_ids: Tensor, is_source: Tensor, written: Tensor, levels: int) -> Tensor:
    """How many of the last tokens written stand, in order, right before each prompt token.

    A prompt token with a high level is the natural next token of a copy in progress, whatever its word.

    Args:
        prompt_ids: Shape (B, P), int64.
        is_source: Prompt tokens that can be copied. Shape (B, P), bool.
        written: For each of A moments the last ``levels`` tokens written, the latest first, -1 where there was none.
            Shape (B, A, levels), int64.
        levels: Highest level.

    Returns:
        Levels from 0 to ``levels``. Shape (B, A, P), int64.
    """
    level = torch.zeros(written.shape[:2] + prompt_ids.shape[1:], dtype=torch.int64, device=prompt_ids.device)
    so_far = is_source[:, None].expand_as(level)
    for back in range(levels):
        shifted = functional.pad(prompt_ids, (back + 1, 0), value=-2)[:, : prompt_ids.shape[1]]
        so_far = so_far & (shifted[:, None] == written[:, :, back, None])
        level = level + so_far.long()
    return level


def next_runs(runs: Tensor, prompt_ids: Tensor, tokens: Tensor, levels: int) -> Tensor:
    """``copy_levels`` one token later, from what it was: a run goes on where the new token stands in the prompt.

    Args:
        runs: How many of the last tokens written stand right before each prompt token, sources or not. Shape (B, P).
        prompt_ids: Shape (B, P), int64.
        tokens: The token written on each sequence. Shape (B,), int64.
        levels: Highest level.

    Returns:
        Shape (B, P), int64; at sources it is the level.
    """
    longer = (runs + 1).clamp(max=levels) * (prompt_ids == tokens[:, None])
    return functional.pad(longer, (1, 0))[:, : runs.shape[1]]


def last_written(input_ids: Tensor, positions: Tensor, prompt_length: Tensor, levels: int) -> Tensor:
    """The last ``levels`` action tokens up to and including each position, the latest first.

    Args:
        input_ids: Shape (B, T), int64.
        positions: Shape (B, A), int64.
        prompt_length: Tokens before the action. Shape (B,), int64.
        levels: How many.

    Returns:
        Ids, -1 where the action had not begun. Shape (B, A, levels), int64.
    """
    back = positions[..., None] - torch.arange(levels, device=input_ids.device)
    ids = input_ids.gather(1, back.clamp(min=0).flatten(1)).view_as(back)
    return ids.masked_fill(back < prompt_length[:, None, None], -1)
