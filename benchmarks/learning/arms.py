"""The arms that are compared: what each learns from and how, and how many seeds it gets.

All arms start from the same supervised policy (of a seed), attempt the same number of tasks, take the same number of
optimizer steps, and see trajectories under the same other names and words. Their learning rate is chosen from one grid
by the success on practice-valid after the first phase (``GRID``); everything else is the paper's. Beside them stands
WebRL as it is shipped for the nano model, which begins with more attempts and hears of the rules' verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PHASES = 4
TRAJECTORIES = 192
"""Attempts in one phase."""
UPDATES_PER_TRAJECTORY = 1.0
TEMPERATURE = 0.5
"""Of sampling while collecting."""
EPOCHS_OF_ALL = 2
"""Passes over all demonstrations, instead of the 8 over the limited ones: still three times their updates."""
GRID = (1.0e-4, 3.0e-4, 1.0e-3)
"""Learning rates that every arm chooses from."""
MANY, FEW = 5, 3
"""Seeds of the arms that the comparisons named beforehand need, and of the others."""

_SHOWN: dict[str, Any] = {"renamed_share": 0.7, "rephrased_share": 0.67, "word_dropout": 0.2}
"""How every arm is shown what it learns from; augmentation is no part of the comparison."""
_COUNTS: dict[str, Any] = {
    "phases": PHASES,
    "instructions_per_phase": TRAJECTORIES,
    "updates_per_trajectory": UPDATES_PER_TRAJECTORY,
}
_SHARED: dict[str, Any] = {
    **_COUNTS,
    "temperature": TEMPERATURE,
    "tokens_per_batch": 1024,
    "optimizer": "adamw",
    "schedule": "constant",
    "averaged_share": 0.5,
    **_SHOWN,
}
_CRITIC: dict[str, Any] = {"critic_learning_rate": 1.0e-3}
"""Of every arm with a value function, since the papers' rates are for models a thousand times as large. Everything else
is the algorithms' default, which is the papers'; of WebRL: lam 0.5, kl_coef 0.5, the critic's trunk fitted, advantages
by the critic, failures learned from, windows [1/0.95, 1/0.5] and [0.05, 0.75]."""
_WITHOUT_KL = {"policy_loss": "reinforce", "kl_ceiling": 1.0e9}
"""The guard goes with the term: it would end what these arms are to show."""
_WITHOUT_REPLAY = {"replay_ratio": 0.0}
_SURE, _UNSURE, _ANY = 1.0 / 0.95, 1.0 / 0.5, 1.0e9
"""Perplexities between which the paper replays, and one that no action reaches."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to learn.

    Attributes:
        name: In results and on the command line.
        title: In the table.
        algorithm: Name in ``agents.algorithms``; ``start`` learns nothing beyond its demonstrations.
        seeds: How many.
        settings: What differs from the algorithm's defaults, learning rate apart.
        labels: Who labels: ``orm`` or ``rules``, or ``both``: the rules tasks of the suite, the ORM evolved ones.
        demonstrations: ``limited``, or ``all`` of the training suite.
        data: ``rollouts`` of its own, or ``offline`` ones of the supervised policy, or the ``demonstrations``.
        shipped: Takes its rate, and what ``settings`` does not name, from the configuration that ships.
    """

    name: str
    title: str
    algorithm: str
    seeds: int
    settings: dict[str, Any] = field(default_factory=dict)
    labels: str = "orm"
    demonstrations: str = "limited"
    data: str = "rollouts"
    shipped: bool = False

    @property
    def learns(self) -> bool:
        """Whether it learns beyond its start, so that a learning rate is to be chosen."""
        return self.algorithm != "start"


def _arm(name: str, title: str, algorithm: str, seeds: int, labels: str = "orm", **settings: Any) -> Arm:
    return Arm(name, title, algorithm, seeds, {**_SHARED, **_values(algorithm), **settings}, labels)


def _offline(name: str, title: str, algorithm: str, seeds: int, data: str = "offline") -> Arm:
    """All updates in one phase, on what was there before it."""
    settings = {**_SHARED, **_values(algorithm), "mode": "paper", "phases": 1}
    return Arm(name, title, algorithm, seeds, settings, data=data)


def _window(name: str, title: str, low: float, high: float) -> Arm:
    """One phase of WebRL with another window of perplexities, as in the paper's Table 2."""
    window = {"phases": 1, "perplexity_low": low, "perplexity_high": high}
    return _arm(f"window_{name}", f"WebRL, one phase, replay of {title}", "webrl", FEW, **window)


def _values(algorithm: str) -> dict[str, Any]:
    return {} if algorithm == "filtered_bc" else _CRITIC


ARMS = {
    arm.name: arm
    for arm in (
        Arm("sft", "SFT", "start", MANY),
        _offline("sft_continued", "SFT continued", "filtered_bc", MANY, data="demonstrations"),
        Arm("sft_all", "SFT on all demonstrations", "start", FEW, demonstrations="all"),
        _offline("filtered_bc_paper", "Filtered BC (paper)", "filtered_bc", FEW),
        _arm("filtered_bc_online", "Filtered BC (online)", "filtered_bc", MANY),
        _offline("awr_paper", "AWR (paper)", "awr", FEW),
        _arm("awr_online", "AWR (online)", "awr", FEW),
        _arm("digirl", "DigiRL", "digirl", MANY),
        _arm("webrl", "WebRL", "webrl", MANY),
        _arm("webrl_rules", "WebRL, labels by rules", "webrl", FEW, labels="rules"),
        _arm("no_replay", "WebRL without replay", "webrl", FEW, **_WITHOUT_REPLAY),
        _arm("no_kl", "WebRL without KL", "webrl", FEW, **_WITHOUT_KL),
        _arm("no_kl_no_replay", "WebRL without both", "webrl", MANY, **_WITHOUT_KL, **_WITHOUT_REPLAY),
        _arm("no_curriculum", "WebRL without curriculum", "webrl", FEW, curriculum=False),
        _arm("released_loss", "WebRL, released loss", "webrl", FEW, policy_loss="released", critic_heads=2),
        Arm("webrl_shipped", "WebRL, as shipped", "webrl", FEW, _COUNTS, labels="both", shipped=True),
        _window("all", "all", 1.0, _ANY),
        _window("sure", "[1, 1/0.95]", 1.0, _SURE),
        _window("paper", "[1/0.95, 1/0.5]", _SURE, _UNSURE),
        _window("unsure", "[1/0.5, ∞]", _UNSURE, _ANY),
    )
}
"""Every arm by name, in the table's order."""

COMPARISONS = tuple(
    ("webrl", other) for other in ("sft", "sft_continued", "digirl", "filtered_bc_online", "no_kl_no_replay")
)
"""Named before anything was run; every other difference in the table is descriptive."""
