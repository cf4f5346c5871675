"""Wrappers: a judge's reward instead of the rules', and numbers instead of text for policies that read none."""

from webrl_gym.wrappers.discrete_controls import DiscreteControls
from webrl_gym.wrappers.outcome_reward import OutcomeReward

__all__ = ["DiscreteControls", "OutcomeReward"]
