"""WebRL's use of its curriculum; what a language model writes is labelled by the ORM and asked for once."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from agents.algorithms import WebRL
from agents.curriculum import CurriculumReport
from agents.curriculum_setup import curriculum_parts
from agents.feasibility import Feasibility, Finding
from agents.labelling import OrmLabeller, RuleLabeller, SplitLabeller
from agents.metrics import SilentProgress
from agents.proposers import Proposals
from agents.trajectory_io import read_trajectories
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_env import ToySuite, toy_task
from tests.agents.toy_runs import started_policy, webrl, weights, without_times
from tests.completion_server import CompletionServer, completion_server
from webrl_gym.orm_prompt import OrmPrompt
from webrl_gym.reward import OutcomeRewardModel
from webrl_gym.tasks.record import Task

CONF = Path(str(files("conf"))) / "curriculum"


class AnyColour:
    """Takes whatever ends away from home for done."""

    def p_yes(self, prompts: list[OrmPrompt]) -> list[float]:
        return [0.1 if "<h1> Home </h1>" in prompt.text else 0.9 for prompt in prompts]


class Interrupted(SilentProgress):
    """Presses Ctrl-C when the second rollout begins."""

    rollouts = 0

    def begin(self, stage: str, total: int) -> None:
        self.rollouts += stage == "rollout"
        if self.rollouts == 2:
            raise KeyboardInterrupt


def test_a_phase_tells_where_its_proposals_ended(tmp_path: Path) -> None:
    trained = webrl(started_policy(), trajectory_folder=tmp_path)
    trained.learn()
    record = json.loads((tmp_path / "phase-0002.curriculum.json").read_text(encoding="utf-8"))
    counts = {name: trained.history[1][f"curriculum/{name}"] for name in CurriculumReport().as_dict()}
    assert record["counts"] == counts
    ends = Counter(item["end"] for item in record["proposals"])
    assert ends.total() == counts["proposed"] > 0
    assert ends["kept"] == counts["kept"]
    assert (record["ended"] == "") is (counts["kept"] == 12)
    assert not (tmp_path / "phase-0001.curriculum.json").exists()


def test_what_cannot_be_done_is_not_attempted() -> None:
    class Nothing:
        def judge(self, tasks: Sequence[Task]) -> list[Finding]:
            return [Finding(Feasibility.INFEASIBLE)] * len(tasks)

    trained = webrl(started_policy(), feasibility=Nothing(), value_low=0.0, value_high=1.0)
    trained.learn()
    assert trained.history[1]["curriculum/infeasible"] > 0
    assert trained.history[1]["curriculum/kept"] == 0
    assert trained.history[1]["curriculum/from_suite"] == 12


def test_protected_tasks_are_never_attempted() -> None:
    class Leaking:
        def propose(self, _failed: Sequence[Task], count: int, rng: random.Random) -> Proposals:
            return Proposals([toy_task("Red", 0, "practice-test", parameters={"serial": str(rng.random())})] * count)

    trained = webrl(started_policy(), proposer=Leaking())
    trained.learn()
    assert trained.history[1]["curriculum/protected"] == trained.history[1]["curriculum/proposed"] == 36
    assert trained.history[1]["curriculum/from_suite"] == 12


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def algorithm(server: CompletionServer, folder: Path, policy: Any = None, **changes: Any) -> WebRL:
    written = yaml.safe_load((CONF / "llm.yaml").read_text(encoding="utf-8"))
    given = {**written, "base_url": server.url, "model": "m", "parallel": 1, "attempts": 1, "judge": False}
    made = curriculum_parts(given, ToySuite(), lambda _: "<h1> Home </h1>", folder / "answers")
    settings = {
        "labeller": SplitLabeller(suite=RuleLabeller(), evolved=OrmLabeller(OutcomeRewardModel(AnyColour()))),
        "value_low": 0.0,
        "value_high": 1.0,
        "checkpoint_folder": folder / "checkpoints",
        "trajectory_folder": folder / "rollouts",
    }
    return webrl(policy or started_policy(), **{**settings, **made._asdict(), **changes})


def say_many(server: CompletionServer) -> None:
    """Another list with each answer, as a server at temperature 1 gives."""
    rng = random.Random(0)
    things = ["Red", "Green", "Blue", "Red or Blue", "Green or Red"]
    server.say(
        *("\n".join(f"- Open link {rng.randrange(99)} of {rng.choice(things)}" for _ in range(5)) for _ in range(40))
    )


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[WebRL, Path, int]:
    """A run that was never stopped, its folder, and how often it asked."""
    folder = tmp_path_factory.mktemp("straight")
    with completion_server() as server:
        say_many(server)
        return algorithm(server, folder).learn(), folder, len(server.requests)


def test_written_instructions_are_attempted_and_labelled_by_the_orm(straight: tuple[WebRL, Path, int]) -> None:
    trained, folder, _ = straight
    metrics = trained.history[1]
    assert metrics["curriculum/kept"] > 3
    assert metrics["label/left_out"] == 0
    items = read_trajectories(folder / "rollouts" / "phase-0002.jsonl.gz").labelled
    written = [item for item in items if item.trajectory.task.template is None]
    assert len(written) == metrics["curriculum/kept"]
    assert all(item.label.source == "orm" and item.trajectory.rule_verdict is None for item in written)
    assert {item.label.source for item in items if item not in written} <= {"rules"}
    lost = {item.trajectory.task.task_id for item in written if not item.label.success}
    assert {task.task_id for task in trained._proposals.failed} >= lost


def test_a_phase_that_is_done_again_asks_no_second_time(
    straight: tuple[WebRL, Path, int], server: CompletionServer, tmp_path: Path
) -> None:
    whole, _, asked = straight
    say_many(server)
    with pytest.raises(KeyboardInterrupt):
        algorithm(server, tmp_path, progress=Interrupted()).learn()
    assert len(server.requests) == asked
    server.say("I have lost my voice.")
    resumed = algorithm(server, tmp_path, tiny_policy(seed=5))
    assert resumed.resume()
    resumed.learn()
    assert len(server.requests) == asked
    assert torch.equal(weights(resumed.policy), weights(whole.policy))
    assert without_times(resumed.history) == without_times(whole.history)
    assert resumed._proposals.as_record() == whole._proposals.as_record()


def test_a_proposer_that_writes_prose_leaves_the_phase_to_the_suite(server: CompletionServer, tmp_path: Path) -> None:
    server.say("Reinforcement learning is a wide field.")
    trained = algorithm(server, tmp_path)
    trained.learn()
    metrics = trained.history[1]
    assert metrics["curriculum/prose"] == metrics["curriculum/proposed"] == len(server.requests) == 6
    assert metrics["curriculum/from_suite"] == 12
