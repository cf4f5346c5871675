"""``make demo``: floors, oracle, supervised policy, three WebRL phases, one table, one report page.

Everything is kept in the run's folder; a demo that was stopped goes on, one that is finished is shown again at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from agents.demo_folder import PRINTED, REPORT, demo_conflicts, is_finished
from agents.errors import ConfigConflict
from agents.hydra_entry import run_entry_point


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("demo", demo)


def demo(config: dict[str, Any]) -> int:
    """Does what is not done yet, then prints the table and says where the report is."""
    if problems := demo_conflicts(config):
        raise ConfigConflict("\n".join(problems))
    folder = Path(config["run"])
    if is_finished(folder, config):
        took = "Finished before, shown again"
    else:
        # It loads torch and transformers, which takes seconds: a finished demo is shown without them.
        from agents.demo_run import run_demo

        seconds = run_demo(folder, config)
        took = f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"
    print(f"\n{(folder / PRINTED).read_text(encoding='utf-8')}\n{took}. The report: {(folder / REPORT).resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
