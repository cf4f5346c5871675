"""``webrl-orm``: trains an outcome reward model by Hydra configuration (``conf/train_orm.yaml``) and reports on it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from agents.console import ConsoleProgress
from agents.hydra_entry import run_entry_point


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("train_orm", train_orm)


def train_orm(config: dict[str, Any]) -> int:
    """Begins the run that ``config`` describes, or goes on with it, and prints its report."""
    # These load torch and transformers, which takes seconds: a wrong command line is answered without them.
    from agents.orm_report import markdown_report
    from agents.orm_run import OrmRun

    folder = Path(config["output"])
    report = OrmRun(folder, config, ConsoleProgress()).train()
    print(markdown_report(report))
    print(f"The judge is in {folder}; use it with: webrl-train orm.from={folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
