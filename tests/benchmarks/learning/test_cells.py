import json
from dataclasses import replace

import pytest

from agents.algorithms import algorithm_class
from agents.config_conflicts import conflicts
from agents.hydra_entry import compose_config
from agents.labelling import RuleLabeller
from agents.preparation import Start
from agents.results import EpisodeResult
from benchmarks.learning import cells, grid
from benchmarks.learning.arms import ARMS, COMPARISONS, GRID, MANY
from benchmarks.learning.cells import Cell, Workbench, outcome_text
from tests.agents.tiny_models import tiny_policy
from tests.agents.toy_runs import demonstrations

LEARNING = [arm for arm in ARMS.values() if arm.learns]
OF_WEBRLS_RATE = ("no_curriculum", "window_all", "window_sure", "window_paper", "window_unsure")
ABLATIONS = ("no_replay", "no_kl", "no_kl_no_replay", "no_curriculum", "released_loss")
SHIPPED = ARMS["webrl_shipped"]


@pytest.mark.parametrize("arm", LEARNING, ids=lambda arm: arm.name)
def test_the_settings_of_every_arm_are_its_algorithms(arm):
    algorithm = algorithm_class(arm.algorithm)(tiny_policy(), None, policy_learning_rate=1e-3, **arm.settings)
    known = algorithm.configuration()
    assert {name: known[name] for name in arm.settings if name != "phases"} == {
        name: value for name, value in arm.settings.items() if name != "phases"
    }


@pytest.mark.parametrize(
    ("experiment", "arm"),
    [("paper_nano", "webrl"), *((name, name) for name in ABLATIONS)],
)
def test_an_experiment_is_what_its_arm_is(experiment, arm):
    config = compose_config("train", [f"experiment={experiment}"])
    name, rate = config["algorithm"].pop("name"), config["algorithm"].pop("policy_learning_rate")
    assert (name, rate) == ("webrl", GRID[0])
    assert config["orm"]["source"] == "orm"
    assert conflicts(compose_config("train", [f"experiment={experiment}"])) == []
    known = algorithm_class("webrl")(tiny_policy(), None, policy_learning_rate=rate, **ARMS[arm].settings)
    assert config["algorithm"] == {name: getattr(known, name) for name in config["algorithm"]}


def test_what_is_compared_has_the_most_seeds():
    assert {ARMS[name].seeds for pair in COMPARISONS for name in pair} == {MANY}


def test_outcomes_are_one_letter_a_task():
    results = [
        EpisodeResult("a", "", status, success, 1)
        for status, success in (("scored", True), ("scored", False), ("failed", False))
    ]
    assert outcome_text(results) == "10-"


def test_every_test_panel_of_a_cell_is_logged_as_a_look(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "LOOKS", tmp_path / "log.jsonl")
    outcomes = {"practice-test": "10-", "practice-test-large": "1111"}
    cell = {"arm": "webrl", "seed": 2, "commit": "0123", "model_sha256": "ab"}
    cells.log_looks({**cell, "outcomes": outcomes})
    looks = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(look["suite"], look["successes"], look["trials"]) for look in looks] == [
        ("practice-test", 1, 2),
        ("practice-test-large", 4, 4),
    ]
    assert {(look["agent"], look["seed"], look["commit"], look["model_sha256"]) for look in looks} == {
        ("learning/webrl", 2, "0123", "ab")
    }


@pytest.fixture
def grid_file(tmp_path, monkeypatch):
    path = tmp_path / "grid.json"
    monkeypatch.setattr(grid, "PATH", path)
    return path


def test_the_best_rate_of_the_grid_is_chosen(grid_file):
    arms = len(LEARNING) - len((SHIPPED.name, *OF_WEBRLS_RATE))
    assert len(grid.open_points()) == len(GRID) * arms
    with pytest.raises(ValueError, match="grid of webrl has 0 of 3 rates"):
        grid.chosen_rate(ARMS["webrl"])
    tried = {f"{rate:g}": percent for rate, percent in zip(GRID, (20.0, 30.0, 30.0), strict=True)}
    grid_file.write_text(json.dumps({"percent": {"webrl": tried}}))
    assert {grid.chosen_rate(ARMS[name]) for name in ("webrl", *OF_WEBRLS_RATE)} == {GRID[1]}
    assert grid.chosen_rate(ARMS["sft"]) is None
    assert len(grid.open_points()) == len(GRID) * (arms - 1)


def test_a_rate_at_which_a_guard_stopped_training_is_not_chosen(grid_file):
    for percent in (0.0, None, 20.0):
        grid.record_point(ARMS["webrl"], GRID[0], percent)
        for rate in GRID[1:]:
            grid.record_point(ARMS["webrl"], rate, None)
        assert grid.chosen_rate(ARMS["webrl"]) == GRID[0]
    grid.record_point(ARMS["webrl"], GRID[2], 0.0)
    grid.record_point(ARMS["webrl"], GRID[0], None)
    assert grid.chosen_rate(ARMS["webrl"]) == GRID[2]


def test_what_is_shipped_is_taken_as_it_is(grid_file, tmp_path):
    shipped = compose_config("train")["algorithm"]
    rate = grid.chosen_rate(SHIPPED)
    start = Start(tiny_policy(), [], demonstrations(), RuleLabeller())
    settings = Workbench(tmp_path)._algorithm(Cell(SHIPPED, 0), start, None, rate, None).configuration()
    named = {"name", "phases", "instructions_per_phase", "updates_per_trajectory"}
    assert {name: settings[name] for name in shipped if name not in named} == {
        name: value for name, value in shipped.items() if name not in named
    }
    assert settings["phases"] == 4


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cell_learns_acts_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(cells, "PANELS", ("practice-valid",))
    monkeypatch.setattr(cells, "PHASES", 2)
    monkeypatch.setattr(cells, "TRAJECTORIES", 3)
    monkeypatch.setattr(Workbench, "score", lambda *_: [])
    bench = Workbench(tmp_path, ["debug=smoke", "demonstrations=40"])
    arm = replace(ARMS["sft_continued"], settings={"mode": "paper", "phases": 1, "tokens_per_batch": 1024})
    cell = Cell(arm, 0)
    bench.prepare(Cell(ARMS["sft"], 0), offline=True)
    learned = bench.learn(cell, 1e-3)
    assert [phase["policy/updates"] for phase in learned.history] == [6]
    result = bench.finish(cell, 1e-3)
    assert [phase["policy/updates"] for phase in result["phases"]] == [6]
    assert json.loads(cell.result_path.read_text()) == result
    assert result["stopped"] == ""
    # a start that was taught so little succeeds at nothing
    hopeless = replace(ARMS["webrl"], settings={"phases": 2, "instructions_per_phase": 2}, labels="rules")
    stopped = bench.finish(Cell(hopeless, 0), 1e-3)
    assert stopped["stopped"].startswith("Phase 1: no success")
    assert stopped["phases"] == []
