"""The outcome reward model: its prompt, its verdicts, and a judge behind a server."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from tests.completion_server import CompletionServer, completion, completion_server
from webrl_gym.errors import PromptUnreadable, ScorerError, ServerRefused
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence, OrmPrompt, OrmTemplate
from webrl_gym.reward import OpenAICompatibleScorer, OutcomeRewardModel, outcome_reward_model
from webrl_gym.types import VerdictStatus

EPISODE = Evidence("x", (), "")
A, B = (DEFAULT_TEMPLATE.fill(Evidence(name, ('Click "Home"',), "<p> page </p>")) for name in "ab")


class Says:
    """A scorer with one answer."""

    def __init__(self, p_yes: float | None) -> None:
        self.answer = p_yes

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        if self.answer is None:
            raise ScorerError("the judge is out")
        return [self.answer] * len(prompts)


@pytest.fixture(scope="module")
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


@pytest.fixture
def scorer(server: CompletionServer) -> OpenAICompatibleScorer:
    server.requests.clear()
    server.slow = False
    return OpenAICompatibleScorer(f"{server.url}/", "judge", api_key_variable="TEST_KEY", sleep=lambda _seconds: None)


def logprobs(**mass: float) -> dict[str, Any]:
    """A choice whose first token had these probabilities; ``_`` stands for a space before the word."""
    tokens = [{"token": name.replace("_", " "), "logprob": math.log(share)} for name, share in mass.items()]
    return {"message": {"content": ""}, "logprobs": {"content": [{"top_logprobs": tokens}]}}


@pytest.mark.parametrize(("p_yes", "score"), [(0.9, 1.0), (0.5, 0.0), (0.1, 0.0)])
def test_yes_must_be_likelier_than_no(p_yes: float, score: float) -> None:
    verdict = OutcomeRewardModel(Says(p_yes)).judge(EPISODE)
    assert (verdict.status, verdict.score, verdict.source, verdict.p_yes) == (VerdictStatus.SCORED, score, "orm", p_yes)
    assert verdict.success is (score == 1.0)


class Chokes:
    """A scorer that fails on episodes called bad."""

    def __init__(self, error: type[ScorerError] = ScorerError) -> None:
        self.asked = 0
        self.error = error

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        self.asked += 1
        if any(prompt.evidence.instruction == "bad" for prompt in prompts):
            raise self.error("the prompt cannot be read")
        return [0.9] * len(prompts)


def test_one_failure_leaves_the_others_decided() -> None:
    episodes = [Evidence(name, (), "") for name in ("good", "bad", "bad", "good")]
    verdicts = OutcomeRewardModel(Chokes()).judge_all(episodes)
    assert [verdict.status is VerdictStatus.SCORED for verdict in verdicts] == [True, False, False, True]
    assert verdicts[1].detail == "the prompt cannot be read"


def test_a_scorer_that_fails_again_and_again_is_left_alone() -> None:
    scorer = Chokes()
    verdicts = OutcomeRewardModel(scorer).judge_all([Evidence("bad", (), "")] * 50)
    assert [verdict.status for verdict in verdicts] == [VerdictStatus.UNDECIDED] * 50
    assert scorer.asked == 1 + 3


def test_prompts_that_cannot_be_read_do_not_add_up_to_a_scorer_that_is_out() -> None:
    episodes = [Evidence(name, (), "") for name in ("bad",) * 5 + ("good",)]
    verdicts = OutcomeRewardModel(Chokes(PromptUnreadable)).judge_all(episodes)
    assert [verdict.status is VerdictStatus.SCORED for verdict in verdicts] == [False] * 5 + [True]


def test_a_scorer_that_is_out_leaves_all_undecided() -> None:
    verdicts = OutcomeRewardModel(Says(None)).judge_all([EPISODE, EPISODE])
    assert [verdict.status for verdict in verdicts] == [VerdictStatus.UNDECIDED] * 2


class Odd:
    """A scorer that answers with whatever it was made with, for as many prompts as there are in its list."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers
        self.asked = 0

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> Any:
        self.asked += 1
        return [self.answers[int(prompt.evidence.instruction)] for prompt in prompts]


