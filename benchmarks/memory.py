"""How near the memory estimate that a training run prints is to what its parts really take.

    python -m benchmarks.memory [--only nano smollm2 ...]

Each part runs in a process of its own: two updates of the supervised start on batches as full and prompts as long as
the configuration allows, or a batch of actions written after such prompts. Compared is the highest resident memory
beyond what the process held before it loaded a model.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from agents.devices import resident_memory
from agents.generation import DEFAULT_BATCH_SIZE
from agents.hydra_entry import compose_config
from agents.policy import LLMPolicy
from agents.run_card import commit
from agents.training_memory import estimate_memory
from agents.types import Prompt, Transition
from benchmarks.record import read_record, write_record

_MIB = 2**20
_WRITTEN = 32
"""Tokens of an action."""
_SMOLLM2 = ("experiment=webrl_smollm2", "env.num_envs=16")
CASES: dict[str, tuple[str, ...]] = {
    "nano": (),
    "nano, AdamW": ("sft.optimizer=adamw",),
    "nano, batches of 4,096 tokens": ("sft.tokens_per_batch=4096",),
    "smollm2": _SMOLLM2,
    "smollm2, layer inputs kept alone": (*_SMOLLM2, "model.gradient_checkpointing=true"),
    "smollm2, bfloat16": (*_SMOLLM2, "model.dtype=bfloat16"),
    "smollm2, adapters": (*_SMOLLM2, "model.lora={rank: 16}"),
    "smollm2, adapters, layer inputs kept alone": (
        *_SMOLLM2,
        "model.lora={rank: 16}",
        "model.gradient_checkpointing=true",
    ),
}
"""Overrides of the training configuration."""
_TRAINING, _WRITING = "supervised start", "attempts"
WRITING_CASES = ("nano", "smollm2", "smollm2, bfloat16")
"""Those that write in another way than the ones before them."""


def main() -> None:
    """Measures and writes ``results/memory.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES), metavar="CASE")
    parser.add_argument("--measure", nargs=2, metavar=("CASE", "PART"), help="print one measured part, and end")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(_measure(*options.measure)))
        return
    rows = []
    print(f"{'':44}{'part':18}{'estimate':>10}{'measured':>10}  MiB")
    for case in options.only:
        estimate = {part.name: part.total for part in estimate_memory(compose_config("train", CASES[case])).parts}
        for part in (_TRAINING, _WRITING) if case in WRITING_CASES else (_TRAINING,):
            command = [sys.executable, "-m", "benchmarks.memory", "--measure", case, part]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            numbers = {"estimate": estimate[part], "measured": json.loads(answer)}
            row = {"case": case, "part": part, **numbers, "commit": commit()}
            rows.append(row)
            shown = "".join(f"{number / _MIB:10.0f}" for number in numbers.values())
            print(f"{case:44}{part:18}{shown}", flush=True)
    rows += [row for row in read_record("memory").get("rows", []) if row["case"] not in options.only]
    rows.sort(key=lambda row: list(CASES).index(row["case"]))
    print(f"written to {write_record('memory', {'rows': rows})}")


def _measure(case: str, part: str) -> int:
    """Bytes beyond what the process held before it loaded a model."""
    # What is imported is the program's, and counted apart.
    from agents.adapters import lora_settings
    from agents.models import load_model

    config = compose_config("train", CASES[case])
    work: Callable[..., None] = {_TRAINING: _train, _WRITING: _write}[part]
    before = resident_memory()
    settings = config["model"]
    names = ("device", "dtype", "autocast", "gradient_checkpointing", "prompt", "cut")
    placement = {name: settings[name] for name in names}
    model = load_model(settings["name_or_path"], lora=lora_settings(settings["lora"]), **placement)
    work(LLMPolicy(model, max_tokens=settings["max_prompt_tokens"]), config)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before


def _train(policy: LLMPolicy, config: dict[str, Any]) -> None:
    """Two updates, so that the optimizer's state is there in the second one."""
    from agents.fitting import FitSettings
    from agents.objectives import fit_actions

    most = config["sft"]["tokens_per_batch"]
    longest = min(most - _WRITTEN, config["model"]["max_prompt_tokens"])
    rng = random.Random(0)
    given = [
        Transition(_words(policy, longest, rng), _words(policy, _WRITTEN, rng), None, 1.0, 1.0, 0, 0, 0)
        for _ in range(2 * (most // (longest + _WRITTEN)))
    ]
    names = ("tokens_per_batch", "optimizer", "learning_rate")
    fit_actions(policy, given, FitSettings(**{name: config["sft"][name] for name in names}))


def _write(policy: LLMPolicy, config: dict[str, Any]) -> None:
    rng = random.Random(0)
    longest, at_once = config["model"]["max_prompt_tokens"], min(config["env"]["num_envs"], DEFAULT_BATCH_SIZE)
    prompts = [Prompt(_words(policy, longest, rng), "") for _ in range(at_once)]
    policy.act(prompts, temperature=1.0)


def _words(policy: LLMPolicy, length: int, rng: random.Random) -> tuple[int, ...]:
    vocabulary = policy.language_model.model.config.vocab_size
    return tuple(rng.randrange(20, vocabulary) for _ in range(length))


if __name__ == "__main__":
    main()
