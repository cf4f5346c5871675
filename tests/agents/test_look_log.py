"""The log of looks: a line each, never written over."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from agents.look_log import log_look
from agents.results import EpisodeResult, rate

CARD = {
    "config": {"suite": "practice-test", "agent": "runs/demo/policy", "model": None},
    "commit": "0123456789ab-dirty",
    "model_sha256": "ab" * 32,
    "seeds": [7],
}
RESULTS = [
    EpisodeResult("a", "OSS", "scored", success=True, steps=3),
    EpisodeResult("b", "OSS", "scored", success=False, steps=2),
    EpisodeResult("c", "OSS", "failed", success=False, steps=0),
]


def test_each_look_is_a_line_after_the_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    log_look(path, CARD, rate(RESULTS))
    before = path.read_text(encoding="utf-8")
    log_look(path, {**CARD, "seeds": [8]}, rate(RESULTS[:1]))
    first, second = map(json.loads, path.read_text(encoding="utf-8").split("\n")[:-1])
    assert path.read_text(encoding="utf-8").startswith(before)
    assert datetime.fromisoformat(first.pop("date")).utcoffset() is not None
    assert first == {
        "suite": "practice-test",
        "agent": "runs/demo/policy",
        "model": None,
        "commit": "0123456789ab-dirty",
        "model_sha256": "ab" * 32,
        "seed": 7,
        "successes": 1,
        "trials": 2,
    }
    assert (second["seed"], second["successes"], second["trials"]) == (8, 1, 1)
