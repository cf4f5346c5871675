"""An observation as numbers between 0 and 1, in a vector of fixed size.

Words are hashed (feature hashing, arXiv 0902.2206) with CRC-32, so they fall into the same buckets in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from webrl_gym.types import Observation
from webrl_gym.wrappers.controls import KINDS, Control, dice, instruction_values, words

_NAME_BUCKETS = 16
_INSTRUCTION_BUCKETS = 32
_PAGE_BUCKETS = 64
_URL_BUCKETS = 32
_STATE = 6
_SITUATION = 6

SLOT_SIZE = len(KINDS) + _STATE + _NAME_BUCKETS
"""Numbers for each control."""
PAGE_SIZE = _INSTRUCTION_BUCKETS + _PAGE_BUCKETS + _URL_BUCKETS + _SITUATION
"""Numbers for the page as a whole."""


def encode(observation: Observation, shown: Sequence[Control], slots: int) -> NDArray[np.float32]:
    """The vector of an observation.

    Args:
        observation: What the environment shows.
        shown: The controls that have a slot, at most ``slots``.
        slots: Number of slots; those without a control are 0.

    Returns:
        Shape (``PAGE_SIZE + slots * SLOT_SIZE``,), values in [0, 1]: the page, then the slots.
    """
    vector = np.zeros(PAGE_SIZE + slots * SLOT_SIZE, dtype=np.float32)
    vector[:PAGE_SIZE] = _page(observation, shown)
    wanted = words(observation["instruction"])
    values = {value.lower() for value in instruction_values(observation["instruction"])}
    lines = [words(line) for line in observation["html"].split("\n")]
    table = vector[PAGE_SIZE:].reshape(slots, SLOT_SIZE)
    for row, control in zip(table, shown, strict=False):
        row[KINDS.index(control.kind)] = 1.0
        row[len(KINDS) : len(KINDS) + _STATE] = (
            bool(control.value),
            control.value.lower() in values,
            control.is_on,
            control.name.lower() in values,
            dice(control.words, wanted),
            dice(lines[control.line], wanted),
        )
        row[len(KINDS) + _STATE :] = hashed(control.words, _NAME_BUCKETS)
    return vector


def hashed(texts: Iterable[str], buckets: int) -> NDArray[np.float32]:
    """Which buckets the words fall into. Shape (``buckets``,), values 0 and 1."""
    vector = np.zeros(buckets, dtype=np.float32)
    vector[[crc32(text.encode()) % buckets for text in texts]] = 1.0
    return vector


def _page(observation: Observation, shown: Sequence[Control]) -> NDArray[np.float32]:
    """The page as a whole: hashed words, and how far the instruction has been followed."""
    instruction, url, html = observation["instruction"], observation["url"], observation["html"]
    lines = html.split("\n")
    values = instruction_values(instruction)
    headings = " ".join(line for line in lines if line.startswith(("<h1", "<h2"))).lower()
    address = url.lower().replace("+", " ").replace("%20", " ").replace("-", " ")
    held = {control.value for control in shown if control.value}
    situation = (
        bool(observation["last_action_error"]),
        lines[0].endswith("Scroll Up to see them]"),
        lines[-1].endswith("Scroll Down to see them]"),
        sum(value.lower() in headings for value in values) / len(values),
        sum(value.lower().replace("-", " ") in address for value in values) / len(values),
        sum(value in held for value in values) / len(values),
    )
    return np.concatenate(
        [
            hashed(words(instruction), _INSTRUCTION_BUCKETS),
            hashed(words(html), _PAGE_BUCKETS),
            hashed(words(address), _URL_BUCKETS),
            np.array(situation, dtype=np.float32),
        ]
    )
