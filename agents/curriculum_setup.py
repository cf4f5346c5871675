"""From the configuration group ``curriculum`` to who proposes instructions and who says whether they can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agents.chat_models import EagerModel, LocalModel, Question, RememberingModel, ServerModel
from agents.errors import CheckpointMismatch, ConfigConflict
from agents.feasibility import FeasibilityFilter, FeasibilityJudge, RulesThenJudge, SiteRules, WorldFacts
from agents.models import load_model
from agents.network_shape import network_shape
from agents.proposers import InstructionProposer, LanguageModelProposer, PageOf
from agents.rate_conflicts import is_nano
from agents.run_card import LEFT_OUT
from agents.server_generation import OpenAICompatible
from webrl_gym.chat_server import ChatServer
from webrl_gym.tasks.record import Task
from webrl_gym.types import Observation

GRAMMAR, LLM, LOCAL = PROPOSERS = ("grammar", "llm", "local")
"""Who proposes: the templates' grammar, a model on a server, a model in this process."""


class CurriculumParts(NamedTuple):
    """What ``agents.algorithms.WebRL`` takes, by name."""

    proposer: InstructionProposer | None
    """Makes new instructions; None for the suite's grammar."""
    feasibility: FeasibilityFilter
    """Says whether they can be done."""


def curriculum_parts(settings: Mapping[str, Any], facts: WorldFacts, page_of: PageOf, folder: Path) -> CurriculumParts:
    """The proposer and the filter that a configuration asks for.

    Args:
        settings: The configuration group ``curriculum``.
        facts: The training suite.
        page_of: Gives the page that a question shows.
        folder: Where a language model's answers are kept.

    Raises:
        FileNotFoundError: If a local model's files are not there.
        CheckpointMismatch: If they are no causal language model's.
        ValueError: If the local model writes no sentences.
    """
    rules = SiteRules(facts)
    if settings["proposer"] == GRAMMAR:
        return CurriculumParts(None, rules)
    model = RememberingModel(_chat_model(settings), str(settings["model"]), folder)
    proposer = LanguageModelProposer(
        model,
        page_of,
        instructions_per_ask=settings["instructions_per_ask"],
        seeds_per_ask=settings["seeds_per_ask"],
        asks_at_once=settings.get("parallel", 1),
        patience=settings["patience"],
        temperature=_temperature(settings),
        page_length=settings["page_length"],
    )
    if not settings["judge"]:
        return CurriculumParts(proposer, rules)
    return CurriculumParts(proposer, RulesThenJudge(rules, FeasibilityJudge(model, page_of, settings["page_length"])))


def require_proposer(settings: Mapping[str, Any]) -> None:
    """Finds out before anything is done whether the model that proposes is there.

    A server is asked for a word, so that a wrong key or address is told; of a model in this process, the configuration
    is read.

    Args:
        settings: The configuration group ``curriculum``; nothing is asked where no language model proposes.

    Raises:
        ServerRefused: If the server refuses every request, or nobody answers there. A busy one is none of these.
        ConfigConflict: If there is no such model, its files configure no causal language model, or it cannot write such
            answers; or a part of the server's address was left out.
    """
    if settings["proposer"] == LLM:
        if LEFT_OUT in str(settings["base_url"]):
            raise ConfigConflict(
                f"curriculum.base_url is {settings['base_url']!r}: a run keeps neither user nor query of an address. "
                f"Give it again, beside resume= with curriculum=llm curriculum.model={settings['model']}"
            )
        # In the form of a proposal, so that a field which the server refuses is told now.
        _server_model(settings).answers([Question("Answer with the word ready.", temperature=_temperature(settings))])
    if settings["proposer"] == LOCAL:
        try:
            context = network_shape(settings["model"]).context
        except (FileNotFoundError, CheckpointMismatch) as error:
            raise ConfigConflict(f"curriculum.model: {error}") from error
        if is_nano(settings["model"]):
            raise ConfigConflict(f"curriculum.model: {settings['model']} is a nano model, which writes no sentences")
        if settings["max_new_tokens"] >= context:
            raise ConfigConflict(
                f"curriculum.max_new_tokens must be below the context of {settings['model']}, {context} tokens; "
                f"got {settings['max_new_tokens']}"
            )


def remembered_pages(read: Callable[[Task], Observation | None]) -> PageOf:
    """Start pages as text, each read once for its sites and world.

    Args:
        read: Opens a task; None where the page could not be opened.
    """
    pages: dict[tuple[Any, ...], str] = {}

    def page_of(task: Task) -> str:
        key = (task.start_urls, task.world)
        if key not in pages:
            observation = read(task)
            pages[key] = "" if observation is None else observation["html"]
        return pages[key]

    return page_of


def _temperature(settings: Mapping[str, Any]) -> float:
    """Of sampling; where it is the server's own, proposals are samples of whatever it is."""
    return 1.0 if settings["temperature"] is None else float(settings["temperature"])


def _chat_model(settings: Mapping[str, Any]) -> EagerModel:
    if settings["proposer"] == LLM:
        return _server_model(settings)
    language_model = load_model(
        settings["model"], device=settings["device"], dtype=settings["dtype"], autocast=settings["autocast"]
    )
    return LocalModel(language_model, settings["max_new_tokens"])


def _server_model(settings: Mapping[str, Any]) -> ServerModel:
    server = ChatServer(settings["base_url"], settings["api_key_variable"], settings["timeout_s"], settings["attempts"])
    backend = OpenAICompatible(
        server,
        settings["model"],
        max_new_tokens=settings["max_new_tokens"],
        parallel=settings["parallel"],
        sends_temperature=settings["temperature"] is not None,
        sends_seed=settings["seed"],
    )
    return ServerModel(backend)
