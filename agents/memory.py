"""How much memory the parts of a run need, told before it starts; one that cannot fit is refused with advice.

What lies in memory is counted from the network's shape (docs/memory.md has the formula and what was measured): weights,
gradients and optimizer state of what is trained, activations at the largest batch, and the cache of generation. The
parts of a run come one after the other, so the largest of them decides. All of it is on one device: nothing is spread
over several.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.devices import available_memory, resident_memory
from agents.errors import NotEnoughMemory
from agents.generation import DEFAULT_BATCH_SIZE, READ_AT_ONCE
from agents.inference import WITHOUT_GRADIENTS
from agents.network_shape import NetworkShape
from agents.output_layer import MOST_LOGITS
from agents.scorers import JUDGED_PROMPTS, JUDGED_TOKENS

UNTOLD_TOKENS = 16_384
"""Tokens of a batch where the settings of an algorithm of one's own do not tell; our algorithms' default."""
FROZEN: Mapping[str, Any] = {"master_weights": False, "gradient_checkpointing": False, "lora": None}
"""Settings of a network that is asked and not trained."""
_GIB = 2**30
_COLUMNS = ("weights", "gradients", "optimizer", "activations", "generation")
_TYPICAL_PROMPT, _LONGEST_ACTION = 512, 32
"""Tokens; most actions have fewer."""
_LOGIT_COPIES = 3
"""Logits, their exponentials and their gradient."""
_CHARACTERS_A_TOKEN = 2
"""Of a page, at the least: the embedded sites' have 2.4 a token of SmolLM2's on average, the densest of them 1.9."""
_BESIDE_PAGE = 2048
"""Tokens of a prompt beside its page, at most: guide, instruction, marks, and 30 earlier actions of up to 32 each."""


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


class NetworkMemory:
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
        tokens = settings.get("tokens_per_batch") or UNTOLD_TOKENS
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
        longest = min(self._shape.context, tokens_with_page(page_length))
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


def tokens_with_page(characters: int) -> int:
    """Most tokens of a prompt that shows a page of so many characters.

    Args:
        characters: Of the page.
    """
    return characters // _CHARACTERS_A_TOKEN + _BESIDE_PAGE


def longest_prompt(model: Mapping[str, Any], env: Mapping[str, Any], context: int) -> int:
    """Tokens of the longest prompt: what the model may read, or what the environment can show if that is less.

    Args:
        model: Configuration of the model; the length of its actions is known.
        env: Of the environment.
        context: Most tokens that the model reads.
    """
    most = int(model["max_prompt_tokens"] or max(1, context - model["max_new_tokens"]))
    return min(most, tokens_with_page(int(env["budget"])))


def written_at_once(env: Mapping[str, Any]) -> int:
    """Actions that are written at a time: of more environments, a batch after the other.

    Args:
        env: Configuration of the environment.
    """
    return min(int(env["num_envs"]), DEFAULT_BATCH_SIZE)


def make_estimate(
    config: Mapping[str, Any],
    parts_of: Callable[[Mapping[str, Any]], Iterable[PartMemory]],
    advice: Iterable[Mapping[str, Any]],
) -> MemoryEstimate:
    """An estimate with what would lower it.

    Args:
        config: The composed configuration as plain data.
        parts_of: The parts of a run of such a configuration, at least one.
        advice: Settings that may need less, each by its key; ``half`` stands for half of what is set.
    """
    device = str(config["model"]["device"])
    program = resident_memory() if device == "cpu" else 0
    savings = []
    for settings in advice:
        changed = _changed(config, settings)
        if changed != config:
            most = max(part.total for part in parts_of(changed))
            savings.append((" ".join(f"{key}={value}" for key, value in settings.items()), most + program))
    savings.sort(key=lambda saving: saving[1])
    return MemoryEstimate(tuple(parts_of(config)), program, available_memory(device), device, tuple(savings))


def _changed(config: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with those of the settings that it has."""
    changed = copy.deepcopy(dict(config))
    values: dict[str, Any] = {"{rank: 16}": {"rank": 16}, "true": True}
    for key, value in settings.items():
        group, _, name = key.partition(".")
        if name in changed[group]:
            changed[group][name] = changed[group][name] // 2 if value == "half" else values.get(value, value)
    return changed


def _shown(count: int) -> str:
    return f"{count / _GIB:.1f}" if count >= 0.05 * _GIB else (f"{count / _GIB:.2f}" if count else "-")
