"""``webrl-benchmark``: agents by name, result folders that say how they were made, wrong configurations."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.actors import ScriptedOracle, TaskInfo
from agents.benchmark import benchmark, main, run_panel
from agents.environments import suite_of
from agents.errors import CheckpointMismatch, ConfigConflict, RunInUse
from agents.hydra_entry import compose_config
from agents.metrics import SilentProgress
from agents.model_record import ModelRecord, set_record
from agents.results import EpisodeResult, result_from_json
from agents.run_folder import run_lock
from agents.smollm2 import DESCRIPTION
from agents.trajectory_io import read_trajectories
from tests.agents.small_llama import small_llama
from tests.completion_server import CompletionServer, completion, completion_server
from webrl_gym.errors import ServerRefused, TaskFileError
from webrl_gym.official_file import find_official_file


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with completion_server() as running:
        yield running


def config(*overrides: str) -> dict[str, Any]:
    return compose_config("benchmark", ["limit=3", "suite=practice-valid", *overrides])


def run(*overrides: str) -> tuple[list[EpisodeResult], Path]:
    return run_panel(config(*overrides), SilentProgress())


def card(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def looks(path: str = "runs/practice_test_log.jsonl") -> list[dict[str, Any]]:
    if not Path(path).exists():
        return []
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n")[:-1]]


def test_the_oracle_by_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark(config()) == 0
    said = capsys.readouterr().out
    assert "| agent | Reddit 0 | GitLab 0 | CMS 0 | Map 0 | OSS 3 | All 3 |" in said
    assert "| oracle | - | - | - | - | 100.0 [44-100] | 100.0 [44-100] |" in said
    assert "seen templates 100.0" in said
    assert "not counted" not in said
    made = Path("runs/benchmark/practice-valid/oracle")
    files = {"panel.json", "results.jsonl", "trajectories.jsonl", "card.json", "run.lock"}
    assert {path.name for path in made.iterdir()} == files
    found = card(made)
    assert (found["rates"]["All"], found["panel_size"]) == ({"successes": 3, "trials": 3}, 3)
    assert (found["engine"], found["seeds"], found["config"]["agent"]) == ("static", [0], "oracle")


@pytest.mark.parametrize("agent", ["random", "do_nothing", "na_at_once"])
def test_the_floors_by_name(agent: str) -> None:
    results, _ = run(f"agent={agent}")
    assert [result.status for result in results] == ["scored"] * 3


@pytest.mark.browser
def test_a_suite_of_page_tasks_is_a_panel_too() -> None:
    results, folder = run("suite=tests.webrl_gym.tasks.page_tasks:greetings_suite", "env=chromium", "limit=2")
    assert [(result.task_id, result.success, result.tags) for result in results] == [
        ("greetings/greet", True, ("form",)),
        ("greetings/at-once", True, ("form",)),
    ]
    assert read_trajectories(folder / "trajectories.jsonl").problems == ()


def test_finished_work_is_shown_again_with_the_card_of_its_making() -> None:
    results, folder = run()
    first = card(folder)
    (folder / "card.json").write_text(json.dumps({**first, "commit": "of then"}), encoding="utf-8")
    assert run() == (results, folder)
    assert card(folder)["commit"] == "of then"


def test_a_table_of_the_replica_says_that_it_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        find_official_file()
    except TaskFileError as missing:
        pytest.skip(str(missing))
    benchmark(config("suite=webarena-lite", "agent=do_nothing", "output=replica"))
    assert "not comparable with published scores" in capsys.readouterr().out
    assert card(Path("replica"))["replica"] is True
    benchmark(config("agent=do_nothing", "output=practice"))
    assert "comparable" not in capsys.readouterr().out
    assert card(Path("practice"))["replica"] is False


def test_results_that_were_there_already_are_not_taken_for_new_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark(config()) == 0
    assert "nothing was run" not in capsys.readouterr().out
    assert benchmark(config()) == 0
    assert "nothing was run: these results were there already" in capsys.readouterr().out
    Path("runs/benchmark/practice-valid/oracle/results.jsonl").unlink()
    assert benchmark(config()) == 0
    assert "nothing was run" not in capsys.readouterr().out


def test_every_look_at_the_test_suite_leaves_a_line() -> None:
    run()
    assert looks() == []
    results, folder = run("suite=practice-test", "agent=random", "seed=4")
    line = looks()[0]
    assert (line["agent"], line["model"], line["seed"]) == ("random", None, 4)
    assert (line["successes"], line["trials"]) == (sum(result.success for result in results), 3)
    assert line["commit"] == card(folder)["commit"]
    run("suite=practice-test", "agent=random", "seed=4")
    assert len(looks()) == 1
    run("suite=practice-test", "output=elsewhere", "test_log=kept/looks.jsonl")
    assert len(looks()) == 1
    assert [line["agent"] for line in looks("kept/looks.jsonl")] == ["oracle"]


def test_a_run_that_was_stopped_was_a_look_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: ScriptedOracle, task_info: TaskInfo) -> None:
        if task_info["task_id"] == last:
            raise KeyboardInterrupt
        reset(self, task_info)

    reset = ScriptedOracle.reset
    last = suite_of("practice-test").tasks[2].task_id
    with monkeypatch.context() as patch:
        patch.setattr(ScriptedOracle, "reset", stop)
        with pytest.raises(KeyboardInterrupt):
            run("suite=practice-test")
    assert [(line["trials"], line.get("stopped")) for line in looks()] == [(2, True)]
    run("suite=practice-test")
    assert [(line["trials"], line.get("stopped")) for line in looks()] == [(2, True), (3, None)]


def test_a_server_that_was_down_was_no_look(server: CompletionServer) -> None:
    given = ["suite=practice-test", "agent=openai", f"base_url={server.url}", "model=m"]
    server.answers = [(200, b"nonsense")]
    run(*given)
    assert looks() == []
    server.say("exit()")
    run(*given)
    assert [(line["agent"], line["model"], line["trials"]) for line in looks()] == [("openai", "m", 3)]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=1", "seed: 0 there, 1 now"),
        ("env.max_steps=2", "another run (max_steps: None there, 2 now); choose"),
        ("limit=2", "tasks: 3 there, 2 now"),
        ("suite=practice-train", "not the same"),
        ("agent=do_nothing", "agent: 'oracle' there"),
    ],
)
def test_other_settings_do_not_mix_with_a_folders_results(override: str, said: str) -> None:
    results, folder = run("output=here")
    with pytest.raises(CheckpointMismatch) as caught:
        run("output=here", override)
    assert said in str(caught.value)
    assert [result_from_json(line) for line in (folder / "results.jsonl").read_text().splitlines()] == results


@pytest.mark.parametrize("refused", ["env.max_steps=0", "env.semantics=none"])
def test_a_command_that_was_refused_leaves_the_folder_to_the_next(refused: str) -> None:
    with pytest.raises((ValueError, ConfigConflict)):
        run("output=here", refused)
    assert len(run("output=here")[0]) == 3


def test_a_server_at_a_wrong_address_leaves_the_folder_to_the_next(server: CompletionServer) -> None:
    server.answers = [(404, b"")]
    with pytest.raises(ServerRefused):
        run("agent=openai", f"base_url={server.url}/v2", "model=m")
    server.say("exit()")
    results, folder = run("agent=openai", f"base_url={server.url}", "model=m")
    assert [result.status for result in results] == ["scored"] * 3
    assert card(folder)["config"]["base_url"] == server.url
    with completion_server() as elsewhere:  # what is finished is shown again without asking anybody
        assert run("agent=openai", f"base_url={elsewhere.url}", "model=m") == (results, folder)


def test_a_model_behind_a_server_has_a_folder_of_its_own_and_no_secret_in_it(
    server: CompletionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server.say('exit(message="N/A")')
    address = server.url.replace("http://", "http://me:sk-hidden@")
    results, folder = run("agent=openai", f"base_url='{address}'", "model=org/name-1")
    assert [(result.status, result.answer) for result in results] == [("scored", "N/A")] * 3
    assert folder == Path("runs/benchmark/practice-valid/openai_org_name-1")
    assert len(server.requests) == 3
    assert card(folder)["prompt_sha256"] is not None
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "sk-secret" not in text
        assert "sk-hidden" not in text
    _, other = run("agent=openai", f"base_url='{address}'", "model=org/name-2")
    assert other != folder


def test_a_panel_of_failures_only_is_no_success(server: CompletionServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, b"nonsense")]
    assert benchmark(config("agent=openai", f"base_url={server.url}", "model=m")) == 1
    assert "not counted: 3 failed" in capsys.readouterr().out
    server.say("exit()")
    assert benchmark(config("agent=openai", f"base_url={server.url}", "model=m")) == 0


def test_a_server_that_refuses_everything_stops_the_benchmark_at_once(
    server: CompletionServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    address = server.url.replace("http://", "http://me:sk-hidden@")
    words = ["agent=openai", f"base_url='{address}'", "model=m", "limit=3", "suite=practice-valid", "output=here"]
    monkeypatch.setattr(sys, "argv", ["webrl-benchmark", *words])
    left = completion({"message": {"content": "exit()"}})
    server.answers = [(200, left), (401, b"sk-secret is no key"), (200, left)]
    assert main() == 2
    said = capsys.readouterr().err
    url = server.url + "/chat/completions"
    assert f"ServerRefused: {url} refused the request with status 401: check the key in the variable OPEN" in said
    assert said.count("ServerRefused") == 1
    assert "sk-secret" not in said
    assert "sk-hidden" not in said
    assert len(server.requests) == 2
    assert len(Path("here", "results.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    monkeypatch.setattr(sys, "argv", ["webrl-benchmark", *words])
    assert main() == 0
    assert len(server.requests) == 4


def test_a_users_agent_from_the_current_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """class Mine:
    def __init__(self, word, api_key):
        self.word = word
    def reset(self, task_info):
        pass
    def act(self, observation):
        return f'exit(message="{self.word}")'
