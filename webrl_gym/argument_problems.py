"""What is wrong with the arguments of an environment, each problem in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from webrl_gym.evaluation import FuzzyJudge, is_judge
from webrl_gym.rendering import RenderModeRefused, why_not_rendered
from webrl_gym.reward import OutcomeRewardModel, YesNoScorer, is_scorer
from webrl_gym.tasks.suite import TaskSuite
from webrl_gym.types import Semantics

_LEAST_BUDGET = 500
_ENGINES = ("static", "chromium")
_PROFILES = ("full", "webrl")
_SITES = ("embedded", "urls")


def refuse(problems: Sequence[str], engine: str, render_mode: str | None) -> None:
    """Raises ``ValueError`` with all problems in one message, the render mode's among them."""
    refusal = why_not_rendered(engine, render_mode) if engine in _ENGINES else ""
    if refusal and not problems:
        raise RenderModeRefused(refusal)
    if problems:
        raise ValueError("; ".join([*problems, refusal] if refusal else problems))


def scoring_problems(
    reward: str,
    scorer: YesNoScorer | OutcomeRewardModel | None,
    judge: FuzzyJudge | Mapping[str, Any] | None,
    semantics: str,
    early_stops: object,
) -> Iterator[str]:
    """What is wrong with how episodes are scored and stopped, and where rewards come from."""
    if reward not in ("rules", "orm"):
        yield f"reward must be rules or orm, got {reward!r}"
    elif reward == "rules" and scorer is not None:
        yield 'scorer=... is for reward="orm"; with reward="rules" nothing would ask it'
    elif reward == "orm" and scorer is None:
        yield 'reward="orm" needs scorer=..., an object with p_yes(prompts)'
    elif reward == "orm" and not (isinstance(scorer, OutcomeRewardModel) or is_scorer(scorer)):
        yield f"scorer must be an object with p_yes(prompts), got {scorer!r}"
    if not (judge is None or isinstance(judge, Mapping) or is_judge(judge)):
        yield (
            "judge must be an object with judge(question, reference, answer), or the settings of a language model such "
            f"as base_url and model, got {judge!r}"
        )
    if semantics not in tuple(Semantics):
        yield f"semantics must be {' or '.join(Semantics)}, got {semantics!r}"
    if early_stops is not None and not isinstance(early_stops, bool):
        yield f"early_stops must be true, false or nothing, got {early_stops!r}"


def limit_problems(max_steps: int | None, budget: int) -> Iterator[str]:
    """What is wrong with the limits of an episode and of a page."""
    if max_steps is not None and not (isinstance(max_steps, int) and max_steps >= 1):
        yield f"max_steps must be a whole number of at least 1, got {max_steps!r}"
    if not (isinstance(budget, int) and budget >= _LEAST_BUDGET):
        yield f"budget must be a whole number of at least {_LEAST_BUDGET} characters, got {budget!r}"


def task_problems(suite: object, overrides: object, sites: str, deployment: object) -> Iterator[str]:
    """What is wrong with which tasks there are, and where their sites are."""
    if not isinstance(suite, str | TaskSuite):
        yield f"suite must be the name of a suite, package.module:function or a TaskSuite, got {suite!r:.100}"
    if not isinstance(overrides, bool):
        yield f"overrides must be true or false, got {overrides!r}"
    if sites not in _SITES:
        yield f"sites must be embedded or urls, got {sites!r}"
    elif sites == "embedded" and deployment is not None:
        yield 'deployment=... is for sites="urls"'


def reading_problems(engine: str, profile: str, stable_ids: object) -> Iterator[str]:
    """What is wrong with how pages are carried and read."""
    if engine not in _ENGINES:
        yield f"engine must be static or chromium, got {engine!r}"
    if profile not in _PROFILES:
        yield f"profile must be full or webrl, got {profile!r}"
    if profile == "webrl" and engine == "static":
        yield 'profile="webrl" needs engine="chromium": it reads what a browser\'s window shows'
    if not isinstance(stable_ids, bool):
        yield f"stable_ids must be true or false, got {stable_ids!r}"
    elif profile == "webrl" and stable_ids:
        yield 'profile="webrl" numbers each page anew; stable_ids is for profile="full"'
