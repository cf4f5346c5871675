"""What the installed commands start: the learner, or one sentence that says which extra is missing.

``webrl_gym`` installs without the learner's libraries, and the commands are there all the same. Nothing is imported
before those libraries are known to be there.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "stable_baselines3",
    "hydra",
    "tensorboard",
    "rich",
    "peft",
)
"""Import names of what the extra ``train`` brings."""


def train() -> int:
    """``webrl-train``; returns the exit status, 2 when the extra is missing."""
    return _start("webrl-train", "agents.train")


def train_orm() -> int:
    """``webrl-orm``; returns the exit status, 2 when the extra is missing."""
    return _start("webrl-orm", "agents.train_orm")


def benchmark() -> int:
    """``webrl-benchmark``; returns the exit status, 2 when the extra is missing."""
    return _start("webrl-benchmark", "agents.benchmark")


def report() -> int:
    """``webrl-report``; returns the exit status, 2 when the extra is missing."""
    return _start("webrl-report", "agents.report.__main__")


def _start(command: str, module: str) -> int:
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"{command} needs the learner's libraries, and {', '.join(missing)} cannot be found; "
            'install them with: pip install "webrl-gym[train]"\n'
        )
        return 2
    said = "Stopped before anything was begun.\n"  # while the libraries load, which takes seconds
    try:
        main = import_module(module).main
        said = "Stopped.\n"
        return int(main())
    except KeyboardInterrupt:
        sys.stderr.write(said)
        return 130
