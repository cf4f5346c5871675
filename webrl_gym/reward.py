"""The outcome reward model (ORM): a language model that answers YES or NO to "was the instruction done?".

After WebRL (arXiv 2411.02337, sections 2 and 3.8): the judge reads the instruction, the whole action history and the
final page, and the outcome is 1 iff P(YES) > P(NO). How it is asked is a template (``webrl_gym.orm_prompt``). Nothing
here knows a model: anything with ``p_yes`` is a scorer.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import httpx

from webrl_gym.chat_server import ChatServer
from webrl_gym.errors import CompletionFailed, PromptTooLarge, PromptUnreadable, ScorerError
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence, OrmPrompt, OrmTemplate
from webrl_gym.types import OutcomeVerdict, VerdictStatus

ANSWERS = ("YES", "NO")
"""What a judge answers when the instruction was done, and when not."""
_FAILURES_IN_A_ROW = 3
"""After so many a scorer is taken to be out."""
_LEAST_MASS = 0.1
"""Probability that a judge's first token is one of the two words, below which the token says nothing about them."""


class YesNoScorer(Protocol):
    """Anything that gives the probability of YES as the answer to a prompt."""

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        """P(YES) / (P(YES) + P(NO)) for each prompt, in [0, 1]; raises ``ScorerError`` when it cannot.

        An episode whose number is none, or outside [0, 1], is undecided.
        """


def is_scorer(given: object) -> bool:
    """Whether this is an object that can be asked for P(YES); a class has the method too, but nobody to ask."""
    return not isinstance(given, type) and callable(getattr(given, "p_yes", None))


class OutcomeRewardModel:
    """Judges the ends of episodes with a YES/NO scorer."""

    def __init__(self, scorer: YesNoScorer, threshold: float = 0.5, template: OrmTemplate = DEFAULT_TEMPLATE) -> None:
        """Uses ``scorer``.

        Args:
            scorer: Gives P(YES) for prompts, many at a time.
            threshold: The outcome is 1 when P(YES) is above it; in [0, 1). The paper's P(YES) > P(NO) is 0.5.
            template: How the scorer is asked.

        Raises:
            TypeError: If ``scorer`` has no ``p_yes``.
            ValueError: If ``threshold`` is outside [0, 1).
        """
        if not is_scorer(scorer):
            raise TypeError(f"Expected a scorer, an object with p_yes(prompts), got {scorer!r}.")
        if not 0.0 <= threshold < 1.0:
            raise ValueError(f"Expected threshold in [0, 1), got {threshold}.")
        self.scorer = scorer
        self.threshold = threshold
        self.template = template

    def judge(self, evidence: Evidence) -> OutcomeVerdict:
        """A verdict of source ``orm``: scored, or undecided when the scorer gave no probability."""
        return self.judge_all([evidence])[0]

    def judge_all(self, episodes: Sequence[Evidence]) -> list[OutcomeVerdict]:
        """A verdict for each episode, in order; undecided where the scorer fails or gives what is no probability.

        A scorer that fails on many at a time is asked about each alone, until it has failed several times in a row.

        Args:
            episodes: What the episodes show.
        """
        prompts = [self.template.fill(evidence) for evidence in episodes]
        try:
            return [self._verdict(given) for given in self._answers(prompts)]
        except ScorerError as error:
            return [_undecided(error)] if len(prompts) == 1 else self._one_by_one(prompts)

    def _one_by_one(self, prompts: Sequence[OrmPrompt]) -> list[OutcomeVerdict]:
        verdicts: list[OutcomeVerdict] = []
        failures: list[ScorerError] = []
        for prompt in prompts:
            if len(failures) == _FAILURES_IN_A_ROW:
                verdicts.append(_undecided(failures[-1]))
                continue
            try:
                (given,) = self._answers([prompt])
            except PromptUnreadable as error:
                verdicts.append(_undecided(error))
            except ScorerError as error:
                failures.append(error)
                verdicts.append(_undecided(error))
            else:
                failures.clear()
                verdicts.append(self._verdict(given))
        return verdicts

    def _answers(self, prompts: Sequence[OrmPrompt]) -> list[Any]:
        """What the scorer gives for each prompt, which may be anything: it is somebody else's code.

        Raises:
            ScorerError: If it fails, or it cannot be told which answer belongs to which prompt.
        """
        given = self.scorer.p_yes(prompts)
        if not isinstance(given, Iterable):
            raise ScorerError(f"the scorer gave no list of probabilities but {_shown(given)}")
        answers = list(given)
        if len(answers) != len(prompts):
            raise ScorerError(f"the scorer gave {len(answers)} probabilities for {len(prompts)} prompts")
        return answers

    def _verdict(self, given: Any) -> OutcomeVerdict:
        """What one answer of the scorer means; a bad one says nothing of the others, so nobody is asked again."""
        try:
            p_yes = float(given)
        except (TypeError, ValueError, OverflowError):
            p_yes = math.nan
        if not 0.0 <= p_yes <= 1.0:
            return _undecided(ScorerError(f"the scorer gave no probability from 0 to 1 but {_shown(given)}"))
        score = 1.0 if p_yes > self.threshold else 0.0
        return OutcomeVerdict(VerdictStatus.SCORED, score, "orm", p_yes=p_yes, detail=f"P(YES) = {p_yes:.3f}")


