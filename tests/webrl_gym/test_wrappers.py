from __future__ import annotations

from collections.abc import Sequence

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import TimeLimit

from webrl_gym import ENV_ID
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import ScorerError
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.types import VerdictStatus
from webrl_gym.wrappers import OutcomeReward
from webrl_gym.wrappers.outer_limit import NoOuterLimit


class Judge:
    """Says the probability it was made with, and keeps what it read."""

    def __init__(self, p_yes: float | None) -> None:
        self.answer = p_yes
        self.read: list[OrmPrompt] = []

    def p_yes(self, prompts: Sequence[OrmPrompt]) -> list[float]:
        self.read.extend(prompts)
        if self.answer is None:
            raise ScorerError("the judge is out")
        return [self.answer] * len(prompts)


@pytest.mark.parametrize(
    ("p_yes", "status", "reward"),
    [(0.8, VerdictStatus.SCORED, 1.0), (0.2, VerdictStatus.SCORED, 0.0), (None, VerdictStatus.UNDECIDED, 0.0)],
)
def test_the_judge_replaces_the_reward_and_keeps_the_rules(
    p_yes: float | None, status: VerdictStatus, reward: float
) -> None:
    judge = Judge(p_yes)
    env = OutcomeReward(WebArenaLiteEnv(), judge)
    observation, _ = env.reset(seed=0)
    assert env.step("nonsense")[1] == 0.0
    assert env.step(None)[1] == 0.0  # type: ignore[arg-type]  # as the environment alone answers
    assert judge.read == []
    _, got, terminated, _, info = env.step('exit(message="my answer")')
    assert terminated
    assert (got, info["verdict"].status, info["verdict"].source) == (reward, status, "orm")
    assert info["rule_verdict"].source == "rules"
    assert observation["instruction"] in judge.read[0].text
    assert "my answer" in judge.read[0].text
    assert "No action: nonsense" in judge.read[0].text
    assert judge.read[0].evidence.completions == ("nonsense", "None", 'exit(message="my answer")')
    env.close()


def test_the_wrapped_environment_passes_the_checker() -> None:
    env = OutcomeReward(WebArenaLiteEnv(), Judge(0.5))
    with pytest.warns(UserWarning, match="has a wrapper applied to it"):
        check_env(env, skip_render_check=True)
    env.close()


def test_a_scorer_is_neither_copied_nor_a_way_around_the_refusal() -> None:
    class Locked(Judge):
        """A scorer that cannot be copied, as one with a model and a lock."""

        def __deepcopy__(self, memo: object) -> Locked:
            raise AssertionError("the scorer was copied")

    scorer = Locked(0.5)
    with pytest.raises(ValueError, match="use max_steps=3 in place of"):
        gymnasium.make(ENV_ID, reward="orm", scorer=scorer, max_episode_steps=3)
    gymnasium.make(ENV_ID, reward="orm", scorer=scorer).close()


def test_an_environment_inside_a_limit_is_refused_and_closed() -> None:
    env = gymnasium.make(ENV_ID)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="use max_steps=3 in place of"):
        NoOuterLimit(TimeLimit(env, 3))
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.unwrapped.step("exit()")
    env.close()
