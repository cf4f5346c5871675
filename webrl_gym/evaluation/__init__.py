"""Rule evaluation of an episode's end, after WebArena: answers, addresses and page contents."""

from webrl_gym.evaluation.answer_judge import LanguageModelJudge, make_judge
from webrl_gym.evaluation.answers import match_answer
from webrl_gym.evaluation.fuzzy import FuzzyJudge, is_judge
from webrl_gym.evaluation.rules import evaluate_rules
from webrl_gym.evaluation.shop_orders import RestShop
from webrl_gym.evaluation.urls import match_url

__all__ = [
    "FuzzyJudge",
    "LanguageModelJudge",
    "RestShop",
    "evaluate_rules",
    "is_judge",
    "make_judge",
    "match_answer",
    "match_url",
]
