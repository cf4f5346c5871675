"""Damaged folders of models are named, whatever transformers makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import MambaConfig, MptConfig

from agents.errors import CheckpointMismatch
from agents.models import load_model
from agents.network_shape import network_shape
from tests.agents.small_llama import small_llama


def cut_torch_file(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "pytorch_model.bin").write_bytes((folder / "pytorch_model.bin").read_bytes()[:2000])


def empty_torch_file(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").touch()


def cut_ends(folder: Path) -> None:
    path = folder / "generation_config.json"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")


def list_for_configuration(folder: Path) -> None:
    (folder / "config.json").write_text("[]", encoding="utf-8")


def changed(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **values}), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("damage", "has_shape"),
    [
        (cut_torch_file, True),
        (empty_torch_file, True),
        (cut_ends, True),
        (list_for_configuration, False),
        (changed(max_position_embeddings=None), False),
        (changed(num_attention_heads=0), False),
    ],
)
def test_a_damaged_folder_is_named(damage: Callable[[Path], None], has_shape: bool, tmp_path: Path) -> None:
    small_llama().save(tmp_path)
    damage(tmp_path)
    with pytest.raises(CheckpointMismatch, match=f"{tmp_path} is no causal language model that can be loaded"):
        load_model(str(tmp_path))
    if has_shape:
        network_shape(str(tmp_path))
    else:
        with pytest.raises(CheckpointMismatch, match="is no causal language model that can be loaded"):
            network_shape(str(tmp_path))


def test_shapes_are_read_whatever_a_configuration_calls_them(tmp_path: Path) -> None:
    MptConfig(d_model=32, n_heads=4, n_layers=2, max_seq_len=512, vocab_size=50).save_pretrained(tmp_path / "mpt")
    MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=50).save_pretrained(tmp_path / "mamba")
    mpt, mamba = network_shape(str(tmp_path / "mpt")), network_shape(str(tmp_path / "mamba"))
    assert (mpt.heads, mpt.context) == (4, 512)
    assert (mamba.heads, mamba.width, mamba.layers) == (1, 32, 2)