def _shown(given: Any) -> str:
    return repr(given)[:80]


def _undecided(error: ScorerError) -> OutcomeVerdict:
    return OutcomeVerdict(VerdictStatus.UNDECIDED, 0.0, "orm", detail=str(error))


def outcome_reward_model(judge: YesNoScorer | OutcomeRewardModel) -> OutcomeRewardModel:
    """The judge itself, or a scorer with the default threshold and template.

    Args:
        judge: Either of them.

    Raises:
        TypeError: If it is neither.
    """
    return judge if isinstance(judge, OutcomeRewardModel) else OutcomeRewardModel(judge)


class OpenAICompatibleScorer:
    """Asks any server that speaks OpenAI's chat completions; needs no torch.

    A server that is busy is asked again after a while. The key is read from an environment variable at each request
    and never stored, printed or logged.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_variable: str = "OPENAI_API_KEY",
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        answers: tuple[str, str] = ANSWERS,
    ) -> None:
        """Talks to ``model`` at ``base_url`` (``http://localhost:8000/v1`` for example); waits with ``sleep``.

        ``answers`` are the words that the model is told to answer with, in either case: done, not done.

        Raises:
            ValueError: If the answers cannot be told apart, or one is no single word.
            ServerRefused: If proxies or certificates that the environment names cannot be used.
        """
        self.server = ChatServer(base_url, api_key_variable, timeout_s, sleep=sleep)
        self.model = model
        self._yes, self._no = (answer.strip().lower() for answer in answers)
        if self._yes == self._no or not all(re.fullmatch(r"\w+", word) for word in (self._yes, self._no)):
            raise ValueError(f"Expected two different words as answers, got {answers[0]!r} and {answers[1]!r}.")
        # What keeps every client from being made is said here and not at the end of an episode.
        self.server.client().close()

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        """P(YES) for each prompt, from the log-probabilities of the first token, else from the answer's word.

        The first token counts where one of the two words is at all likely to be it: not before a thought or ``**``.

        Raises:
            PromptUnreadable: If a prompt is longer than the server takes.
            ScorerError: If the server stays away, or answers with anything else than one of the two words, or a prompt
                is whole: a server puts its own chat template around it.
            ServerRefused: If it refuses every request: key, model name or address are wrong.
        """
        if any(prompt.template.is_whole for prompt in prompts):
            raise ScorerError("a server puts its chat template around a prompt: [prompt] needs a model in this process")
        with self.server.client() as client:
            return [self._ask(client, prompt) for prompt in prompts]

    def _ask(self, client: httpx.Client, prompt: OrmPrompt) -> float:
        system = [{"role": "system", "content": prompt.system}] if prompt.system else []
        body = {
            "model": self.model,
            "messages": [*system, {"role": "user", "content": prompt.user}],
            "max_tokens": 3,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 10,
        }
        try:
            return self._probability(self.server.ask(client, body))
        except PromptTooLarge as error:
            raise PromptUnreadable(f"the judge cannot read this prompt: {error}") from error
        except CompletionFailed as error:
            raise ScorerError(f"the judge gave no judgement: {error}") from error
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            raise ScorerError(
                f"{self.server.shown_url} gave no judgement that can be read: {type(error).__name__}: {error}"
            ) from error

    def _probability(self, choice: dict[str, Any]) -> float:
        tokens = ((choice.get("logprobs") or {}).get("content") or [{}])[0].get("top_logprobs") or []
        mass = {self._yes: 0.0, self._no: 0.0}
        for token in tokens:
            word = str(token["token"]).strip().lower()
            if word in mass:
                mass[word] += math.exp(float(token["logprob"]))
        if sum(mass.values()) >= _LEAST_MASS:
            return mass[self._yes] / sum(mass.values())
        text = str((choice.get("message") or {}).get("content") or "")
        found = re.match(rf"\W*({self._yes}|{self._no})\b", text, re.IGNORECASE)
        if found is None:
            wanted = f"{self._yes.upper()} nor {self._no.upper()}"
            raise ScorerError(f"the judge answered neither {wanted} but {text[:80]!r}")
        return 1.0 if found[1].lower() == self._yes else 0.0
