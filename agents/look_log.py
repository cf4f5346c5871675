"""The log of looks at the test suites: nobody can look until a number pleases without leaving a line for each look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.results import Rate

TEST_SUITES = ("practice-test", "practice-test-large")
"""The suites whose runs are logged."""


def log_look(path: Path, card: Mapping[str, Any], overall: Rate, *, was_stopped: bool = False) -> None:
    """Appends one line about a run on the test suite.

    Args:
        path: The log, one JSON object a line; made with its folder when it is not there.
        card: The run card of a benchmark (``agents.run_card``).
        overall: What the run shows.
        was_stopped: Whether it ended before all was played.

    Raises:
        OSError: If the line cannot be written.
    """
    line = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "suite": card["config"]["suite"],
        "agent": card["config"]["agent"],
        "model": card["config"]["model"],
        "commit": card["commit"],
        "model_sha256": card["model_sha256"],
        "seed": card["seeds"][0],
        "successes": overall.successes,
        "trials": overall.trials,
    }
    if was_stopped:
        line["stopped"] = True
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
