"""``webrl-train``: trains an agent by Hydra configuration (``conf/train.yaml``), resumable at every part."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.console import ConsoleProgress
from agents.errors import ConfigConflict
from agents.flat_settings import flat
from agents.hydra_entry import compose_config, run_entry_point


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run_entry_point("train", train)


def train(config: dict[str, Any]) -> int:
    """Begins the run that ``config`` describes, or goes on with it."""
    # These load torch and transformers, which takes seconds: a wrong command line is answered without them.
    from agents.run_folder import last_finished, stored_config
    from agents.training_run import TrainingRun

    folder = Path(config["resume"] or config["run"])
    settings = config
    if config["resume"]:
        settings = stored_config(folder)
        _require_nothing_else(config, settings)
    if ":" in str(settings["algorithm"]["name"]):
        sys.path.insert(0, "")  # the user's own module may lie in the current folder
    run = TrainingRun(folder, {**settings, "resume": None}, ConsoleProgress())
    finished = last_finished(folder)
    if finished:
        print(f"Going on with {folder} after {finished}.", flush=True)
    print(run.memory.table(), flush=True)
    run.train()
    if run.orm_summary:
        print(run.orm_summary)
    print(f"The trained policy is in {folder / 'policy'}; score it with: webrl-benchmark agent={folder}")
    print(f"What happened on the way, as a page: webrl-report {folder}")
    return 0


def _require_nothing_else(config: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Refuses settings beside ``resume=``: the run's own are used, and a silent choice would mislead.

    Raises:
        ConfigConflict: If a value is neither the default nor the run's own; the message names all of them.
    """
    defaults, own = flat(compose_config("train")), flat(stored)
    ignored = [
        f"{key} is {own.get(key)!r} in the run, {value!r} was given"
        for key, value in flat(config).items()
        if key not in ("resume", "run") and value not in (defaults.get(key), own.get(key))
    ]
    if ignored:
        raise ConfigConflict(f"resume= goes on with the run's own configuration: {'; '.join(ignored)}")


if __name__ == "__main__":
    sys.exit(main())