def test_what_is_no_probability_decides_nothing_and_nothing_of_the_others() -> None:
    odd = [math.nan, 1.2, -0.1, math.inf, None, "high", [0.9], 10**400]
    scorer = Odd(*odd, 0.9, np.float32(0.1), 1)
    verdicts = OutcomeRewardModel(scorer).judge_all([Evidence(str(place), (), "") for place in range(len(odd) + 3)])
    assert [verdict.status for verdict in verdicts[: len(odd)]] == [VerdictStatus.UNDECIDED] * len(odd)
    for answer, verdict in zip(odd, verdicts, strict=False):
        assert (verdict.success, verdict.p_yes, verdict.source) == (False, None, "orm")
        assert verdict.detail == f"the scorer gave no probability from 0 to 1 but {repr(answer)[:80]}"
    assert [verdict.success for verdict in verdicts[len(odd) :]] == [True, False, True]
    assert scorer.asked == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "the scorer gave 0 probabilities for 1 prompts"),
        ([0.9, 0.9], "the scorer gave 2 probabilities for 1 prompts"),
        (0.9, "the scorer gave no list of probabilities but 0.9"),
        (None, "the scorer gave no list of probabilities but None"),
    ],
)
def test_answers_that_belong_to_no_prompt_decide_nothing(answer: Any, said: str) -> None:
    class Says:
        def p_yes(self, prompts: Sequence[OrmPrompt]) -> Any:
            return answer

    verdict = OutcomeRewardModel(Says()).judge(EPISODE)
    assert (verdict.status, verdict.detail) == (VerdictStatus.UNDECIDED, said)


def test_a_scorer_that_miscounts_batches_is_asked_about_each_alone() -> None:
    class OneForAll(Says):
        def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
            return super().p_yes(prompts[:1])

    assert [verdict.success for verdict in OutcomeRewardModel(OneForAll(0.9)).judge_all([EPISODE] * 3)] == [True] * 3


@pytest.mark.parametrize("scorer", [None, "judge", Says, len, OutcomeRewardModel(Says(0.5))])
def test_only_what_can_be_asked_is_a_scorer(scorer: Any) -> None:
    with pytest.raises(TypeError, match=r"Expected a scorer, an object with p_yes\(prompts\), got"):
        OutcomeRewardModel(scorer)


def test_a_threshold_and_a_template_belong_to_the_judge() -> None:
    asked: list[OrmPrompt] = []

    class Listens(Says):
        def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
            asked.extend(prompts)
            return super().p_yes(prompts)

    judge = OutcomeRewardModel(Listens(0.8), 0.9, OrmTemplate("{instruction}|{actions}|{page}"))
    assert outcome_reward_model(judge) is judge
    assert judge.judge(EPISODE).success is False
    assert outcome_reward_model(judge.scorer).judge(EPISODE).success is True
    assert asked[0].user == "x|none|"
    assert "Decide whether" in asked[1].user
    for threshold in (1.0, -0.1):
        with pytest.raises(ValueError, match=r"threshold in \[0, 1\)"):
            OutcomeRewardModel(Says(0.8), threshold)


def test_a_judge_that_fails_decides_nothing() -> None:
    verdict = OutcomeRewardModel(Says(None)).judge(EPISODE)
    assert (verdict.status, verdict.success, verdict.p_yes) == (VerdictStatus.UNDECIDED, False, None)
    assert verdict.detail == "the judge is out"


@pytest.mark.parametrize(
    ("choice", "p_yes"),
    [
        (logprobs(YES=0.6, NO=0.2, Maybe=0.2), 0.75),
        (logprobs(_yes=0.2, Yes=0.1, no=0.1), 0.75),
        (logprobs(NO=0.9), 0.0),
        ({"message": {"content": "YES."}}, 1.0),
        ({"message": {"content": "**No**, it was not."}}, 0.0),
        ({"message": {"content": "yes"}, "logprobs": None}, 1.0),
        ({**logprobs(Well=0.9), "message": {"content": "no"}}, 0.0),
        ({**logprobs(**{"**": 0.99, "NO": 0.002}), "message": {"content": "**YES**"}}, 1.0),
    ],
)
def test_a_server_gives_a_probability(
    server: CompletionServer, scorer: OpenAICompatibleScorer, choice: dict[str, Any], p_yes: float
) -> None:
    server.answers = [(200, completion(choice))]
    assert scorer.p_yes([A, B]) == pytest.approx([p_yes, p_yes])
    assert [request["messages"] for request in server.requests] == [
        [{"role": "user", "content": prompt.user}] for prompt in (A, B)
    ]
    assert server.requests[0]["path"] == "/v1/chat/completions"
    assert server.requests[0]["key"] is None