"""
    (folder / "an_agent_of_mine.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    results, made = run(
        "agent=an_agent_of_mine:Mine", "agent_arguments.word=hello", "+agent_arguments.api_key=sk-secret1"
    )
    assert [result.answer for result in results] == ["hello"] * 3
    assert all("sk-secret1" not in path.read_text(encoding="utf-8") for path in made.iterdir())


def test_a_fault_of_a_users_agent_is_told_with_one_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "class Mine:\n    def reset(self, info): pass\n    def act(self, page): return page['text']\n"
    (folder / "a_faulty_agent.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["webrl-benchmark", "agent=a_faulty_agent:Mine", "suite=practice-valid"])
    assert main() == 2
    said = capsys.readouterr().err
    assert said.count("Traceback") == 1
    assert "AgentFailed: agent a_faulty_agent:Mine failed at practice-valid/" in said.splitlines()[-1]
    assert said.endswith("a_faulty_agent.py:3)\n")


def test_a_policy_by_its_folder(folder: Path) -> None:
    small_llama().save(folder / "trained" / "policy")
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match="empty is neither a run of webrl-train nor a model"):
        run("agent=empty")
    (folder / "empty" / "config.json").write_text('{"demonstrations": 250}', encoding="utf-8")
    with pytest.raises(ValueError, match="holds no policy yet: finish the run with webrl-train resume=empty"):
        run("agent=empty")
    results, made = run("agent=trained", "env.num_envs=2", "env.max_steps=1")
    assert [result.status for result in results] == ["scored"] * 3
    found = card(made)
    assert len(found["model_sha256"]) == len(found["prompt_sha256"]) == 64
    assert found["model"] == "llama"
    small_llama(seed=1).save(folder / "trained" / "policy")
    with pytest.raises(CheckpointMismatch, match="model_sha256"):
        run("agent=trained", "env.num_envs=2", "env.max_steps=1")


def test_a_table_says_what_a_policy_was_made_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = small_llama()
    set_record(model.model.config, ModelRecord(DESCRIPTION))
    model.save(folder / "trained" / "policy")
    benchmark(config("agent=trained", "output=made", "env.num_envs=2", "env.max_steps=1"))
    assert "| trained: SmolLM2-135M-Instruct (from Q4_1 GGUF) |" in capsys.readouterr().out
    assert card(Path("made"))["model"] == DESCRIPTION


def test_a_policy_with_a_released_prompt_reads_the_released_pages_only(folder: Path) -> None:
    model = small_llama()
    set_record(model.model.config, ModelRecord("released", "webrl_llama3", "characters"))
    model.save(folder / "trained" / "policy")
    with pytest.raises(ConfigConflict) as caught:
        run("agent=trained", "limit=0", "device=moon", "env.num_envs=0")
    assert [line.partition(" must")[0] for line in str(caught.value).splitlines()] == [
        *("limit", "env.num_envs", "device", "trained is prompted as webrl_llama3 and needs env.profile=webrl")
    ]
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["agent=nobody"], "there is no agent and no folder 'nobody'"),
        (["agent="], "there is no agent and no folder ''"),
        (["agent=null"], "there is no agent and no folder ''"),
        (["agent=:"], "agent ':' cannot be loaded"),
        (["suite=practice-tets"], "did you mean practice-test"),
        (["only_sites=[myspace]"], "no site 'myspace'"),
        (["agent=not_a_module:Agent"], "No module named"),
        (["agent=./my_agent.py:Agent"], "my_agent:Agent is the class Agent in ./my_agent.py"),
        (["agent=os.path:basename"], "basename is no class but a function"),
    ],
)
def test_what_there_is_not_is_said_and_leaves_no_folder(folder: Path, overrides: list[str], said: str) -> None:
    with pytest.raises((ValueError, ConfigConflict), match=said):
        run(*overrides)
    assert list(folder.iterdir()) == []


@pytest.mark.browser
def test_pictures_of_each_page_are_kept_in_a_real_browser() -> None:
    _, folder = run("env=chromium", "screenshots=true", "limit=1")
    pictures = sorted((folder / "screenshots").iterdir())
    assert len(pictures) >= 2
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    before = [picture.stat().st_mtime_ns for picture in pictures]
    run("env=chromium", "screenshots=true", "limit=1")
    assert [picture.stat().st_mtime_ns for picture in pictures] == before


def test_two_processes_do_not_write_one_folder(folder: Path) -> None:
    (folder / "here").mkdir()
    with run_lock(folder / "here"), pytest.raises(RunInUse, match="here is in use by process"):
        run("output=here")


def test_another_version_of_an_agents_code_is_another_agent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "class Mine:\n    def reset(self, info): pass\n    def act(self, page): return 'exit()'\n"
    monkeypatch.setattr(sys, "path", [*sys.path])
    (folder / "a_changed_agent.py").write_text(text, encoding="utf-8")
    run("agent=a_changed_agent:Mine")
    (folder / "a_changed_agent.py").write_text(text + "# mended\n", encoding="utf-8")
    with pytest.raises(CheckpointMismatch, match=r"results of another run \(agent_version: '[0-9a-f]{64}' there"):
        run("agent=a_changed_agent:Mine")


def test_a_panel_that_goes_on_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("limit=3", "output=here")
    lines = (folder / "here" / "results.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "here" / "results.jsonl").write_bytes(b"".join(lines[:2]))
    assert benchmark(config("output=here")) == 0
    assert "going on: 2 of 3 episodes were there already\n" in capsys.readouterr().out


def test_environments_beside_each_other_are_for_models(folder: Path) -> None:
    with pytest.raises(ConfigConflict, match=r"env\.num_envs means nothing to agent=oracle"):
        benchmark(config("env.num_envs=4"), ["env.num_envs"])
