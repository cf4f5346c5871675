"""The weights that are shipped: small, loadable, and able to do what they were trained for."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import agents.nano
from agents.generation import InProcess
from agents.models import LanguageModel, load_model
from agents.nano.exercises import make_exercise
from agents.prompting import PromptRenderer

FOLDER = Path(agents.nano.__file__).parent / "weights"
UNSEEN = random.Random(987_654_321)


@pytest.fixture(scope="module")
def nano() -> LanguageModel:
    return load_model("nano")


def test_weights_are_small_and_come_with_their_log() -> None:
    names = {file.name for file in FOLDER.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "log.json"} == names
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 16 * 2**20


def test_size_is_one_to_four_million_parameters(nano: LanguageModel) -> None:
    assert 1e6 < sum(parameter.numel() for parameter in nano.model.parameters()) < 4e6


@pytest.mark.parametrize(("kind", "least"), [("find", 0.9), ("search", 0.75), ("fill", 0.75), ("read", 0.65)])
def test_exercises_over_words_made_up_now_are_solved(nano: LanguageModel, kind: str, least: float) -> None:
    renderer = PromptRenderer(nano, 1000)
    exercises = [make_exercise(UNSEEN, kind) for _ in range(40)]
    prompts = [renderer.render(exercise.observation, exercise.history) for exercise in exercises]
    completions = InProcess(nano).generate(prompts, temperature=0.0)
    right = [completion.text == exercise.action for completion, exercise in zip(completions, exercises, strict=True)]
    assert sum(right) / len(right) >= least
