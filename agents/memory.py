"""How much memory a training run needs, told before it starts; one that cannot fit is refused with advice.

What lies in memory is counted from the network's shape (docs/memory.md has the formula and what was measured): weights,
gradients and optimizer state of what is trained, activations at the largest batch, and the cache of generation. The
parts of a run come one after the other, so the largest of them decides. All of it is on one device: nothing is spread
over several.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.devices import available_memory, is_same_device, resident_memory
from agents.errors import CheckpointMismatch, ConfigConflict, NotEnoughMemory
from agents.generation import DEFAULT_BATCH_SIZE, READ_AT_ONCE
from agents.inference import WITHOUT_GRADIENTS
from agents.labelling import label_source
from agents.model_record import longest_action
from agents.models import prompt_of
from agents.network_shape import NetworkShape, network_shape
from agents.orm_folder import model_folder
from agents.output_layer import MOST_LOGITS
from agents.scorers import JUDGED_PROMPTS, JUDGED_TOKENS

_GIB = 2**30
_COLUMNS = ("weights", "gradients", "optimizer", "activations", "generation")
_TYPICAL_PROMPT, _LONGEST_ACTION = 512, 32
"""Tokens; most actions have fewer."""
_CRITICS = {"digirl": 2}
"""Of algorithms that have more than one."""
_UNTOLD_TOKENS = 16_384
"""Tokens of a batch where the settings of an algorithm of one's own do not tell; our algorithms' default."""
_LOGIT_COPIES = 3
"""Logits, their exponentials and their gradient."""
_CHARACTERS_A_TOKEN = 2
"""Of a page, at the least: the embedded sites' have 2.4 a token of SmolLM2's on average, the densest of them 1.9."""
_BESIDE_PAGE = 2048
"""Tokens of a prompt beside its page, at most: guide, instruction, marks, and 30 earlier actions of up to 32 each."""

_FROZEN = {"master_weights": False, "gradient_checkpointing": False, "lora": None}
"""Settings of a network that is asked and not trained."""


@dataclass(frozen=True, slots=True)
class PartMemory:
    """What one part of a run keeps in memory at its highest, in bytes.

    Attributes:
        name: The part.
        weights: Of all networks that are loaded by then.
        gradients: Of what the part trains.
        optimizer: Its state, weights of 32 bits over such of 16, and the running mean of the weights.
        activations: Of the largest batch, logits included.
        generation: Cache and activations of writing actions.
    """

    name: str
    weights: int
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0
    generation: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, column) for column in _COLUMNS)


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """What a run needs, and what there is, in bytes.

    Attributes:
        parts: Parts of the run in their order.
        program: What the process holds before any network, where that is on the same device.
        available: What can be had of the device's memory beside the program; None where that is not known.
        device: As torch names it.
        savings: Settings that lower the need, each with the need it would leave, the lowest first.
    """

    parts: tuple[PartMemory, ...]
    program: int
    available: int | None
    device: str
    savings: tuple[tuple[str, int], ...] = ()

    @property
    def largest(self) -> PartMemory:
        """The part that needs most."""
        return max(self.parts, key=lambda part: part.total)

    @property
    def needed(self) -> int:
        """Of the largest part, program included."""
        return self.largest.total + self.program

    def table(self) -> str:
        """The estimate for people to read."""
        width = max(len(part.name) for part in self.parts)
        lines = [f"{'memory in GiB, about':{width}}  " + "  ".join(f"{name:>11}" for name in (*_COLUMNS, "together"))]
        width = len("memory in GiB, about") if width < len("memory in GiB, about") else width
        for part in self.parts:
            numbers = [getattr(part, name) for name in _COLUMNS] + [part.total]
            lines.append(f"{part.name:{width}}  " + "  ".join(f"{_shown(number):>11}" for number in numbers))
        there = "" if self.available is None else f"; {_shown(self.available + self.program)} GiB can be had"
        own = f", {_shown(self.program)} of it the program itself" if self.program else ""
        lines.append(f"At most {_shown(self.needed)} GiB on {self.device} ({self.largest.name}{own}){there}.")
        return "\n".join(lines)

    def require_fit(self) -> None:
        """Refuses a run that cannot fit.

        Raises:
            NotEnoughMemory: If it needs more than there is; the message says what needs less.
        """
        if self.available is None or self.largest.total <= self.available:
            return
        advice = [f"{setting} ({_shown(needed)} GiB)" for setting, needed in self.savings if needed < self.needed]
        told = f" Less is needed with {', '.join(advice)}, or several of these." if advice else ""
        raise NotEnoughMemory(
            f"The run needs about {_shown(self.needed)} GiB on {self.device} ({self.largest.name}), and "
            f"{_shown(self.available + self.program)} GiB can be had.{told}"
        )


def estimate_memory(config: Mapping[str, Any]) -> MemoryEstimate:
    """What a training run needs.

    Args:
        config: The composed training configuration as plain data, free of conflicts.

    Raises:
        FileNotFoundError: If the model's files are not there.
        CheckpointMismatch: If they are no causal language model.
        ConfigConflict: If prompts or actions are to be longer than what the model reads.
    """
    device = str(config["model"]["device"])
    program = resident_memory() if device == "cpu" else 0
    model = dict(config["model"])
    shape = network_shape(model["name_or_path"])
    prompt = prompt_of(str(model["name_or_path"]), str(model["prompt"]))
    model["max_new_tokens"] = longest_action(prompt, model["max_new_tokens"])
    config = {**config, "model": model}
    _require_context(config["model"], shape.context)
    parts = tuple(_parts(config, shape))
    savings = []
    for settings in _advice(config, shape):
        changed = _with(config, settings)
        if changed is not None:
            most = max(part.total for part in _parts(changed, shape))
            savings.append((" ".join(f"{key}={value}" for key, value in settings.items()), most + program))
    savings.sort(key=lambda saving: saving[1])
    return MemoryEstimate(parts, program, available_memory(device), device, tuple(savings))


def _require_context(model: Mapping[str, Any], context: int) -> None:
    prompt, action = model["max_prompt_tokens"], model["max_new_tokens"]
    problems = []
    if prompt is not None and prompt > context:
        problems.append(
            f"model.max_prompt_tokens must be at most the model's context of {context} tokens, got {prompt}"
        )
    if action >= context:
        problems.append(f"model.max_new_tokens must be below the model's context of {context} tokens, got {action}")
    if problems:
        raise ConfigConflict("\n".join(problems))


def _advice(config: Mapping[str, Any], shape: NetworkShape) -> Iterator[dict[str, Any]]:
    """Settings that may need less."""
    yield {"model.lora": "{rank: 16}"}
    yield {"model.gradient_checkpointing": "true"}
    yield {"sft.tokens_per_batch": "half", "orm.tokens_per_batch": "half", "algorithm.tokens_per_batch": "half"}
    yield {"model.dtype": "bfloat16"}
    yield {"algorithm.critic_weights": "adapters"}
    yield {"model.max_prompt_tokens": max(1, _longest_prompt(config, shape) // 2)}
    yield {"env.num_envs": max(1, _written_at_once(config) // 2)}


def _longest_prompt(config: Mapping[str, Any], shape: NetworkShape) -> int:
    """Tokens of the longest prompt: what the model may read, or what the environment can show if that is less."""
    model = config["model"]
    most = int(model["max_prompt_tokens"] or max(1, shape.context - model["max_new_tokens"]))
    return min(most, int(config["env"]["budget"]) // _CHARACTERS_A_TOKEN + _BESIDE_PAGE)


def _written_at_once(config: Mapping[str, Any]) -> int:
    """Actions that are written at a time: of more environments, a batch after the other."""
    return min(int(config["env"]["num_envs"]), DEFAULT_BATCH_SIZE)


def _with(config: Mapping[str, Any], settings: dict[str, Any]) -> dict[str, Any] | None:
    """The configuration with some settings changed; None where they are so already, or make no sense in it."""
    changed = copy.deepcopy(dict(config))
    values: dict[str, Any] = {"{rank: 16}": {"rank": 16}, "true": True}
    for key, value in settings.items():
        group, _, name = key.partition(".")
        if name not in changed[group]:
            continue
        changed[group][name] = changed[group][name] // 2 if value == "half" else values.get(value, value)
    if "algorithm.critic_weights" in settings and config["model"]["lora"] is None:
        return None
    return None if changed == config else changed


def _parts(config: Mapping[str, Any], shape: NetworkShape) -> Iterator[PartMemory]:
    """The parts of a run."""
    model, algorithm = config["model"], config["algorithm"]
    longest, at_once = _longest_prompt(config, shape), _written_at_once(config)
    network = _Network(shape, model, longest)
    policy = network.weights(is_base=True)
    if config["sft"]["max_rounds"]:
        yield network.trained("supervised start", policy, config["sft"])
    yield network.generating("attempts", policy, at_once)
    if algorithm["name"] == "sft":
        return
    loaded = policy
    is_judged = label_source(config) != "rules"
    if is_judged:
        judge = _named_judge(config) or network
        loaded += judge.weights(is_base=judge is not network)
        if judge is network:
            yield network.trained("ORM", loaded, config["orm"])
    proposer = _proposer(config["curriculum"], model["device"])
    if proposer is not None:
        loaded += proposer.weights(is_base=True)
        yield proposer.generating("proposals", loaded, 1)
    has_critic = "critic_learning_rate" in algorithm
    if has_critic:
        is_own = algorithm.get("critic_weights") == "own" or model["lora"] is None
        critic = _Network(shape, {**model, "lora": None} if is_own else model, longest)
        loaded += _CRITICS.get(algorithm["name"], 1) * critic.weights(is_base=is_own)
        settings = {**algorithm, "optimizer": algorithm.get("critic_optimizer") or algorithm.get("optimizer")}
        settings["averaged_share"] = 0.0
        if algorithm.get("critic_trunk", True):
            yield critic.trained("critic", loaded, settings, has_logits=False)
        else:
            yield critic.asked("critic", loaded, settings.get("tokens_per_batch") or _UNTOLD_TOKENS)
    yield network.generating("rollout", loaded, at_once)
    if is_judged:
        yield judge.judging("judging", loaded, min(config["orm"]["max_page_length"], config["env"]["budget"]))
    yield network.trained("policy update", loaded, algorithm)


def _named_judge(config: Mapping[str, Any]) -> _Network | None:
    """The judge that is there already, which is loaded for itself; None where one is trained.

    Raises:
        ConfigConflict: If there is no such model.
    """
    if not config["orm"]["from"]:
        return None
    try:
        shape = network_shape(str(model_folder(Path(config["orm"]["from"]))))
    except (FileNotFoundError, CheckpointMismatch) as error:
        raise ConfigConflict(f"orm.from: {error}") from error
    asked = min(config["orm"]["max_page_length"], config["env"]["budget"]) // _CHARACTERS_A_TOKEN + _BESIDE_PAGE
    return _Network(shape, {**config["model"], **_FROZEN}, min(asked, shape.context))


def _proposer(settings: Mapping[str, Any], device: str) -> _Network | None:
    """The model that writes instructions, where it is in this process and on the policy's device.

    Raises:
        ConfigConflict: If there is no such model.
    """
    if settings["proposer"] != "local" or not is_same_device(settings["device"], device):
        return None
    try:
        shape = network_shape(settings["model"])
    except (FileNotFoundError, CheckpointMismatch) as error:
        raise ConfigConflict(f"curriculum.model: {error}") from error
    asked = settings["page_length"] // _CHARACTERS_A_TOKEN + _BESIDE_PAGE
    longest = max(1, min(asked, shape.context - settings["max_new_tokens"]))
    return _Network(shape, {**settings, **_FROZEN}, longest)


class _Network:
    """Counts the bytes of one network, trained or asked as a configuration says."""

    def __init__(self, shape: NetworkShape, model: Mapping[str, Any], longest: int) -> None:
        self._shape = shape
        self._longest = longest
        self._item = 4 if model["dtype"] == "float32" else 2
        self._has_masters = bool(model["master_weights"])
        self._written = int(model["max_new_tokens"])
        self._keeps_inputs = bool(model["gradient_checkpointing"])
        lora = model["lora"]
        self._adapters = None if lora is None else shape.adapters(lora.get("rank", 16), lora.get("targets"))
        # While products are made in bfloat16, an accelerator keeps such a copy of every weight that they need.
        self._is_on_processor = str(model["device"]) == "cpu"
        has_copies = self._item == 4 and model["autocast"] in (True, "auto") and not self._is_on_processor
        self._copies = 2 * shape.parameters if has_copies else 0

    def weights(self, *, is_base: bool) -> int:
        """Of one more network; one with adapters brings a base only if it is the first on it."""
        base = self._shape.parameters * self._item
        return base if self._adapters is None else is_base * base + 4 * self._adapters

    def trained(self, name: str, weights: int, settings: Mapping[str, Any], *, has_logits: bool = True) -> PartMemory:
        """A part that trains this network."""
        shape = self._shape
        count = shape.parameters if self._adapters is None else self._adapters
        item = self._item if self._adapters is None else 4
        has_masters = item < 4 and self._has_masters
        wide = 4 if has_masters or item == 4 else 2
        in_matrices = shape.matrices if self._adapters is None else count
        moments = count + (count - in_matrices if settings.get("optimizer") == "muon" else count)
        state = wide * (moments + (count if settings.get("averaged_share") else 0)) + (4 * count if has_masters else 0)
        # While they are made, an embedding's gradients are there once more.
        gradients = count * item + (4 * count if has_masters else 0)
        gradients += shape.embedding * self._item if self._adapters is None else 0
        tokens = settings.get("tokens_per_batch") or _UNTOLD_TOKENS
        counts = (shape.kept_numbers, shape.working_numbers)
        numbers = sum(count(tokens, self._longest, keeps_inputs=self._keeps_inputs) for count in counts)
        logits = self._logits(tokens) if has_logits else 0
        return PartMemory(name, weights, gradients, state, numbers * self._item + logits + self._copies)

    def asked(self, name: str, weights: int, tokens: int) -> PartMemory:
        """A part that asks this network without training it."""
        return PartMemory(name, weights, activations=self._passing(WITHOUT_GRADIENTS * tokens))

    def generating(self, name: str, weights: int, prompts: int) -> PartMemory:
        """A part in which this network writes so many actions at a time."""
        length = self._longest + self._written
        cache = 2 * self._shape.layers * self._shape.key_width * length * prompts * self._item
        logits = 4 * _LOGIT_COPIES * self._shape.vocabulary * prompts
        if self._shape.keeps_attention and self._is_on_processor:  # a nano model's caches are read apart, then joined
            reading = max(cache, self._passing(min(prompts, READ_AT_ONCE) * self._longest))
        else:
            reading = self._passing(prompts * self._longest)
        return PartMemory(name, weights, generation=cache + logits + reading)

    def judging(self, name: str, weights: int, page_length: int) -> PartMemory:
        """A part in which a network of this shape answers about attempts whose last pages have so many characters."""
        longest = min(self._shape.context, page_length // _CHARACTERS_A_TOKEN + _BESIDE_PAGE)
        if self._shape.keeps_attention:  # the nano model's judge reads no more than its policy, in any batch
            tokens = JUDGED_PROMPTS * min(longest, self._longest)
        else:
            tokens = max(longest, min(JUDGED_PROMPTS * longest, JUDGED_TOKENS))
        return PartMemory(name, weights, activations=self._passing(tokens))

    def _passing(self, tokens: int) -> int:
        """Of a forward pass that keeps nothing."""
        return self._shape.passing_numbers(tokens, self._longest) * self._item + self._copies

    def _logits(self, tokens: int) -> int:
        actions = max(1, tokens // _TYPICAL_PROMPT) * _LONGEST_ACTION
        return 4 * _LOGIT_COPIES * min(actions * self._shape.vocabulary, MOST_LOGITS)


def _shown(count: int) -> str:
    return f"{count / _GIB:.1f}" if count >= 0.05 * _GIB else (f"{count / _GIB:.2f}" if count else "-")
