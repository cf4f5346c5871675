"""Completions from any server that speaks OpenAI's chat completions, several at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpx
import torch

from agents.errors import GenerationFailed
from agents.generation import DEFAULT_MAX_NEW_TOKENS
from agents.types import Completion, Prompt
from webrl_gym.chat_server import ChatServer
from webrl_gym.errors import CompletionFailed, ServerRefused
from webrl_gym.wellformed import well_formed


@dataclass(frozen=True, slots=True)
class Request:
    """What a server is asked to complete.

    Attributes:
        text: The prompt.
        temperature: Of sampling, >= 0.
        seed: Of sampling; None leaves it to the server.
    """

    text: str
    temperature: float = 0.0
    seed: int | None = None


class OpenAICompatible:
    """Asks a server; completions come without token ids."""

    def __init__(
        self,
        server: ChatServer,
        model: str,
        *,
        max_new_tokens: int | None = DEFAULT_MAX_NEW_TOKENS,
        parallel: int = 8,
        sends_temperature: bool = True,
        sends_seed: bool = True,
    ) -> None:
        """Asks ``server`` for completions of ``model``.

        Args:
            server: The server, and how long it is asked.
            model: Name that the server knows.
            max_new_tokens: Longest completion; None is not sent, for models that know that limit by another name.
            parallel: Most requests at a time.
            sends_temperature: False leaves it to the server, for models that take no other than their own.
            sends_seed: False leaves chance to the server, for those that refuse what they do not know.

        Raises:
            ValueError: If a number is below 1.
        """
        if (max_new_tokens is not None and max_new_tokens < 1) or parallel < 1:
            raise ValueError(f"max_new_tokens and parallel must be at least 1, got {max_new_tokens} and {parallel}")
        self.server = server
        self.model = model
        self.max_new_tokens = max_new_tokens
        self.parallel = parallel
        self.sends_temperature = sends_temperature
        self.sends_seed = sends_seed

    def generate(
        self, prompts: Sequence[Prompt], *, temperature: float, generator: torch.Generator | None = None
    ) -> list[Completion]:
        """One completion for each prompt, in order.

        Raises:
            GenerationFailed: If a prompt gets no completion after all tries.
            ServerRefused: If the server refuses every request.
        """
        seeds: list[int | None] = [None] * len(prompts)
        if temperature > 0.0 and generator is not None:
            seeds = list(torch.randint(0, 2**31, (len(prompts),), generator=generator).tolist())
        requests = [Request(prompt.text, temperature, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        completions: dict[int, Completion] = {}
        for place, completion in self.as_they_come(requests):
            if isinstance(completion, GenerationFailed):
                raise completion
            completions[place] = completion
        return [completions[place] for place in range(len(prompts))]

    def as_they_come(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | GenerationFailed]]:
        """Completions, each with the place of its request, or why there is none.

        Whoever stops before the end, by Ctrl-C for example, waits for no server: no further request is begun, and a
        thread whose request is under way does not keep the process from ending.

        Args:
            requests: What to complete, several at a time.

        Raises:
            ServerRefused: If the server refuses every request; what came to requests under way is given before.
        """
        waiting: SimpleQueue[tuple[int, Request]] = SimpleQueue()
        for pair in enumerate(requests):
            waiting.put(pair)
        came: SimpleQueue[tuple[int, Completion | Exception]] = SimpleQueue()
        missing, refusal = len(requests), None
        try:
            for _ in range(min(self.parallel, len(requests))):
                Thread(target=self._ask, args=(self.server.client(), waiting, came), daemon=True).start()
            while missing:
                place, completion = came.get()
                missing -= 1
                if isinstance(completion, ServerRefused):
                    refusal = completion
                elif isinstance(completion, Completion | GenerationFailed):
                    yield place, completion
                else:
                    raise completion
        finally:
            list(_emptied(waiting))  # nobody waits for these any more
        if refusal is not None:
            raise refusal

    def _ask(
        self,
        client: httpx.Client,
        waiting: SimpleQueue[tuple[int, Request]],
        came: SimpleQueue[tuple[int, Completion | Exception]],
    ) -> None:
        """Completes what is waiting, one after the other; a refusal counts for all that is still waiting."""
        with client:
            for place, request in _emptied(waiting):
                try:
                    came.put((place, self._complete(client, request)))
                except Exception as error:  # raised where it is waited for
                    came.put((place, error))
                    if isinstance(error, ServerRefused):
                        for other, _ in _emptied(waiting):
                            came.put((other, error))

    def _complete(self, client: httpx.Client, request: Request) -> Completion:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": request.text}],
        }
        if self.max_new_tokens is not None:
            body["max_tokens"] = self.max_new_tokens
        if self.sends_temperature:
            body["temperature"] = request.temperature
        if self.sends_seed and request.seed is not None:
            body["seed"] = request.seed
        try:
            choice = self.server.ask(client, body)
        except CompletionFailed as error:
            raise GenerationFailed(str(error)) from error
        message = choice.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str):
            raise GenerationFailed(f"{self.server.shown_url} answered without text")
        return Completion(well_formed(content).strip(), is_cut=choice.get("finish_reason") == "length")


def _emptied(queue: SimpleQueue[tuple[int, Request]]) -> Iterator[tuple[int, Request]]:
    """What is in a queue, taken out one by one; others may take from it meanwhile."""
    while True:
        try:
            pair = queue.get_nowait()
        except Empty:
            return
        yield pair
