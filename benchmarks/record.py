"""Result files: what was measured, with machine, packages and commit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.atomic_file import replacing
from agents.run_card import commit, machine, package_versions

FOLDER = Path(__file__).parent / "results"


def read_record(name: str) -> dict[str, Any]:
    """What ``write_record`` wrote; empty when there is no such file."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return {}
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def write_record(name: str, measured: dict[str, Any]) -> Path:
    """Writes ``results/<name>.json`` and returns its path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    record = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "packages": package_versions(),
        **measured,
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
