"""Pre-trains the nano model on page-reading exercises: ``python -m agents.nano.pretrain --output FOLDER``.

The same arguments give the same weights on the same machine, unless ``--seconds`` ends the run. The run writes the
model, its tokenizer and ``log.json`` (arguments, curve, accuracy by kind of exercise on held-out exercises). The
shipped weights took eight minutes of a GPU (30 million tokens; their log tells the arguments); the defaults take about
an hour of one core.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from agents.batching import collate, length_buckets
from agents.nano.compact import escape, to_compact
from agents.nano.configuration import NanoConfig
from agents.nano.exercises import KINDS, Exercise, make_exercise
from agents.nano.formatting import NanoFormat
from agents.nano.modeling import NanoForCausalLM
from agents.nano.tokenization import folded_ids, train_tokenizer
from agents.nano.vocabulary import word_lists
from agents.optimizers import muon_with_adamw, trained_parameters

_log = logging.getLogger(__name__)
_HELD_OUT_SEED = 1_000_003
_MAX_TOKENS = 640
_GLANCE = 25
"""Held-out exercises of each kind that are looked at during the run."""

Encoded = tuple[tuple[int, ...], tuple[int, ...]]


def main() -> None:
    """Reads the command line and trains."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    if arguments.device != "cpu":
        torch.set_float32_matmul_precision("high")  # TF32, as the shipped weights were made
    torch.manual_seed(arguments.seed)
    tokenizer = exercise_tokenizer(arguments.vocab_size, arguments.seed)
    config = NanoConfig(
        vocab_size=len(tokenizer),
        hidden_size=arguments.hidden_size,
        num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.heads,
        intermediate_size=arguments.hidden_size * 11 // 4,
    )
    model = NanoForCausalLM(config)
    model.set_vocabulary(folded_ids(tokenizer), tokenizer.convert_tokens_to_ids("Ċ"))
    log = train(model.to(arguments.device), tokenizer, arguments)
    arguments.output.mkdir(parents=True, exist_ok=True)
    model.to("cpu").save_pretrained(arguments.output)
    tokenizer.save_pretrained(arguments.output)
    (arguments.output / "log.json").write_text(json.dumps(log, indent=1) + "\n", "utf-8")


def exercise_tokenizer(vocab_size: int, seed: int) -> PreTrainedTokenizerFast:
    """A tokenizer learned from exercises and the general word list.

    Args:
        vocab_size: Number of tokens.
        seed: Decides the exercises.
    """
    rng = random.Random(seed)
    texts = []
    for _ in range(1500):
        exercise = make_exercise(rng)
        observation = exercise.observation
        texts += [to_compact(observation["html"]), escape(f" {observation['instruction']}")]
    for group, weight in zip(word_lists(), (12, 6), strict=True):
        for word in group:
            texts += [f" {word}", f" {word.capitalize()}"] * weight
    texts += [f"{sign}{number:02d}" for number in range(100) for sign in (" ", "")] * 40
    return train_tokenizer(texts, vocab_size)


def encode_exercise(exercise: Exercise, form: NanoFormat) -> Encoded:
    """Prompt and action ids of an exercise."""
    if exercise.question is not None:
        return form.encode_orm_prompt(exercise.question, _MAX_TOKENS), (form.answer_id(exercise.action),)
    prompt = form.render(exercise.observation, exercise.history, _MAX_TOKENS)
    return prompt.token_ids, form.encode_action(exercise.action)


