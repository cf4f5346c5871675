"""A Gymnasium space of bounded Unicode text.

``gymnasium.spaces.Text`` lists its characters one by one and defaults to letters and digits; a page can hold any
character. This space has shape ``()`` and dtype object, so Stable-Baselines3's vector environments carry it as it is,
and it is registered for Gymnasium's shared memory.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.context import BaseContext
from typing import Any, overload

import numpy as np
from gymnasium.spaces import Dict, Space
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory
from gymnasium.wrappers.utils import create_zero_array
from numpy.typing import NDArray

TEXT_LIMIT = 4_096
"""Most characters of each text of an observation but the page."""
_SAMPLE_LENGTH = 24
_SAMPLE_CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ="()<>äß€漢'


class UnicodeText(Space[str]):
    """All texts of at most ``max_length`` characters that UTF-8 can carry.

    ``sample`` is cheap (at most 24 characters), ``contains`` is honest: it accepts any such text and nothing else.
    """

    def __init__(self, max_length: int, seed: int | np.random.Generator | None = None) -> None:
        """A space of texts.

        Args:
            max_length: Most characters, at least 1.
            seed: Seed of ``sample``.

        Raises:
            ValueError: If ``max_length`` is below 1.
        """
        if max_length < 1:
            raise ValueError(f"max_length must be at least 1, got {max_length}")
        self.max_length = int(max_length)
        super().__init__(shape=(), dtype=np.object_, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        """False: text has no fixed-size vector."""
        return False

    def sample(self, mask: None = None, probability: None = None) -> str:
        """A short random text.

        Raises:
            ValueError: If a mask or probabilities are given; there is nothing to mask.
        """
        if mask is not None or probability is not None:
            raise ValueError("UnicodeText.sample takes neither mask nor probability")
        length = int(self.np_random.integers(0, min(self.max_length, _SAMPLE_LENGTH) + 1))
        picks = self.np_random.integers(0, len(_SAMPLE_CHARACTERS), size=length)
        return "".join(_SAMPLE_CHARACTERS[pick] for pick in picks)

    def contains(self, x: Any) -> bool:
        """True for a ``str`` of at most ``max_length`` characters without lone surrogates."""
        if not isinstance(x, str) or len(x) > self.max_length:
            return False
        try:
            x.encode()
        except UnicodeEncodeError:
            return False
        return True

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and self.max_length == other.max_length

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.max_length))


def observation_space(budget: int) -> Space[Any]:
    """The space of ``types.Observation``. Gymnasium types a ``Dict`` by its parts; the observations are our TypedDict.

    Args:
        budget: Most characters of ``html``.
    """
    return Dict(
        {
            "instruction": UnicodeText(TEXT_LIMIT),
            "url": UnicodeText(TEXT_LIMIT),
            "html": UnicodeText(budget),
            "last_action_error": UnicodeText(TEXT_LIMIT),
        }
    )


@create_zero_array.register(UnicodeText)
def _create_zero_array(_: UnicodeText) -> str:  # type: ignore[misc]  # typed for spaces of anything
    return ""


@create_shared_memory.register(UnicodeText)
def _create_shared_memory(space: UnicodeText, n: int = 1, ctx: BaseContext | None = None) -> Any:
    return (ctx or multiprocessing.get_context()).Array("i", n * (space.max_length + 1))


@write_to_shared_memory.register(UnicodeText)
def _write_to_shared_memory(space: UnicodeText, index: int, value: str, shared_memory: Any) -> None:
    codes = np.frombuffer(value.encode("utf-32-le"), dtype=np.int32)
    memory = np.frombuffer(shared_memory.get_obj(), dtype=np.int32)
    start = index * (space.max_length + 1)
    memory[start] = len(codes)
    memory[start + 1 : start + 1 + len(codes)] = codes


@read_from_shared_memory.register(UnicodeText)
def _read_from_shared_memory(space: UnicodeText, shared_memory: Any, n: int = 1) -> SharedTexts:
    memory: NDArray[np.int32] = np.frombuffer(shared_memory.get_obj(), dtype=np.int32)
    return SharedTexts(memory.reshape(n, space.max_length + 1))


class SharedTexts(Sequence[str]):
    """The texts in a shared memory as they are at the moment of reading.

    A vector environment reads its shared memory once, when it is made, and expects a view that follows the workers. A
    deep copy, which it hands out by default, is a tuple of the current texts.
    """

    def __init__(self, rows: NDArray[np.int32]) -> None:
        """Views ``rows``: one text a row, its length first. Shape (n, max_length + 1)."""
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return tuple(self)[index]
        row = self._rows[index]
        text: str = row[1 : 1 + row[0]].tobytes().decode("utf-32-le")
        return text

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return tuple(self)
