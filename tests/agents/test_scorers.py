from __future__ import annotations

import pytest
import torch

from agents import scorers
from agents.models import LanguageModel
from agents.scorers import LanguageModelScorer, scorer_of
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from webrl_gym.errors import PromptUnreadable
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, Evidence
from webrl_gym.reward import OpenAICompatibleScorer, OutcomeRewardModel

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])
EVIDENCE = [
    Evidence("Open Tea", ('Click "Tea"',), "<h1> Tea </h1>"),
    Evidence("Open Milk", ('Click "Tea"', 'Exit ""'), '<a id="0"> Tea </a>'),
    Evidence("Find out whether this is a question", (), "<p> Is it? </p>"),
]
PROMPTS = [DEFAULT_TEMPLATE.fill(evidence) for evidence in EVIDENCE]


@both
def test_probabilities_do_not_depend_on_company(model: LanguageModel) -> None:
    together = LanguageModelScorer(model).p_yes(PROMPTS)
    alone = [LanguageModelScorer(model).p_yes([prompt])[0] for prompt in PROMPTS]
    assert together == pytest.approx(alone, abs=1e-5)
    assert all(0.0 < score < 1.0 for score in together)
    assert len(set(together)) == 3


@both
def test_training_on_labels_moves_the_scores(model: LanguageModel) -> None:
    scorer = LanguageModelScorer(model.copy())
    before = scorer.p_yes(PROMPTS[:2])
    labels = torch.tensor([1.0, 0.0])
    optimizer = torch.optim.AdamW(scorer.parameters(), lr=3e-3)
    batch = scorer.collate([scorer.encode(prompt) for prompt in PROMPTS[:2]])
    for _ in range(8):
        torch.nn.functional.binary_cross_entropy_with_logits(scorer.log_odds(batch), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    after = scorer.p_yes(PROMPTS[:2])
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert LanguageModelScorer(model).p_yes(PROMPTS[:2]) == pytest.approx(before)


@both
def test_long_prompts_are_judged_fewer_at_a_time(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, batches = LanguageModelScorer(model), []
    whole = scorer.p_yes(PROMPTS * 6)
    collate = scorer.collate
    monkeypatch.setattr(scorer, "collate", lambda ids: batches.append(list(map(len, ids))) or collate(ids))
    assert scorer.p_yes(PROMPTS * 6) == whole
    assert list(map(len, batches)) == [16, 2]
    batches.clear()
    longest = max(len(scorer.encode(prompt)) for prompt in PROMPTS)
    monkeypatch.setattr(scorers, "JUDGED_TOKENS", 3 * longest)
    assert scorer.p_yes(PROMPTS * 6) == pytest.approx(whole, abs=1e-5)
    if model is MODELS[0]:  # the nano model's numbers stay what they were
        assert list(map(len, batches)) == [16, 2]
    else:
        assert len(batches) > 4
        assert all(len(batch) * max(batch) <= 3 * longest for batch in batches)
    monkeypatch.setattr(scorers, "JUDGED_TOKENS", 1)  # each is judged, however long
    assert scorer.p_yes(PROMPTS) == pytest.approx(whole[:3], abs=1e-5)


def test_scorer_serves_the_outcome_reward_model() -> None:
    verdict = OutcomeRewardModel(LanguageModelScorer(MODELS[0])).judge(EVIDENCE[0])
    assert verdict.source == "orm"
    assert verdict.p_yes == pytest.approx(LanguageModelScorer(MODELS[0]).p_yes(PROMPTS[:1])[0])


def test_what_does_not_fit_is_a_scorer_error() -> None:
    with pytest.raises(PromptUnreadable, match="cannot read"):
        LanguageModelScorer(MODELS[0], max_tokens=64).p_yes([DEFAULT_TEMPLATE.fill(Evidence("word " * 400, (), "x"))])
    with pytest.raises(ValueError, match="from 1 to 512"):
        LanguageModelScorer(MODELS[0], max_tokens=513)


def test_a_chat_model_may_answer_in_other_words() -> None:
    model = MODELS[1]
    swapped = LanguageModelScorer(model, answers=("NO", "YES")).p_yes(PROMPTS)
    assert [1.0 - score for score in swapped] == pytest.approx(LanguageModelScorer(model).p_yes(PROMPTS), abs=1e-5)
    assert LanguageModelScorer(model, answers=("done", "missed")).p_yes(PROMPTS) != pytest.approx(swapped, abs=1e-5)
    with pytest.raises(ValueError, match="begins the answers 'YES' and 'YES!' with the same token"):
        LanguageModelScorer(model, answers=("YES", "YES!"))
    with pytest.raises(ValueError, match="no token for the answer ''"):
        LanguageModelScorer(model, answers=("YES", ""))


def test_the_nano_model_knows_its_two_answers_only() -> None:
    with pytest.raises(ValueError, match="the nano model answers YES or NO, not 'Done'"):
        LanguageModelScorer(MODELS[0], answers=("Done", "NO"))


def test_only_a_judge_in_this_process_has_a_model_to_train() -> None:
    scorer = LanguageModelScorer(MODELS[0])
    assert scorer_of(OutcomeRewardModel(scorer)) is scorer
    with pytest.raises(TypeError, match="in this process, got OpenAICompatibleScorer"):
        scorer_of(OutcomeRewardModel(OpenAICompatibleScorer("http://localhost:1/v1", "judge")))