class _ChunkMaker:
    """Makes numbered chunks of encoded exercises; the number alone decides what is in one."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, seed: int, size: int) -> None:
        self.form = NanoFormat(tokenizer)
        self.seed = seed
        self.size = size

    def __call__(self, number: int) -> list[Encoded]:
        rng = random.Random(self.seed * 1_000_000 + number)
        return [encode_exercise(make_exercise(rng), self.form) for _ in range(self.size)]


_maker: _ChunkMaker | None = None


def _start_worker(folder: str, seed: int, size: int) -> None:
    global _maker  # a pool's processes have no other place to keep their state
    _maker = _ChunkMaker(PreTrainedTokenizerFast.from_pretrained(folder), seed, size)


def _work(number: int) -> list[Encoded]:
    if _maker is None:
        raise RuntimeError("the worker was not started")
    return _maker(number)


def _chunks(tokenizer: PreTrainedTokenizerFast, arguments: argparse.Namespace) -> Iterator[list[Encoded]]:
    folder, seed, size, workers = arguments.output, arguments.seed, arguments.chunk, arguments.workers
    numbers = iter(range(1 << 30))
    if workers == 0:
        yield from map(_ChunkMaker(tokenizer, seed, size), numbers)
        return
    tokenizer.save_pretrained(folder)
    with get_context("spawn").Pool(workers, _start_worker, (str(folder), seed, size)) as pool:
        waiting = [pool.apply_async(_work, (next(numbers),)) for _ in range(2 * workers)]
        while True:
            chunk = waiting.pop(0)
            waiting.append(pool.apply_async(_work, (next(numbers),)))
            yield chunk.get()


def _batches(
    chunks: Iterator[list[Encoded]], tokens_per_batch: int, seed: int
) -> Iterator[tuple[list[tuple[int, ...]], list[tuple[int, ...]]]]:
    rng = np.random.default_rng(seed)
    for chunk in chunks:
        for bucket in length_buckets([len(p) + len(a) for p, a in chunk], tokens_per_batch, rng):
            yield [chunk[place][0] for place in bucket], [chunk[place][1] for place in bucket]


def train(
    model: NanoForCausalLM, tokenizer: PreTrainedTokenizerFast, arguments: argparse.Namespace
) -> dict[str, object]:
    """Trains for a number of steps, or for so many seconds when that is given.

    Args:
        model: Trained in place.
        tokenizer: Its tokenizer.
        arguments: What ``_arguments`` reads.

    Returns:
        The log.
    """
    device = arguments.device
    pad = int(model.config.pad_token_id)
    optimizers = muon_with_adamw(trained_parameters(model), arguments.muon_rate, arguments.adam_rate)
    bases = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    chunks = _chunks(tokenizer, arguments)
    batches = _batches(chunks, arguments.tokens_per_batch, arguments.seed)
    held_out = _held_out(NanoFormat(tokenizer), arguments.held_out)
    curve: list[dict[str, float]] = []
    losses: list[float] = []
    samples = tokens = step = 0
    start = time.monotonic()
    model.train()
    while True:
        elapsed = time.monotonic() - start
        done = max(step / arguments.steps, elapsed / arguments.seconds if arguments.seconds else 0.0)
        if done >= (len(curve) + 1) / arguments.reports:
            began = time.monotonic()
            shown = held_out if done >= 1.0 else {kind: examples[:_GLANCE] for kind, examples in held_out.items()}
            curve.append(
                {
                    "step": step,
                    "seconds": round(elapsed),
                    "samples": samples,
                    "tokens": tokens,
                    "loss": round(float(np.mean(losses[-100:])), 4),
                    **accuracy(model, shown, pad, device),
                }
            )
            start += time.monotonic() - began
            _log.info(json.dumps(curve[-1]))
        if done >= 1.0:
            break
        factor = min(1.0, (step + 1) / 50) * max(0.02, min(1.0, (1.0 - done) / arguments.decay))
        for optimizer, rates in zip(optimizers, bases, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        prompts, actions = next(batches)
        batch = collate(prompts, actions, pad, device)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=arguments.bfloat16):
            logits = model(batch.input_ids, batch.attention_mask, batch.positions).logits
        loss = functional.nll_loss(logits[batch.action_mask], batch.action_ids[batch.action_mask])
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        step += 1
        samples += len(prompts)
        tokens += int(batch.attention_mask.sum())
    model.eval()
    recorded = {name: value for name, value in vars(arguments).items() if name != "output"}
    return {"arguments": recorded, "torch": torch.__version__, "curve": curve}


def _held_out(form: NanoFormat, count: int) -> dict[str, list[Encoded]]:
    rng = random.Random(_HELD_OUT_SEED)
    return {kind: [encode_exercise(make_exercise(rng, kind), form) for _ in range(count)] for kind in KINDS}


@torch.no_grad()
def accuracy(model: NanoForCausalLM, held_out: dict[str, list[Encoded]], pad: int, device: str) -> dict[str, float]:
    """Share of exercises whose whole action is the likeliest, by kind and over all."""
    was_training = model.training
    model.eval()
    right: dict[str, list[bool]] = defaultdict(list)
    for kind, examples in held_out.items():
        for bucket in length_buckets([len(p) + len(a) for p, a in examples], 8192, np.random.default_rng(0)):
            batch = collate([examples[i][0] for i in bucket], [examples[i][1] for i in bucket], pad, device)
            logits = model(batch.input_ids, batch.attention_mask, batch.positions).logits
            hits = ((logits.argmax(-1) == batch.action_ids) | ~batch.action_mask).all(1).tolist()
            right[kind] += hits
            right["all"] += hits
    model.train(was_training)
    return {kind: round(float(np.mean(hits)), 3) for kind, hits in right.items()}


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pre-trains the nano model on page-reading exercises.")
    parser.add_argument("--output", type=Path, required=True, help="folder for model, tokenizer and log")
    parser.add_argument("--steps", type=int, default=6000, help="optimizer steps")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many seconds if that is sooner")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--workers", type=int, default=0, help="processes that make exercises; 0 makes them in between")
    parser.add_argument(
        "--chunk", type=int, default=2048, help="exercises that are made and sorted by length at a time"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--tokens-per-batch", type=int, default=4096)
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adam-rate", type=float, default=0.003)
    parser.add_argument("--decay", type=float, default=0.5, help="share of the run over which the rate falls")
    parser.add_argument("--bfloat16", action="store_true", help="autocast: a quarter faster where the processor has it")
    parser.add_argument("--reports", type=int, default=12, help="times that held-out accuracy is measured")
    parser.add_argument("--held-out", type=int, default=100, help="held-out exercises of each kind")
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
