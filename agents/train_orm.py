"""``webrl-orm``: trains an outcome reward model by Hydra configuration (``conf/train_orm.yaml``) and reports on it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from agents.console import ConsoleProgress
from agents.hydra_entry import named_keys, run_entry_point


def main() -> int:
    """Runs the command line; returns the exit status."""
    named = named_keys(sys.argv[1:])
    return run_entry_point("train_orm", lambda config: train_orm(config, named))


def train_orm(config: dict[str, Any], named: Collection[str] = ()) -> int:
    """Begins the run that ``config`` describes, or goes on with it, and prints its report.

    Args:
        config: ``conf/train_orm.yaml``, composed.
        named: Keys and groups that were given a value.

    Returns:
        The exit status.

    Raises:
        ConfigConflict: If a key was named that means nothing to a policy that is judged.
    """
    # These load torch and transformers, which takes seconds: a wrong command line is answered without them.
    from agents.orm_policies import require_no_other
    from agents.orm_report import markdown_report
    from agents.orm_run import OrmRun

    require_no_other(config, named)
    folder = Path(config["output"])
    run = OrmRun(folder, config, ConsoleProgress())
    if not (folder / "orm_report.json").exists():
        print(run.memory.table(), flush=True)
    report = run.train()
    print(markdown_report(report))
    print(f"The judge is in {folder}; use it with: webrl-train orm.from={folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
