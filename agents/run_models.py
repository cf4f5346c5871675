"""The models of a training run, loaded as its configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from agents.adapters import base_name, lora_settings
from agents.errors import CheckpointMismatch, ConfigConflict
from agents.generation import InProcess
from agents.model_record import longest_action
from agents.models import LanguageModel, load_model
from agents.policy import LLMPolicy

_PLACEMENT = ("device", "dtype", "autocast")


class RunModels:
    """Loads what a run asks for."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Loads nothing yet.

        Args:
            settings: The configuration group ``model``.
        """
        self.settings = settings

    @property
    def placement(self) -> dict[str, Any]:
        """Where weights go and how they multiply."""
        return {key: self.settings[key] for key in _PLACEMENT}

    @property
    def adapted_base(self) -> LanguageModel | None:
        """What a judge's adapters stand on; None where the run trains weights of its own."""
        return None if self.settings["lora"] is None else self._base

    def named(self) -> LanguageModel:
        """The model that the configuration names.

        Raises:
            ConfigConflict: If it cannot be loaded or prompted as it says.
        """
        try:
            return self.load(self.settings["name_or_path"])
        except (ValueError, CheckpointMismatch, FileNotFoundError) as error:
            raise ConfigConflict(f"model.name_or_path: {error}") from error

    def load(self, name_or_path: str) -> LanguageModel:
        """A model of the run.

        Args:
            name_or_path: As ``agents.models.load_model`` takes it, errors too.
        """
        names = (*_PLACEMENT, "gradient_checkpointing", "prompt", "cut")
        lora = lora_settings(self.settings["lora"])
        base = None if lora is None else self._base
        loaded = load_model(name_or_path, lora=lora, base=base, **{name: self.settings[name] for name in names})
        # A checkpoint names the base model; a resumed run comes from the run's own folder, which may have moved.
        master_weights = self.settings["master_weights"]
        return replace(loaded, name=self.settings["name_or_path"], master_weights=master_weights)

    @cached_property
    def _base(self) -> LanguageModel:
        """The one set of weights that the adapters of policy, critic and ORM stand on."""
        names = ("device", "dtype", "prompt", "cut")
        return load_model(base_name(self.settings["name_or_path"]), **{name: self.settings[name] for name in names})

    def policy(self, language_model: LanguageModel) -> LLMPolicy:
        """A model of the run as a policy.

        Args:
            language_model: It.
        """
        longest = longest_action(language_model.record.prompt, self.settings["max_new_tokens"])
        backend = InProcess(language_model, longest)
        return LLMPolicy(language_model, max_tokens=self.settings["max_prompt_tokens"], backend=backend)
