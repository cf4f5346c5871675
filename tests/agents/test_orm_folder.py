"""A judge in a folder: whole or not there, with how it is asked."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
import torch

from agents.adapters import LoraSettings
from agents.errors import CheckpointCorrupt, CheckpointError
from agents.hydra_entry import compose_config
from agents.labelling import evidence_of
from agents.models import load_model
from agents.orm_folder import judge_of, load_orm, save_orm
from agents.orm_training import named_orm
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama
from tests.agents.toy_env import ToyEnv, demonstration, toy_task
from webrl_gym.orm_prompt import DEFAULT_TEMPLATE, OrmTemplate
from webrl_gym.reward import OutcomeRewardModel

TEMPLATE = OrmTemplate("{instruction}\n{actions}\n{page}\nDone or missed?", system="Judge.", max_page_length=70)
EPISODES = [evidence_of(demonstration(toy_task(colour, 0)).trajectory) for colour in ("Red", "Blue")]


def p_yes(orm: OutcomeRewardModel) -> list[float | None]:
    return [verdict.p_yes for verdict in orm.judge_all(EPISODES)]


def test_a_judge_comes_back_with_how_it_is_asked(tmp_path: Path) -> None:
    model = small_llama()
    orm = judge_of(model, threshold=0.7, template=TEMPLATE, answers=("Done", "Missed"), max_tokens=300)
    folder = tmp_path / "run" / "orm"
    folder.parent.mkdir()
    save_orm(orm, folder)
    for place in (folder, folder.parent, str(folder)):
        again = load_orm(place, autocast=False)
        assert (again.threshold, again.template) == (0.7, TEMPLATE)
        assert p_yes(again) == pytest.approx(p_yes(orm), abs=1e-6)
        assert again.scorer.max_tokens == 300
    other = load_orm(folder, threshold=0.2, template=DEFAULT_TEMPLATE, answers=("YES", "NO"))
    assert (other.threshold, other.template, other.scorer.answers) == (0.2, DEFAULT_TEMPLATE, ("YES", "NO"))
    assert not list(tmp_path.rglob(".*"))


def test_a_judge_of_adapters_comes_back_on_its_base(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    small_llama().save(tmp_path / "base")
    model = load_model(str(tmp_path / "base"), lora=LoraSettings(rank=2))
    for name, parameter in model.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    (tmp_path / "run").mkdir()
    orm = judge_of(model)
    save_orm(orm, tmp_path / "run" / "orm")
    base = load_model(str(tmp_path / "base"))
    for place, shared in ((tmp_path / "run", None), (tmp_path / "run" / "orm", base)):
        again = load_orm(place, autocast=False, base=shared)
        assert p_yes(again) == pytest.approx(p_yes(orm), abs=1e-6)
    assert p_yes(judge_of(base)) != pytest.approx(p_yes(orm), abs=1e-3)


def test_a_model_of_somebody_elses_is_asked_as_the_caller_says(tmp_path: Path) -> None:
    small_llama().save(tmp_path)
    plain = load_orm(tmp_path)
    assert (plain.threshold, plain.template, plain.scorer.answers) == (0.5, DEFAULT_TEMPLATE, ("YES", "NO"))
    assert load_orm(tmp_path, template=TEMPLATE).template == TEMPLATE


def test_a_named_judge_reads_as_much_of_a_page_as_it_did_or_else_as_is_configured(tmp_path: Path) -> None:
    small_llama().save(tmp_path / "foreign")
    save_orm(judge_of(small_llama(), template=TEMPLATE), tmp_path / "own")
    group = compose_config("train", ["orm.max_page_length=60000"])["orm"]
    placement = {"device": "cpu", "dtype": "float32", "autocast": False}
    foreign, own = (named_orm({**group, "from": str(tmp_path / name)}, 0, placement) for name in ("foreign", "own"))
    assert foreign.template.max_page_length == 60_000
    assert own.template == TEMPLATE


def test_a_model_in_torchs_own_files_is_a_judge(tmp_path: Path) -> None:
    model = small_llama()
    model.save(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.model.state_dict(), tmp_path / "pytorch_model.bin")
    assert p_yes(load_orm(tmp_path, autocast=False)) == pytest.approx(p_yes(judge_of(model)), abs=1e-6)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing holds no outcome reward model"):
        load_orm(tmp_path / "missing")
    (tmp_path / "orm").mkdir()
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="holds no outcome reward model"):
        load_orm(tmp_path)


@pytest.mark.parametrize("change", [{"version": 2}, {"format": "x"}, {"answers": ["YES"]}, {"template": {"user": "?"}}])
def test_a_judge_file_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    save_orm(judge_of(small_llama()), tmp_path / "orm")
    path = tmp_path / "orm" / "judge.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    with pytest.raises(CheckpointCorrupt, match=r"judge\.json cannot be read"):
        load_orm(tmp_path)


def test_a_full_disk_leaves_no_half_judge(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    try:
        with pytest.raises(CheckpointError, match="cannot be written"):
            save_orm(judge_of(small_llama()), tmp_path / "orm")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_the_nano_model_takes_no_template() -> None:
    with pytest.raises(ValueError, match="form of its own, not in a template"):
        judge_of(tiny_nano(), template=TEMPLATE)
    assert judge_of(tiny_nano(), template=OrmTemplate(DEFAULT_TEMPLATE.user, max_page_length=9)).threshold == 0.5


def test_an_environment_takes_a_loaded_judge(tmp_path: Path) -> None:
    from webrl_gym.wrappers import OutcomeReward

    save_orm(judge_of(small_llama(), threshold=0.0), tmp_path / "orm")
    env = OutcomeReward(ToyEnv(), load_orm(tmp_path))
    env.reset(seed=0, options={"task": toy_task("Red", 0)})
    _, reward, _, _, info = env.step("exit()")
    assert (reward, info["verdict"].source) == (1.0, "orm")
    assert info["verdict"].p_yes > 0.0
