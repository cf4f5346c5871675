"""What one update of policy and critic costs, beside a plain re-statement of the released code's update.

    python -m benchmarks.update [--dtypes float32 bfloat16] [--examples 8] [--turns 3] [--threads 1] [--no-smollm2]

Both sides work on the same model (49k tokens, 6 layers, 288 wide), examples and threads, each in a process of its own,
and take turns; medians over the turns are reported. Tokens are counted once an example, prompt and action, whatever a
side does with them; the reference's pass is inside both. ``default`` is this project at its own settings. Model FLOPs
utilisation is that of the policy's update of SmolLM2, against a measured matrix product of the same kind.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from agents.devices import fast_bfloat16
from benchmarks.record import write_record
from benchmarks.update.workload import write_models

_WORK = ("policy paper", "policy released", "critic")
_TOKENS_PER_BATCH = 4096
_SMOLLM2_PARAMETERS = 134_515_008
_PASSES = 2.0 + 6.0
"""Operations a parameter and token: 2 of the reference's forward pass, 6 of forward and backward pass."""


class Worker:
    """One side in its own process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talks to ``process``, which tells its tokens first."""
        self._process = process
        self.tokens = int(self._read()["tokens"])
        self.answers: dict[str, list[dict[str, float]]] = {}

    def ask(self, work: str) -> dict[str, float]:
        """Has one update done.

        Args:
            work: A line for the worker.

        Raises:
            RuntimeError: If the worker has ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{work}\n")
        self._process.stdin.flush()
        answer = self._read()
        self.answers.setdefault(work, []).append(answer)
        return answer

    def median(self, work: str, name: str) -> float:
        """The median of what the answers say, the first one (which warms up) left out."""
        return statistics.median(answer[name] for answer in self.answers[work][1:])

    def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"A worker has ended with status {self._process.wait()}.")
        return dict(json.loads(line))


@contextmanager
def worker(side: str, model: str, dtype: str, options: argparse.Namespace) -> Iterator[Worker]:
    """A side's process while the block runs.

    Args:
        side: ``released`` or ``ours``.
        model: Folder or name.
        dtype: Of the weights; ``default`` is this project's own choice.
        options: Of the command line.
    """
    sizes = [f"--threads={options.threads}", f"--examples={options.examples}"]
    command = [sys.executable, "-m", "benchmarks.update.worker", side, model, f"--dtype={dtype}", *sizes]
    command.append(f"--tokens-per-batch={_TOKENS_PER_BATCH}")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()


def main() -> None:
    """Measures and writes ``results/update.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"], choices=["float32", "bfloat16"])
    parser.add_argument("--examples", type=int, default=8, help="steps in one update")
    parser.add_argument("--turns", type=int, default=3, help="updates of each kind that count")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-smollm2", action="store_true", help="measure no utilisation")
    options = parser.parse_args()
    measured: dict[str, Any] = {
        "threads": options.threads,
        "examples": options.examples,
        "turns": options.turns,
        "fast_bfloat16": fast_bfloat16("cpu"),
    }
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder))
        for dtype in options.dtypes:
            measured[dtype] = _compare(folder, dtype, dtype, options)
            _show(f"{dtype} on both sides", measured[dtype])
        measured["default"] = _compare(folder, "float32", "default", options)
        _show("this project's default beside float32", measured["default"])
    if not options.no_smollm2:
        measured["smollm2_utilisation"] = _utilisation(options)
        print(
            f"SmolLM2's policy update: {100 * measured['smollm2_utilisation']['utilisation']:.0f} % of a product's rate"
        )
    print(f"written to {write_record('update', measured)}")


def _compare(model: str, released_dtype: str, our_dtype: str, options: argparse.Namespace) -> dict[str, Any]:
    """Both sides in turns."""
    with ExitStack() as stack:
        released = stack.enter_context(worker("released", model, released_dtype, options))
        ours = stack.enter_context(worker("ours", model, our_dtype, options))
        for _ in range(options.turns + 1):
            for work in _WORK:
                released.ask(work)
                ours.ask(work)
        return _result(released, ours)


def _result(released: Worker, ours: Worker) -> dict[str, Any]:
    result: dict[str, Any] = {"tokens": ours.tokens}
    for work in _WORK:
        sides = [{name: side.median(work, name) for name in ("tokens_per_s", "loss")} for side in (released, ours)]
        result[work] = {
            "released": sides[0],
            "ours": sides[1],
            "ratio": sides[1]["tokens_per_s"] / sides[0]["tokens_per_s"],
        }
    for work in ("policy paper", "policy released"):
        seconds = [side.median(work, "seconds") + side.median("critic", "seconds") for side in (released, ours)]
        result[f"{work} and critic"] = {"ratio": seconds[0] / seconds[1]}
    peaks = [
        max(answer["peak_bytes"] for said in side.answers.values() for answer in said) for side in (released, ours)
    ]
    result["peak_bytes"] = {"released": peaks[0], "ours": peaks[1], "share": peaks[1] / peaks[0]}
    return result


def _show(title: str, result: dict[str, Any]) -> None:
    print(f"\n{title}")
    for work in _WORK:
        row = result[work]
        print(
            f"  {work:16} {row['released']['tokens_per_s']:9.0f} -> {row['ours']['tokens_per_s']:9.0f} tokens/s: "
            f"{row['ratio']:.1f} times; loss {row['released']['loss']:.7g} and {row['ours']['loss']:.7g}"
        )
    for work in ("policy paper", "policy released"):
        print(f"  {work} and critic: {result[f'{work} and critic']['ratio']:.1f} times")
    peaks = result["peak_bytes"]
    print(
        f"  memory {peaks['released'] / 2**20:.0f} -> {peaks['ours'] / 2**20:.0f} MiB: {peaks['share']:.2f} of it",
        flush=True,
    )


def _utilisation(options: argparse.Namespace) -> dict[str, float]:
    """Operations a second of the policy's update, in parts of what a product of the same kind reaches."""
    kind = "bfloat16" if fast_bfloat16("cpu") else "float32"
    with worker("ours", "smollm2", "default", options) as ours:
        for _ in range(options.turns + 1):
            ours.ask(f"products {kind}")
            ours.ask("policy paper")
        reached = _PASSES * _SMOLLM2_PARAMETERS * ours.median("policy paper", "tokens_per_s")
        product = ours.median(f"products {kind}", "flops_per_s")
    return {"flops_per_s": reached, "product_flops_per_s": product, "utilisation": reached / product}


if __name__ == "__main__":
    main()
