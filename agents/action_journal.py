"""What a policy wrote during a rollout, batch by batch, so that a stopped rollout need not ask the model again.

When the rollout is done again, the environments take the same steps and the answers come from the file as long as the
prompts are those of before; from then on the policy writes. The state of the generator is kept beside each batch.
Where the environments repeat themselves, as on the static engine, the rollout is therefore the one that a run without
a stop would have made, batch composition included; and where they do not, the file is cut at the first difference and
nothing is lost but time.
"""

from __future__ import annotations

import base64
import hashlib
import json
from array import array
from collections.abc import Callable, Sequence
from io import BufferedRandom
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from agents.types import Completion, Prompt


class ActionJournal:
    """The batches of one rollout in a file: one JSON line each. A context manager."""

    def __init__(self, path: Path | None) -> None:
        """Goes on with the file at ``path``, or begins it; None keeps nothing."""
        self._stream: BufferedRandom | None = None
        if path is not None:
            path.touch()
            self._stream = path.open("r+b")
        self._is_replaying = self._stream is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def completions(
        self, prompts: Sequence[Prompt], generator: torch.Generator, ask: Callable[[], list[Completion]]
    ) -> list[Completion]:
        """What was written at this place of the rollout, or what is written now.

        Args:
            prompts: What is completed.
            generator: Source of chance of ``ask``; put to where it was after the batch when that comes from the file.
            ask: Writes completions of the prompts.

        Returns:
            One completion for each prompt, in order.

        Raises:
            OSError: If the file cannot be read or written.
        """
        if self._stream is None:
            return ask()
        asked = _fingerprint(prompts)
        if self._is_replaying:
            start = self._stream.tell()
            record = _record(self._stream.readline())
            if record.get("prompts") == asked:
                generator.set_state(torch.from_numpy(_bytes(record["generator"])))
                return [Completion(text, tuple(ids), tuple(scores)) for text, ids, scores in record["completions"]]
            self._is_replaying = False
            self._stream.seek(start)
            self._stream.truncate()
        written = ask()
        record = {
            "prompts": asked,
            "completions": [[item.text, item.token_ids, item.log_probs] for item in written],
            "generator": base64.b64encode(generator.get_state().numpy().tobytes()).decode(),
        }
        self._stream.write(json.dumps(record).encode() + b"\n")
        self._stream.flush()
        return written


def journal_beside(path: Path) -> Path:
    """Where the journal of a rollout is kept whose trajectories will be written to ``path``.

    Args:
        path: File of the trajectories; when it is there, the journal has no use any more.
    """
    return path.with_name(f"{path.name.partition('.')[0]}.actions.jsonl")


def _record(line: bytes) -> dict[str, Any]:
    """A line of the file; nothing if it was cut."""
    try:
        return dict(json.loads(line)) if line.endswith(b"\n") else {}
    except ValueError:
        return {}


def _bytes(text: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(base64.b64decode(text), dtype=np.uint8).copy()


def _fingerprint(prompts: Sequence[Prompt]) -> str:
    digest = hashlib.sha256()
    for prompt in prompts:
        digest.update(array("q", (len(prompt.token_ids), *prompt.token_ids)).tobytes())
    return digest.hexdigest()
