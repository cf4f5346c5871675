"""Panels: every finished episode is kept, stopped runs continue, broken episodes are nobody's failure."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from agents.actors import FixedAgent, RandomAgent, ScriptedOracle
from agents.errors import AgentFailed, CheckpointCorrupt, CheckpointMismatch, GenerationFailed
from agents.panel import PanelFolder, final_answer, play_task, run_agent, run_policy
from agents.prompting import PromptRenderer
from agents.results import EpisodeResult, failure_counts, rate
from agents.rollout import RolloutCollector
from agents.trajectory_io import read_trajectories
from agents.types import Completion, Prompt
from tests.agents.tiny_models import ToyFormatted, tiny_policy
from tests.agents.toy_env import ToyEnv, ToySuite, demonstration, oracle_actions, toy_task
from webrl_gym.env import WebArenaLiteEnv
from webrl_gym.errors import InfrastructureError
from webrl_gym.suites import load_suite
from webrl_gym.types import Observation

TASKS = ToySuite(orders=2).tasks


class ToyOracle:
    """Knows the way on the toy site; ``stops_after`` episodes Ctrl-C is pressed."""

    def __init__(self, stops_after: int = 1000) -> None:
        self.episodes: list[str] = []
        self.stops_after = stops_after

    def reset(self, task_info: dict[str, object]) -> None:
        if len(self.episodes) == self.stops_after:
            raise KeyboardInterrupt
        self.episodes.append(str(task_info["task_id"]))
        task = ToySuite().get(self.episodes[-1])
        self.actions = iter(oracle_actions(task))

    def act(self, observation: Observation) -> str:
        return next(self.actions)


class FixedPolicy:
    """Leaves every page at once."""

    def __init__(self) -> None:
        self.renderer = PromptRenderer(ToyFormatted(), 512)
        self.batches: list[int] = []

    def act(self, prompts: Sequence[Prompt], **sampling: Any) -> list[Completion]:
        self.batches.append(len(prompts))
        return [Completion(self.answer(prompt)) for prompt in prompts]

    def answer(self, prompt: Prompt) -> str:
        return 'exit(message="")'


def opened(folder: Path, **changes: object) -> PanelFolder:
    return PanelFolder(folder, **{"agent": "toy", "tasks": TASKS, "settings": {"seed": 0}, **changes})


def stopped_after(folder: Path, episodes: int) -> list[EpisodeResult]:
    """A panel that somebody stopped by Ctrl-C."""
    panel = opened(folder)
    with pytest.raises(KeyboardInterrupt):
        run_agent(ToyEnv(), ToyOracle(stops_after=episodes), panel)
    return panel.results


def names(results: Sequence[EpisodeResult]) -> list[str]:
    return [result.task_id for result in results]


def test_a_stopped_panel_continues_where_it_was(tmp_path: Path) -> None:
    before = stopped_after(tmp_path, 2)
    assert names(before) == [task.task_id for task in TASKS[:2]]
    panel = opened(tmp_path)
    assert panel.results == before
    agent = ToyOracle()
    results = run_agent(ToyEnv(), agent, panel)
    assert agent.episodes == [task.task_id for task in TASKS[2:]]
    assert names(results) == [task.task_id for task in TASKS]
    assert all(result.success for result in results)
    kept = read_trajectories(tmp_path / "trajectories.jsonl")
    assert [item.task for item in kept.trajectories] == list(TASKS)
    assert kept.problems == ()
    again = ToyOracle()
    assert run_agent(ToyEnv(), again, opened(tmp_path)) == results
    assert again.episodes == []


def test_a_panel_names_every_commit_that_played_part_of_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_agent(ToyEnv(), ToyOracle(stops_after=2), opened(tmp_path, commit="first"))
    opened(tmp_path, commit="played nothing")
    run_agent(ToyEnv(), ToyOracle(), opened(tmp_path, commit="second"))
    panel = opened(tmp_path, commit="third")
    assert panel.commits == ["first", "second"]
    assert len(panel.results) == len(TASKS)


@pytest.mark.parametrize("cut", [1, 20, 10_000])
def test_a_line_that_was_cut_costs_its_own_episode_only(tmp_path: Path, cut: int) -> None:
    stopped_after(tmp_path, 3)
    for name in ("results.jsonl", "trajectories.jsonl"):
        path = tmp_path / name
        lines = path.read_bytes().split(b"\n")
        last = lines[-2][:cut] if cut < 10_000 else lines[-2][:-1]
        path.write_bytes(b"\n".join([*lines[:-2], last]))
    agent = ToyOracle()
    run_agent(ToyEnv(), agent, opened(tmp_path))
    assert agent.episodes == [task.task_id for task in TASKS[2:]]
    assert len(opened(tmp_path).results) == len(TASKS)
    assert len((tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()) == len(TASKS)
    assert read_trajectories(tmp_path / "trajectories.jsonl").problems == ()


def test_a_character_that_was_cut_and_lines_that_are_no_results_are_passed_over(tmp_path: Path) -> None:
    stopped_after(tmp_path, 3)
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"null\n[]\n\xc3\n" + path.read_bytes() + b'{"task_id": "\xc3')
    assert len(opened(tmp_path).results) == 3


def test_a_header_that_was_cut_is_written_again(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "trajectories.jsonl").write_text('{"format": "web', encoding="utf-8")
    run_agent(ToyEnv(), ToyOracle(), opened(tmp_path))
    assert len(read_trajectories(tmp_path / "trajectories.jsonl").trajectories) == len(TASKS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent": "other"}, "agent: 'toy' there, 'other' now"),
        ({"settings": {"seed": 1, "judge": None}}, "another run (seed: 0 there, 1 now); choose"),
        ({"tasks": TASKS[:2]}, "tasks: 6 there, 2 now"),
        ({"tasks": [replace(TASKS[0], max_steps=9), *TASKS[1:]]}, "tasks: 6 there, 6 now, and not the same"),
    ],
)
def test_another_panel_in_the_same_folder_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    before = stopped_after(tmp_path, 2)
    with pytest.raises(CheckpointMismatch) as caught:
        opened(tmp_path, **changes)
    assert said in str(caught.value)
    assert opened(tmp_path).results == before


def test_a_folder_without_a_result_takes_another_panel(tmp_path: Path) -> None:
    first = opened(tmp_path, settings={"seed": 1})
    second = opened(tmp_path)
    (tmp_path / "results.jsonl").touch()
    with pytest.raises(CheckpointMismatch, match="seed: 0 there, 1 now"):  # the later one has the folder
        run_agent(ToyEnv(), ToyOracle(), first)
    assert all(result.success for result in run_agent(ToyEnv(), ToyOracle(), second))
    assert len((tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()) == len(TASKS)


def test_a_server_may_come_back_at_another_address(tmp_path: Path) -> None:
    panel = opened(tmp_path, settings={"base_url": "http://localhost:8000/v1"})
    results = run_agent(ToyEnv(), ToyOracle(), panel)
    assert opened(tmp_path, settings={"base_url": "http://localhost:8001/v1"}).results == results


@pytest.mark.parametrize("text", ["", "{", "3", '{"settings": 3}'])
def test_a_folder_whose_header_is_broken_is_refused(tmp_path: Path, text: str) -> None:
    stopped_after(tmp_path, 1)
    (tmp_path / "panel.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointCorrupt, match=r"panel\.json cannot be read"):
        opened(tmp_path)


def test_a_panel_has_each_task_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="each task once, got 7 tasks of 6 ids"):
        opened(tmp_path, tasks=[*TASKS, TASKS[0]])


def test_what_the_infrastructure_breaks_is_tried_again_and_then_reported_apart(tmp_path: Path) -> None:
    once, twice, in_step = (task.task_id for task in TASKS[:3])
    env = ToyEnv(broken_resets={once: 1, twice: 2}, broken_steps={in_step: 2})
    results = run_agent(env, ToyOracle(), opened(tmp_path))
    assert [result.status for result in results] == ["scored", "failed", "failed", "scored", "scored", "scored"]
    assert results[1].detail == "InfrastructureError: the toy site did not answer"
    assert results[2].detail == "SiteError: the toy site went away"
    assert failure_counts(results) == {"failed": 2}
    assert (rate(results).successes, rate(results).trials) == (4, 4)
    # Nothing of it is on disk, so the same command tries those two again.
    panel = opened(tmp_path)
    assert [task.task_id for task in panel.open_tasks] == [twice, in_step]
    assert [result.status for result in run_agent(ToyEnv(), ToyOracle(), panel)] == ["scored"] * 6


def test_a_server_that_gives_no_completion_is_infrastructure(tmp_path: Path) -> None:
    class Silent(ToyOracle):
        def act(self, observation: Observation) -> str:
            raise GenerationFailed("no completion")

    results = run_agent(ToyEnv(), Silent(), opened(tmp_path, tasks=TASKS[:1]))
    assert (results[0].status, results[0].detail) == ("failed", "GenerationFailed: no completion")


def test_a_panel_whose_first_tasks_are_all_broken_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Silent(ToyOracle):
        def act(self, observation: Observation) -> str:
            raise GenerationFailed("no completion")

    agent = Silent()
    with pytest.raises(InfrastructureError, match=r"none of the first 3 tasks .* GenerationFailed: no completion"):
        run_agent(ToyEnv(), agent, opened(tmp_path))
    assert list(dict.fromkeys(agent.episodes)) == [task.task_id for task in TASKS[:3]]
    assert f"{TASKS[0].task_id} is not counted: GenerationFailed: no completion" in caplog.messages
    # Where anything was ever finished, broken tasks at the start keep nobody from the others.
    stopped_after(tmp_path, 1)
    broken = {task.task_id: 2 for task in TASKS[1:5]}
    results = run_agent(ToyEnv(broken_resets=broken), ToyOracle(), opened(tmp_path))
    assert [result.status for result in results] == ["scored", *["failed"] * 4, "scored"]


def test_an_error_of_the_agent_itself_is_raised_and_loses_nothing(tmp_path: Path) -> None:
    class Faulty(ToyOracle):
        def act(self, observation: Observation) -> str:
            if len(self.episodes) == 3:
                raise KeyError("a bug")
            return super().act(observation)

    with pytest.raises(AgentFailed, match=r"act raised KeyError: 'a bug' \(.*test_panel\.py:\d+\)$") as caught:
        run_agent(ToyEnv(), Faulty(), opened(tmp_path))
    assert f"Faulty failed at {TASKS[2].task_id}: " in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)
    assert len(opened(tmp_path).results) == 2


@pytest.mark.parametrize("text", ["half \ud83d", "x" * 100_000, "a\u2028b"])
def test_whatever_an_agent_says_can_be_kept(tmp_path: Path, text: str) -> None:
    class Odd(ToyOracle):
        def act(self, observation: Observation) -> str:
            return text

    results = run_agent(ToyEnv(), Odd(), opened(tmp_path, tasks=TASKS[:1]))
    assert (results[0].status, results[0].success, results[0].steps) == ("scored", False, TASKS[0].max_steps)
    kept = read_trajectories(tmp_path / "trajectories.jsonl")
    assert kept.problems == ()
    assert kept.trajectories[0].steps[0].completion.text == text.replace("\ud83d", "?")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["results.jsonl", "trajectories.jsonl"])
def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path, name: str) -> None:
    before = stopped_after(tmp_path, 2)
    panel = opened(tmp_path)
    (tmp_path / name).rename(tmp_path / "aside")
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        run_agent(ToyEnv(), ToyOracle(), panel)
    (tmp_path / name).unlink()
    (tmp_path / "aside").rename(tmp_path / name)
    assert opened(tmp_path).results == before
    assert all(result.success for result in run_agent(ToyEnv(), ToyOracle(), opened(tmp_path)))


def test_the_answer_is_what_the_agent_left_with() -> None:
    attempt = demonstration(TASKS[0]).trajectory

    def ending(text: str) -> str:
        return final_answer(replace(attempt, steps=(replace(attempt.steps[0], completion=Completion(text)),)))

    assert ending('exit(message="12 orders")') == "12 orders"
    assert (ending("exit()"), ending('do(action="Wait")'), ending("nonsense")) == ("", "", "")
    assert final_answer(replace(attempt, steps=())) == ""


def test_a_policy_runs_over_a_panel_and_continues(tmp_path: Path) -> None:
    def collector(slots: int, **broken: dict[str, int]) -> RolloutCollector:
        return RolloutCollector(DummyVecEnv([lambda: ToyEnv(**broken)] * slots), tiny_policy())

    whole = run_policy(collector(2), opened(tmp_path / "whole"))
    assert [result.status for result in whole] == ["scored"] * 6
    kept = read_trajectories(tmp_path / "whole" / "trajectories.jsonl").trajectories
    assert all(step.completion.token_ids for trajectory in kept for step in trajectory.steps)

    results = run_policy(collector(1, broken_resets={TASKS[1].task_id: 2}), opened(tmp_path / "parts"))
    assert [result.status for result in results] == ["scored", "failed", "scored", "scored", "scored", "scored"]
    assert [task.task_id for task in opened(tmp_path / "parts").open_tasks] == [TASKS[1].task_id]
    finished = run_policy(collector(2), opened(tmp_path / "parts"))
    assert [replace(result, seconds=0) for result in finished] == [replace(result, seconds=0) for result in whole]


def test_a_stopped_policy_loses_the_attempts_that_were_running_only(tmp_path: Path) -> None:
    class Stopped(FixedPolicy):
        def act(self, prompts: Sequence[Prompt], **sampling: Any) -> list[Completion]:
            on_disk.append(len((tmp_path / "results.jsonl").read_bytes().split(b"\n")) - 1 if on_disk else 0)
            if len(on_disk) == 3:
                raise KeyboardInterrupt
            return super().act(prompts, **sampling)

    def collector(policy: FixedPolicy) -> RolloutCollector:
        return RolloutCollector(DummyVecEnv([ToyEnv] * 2), policy)

    on_disk: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run_policy(collector(Stopped()), opened(tmp_path))
    assert on_disk == [0, 2, 4]
    panel = opened(tmp_path)
    assert names(panel.results) == [task.task_id for task in TASKS[:4]]
    going_on = FixedPolicy()
    assert names(run_policy(collector(going_on), panel)) == [task.task_id for task in TASKS]
    assert going_on.batches == [2]
    assert names(opened(tmp_path).results) == [task.task_id for task in TASKS]
    kept = [trajectory.task for trajectory in read_trajectories(tmp_path / "trajectories.jsonl").trajectories]
    assert kept == list(TASKS)


def test_the_batches_of_a_policy_are_full_to_the_end(tmp_path: Path) -> None:
    tasks = [replace(TASKS[0], task_id=f"toy/{number}") for number in range(150)]
    policy = FixedPolicy()
    run_policy(RolloutCollector(DummyVecEnv([ToyEnv] * 30), policy), opened(tmp_path, tasks=tasks))
    assert policy.batches == [30] * 5


def test_results_stand_in_panel_order_whoever_ends_first(tmp_path: Path) -> None:
    class LateRed(FixedPolicy):
        def act(self, prompts: Sequence[Prompt], **sampling: Any) -> list[Completion]:
            time.sleep(0.1)
            return super().act(prompts, **sampling)

        def answer(self, prompt: Prompt) -> str:
            return "no action" if "Open Red" in prompt.text else super().answer(prompt)

    collector = RolloutCollector(DummyVecEnv([ToyEnv] * 6), LateRed())
    began = time.perf_counter()
    results = run_policy(collector, opened(tmp_path))
    took = time.perf_counter() - began
    assert names(results) == names(opened(tmp_path).results) == [task.task_id for task in TASKS]
    first_lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8").split("\n")
    assert json.loads(first_lines[0])["task_id"] != TASKS[0].task_id
    assert 0.1 * TASKS[0].max_steps - 0.05 < sum(result.seconds for result in results) < took + 0.05


def test_the_oracle_solves_and_the_floors_do_not(env: WebArenaLiteEnv, tmp_path: Path) -> None:
    tasks = load_suite("practice-test").tasks[::12]
    oracle = ScriptedOracle({task.task_id: task for task in tasks}.__getitem__)
    results = run_agent(env, oracle, PanelFolder(tmp_path / "oracle", "oracle", tasks))
    assert rate(results).percent == 100.0
    assert all(item.rule_verdict for item in read_trajectories(tmp_path / "oracle" / "trajectories.jsonl").trajectories)
    lazy = run_agent(env, FixedAgent(""), PanelFolder(tmp_path / "nothing", "do_nothing", tasks))
    assert (rate(lazy).successes, rate(lazy).trials) == (0, len(tasks))


def test_leaving_with_na_solves_the_tasks_without_an_answer_and_no_other(env: WebArenaLiteEnv) -> None:
    suite = load_suite("practice-train")
    without = [task for task in suite if task.evaluation.get("reference_answers") == {"exact_match": "N/A"}]
    assert without
    for task in without:
        assert play_task(env, FixedAgent("N/A"), task, seed=0)[0].success
        assert not play_task(env, FixedAgent(""), task, seed=0)[0].success
    others = [task for task in suite.tasks[::100] if task not in without]
    assert not any(play_task(env, FixedAgent("N/A"), task, seed=0)[0].success for task in others)


@pytest.mark.slow
def test_the_random_floor_is_under_three_percent(env: WebArenaLiteEnv, tmp_path: Path) -> None:
    tasks = load_suite("practice-test").tasks
    results = run_agent(env, RandomAgent(0), PanelFolder(tmp_path, "random", tasks))
    found = rate(results)
    assert found.trials == 165
    assert found.successes / found.trials < 0.03


def test_a_broken_attempt_is_no_attempt() -> None:
    env = ToyEnv(broken_resets={TASKS[0].task_id: 1})
    result, trajectory = play_task(env, ToyOracle(), TASKS[0], seed=0)
    assert (result.status, result.steps, trajectory.steps, trajectory.rule_verdict) == ("failed", 0, (), None)
    assert trajectory.failure == "InfrastructureError: the toy site did not answer"


def test_the_header_names_the_panel(tmp_path: Path) -> None:
    opened(tmp_path, tasks=[toy_task("Red", 0)])
    header = json.loads((tmp_path / "panel.json").read_text(encoding="utf-8"))
    assert (header["agent"], header["settings"], header["tasks"]) == ("toy", {"seed": 0}, ["toy-train/Red/0"])
