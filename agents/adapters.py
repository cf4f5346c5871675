"""Adapters (LoRA) over one set of base weights, by the library peft.

A model with adapters leaves its base's parameters as they are and trains two thin matrices beside each linear layer.
Policy, critic and outcome reward model then are copies of one structure whose base parameters are the same tensors:
what any of them learns is in its own adapters, so no update of one can change another.

Source: Hu et al. 2021, "LoRA: low-rank adaptation of large language models", arXiv:2106.09685.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel

from agents.errors import CheckpointMismatch

Network = TypeVar("Network", bound=nn.Module)

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_BASE = "base.json"
_PREFIX = "base_model.model."
"""Before each name in a file, as peft's own models write and read it."""
_SAMPLES = 1024


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """How adapters are made.

    Attributes:
        rank: Inner width of each adapter, >= 1.
        alpha: An adapter's output is multiplied by alpha / rank; > 0.
        dropout: Share of an adapter's inputs left out while training, in [0, 1).
        targets: Ends of the names of the linear layers that get one (``q_proj``); None takes every linear layer but the
            output layer.
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        problems = lora_problems(
            {"rank": self.rank, "alpha": self.alpha, "dropout": self.dropout, "targets": self.targets}
        )
        if problems:
            raise ValueError("; ".join(problems))


def lora_problems(record: Any) -> list[str]:
    """What is wrong with settings as a configuration gives them, one clause each.

    Args:
        record: A mapping of ``LoraSettings``' names, some or all of them, or None for no adapters.
    """
    if record is None:
        return []
    if not isinstance(record, Mapping):
        return [f"expected null or {{rank: 16, alpha: 32, dropout: 0.0, targets: null}}, got {record!r}"]
    known = LoraSettings.__dataclass_fields__
    problems = [f"there is no {name!r} among {', '.join(known)}" for name in record if name not in known]
    rank, alpha, dropout, targets = (record.get(name, known[name].default) for name in known)
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        problems.append(f"rank must be a whole number of at least 1, got {rank!r}")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not alpha > 0:
        problems.append(f"alpha must be a number above 0, got {alpha!r}")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        problems.append(f"dropout must be a number in [0, 1), got {dropout!r}")
    is_list = isinstance(targets, list | tuple) and targets and all(isinstance(name, str) for name in targets)
    if targets is not None and not is_list:
        problems.append(f"targets must be null or a list of names of layers, got {targets!r}")
    return problems


def lora_settings(record: Mapping[str, Any] | None) -> LoraSettings | None:
    """The settings that a configuration gives; None without adapters.

    Args:
        record: As in ``lora_problems``.

    Raises:
        ValueError: If it has problems.
    """
    problems = lora_problems(record)
    if problems:
        raise ValueError(f"lora: {'; '.join(problems)}")
    if record is None:
        return None
    targets = record.get("targets")
    return LoraSettings(**{**record, "targets": None if targets is None else tuple(targets)})


@dataclass(frozen=True, slots=True)
class Base:
    """Which weights some adapters stand on.

    Attributes:
        name: What the base is loaded as.
        fingerprint: As ``fingerprint`` gives it; empty where that is not known.
        dtype: What the weights were while the adapters learned; empty where that is not known.
    """

    name: str
    fingerprint: str = ""
    dtype: str = ""


def fingerprint(model: nn.Module) -> str:
    """A short text that tells weights from other weights: of every parameter the name, the shape and some values.

    It is the same for float32 and bfloat16 copies of the same weights, and for a model with adapters and its base.

    Args:
        model: Any model.
    """
    digest = hashlib.sha256()
    for name, parameter in model.named_parameters():
        if not is_adapter(name):
            values = parameter.detach().flatten()
            some = values[:: max(1, len(values) // _SAMPLES)].to("cpu", torch.bfloat16)
            digest.update(f"{name.replace('.base_layer.', '.')} {tuple(parameter.shape)} ".encode())
            digest.update(some.contiguous().view(torch.int16).numpy().tobytes())
    return digest.hexdigest()[:16]


def add_adapters(model: PreTrainedModel, settings: LoraSettings) -> None:
    """Gives a model adapters that change nothing yet; from now on only they are trained.

    Args:
        model: Changed in place; its parameters are the base's.
        settings: How.

    Raises:
        ValueError: If no linear layer has such a name.
    """
    from peft import LoraConfig, inject_adapter_in_model  # takes a second, and most runs have no adapters

    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear" if settings.targets is None else list(settings.targets),
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # the same adapters in every run, and no draw from its own generators
        inject_adapter_in_model(config, model)
    _keep_exact(model)


def has_adapters(module: nn.Module) -> bool:
    """Whether ``add_adapters`` or ``load_adapters`` was here."""
    return any(is_adapter(name) for name, _ in module.named_parameters())


def copy_trained(module: Network) -> Network:
    """A copy that has its own adapters and shares the base; without adapters, a copy that shares nothing.

    Args:
        module: A model, or its trunk.
    """
    return copy_around_base(module) if has_adapters(module) else copy.deepcopy(module)


def copy_around_base(module: Network) -> Network:
    """A copy of everything but the base's tensors, which it shares; without adapters all tensors are the base's.

    Args:
        module: A model, or its trunk.
    """
    base = [parameter for name, parameter in module.named_parameters() if not is_adapter(name)]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in chain(base, module.buffers())})


def copy_merged(module: Network) -> Network:
    """A copy without adapters whose own weights say the same, all of them to be trained; it shares nothing.

    Args:
        module: A model, or its trunk.
    """
    merged = copy.deepcopy(module)
    if not has_adapters(module):
        return merged
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, layer in list(merged.named_modules()):
        if isinstance(layer, BaseTunerLayer):
            layer.merge()
            merged.set_submodule(name, layer.get_base_layer())
    vars(merged).pop("peft_config", None)
    return merged.requires_grad_()


def is_adapter_folder(folder: Path) -> bool:
    """Whether a folder holds adapters instead of a whole model."""
    return (folder / _CONFIG).is_file()


def save_adapters(model: PreTrainedModel, base: Base, folder: Path) -> None:
    """Writes a model's adapters as peft does, and which base they stand on.

    Args:
        model: A model with adapters.
        base: Its base.
        folder: Where to; made when it is not there.
    """
    from peft import get_peft_model_state_dict

    folder.mkdir(parents=True, exist_ok=True)
    tensors = get_peft_model_state_dict(model)
    plain = {f"{_PREFIX}{name}": tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(plain, folder / _WEIGHTS, metadata={"format": "pt"})
    (config,) = copy.deepcopy(model.peft_config).values()
    config.base_model_name_or_path, config.inference_mode = base.name, True
    config.save_pretrained(str(folder))
    dtype = next(parameter.dtype for name, parameter in model.named_parameters() if not is_adapter(name))
    record = {"name": base.name, "fingerprint": base.fingerprint, "dtype": str(dtype).removeprefix("torch.")}
    (folder / _BASE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def base_of(folder: Path) -> Base:
    """The base that the adapters in a folder stand on.

    Args:
        folder: A folder of ``save_adapters``, or of peft.

    Raises:
        CheckpointMismatch: If it does not say.
    """
    try:
        if (folder / _BASE).is_file():
            record = json.loads((folder / _BASE).read_text(encoding="utf-8"))
            return Base(str(record["name"]), str(record["fingerprint"]), str(record.get("dtype", "")))
        name = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointMismatch(f"{folder} does not say which model its adapters stand on: {error}") from error
    return Base(str(name))


def base_name(name_or_path: str) -> str:
    """What a model stands on: of a folder of adapters its base, of any other model the model itself.

    Args:
        name_or_path: As ``agents.models.load_model`` takes it.

    Raises:
        CheckpointMismatch: If a folder of adapters does not say.
    """
    folder = Path(name_or_path)
    return base_of(folder).name if is_adapter_folder(folder) else name_or_path


def load_adapters(model: PreTrainedModel, folder: Path) -> None:
    """Puts the adapters of a folder on their base; from now on only they are trained.

    Args:
        model: The base; changed in place.
        folder: A folder of ``save_adapters``, or of peft.

    Raises:
        CheckpointMismatch: If they are cut, or belong to a model of other layers.
    """
    from peft import PeftConfig, inject_adapter_in_model, set_peft_model_state_dict

    try:
        config = PeftConfig.from_pretrained(str(folder))
        config.inference_mode = False
        stored = load_file(folder / _WEIGHTS)
        inject_adapter_in_model(config, model)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise CheckpointMismatch(
            f"{folder} holds no adapters of this model: {type(error).__name__}: {error}"
        ) from error
    _keep_exact(model)
    tensors = {name.removeprefix(_PREFIX): tensor for name, tensor in stored.items()}
    own = {
        name.replace(".default.", "."): tensor.shape for name, tensor in model.named_parameters() if is_adapter(name)
    }
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if own != found:
        differing = sorted(name for name in {*own, *found} if own.get(name) != found.get(name))
        raise CheckpointMismatch(f"{folder} holds adapters of another model: {', '.join(differing[:3])} differ.")
    set_peft_model_state_dict(model, tensors)


def _keep_exact(model: nn.Module) -> None:
    """Adapters stay in float32 over a base of lower precision: they are small, and their updates smaller."""
    for name, parameter in model.named_parameters():
        if is_adapter(name):
            parameter.data = parameter.data.float()


def is_adapter(name: str) -> bool:
    """Whether a parameter of this name belongs to an adapter."""
    return ".lora_" in name
