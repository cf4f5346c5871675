"""The run card: everything needed to say how a number was made."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "webrl-gym",
    "gymnasium",
    "playwright",
    "lxml",
    "flask",
    "torch",
    "transformers",
    "stable-baselines3",
    "hydra-core",
    "numpy",
)
_SECRET_KEY = re.compile(
    r"(?:^|[_-]|api|secret|access|private)keys?$|token$|passw(?:or)?ds?$|passphrase$|pwd$|secrets?$|credentials?$"
    "|authorization$",
    re.IGNORECASE,
)
LEFT_OUT = "<left out>"
"""Stands where a secret was."""
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/?#\s]+(?=@)")
_QUERY_IN_URL = re.compile(rf"(://[^?#\s]*\?)(?!{LEFT_OUT})[^#\s]+")
_BLOCK = 1 << 20


def run_card(
    *,
    config: Mapping[str, Any],
    panel: Sequence[str],
    seeds: Sequence[int],
    engine: str,
    model: str | None = None,
    model_files: Iterable[Path] = (),
    prompt_text: str | None = None,
    failures: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Facts about a run, JSON-ready.

    Args:
        config: The configuration as plain data; values of keys that look like secrets are left out.
        panel: Task ids in order.
        seeds: Every seed that was used.
        engine: ``static`` or ``chromium``.
        model: What the model is called (``agents.model_record``); None for agents without one of ours.
        model_files: Weight files, hashed together.
        prompt_text: The prompt's fixed text, hashed; None for agents without a prompt of ours.
        failures: Episodes that do not count, by status.
    """
    return {
        "commit": commit(),
        "machine": machine(),
        "packages": package_versions(),
        "config": without_secrets(config),
        "engine": engine,
        "seeds": list(seeds),
        "panel_size": len(panel),
        "panel_sha256": _sha256("\n".join(panel).encode()),
        "model": model,
        "model_sha256": files_sha256(model_files),
        "prompt_sha256": None if prompt_text is None else _sha256(prompt_text.encode()),
        "not_scored": dict(failures or {}),
    }


def commit() -> str:
    """The checkout's commit, ``-dirty`` when files differ from it; ``unknown`` outside a checkout."""
    try:
        # An installed package may lie inside somebody else's checkout, whose commit says nothing about it.
        _git("ls-files", "--error-unmatch", Path(__file__).name)
        return _git("describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def machine() -> dict[str, Any]:
    """Processor, cores and memory, without names of host or user."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": cores,
        "memory_gb": _memory_gb(),
        "python": platform.python_version(),
    }


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that decide results."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without values of keys such as ``api_key`` or ``password``, and users and queries of URLs.

    What was left out before stays as it is.
    """
    return {
        str(key): LEFT_OUT if value and _SECRET_KEY.search(str(key)) else _without_secrets(value)
        for key, value in config.items()
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(value)
    if isinstance(value, list | tuple):
        return [_without_secrets(item) for item in value]
    if isinstance(value, str):
        # The query first: no address with the space of what stands for a user is found as one.
        return _PASSWORD_IN_URL.sub(LEFT_OUT, _QUERY_IN_URL.sub(rf"\1{LEFT_OUT}", value))
    return value


def _git(*arguments: str) -> str:
    found = subprocess.run(
        ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
    )
    return found.stdout.strip()


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def files_sha256(paths: Iterable[Path]) -> str | None:
    """One hash over the contents of files in the order of their names; None without files."""
    digest, any_file = hashlib.sha256(), False
    for path in sorted(paths):
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        any_file = True
    return digest.hexdigest() if any_file else None
