"""A report with every part, for the tests of this folder."""

import dataclasses

import pytest

from agents.labelling import ConfusionMatrix
from agents.report import ReportData, RunData
from tests.agents.report.pages import attempt, results
from tests.agents.report.parts import picture
from webrl_gym.types import OutcomeVerdict, VerdictStatus

PHASES = [
    {"phase": 1, "rollout/success_rate": 0.1, "critic/loss": 1.0, "own/thing": 1.0, "experience/drawn": 7},
    {"phase": 2, "rollout/success_rate": 0.2, "critic/loss": 0.5, "curriculum/proposed": 5, "curriculum/kept": 5},
    {"phase": 3, "rollout/success_rate": 0.3, "curriculum/proposed": 4, "curriculum/too_hard": 4},
]


@pytest.fixture(scope="module")
def full():
    orm_says_no = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.25, detail="P(YES) = 0.250")
    return ReportData(
        title="A report",
        run_card={"commit": "0123abc", "seeds": [0, 1], "engine": "static", "machine": {"cores": 2}},
        suites={
            "practice-valid": {"random": results(False, False), "webrl": results(True, False)},
            "practice-test": {"oracle": results(True, True), "webrl": results(True, True)},
        },
        runs={"nano": RunData(PHASES, {0: results(False), 1: results(True), 2: results(True, False)})},
        orm={"held out": ConfusionMatrix(40, 10, 120, 10)},
        trajectories=[
            attempt("webrl", 0, values=(0.25, 0.75), label=orm_says_no, screenshots={1: picture()}),
            attempt("webrl", 1, success=False),
            attempt("random", 0, success=False, action="what?"),
            dataclasses.replace(
                attempt("random", 1),
                trajectory=dataclasses.replace(attempt("random", 1).trajectory, steps=(), failure="SiteError: gone"),
            ),
        ],
        notes=["random: one line cannot be read."],
    )
