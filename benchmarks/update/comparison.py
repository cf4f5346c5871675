"""Two processes that take turns at the same update, and what comes of it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from agents.network_shape import NetworkShape, network_shape
from benchmarks.update import workload

_MB = 1e6
_TOKENS_PER_BATCH = 1100
"""One example a batch on our side too."""


class Worker:
    """One side, in a process of its own (``benchmarks.update.worker``)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Speaks to ``process``, which has just been started."""
        self._process = process
        self.tokens: int = self._read()["tokens"]

    def ask(self, line: str) -> dict[str, Any]:
        """Has one thing done and returns what was measured.

        Args:
            line: As the worker understands it.

        Raises:
            RuntimeError: If the process ended.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def worker(
    side: str, folder: str, dtype: str, threads: int, examples: int, settings: Sequence[str] = ()
) -> Iterator[Worker]:
    """Starts one side and ends it.

    Args:
        side: ``released`` or ``ours``.
        folder: Of the model, or its name.
        dtype: Of the weights.
        threads: Of torch.
        examples: Of an update.
        settings: Further options of the worker.
    """
    command = [sys.executable, "-m", "benchmarks.update.worker", side, folder, "--dtype", dtype]
    command += ["--threads", str(threads), "--examples", str(examples), "--tokens-per-batch", str(_TOKENS_PER_BATCH)]
    with subprocess.Popen([*command, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


class Comparison:
    """Our update beside the released one."""

    def __init__(
        self,
        folder: str,
        dtype: str,
        threads: int,
        examples: int,
        *,
        own_dtype: str | None = None,
        own_settings: Sequence[str] = (),
    ) -> None:
        """Says what is compared; nothing is started yet.

        Args:
            folder: Of ``workload.write_models``.
            dtype: Of both sides' weights.
            threads: Of torch.
            examples: Of an update.
            own_dtype: Of our side's weights, where it is another; ``default`` is what a run takes by itself.
            own_settings: Further options of our side's worker.
        """
        self._sides = {
            "released": ("released", folder, dtype, threads, examples, ()),
            "ours": ("ours", folder, own_dtype or dtype, threads, examples, own_settings),
        }

    def measure(self, kind: str, turns: int, own_kind: str | None = None, *, warm: bool = True) -> dict[str, Any]:
        """Medians over some turns of both sides, one after the other.

        Args:
            kind: What the workers are asked for.
            turns: How often each.
            own_kind: What ours is asked for, where it is something else.
            warm: Begin with a turn that is not counted.
        """
        asked = {"released": kind, "ours": own_kind or kind}
        answers: dict[str, list[dict[str, Any]]] = {side: [] for side in self._sides}
        with ExitStack() as stack:
            workers = {name: stack.enter_context(worker(*side)) for name, side in self._sides.items()}
            for _ in range(turns + warm):
                for name, process in workers.items():
                    answers[name].append(process.ask(asked[name]))
        own, other = (answers[side][-turns:] for side in ("ours", "released"))
        ratios = [mine["tokens_per_s"] / theirs["tokens_per_s"] for mine, theirs in zip(own, other, strict=True)]
        memory, other_memory = (max(answer["peak_bytes"] for answer in side) / _MB for side in (own, other))
        return {
            "tokens/s": round(statistics.median(answer["tokens_per_s"] for answer in own), 1),
            "released": round(statistics.median(answer["tokens_per_s"] for answer in other), 1),
            "ratio": round(statistics.median(ratios), 2),
            "ratios": [round(ratio, 2) for ratio in ratios],
            "MB": round(memory),
            "released MB": round(other_memory),
            "share": round(memory / other_memory, 2),
            "loss": own[0]["loss"],
            "released loss": other[0]["loss"],
            "examples": self._sides["ours"][4],
        }


def utilisation(threads: int, turns: int) -> dict[str, Any]:
    """Share of what matrix products reach that the policy's update of SmolLM2 does useful operations at.

    Args:
        threads: Of torch.
        turns: Measurements of both, one after the other.
    """
    shares, speeds = [], []
    with worker("ours", "smollm2", "float32", threads, 2) as process:
        useful = update_flops(network_shape("smollm2"), process.tokens, 2)
        process.ask("policy paper")  # warms up
        for _ in range(turns):
            before = process.ask("products float32")["flops_per_s"]
            answer = process.ask("policy paper")
            after = process.ask("products float32")["flops_per_s"]
            shares.append(useful / answer["seconds"] / max(before, after))
            speeds.append(answer["tokens_per_s"])
    return {"tokens/s": round(statistics.median(speeds), 1), "share of products": round(statistics.median(shares), 3)}


def update_flops(shape: NetworkShape, tokens: int, examples: int) -> float:
    """Operations that a policy update cannot do without: three passes of the policy, one of reference and critic each.

    Two operations for each weight of a layer and token, and causal attention; the output layer at the action's tokens.
    Nothing that is computed twice counts twice.

    Args:
        shape: Of the network.
        tokens: Of all examples.
        examples: How many.
    """
    length = tokens / examples
    queries = shape.heads * (shape.linears[0][2] // shape.heads)
    forward = 2.0 * shape.matrices * tokens + 2.0 * shape.layers * queries * length * tokens
    action = sum(workload.ACTIONS) / 2
    output = 2.0 * shape.embedding * action * examples
    return 5.0 * forward + 4.0 * output
