"""``webrl-train``: trains an agent by Hydra configuration (``conf/train.yaml``), resumable at every part."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.console import ConsoleProgress
from agents.errors import CheckpointMismatch, ConfigConflict
from agents.flat_settings import flat
from agents.hydra_entry import compose_config, named_keys, run_entry_point


def main() -> int:
    """Runs the command line; returns the exit status."""
    named = named_keys(sys.argv[1:])
    return run_entry_point("train", lambda config: train(config, named))


def train(config: dict[str, Any], named: Collection[str] = ()) -> int:
    """Begins the run that ``config`` describes, or goes on with it.

    Args:
        config: ``conf/train.yaml``, composed.
        named: Keys and groups that were given a value; beside ``resume`` none may differ from the run's own, those
            of ``agents.run_folder.MAY_MOVE`` apart.

    Returns:
        The exit status.
    """
    # These load torch and transformers, which takes seconds: a wrong command line is answered without them.
    from agents.labelling import label_sentence
    from agents.run_folder import MAY_MOVE, last_finished, stored_config
    from agents.training_run import TrainingRun

    folder = Path(config["resume"] or config["run"])
    settings = config
    if config["resume"]:
        settings = stored_config(folder)
        _require_whole(folder, settings)
        _require_nothing_else(config, settings, named, MAY_MOVE)
        settings = _moved(settings, config, MAY_MOVE.intersection(named))
    if ":" in str(settings["algorithm"]["name"]):
        sys.path.insert(0, "")  # the user's own module may lie in the current folder
    run = TrainingRun(folder, {**settings, "resume": None}, ConsoleProgress())
    finished = last_finished(folder)
    if finished:
        print(f"Going on with {folder} after {finished}.", flush=True)
    print("\n".join(filter(None, (run.memory.table(), label_sentence(settings)))), flush=True)
    run.train()
    if run.orm_summary:
        print(run.orm_summary)
    print(f"The trained policy is in {folder / 'policy'}; score it with: webrl-benchmark agent={folder}")
    print(f"What happened on the way, as a page: webrl-report {folder}")
    return 0


def _require_whole(folder: Path, stored: Mapping[str, Any]) -> None:
    """Refuses the run of another version, in which settings of this one are not known.

    Raises:
        CheckpointMismatch: If settings are missing; the message names all of them.
    """
    missing = list(_missing(compose_config("train"), stored))
    if missing:
        raise CheckpointMismatch(
            f"{folder} is the run of a version that did not know {', '.join(missing)}: go on with it there"
        )


def _missing(known: Mapping[str, Any], stored: Mapping[str, Any], group: str = "") -> Iterator[str]:
    """Whole keys that a stored configuration lacks; algorithms and proposers have each their own."""
    for name, value in known.items():
        key = f"{group}{name}"
        if name not in stored:
            yield key
        elif (
            isinstance(value, Mapping) and isinstance(stored[name], Mapping) and key not in ("algorithm", "curriculum")
        ):
            yield from _missing(value, stored[name], f"{key}.")


def _require_nothing_else(
    config: Mapping[str, Any], stored: Mapping[str, Any], named: Collection[str], may_differ: Collection[str]
) -> None:
    """Refuses settings beside ``resume=``: the run's own are used, and a silent choice would mislead.

    Raises:
        ConfigConflict: If a value that was named, or one that is no default, is not the run's own; the message names
            all of them.
    """
    defaults, own = flat(compose_config("train")), flat(stored)

    def is_given(key: str, value: Any) -> bool:
        # A group is named by the beginning of its keys; a preset's values are told by being no defaults.
        return value != defaults.get(key) or any(f"{key}.".startswith(f"{name}.") for name in named)

    ignored = [
        f"{key} is {own.get(key)!r} in the run, {value!r} was given"
        for key, value in flat(config).items()
        if key not in ("resume", "run", *may_differ) and value != own.get(key) and is_given(key, value)
    ]
    if ignored:
        raise ConfigConflict(f"resume= goes on with the run's own configuration: {'; '.join(ignored)}")


def _moved(stored: Mapping[str, Any], config: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The run's own configuration with the command line's values of some keys."""
    settings = {group: dict(value) if isinstance(value, Mapping) else value for group, value in stored.items()}
    for key in keys:
        group, _, name = key.partition(".")
        settings[group][name] = config[group][name]
    return settings


if __name__ == "__main__":
    sys.exit(main())
