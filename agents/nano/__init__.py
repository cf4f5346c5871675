"""The nano model: a language model of about a million parameters that acts on pages. Importing registers it."""

from __future__ import annotations

from transformers import AutoConfig, AutoModelForCausalLM

from agents.nano.cache import NanoCache
from agents.nano.configuration import NanoConfig
from agents.nano.modeling import NanoForCausalLM

__all__ = ["NanoCache", "NanoConfig", "NanoForCausalLM"]

AutoConfig.register(NanoConfig.model_type, NanoConfig, exist_ok=True)
AutoModelForCausalLM.register(NanoConfig, NanoForCausalLM, exist_ok=True)
