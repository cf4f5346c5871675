"""Measures what an update costs beside a plain re-statement of the released one, and writes ``results/update.json``.

    python -m benchmarks.update [--only float32 bfloat16 default memory critic utilisation] [--threads 1] [--quick]

Both sides run in processes of their own, get the same models, examples and threads, and take turns, after one that is
not counted. Medians over the turns are reported, and the highest memory of each process beyond what it held before it
loaded a model. Tokens are those of prompts and actions, each example once. ``--quick`` tries everything out with few
examples and writes no file. Each part is written when it is done.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agents.devices import fast_bfloat16
from agents.run_card import commit, machine
from agents.smollm2 import smollm2_folder
from benchmarks.record import read_record, write_record
from benchmarks.update import workload
from benchmarks.update.comparison import Comparison, utilisation

_NAME = "update"
_SLOW_EXAMPLES = 1
"""Where a processor emulates bfloat16, the released update takes minutes an example."""


def main() -> None:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to measure")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3, help="turns of each side, where bfloat16 is not emulated")
    parser.add_argument("--examples", type=int, default=8, help="examples of an update in float32")
    parser.add_argument("--quick", action="store_true", help="few examples and no file, to try it out")
    options = parser.parse_args()
    if options.quick:
        options.turns, options.examples = 1, 2
    if "utilisation" in options.only:
        try:
            smollm2_folder()  # whether there is one is known before half an hour of work leads up to it
        except FileNotFoundError as error:
            parser.error(str(error))
    where = {"commit": commit(), "processor": machine()["processor"], "threads": options.threads}
    print(f"commit {where['commit']}, {options.threads} threads of {where['processor']}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        workload.write_models(Path(folder))
        for name in options.only:
            _record(PARTS[name](folder, options), None if options.quick else where)


def _record(rows: Mapping[str, Any], where: Mapping[str, Any] | None) -> None:
    """Prints what a part measured and writes it beside what stands there of others, unless ``where`` is None."""
    for name, row in rows.items():
        print(f"{name:42} {', '.join(f'{key} {_shown(value)}' for key, value in row.items())}", flush=True)
    if where is not None:
        kept = {**read_record(_NAME).get("rows", {}), **{name: {**row, **where} for name, row in rows.items()}}
        write_record(_NAME, {"rows": kept})


def _float32(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """The policy's update with either loss; reference and values are part of it."""
    compared = Comparison(folder, "float32", options.threads, options.examples)
    return {
        "policy, float32, paper's loss": compared.measure("policy paper", options.turns),
        "policy, float32, released loss": compared.measure("policy released", options.turns),
    }


def _bfloat16(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    is_slow = not fast_bfloat16("cpu")
    examples, turns = (_SLOW_EXAMPLES, 1) if is_slow else (options.examples, options.turns)
    compared = Comparison(folder, "bfloat16", options.threads, examples)
    return {
        "policy, bfloat16, paper's loss": compared.measure("policy paper", turns, warm=not is_slow),
        "policy, bfloat16, released loss": compared.measure("policy released", turns, warm=not is_slow),
    }


def _default(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    compared = Comparison(folder, "float32", options.threads, options.examples, own_dtype="default")
    return {"policy, our default beside float32": compared.measure("policy paper", options.turns)}


_LESS_MEMORY: dict[str, tuple[str, ...]] = {
    "layer inputs kept alone": ("--gradient-checkpointing",),
    "adapters of rank 16": ("--lora", "16"),
    "both, adapters and layer inputs alone": ("--lora", "16", "--gradient-checkpointing"),
}


def _memory(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    rows = {}
    for name, settings in _LESS_MEMORY.items():
        own = Comparison(folder, "float32", options.threads, options.examples, own_settings=settings)
        rows[f"policy, float32, {name}"] = own.measure("policy paper", options.turns)
    return rows


def _critic(folder: str, options: argparse.Namespace) -> dict[str, Any]:
    float32 = Comparison(folder, "float32", options.threads, options.examples)
    return {
        "critic with its trunk, float32": float32.measure("critic", options.turns),
        "critic's head alone beside it, float32": float32.measure("critic", options.turns, own_kind="head"),
    }


def _utilisation(_: str, options: argparse.Namespace) -> dict[str, Any]:
    return {"utilisation of smollm2": utilisation(options.threads, turns=min(3, options.turns))}


PARTS: dict[str, Callable[[str, argparse.Namespace], dict[str, Any]]] = {
    "float32": _float32,
    "bfloat16": _bfloat16,
    "default": _default,
    "memory": _memory,
    "critic": _critic,
    "utilisation": _utilisation,
}


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
