"""Where a demo keeps what (``agents.demo``), and whether it is finished. Loads neither torch nor transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.run_card import without_secrets
from agents.screenshots import FOLDER as SCREENSHOTS

AGENTS = ("do_nothing", "random", "oracle", "SFT", "WebRL")
SUITES = ("practice-valid", "practice-test")
PRINTED = "summary.md"
"""What the demo prints at its end."""
SUMMARY = "summary.json"
REPORT = "report.html"


def panel_folder(folder: Path, suite: str, agent: str) -> Path:
    """Where the episodes of one of ``AGENTS`` on one of ``SUITES`` are, in the demo's folder."""
    return folder / "scores" / suite / agent


def run_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a demo's configuration its training run is made with."""
    kept = {name: value for name, value in config.items() if name not in ("screenshot_tasks", "test_log")}
    return {**kept, "resume": None}


def demo_conflicts(config: Mapping[str, Any]) -> list[str]:
    """What only the demo's own keys can have wrong, one sentence each."""
    problems, count = [], config["screenshot_tasks"]
    if type(count) is not int or count < 0:
        problems.append(f"screenshot_tasks must be a whole number of at least 0, got {count!r}")
    if config["resume"]:
        problems.append(f"resume={config['resume']} means nothing to the demo, which goes on where its folder (run) is")
    return problems


def is_finished(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether the folder holds the whole demo of this configuration, with screenshots where some are wanted."""
    parts = [folder / name for name in (PRINTED, SUMMARY, REPORT)]
    parts += [panel_folder(folder, suite, agent) / "results.jsonl" for suite in SUITES for agent in AGENTS]
    if config["screenshot_tasks"]:
        parts.append(panel_folder(folder, "practice-test", "WebRL") / SCREENSHOTS)
    if not all(part.exists() for part in parts):
        return False
    try:
        there = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(there == json.loads(json.dumps(without_secrets(run_settings(config)))))
