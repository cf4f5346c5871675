"""One side of the comparison in a process of its own: answers lines on standard input with JSON lines.

Each line asks for one update: ``policy paper``, ``policy released``, ``critic``, or of our side ``head``; ``products
float32`` measures what matrix products reach.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import Any

import torch
from transformers.utils import logging

from agents.devices import resident_memory
from benchmarks.update import workload

_PRODUCT = 1024
_PRODUCT_SECONDS = 0.5


def main() -> None:
    """Loads the side's models and answers until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", choices=["released", "ours"])
    parser.add_argument("folder", help="of the model, or its name")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--examples", type=int, required=True)
    parser.add_argument("--tokens-per-batch", type=int, required=True)
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--lora", type=int, help="rank of adapters")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable_progress_bar()
    # What is imported counts on neither side.
    from benchmarks.update.ours import OurUpdate
    from benchmarks.update.released import ReleasedUpdate

    before = resident_memory()
    if options.side == "ours":
        settings = {"gradient_checkpointing": options.gradient_checkpointing, "rank": options.lora}
        side: Any = OurUpdate(options.folder, options.dtype, options.tokens_per_batch, **settings)
    else:
        side = ReleasedUpdate(options.folder, getattr(torch, options.dtype))
    given = workload.examples(options.examples)
    tokens = sum(example.tokens for example in given)
    print(json.dumps({"tokens": tokens}), flush=True)
    for line in sys.stdin:
        kind, _, loss_name = line.strip().partition(" ")
        if kind == "products":
            answer: dict[str, Any] = {"flops_per_s": product_flops(getattr(torch, loss_name))}
        else:
            updates = {"critic": side.update_critic, "head": getattr(side, "update_head", None)}
            done = side.update_policy(given, loss_name) if kind == "policy" else updates[kind](given)
            answer = {"seconds": done.seconds, "loss": done.loss, "tokens_per_s": tokens / done.seconds}
            side.begin_again()
        answer["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        print(json.dumps(answer), flush=True)


def product_flops(dtype: torch.dtype) -> float:
    """Operations a second of the product of two square matrices, the best of some.

    Args:
        dtype: Of the matrices.
    """
    left, right = (torch.randn(_PRODUCT, _PRODUCT).to(dtype) for _ in range(2))
    best, began = 0.0, time.perf_counter()
    while time.perf_counter() - began < _PRODUCT_SECONDS:
        start = time.perf_counter()
        left @ right
        best = max(best, 2.0 * _PRODUCT**3 / (time.perf_counter() - start))
    return best


if __name__ == "__main__":
    main()
