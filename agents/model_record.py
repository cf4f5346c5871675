"""What a model's folder says of it beside its weights, in ``config.json`` under ``webrl_gym``.

So a policy that was trained from a converted model, or with a released policy's prompt, is read and shown as what it is
wherever its folder goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PretrainedConfig

PROMPTS = ("auto", "webrl_llama3", "webrl_glm4")
"""How a model is prompted: as its kind is, or exactly as WebRL's released policies."""
CUTS = ("tokens", "characters")
"""What decides how much of a page is read: the token budget alone, or the released harness's characters too."""
DTYPES = ("float32", "bfloat16", "float16")
"""Of a model's weights."""
LONGEST_ACTION, LONGEST_RELEASED_ACTION = 96, 512
"""Tokens where nothing is said: of our prompts, and of the released policies', as their harness lets them write."""
_FIELD = "webrl_gym"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of a model.

    Attributes:
        description: What tables call it; the base model's, for what was trained from it.
        prompt: One of ``PROMPTS``.
        cut: One of ``CUTS``; ``characters`` belongs to the released policies' prompts.

    Raises:
        ValueError: If prompt or cut is none of these, or they do not go together.
    """

    description: str
    prompt: str = "auto"
    cut: str = "tokens"

    def __post_init__(self) -> None:
        if self.prompt not in PROMPTS or self.cut not in CUTS:
            raise ValueError(
                f"expected prompt {', '.join(PROMPTS[:-1])} or {PROMPTS[-1]} and cut {' or '.join(CUTS)}, "
                f"got {self.prompt!r} and {self.cut!r}"
            )
        if self.cut == "characters" and self.prompt == "auto":
            raise ValueError("cut characters belongs to the released policies' prompts, got prompt 'auto'")


def get_record(config: PretrainedConfig, name_or_path: str) -> ModelRecord:
    """The record of a model; where there is none, one that says only what it is called.

    Args:
        config: Its configuration.
        name_or_path: What it was loaded as.

    Raises:
        ValueError: If the stored record holds a value that cannot be.
    """
    return _record(getattr(config, _FIELD, None), name_or_path)


def read_record(folder: Path) -> ModelRecord:
    """The record of a model in a folder, as ``get_record``.

    Args:
        folder: Holds the model's ``config.json``; without one nothing is known but the folder's name.

    Raises:
        OSError: If that cannot be read.
        ValueError: If it is no JSON object, or the record holds a value that cannot be.
    """
    return _record(read_config(folder).get(_FIELD), str(folder))


def has_record(folder: Path) -> bool:
    """Whether a folder says what its model is; other people's do not.

    Args:
        folder: As for ``read_record``.

    Raises:
        OSError: If its configuration cannot be read.
        ValueError: If that is no JSON object.
    """
    return _FIELD in read_config(folder)


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a model's folder; empty where there is none.

    Args:
        folder: Of a model.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no JSON object.
    """
    path = folder / "config.json"
    if not path.exists():
        return {}
    config = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(config, Mapping):
        raise ValueError(f"{path} holds no JSON object")  # noqa: TRY004  # a file's content
    return dict(config)


def longest_action(prompt: str, given: int | None) -> int:
    """Most tokens of an action: what is given, or else what its prompt's policies were let write.

    Args:
        prompt: One of ``PROMPTS``.
        given: Of the configuration; None leaves it open.
    """
    return (LONGEST_ACTION if prompt == PROMPTS[0] else LONGEST_RELEASED_ACTION) if given is None else given


def folder_problem(name_or_path: str) -> str:
    """Why a model's name is that of no model; empty where it may be one's, as every name on a hub may.

    Args:
        name_or_path: As ``agents.models.load_model`` takes it.
    """
    folder = Path(name_or_path)
    is_name = len(folder.parts) == 1 or (len(folder.parts) == 2 and not folder.parent.is_dir())
    is_path = folder.is_dir() or folder.is_absolute() or name_or_path.startswith((".", "~")) or not is_name
    if not is_path or any((folder / name).is_file() for name in ("config.json", "adapter_config.json")):
        return ""
    return f"{name_or_path} holds no model (there is no config.json or adapter_config.json)"


def weight_files(folder: Path) -> list[Path]:
    """A model's files of weights by their names: safetensors, or where there are none torch's own.

    Args:
        folder: Of a model.
    """
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _record(stored: Any, name_or_path: str) -> ModelRecord:
    record = {"description": Path(name_or_path).name if Path(name_or_path).is_dir() else name_or_path}
    if isinstance(stored, Mapping):
        record |= {key: str(stored[key]) for key in ModelRecord.__slots__ if key in stored}
    return ModelRecord(**record)


def chosen_record(stored: ModelRecord, prompt: str, cut: str | None) -> ModelRecord:
    """What is stored, with another prompt or cut where one is asked for.

    Args:
        stored: The model's.
        prompt: One of ``PROMPTS``; ``auto`` keeps what is stored.
        cut: One of ``CUTS``; None keeps what is stored, or takes the prompt's own (``characters`` for released ones).

    Raises:
        ValueError: If prompt or cut is none of these, or they do not go together.
    """
    own_cut = stored.cut
    if prompt == "auto":
        prompt = stored.prompt
    elif prompt != stored.prompt:
        own_cut = "characters"
    return ModelRecord(stored.description, prompt, own_cut if cut is None else cut)


def set_record(config: PretrainedConfig, record: ModelRecord) -> None:
    """Puts a record where ``save_pretrained`` writes it.

    Args:
        config: The model's configuration.
        record: What to put there.
    """
    setattr(config, _FIELD, asdict(record))
