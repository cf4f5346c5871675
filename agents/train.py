"""``webrl-train``: trains an agent by Hydra configuration (``conf/train.yaml``), resumable at every part."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from agents.console import ConsoleProgress
from agents.hydra_entry import run_entry_point
from agents.training_run import TrainingRun, stored_config


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("train", train)


def train(config: dict[str, Any]) -> int:
    """Begins the run that ``config`` describes, or goes on with it."""
    folder = Path(config["resume"] or config["run"])
    settings = stored_config(folder) if config["resume"] else config
    if settings["threads"]:
        import torch

        torch.set_num_threads(settings["threads"])
    TrainingRun(folder, {**settings, "resume": None}, ConsoleProgress()).train()
    print(f"The trained policy is in {folder / 'policy'}; score it with: webrl-benchmark agent={folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