NONSENSE = [
    b"",
    b"nonsense",
    b"[]",
    b"null",
    b'{"choices": []}',
    b'{"choices": ["YES"]}',
    completion({"message": {"content": "Nothing was done"}}),
    completion({"message": {"content": "Yesterday"}}),
    completion({**logprobs(**{"<think>": 0.99, "NO": 1e-6}), "message": {"content": "<think>\nOkay"}}),
    completion({"message": {"content": None}}),
    completion({"message": {}}),
    completion({"logprobs": {"content": [{"top_logprobs": [{"logprob": 0.0}]}]}}),
    completion({"logprobs": {"content": [{"top_logprobs": [{"token": "YES", "logprob": None}]}]}}),
    completion({"logprobs": {"content": [{"top_logprobs": [{"token": "YES", "logprob": 1e9}]}]}}),
    completion({"logprobs": {"content": [None]}}),
]


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_an_error_of_the_scorer(
    server: CompletionServer, scorer: OpenAICompatibleScorer, body: bytes
) -> None:
    server.answers = [(200, body)]
    with pytest.raises(ScorerError):
        scorer.p_yes([A])


def test_a_server_may_be_told_other_answers_and_a_system_message(server: CompletionServer) -> None:
    server.requests.clear()
    server.answers = [(200, completion(logprobs(Done=0.6, MISSED=0.2, YES=0.2)))]
    scorer = OpenAICompatibleScorer(server.url, "judge", answers=("Done", "Missed"))
    prompt = OrmTemplate("{instruction} {actions} {page}", system="You judge.").fill(EPISODE)
    assert scorer.p_yes([prompt]) == pytest.approx([0.75])
    assert server.requests[0]["messages"][0] == {"role": "system", "content": "You judge."}
    server.say("YES")
    with pytest.raises(ScorerError, match="neither DONE nor MISSED"):
        scorer.p_yes([prompt])
    whole = OrmTemplate("{instruction} {actions} {page}", is_whole=True).fill(EPISODE)
    with pytest.raises(ScorerError, match=r"\[prompt\] needs a model in this process"):
        scorer.p_yes([whole])
    for answers in (("Yes", " yes"), ("Yes, done", "No")):
        with pytest.raises(ValueError, match="two different words"):
            OpenAICompatibleScorer(server.url, "judge", answers=answers)


def test_a_batch_goes_over_one_connection() -> None:
    with completion_server("HTTP/1.1") as server:
        server.say("YES")
        assert OpenAICompatibleScorer(server.url, "judge").p_yes([A, B, A]) == [1.0, 1.0, 1.0]
        assert len({request["port"] for request in server.requests}) == 1


def test_a_busy_judge_is_asked_again(server: CompletionServer, scorer: OpenAICompatibleScorer) -> None:
    server.answers = [(429, b""), (503, b""), (200, completion({"message": {"content": "NO"}}))]
    assert scorer.p_yes([A]) == [0.0]
    assert len(server.requests) == 3


def test_a_prompt_too_long_for_a_server_says_nothing_of_others(
    server: CompletionServer, scorer: OpenAICompatibleScorer
) -> None:
    server.answers = [(400, b'{"error": {"message": "maximum context length is 4096 tokens"}}')]
    with pytest.raises(PromptUnreadable, match=r"cannot read this prompt: .* maximum context length"):
        scorer.p_yes([A])


def test_a_judge_that_stays_away_decides_nothing(server: CompletionServer, scorer: OpenAICompatibleScorer) -> None:
    server.answers = [(503, b"")]
    with pytest.raises(ScorerError, match=r"no judgement: .* status 503"):
        scorer.p_yes([A])
    assert OutcomeRewardModel(scorer).judge(EPISODE).status is VerdictStatus.UNDECIDED


def test_a_judge_that_refuses_everything_is_no_undecided_verdict(
    server: CompletionServer, scorer: OpenAICompatibleScorer
) -> None:
    server.answers = [(401, b"")]
    with pytest.raises(ServerRefused, match="TEST_KEY"):
        OutcomeRewardModel(scorer).judge(EPISODE)
    assert len(server.requests) == 1


def test_the_key_is_sent_and_never_shown(
    server: CompletionServer, scorer: OpenAICompatibleScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret\n")
    server.say("YES")
    assert scorer.p_yes([A]) == [1.0]
    assert server.requests[0]["key"] == "Bearer sk-secret"
    assert "sk-secret" not in repr(vars(scorer))
    monkeypatch.setenv("TEST_KEY", "sk-sec\nret")
    with pytest.raises(ServerRefused, match="TEST_KEY holds no key") as caught:
        scorer.p_yes([A])
    assert "sk-sec" not in str(caught.value)


def test_a_proxy_that_cannot_be_used_is_named_before_an_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "foo://x")
    with pytest.raises(ServerRefused, match=r"http://llm\.test/v1/chat/completions cannot be asked: .*HTTP_PROXY"):
        OpenAICompatibleScorer("http://llm.test/v1", "judge")
