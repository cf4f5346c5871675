from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlamaForCausalLM

from agents import models, output_layer
from agents.batching import collate, collate_prompts
from agents.critics import ValueCritic
from agents.errors import CheckpointMismatch
from agents.generation import InProcess
from agents.model_record import read_record
from agents.models import LanguageModel, load_model, wrap_model
from agents.policy import LLMPolicy
from agents.types import Prompt
from tests.agents.nano.tiny_nano import tiny_nano
from tests.agents.small_llama import small_llama

MODELS = [tiny_nano(), small_llama()]
both = pytest.mark.parametrize("model", MODELS, ids=["nano", "chat"])
PROMPTS = [[7, 300, 301, 302, 12], [7, 310, 311, 320, 321, 330, 331, 12], [7, 305, 12]]


@both
@torch.no_grad()
def test_logits_where_they_are_wanted_are_those_of_the_whole(model: LanguageModel) -> None:
    batch = collate_prompts(PROMPTS, model.pad_id)
    positions = torch.tensor([[0, 4], [2, 7], [1, 2]])
    some = model.logits_at(*batch, positions)
    for row, prompt in enumerate(PROMPTS):
        whole = model.model(torch.tensor([prompt])).logits[0].float()
        torch.testing.assert_close(some[row], whole[positions[row]], atol=2e-5, rtol=1e-3)


@both
def test_saved_models_are_loaded_again(model: LanguageModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = load_model(str(tmp_path))
    assert type(loaded.model) is type(model.model)
    assert type(loaded.prompt_format) is type(model.prompt_format)
    assert loaded.context == model.context == 512
    batch = collate_prompts(PROMPTS, model.pad_id)
    last = torch.tensor([[4], [7], [2]])
    torch.testing.assert_close(loaded.logits_at(*batch, last), model.logits_at(*batch, last))
    assert not any(file.suffix in (".bin", ".pt", ".pkl") for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "autocast", "learns"), [(MODELS[0], "auto", False), (MODELS[0], True, True), (MODELS[1], "auto", True)]
)
def test_auto_leaves_the_nano_models_learning_in_full_precision(
    model: LanguageModel, autocast: bool | str, learns: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "fast_bfloat16", lambda _: True)
    model.save(tmp_path)
    loaded = load_model(str(tmp_path), autocast=autocast)
    with loaded.arithmetic():
        assert torch.is_autocast_enabled("cpu")
    with loaded.arithmetic(is_learning=True):
        assert torch.is_autocast_enabled("cpu") is learns


@both
def test_copies_share_no_weights(model: LanguageModel) -> None:
    copy = model.copy()
    before = [parameter.clone() for parameter in model.model.parameters()]
    with torch.no_grad():
        for parameter in copy.model.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(a, b) for a, b in zip(before, model.model.parameters(), strict=True))


def test_many_action_tokens_are_computed_in_parts_and_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS[1]
    actions = [[301, 302, 303], [310, 311], [300]]
    batch = collate(PROMPTS, actions, model.pad_id)

    def gradients() -> tuple[Tensor, list[Tensor]]:
        scores = model.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3])
        return scores, list(torch.autograd.grad(scores.square().sum(), list(model.model.parameters())))

    scores, expected = gradients()
    whole = model.logits_at(*batch[:3]).log_softmax(2).gather(2, batch.action_ids[..., None])[..., 0]
    torch.testing.assert_close(scores, whole.masked_fill(~batch.action_mask, 0.0))
    monkeypatch.setattr(output_layer, "MOST_LOGITS", 2 * model.model.config.vocab_size)
    in_parts, found = gradients()
    torch.testing.assert_close(in_parts, scores)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@both
def test_keeping_only_layer_inputs_gives_the_same_gradients(model: LanguageModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    batch = collate(PROMPTS, [[301, 302, 303], [310, 311], [300]], model.pad_id)
    gradients, kept = [], []
    for gradient_checkpointing in (False, True):
        loaded = load_model(str(tmp_path), gradient_checkpointing=gradient_checkpointing)
        loaded.model.train()
        bytes_kept = [0]

        def count(tensor: Tensor, counted: list[int] = bytes_kept) -> Tensor:
            counted[0] += tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            loss = loaded.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3]).square().sum()
        gradients.append(torch.autograd.grad(loss, list(loaded.model.parameters()), allow_unused=True))
        kept.append(bytes_kept[0])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
    assert kept[1] < 0.8 * kept[0]


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match="expected nano, smollm2, a local folder"):
        load_model(str(tmp_path))
    with pytest.raises(ValueError, match="'int8'"):
        load_model("nano", dtype="int8")


QUERY = {"nano": "blocks.0.query.weight", "chat": "model.layers.0.self_attn.q_proj.weight"}


@pytest.fixture(params=["nano", "chat"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A model's folder and the name of one of its parameters."""
    MODELS[list(QUERY).index(request.param)].save(tmp_path)
    return tmp_path, QUERY[request.param]


def rewrite(folder: Path, without: tuple[str, ...] = (), **changed: Tensor) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if name not in without}
    save_file({**kept, **changed}, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_file_that_lacks_a_parameter_is_refused(saved: tuple[Path, str]) -> None:
    folder, query = saved
    rewrite(folder, without=(query,))
    with pytest.raises(CheckpointMismatch, match=f"{folder} does not hold this model's parameters: it lacks {query}$"):
        load_model(str(folder))


def test_a_parameter_of_another_shape_is_refused(saved: tuple[Path, str]) -> None:
    folder, query = saved
    rewrite(folder, **{query: torch.zeros(3, 32)})
    with pytest.raises(CheckpointMismatch, match=rf"another shape of {query} \(\(3, 32\), expected \(32, 32\)\)$"):
        load_model(str(folder))


def test_parameters_that_the_model_does_not_have_are_refused_and_some_of_them_named(saved: tuple[Path, str]) -> None:
    folder, query = saved
    strange = {f"strange.{number}": torch.zeros(1) for number in range(5)}
    rewrite(folder, without=(query,), **strange)
    named = "strange.0, strange.1, strange.2 and 2 more"
    with pytest.raises(CheckpointMismatch, match=f"it lacks {query}; it has beyond them {named}$"):
        load_model(str(folder))


def test_a_cut_file_is_refused(saved: tuple[Path, str]) -> None:
    path = saved[0] / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(CheckpointMismatch, match="SafetensorError"):
        load_model(str(saved[0]))


def test_weights_that_are_tied_are_held_once(tmp_path: Path) -> None:
    config = MODELS[1].model.config.__class__(**{**MODELS[1].model.config.to_dict(), "tie_word_embeddings": True})
    MODELS[1].tokenizer.save_pretrained(tmp_path)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    loaded = load_model(str(tmp_path)).model
    assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight
    rewrite(tmp_path, without=("model.embed_tokens.weight",))
    with pytest.raises(CheckpointMismatch, match="embed_tokens"):
        load_model(str(tmp_path))


def test_what_a_model_is_goes_with_its_weights(tmp_path: Path) -> None:
    MODELS[1].save(tmp_path / "base")
    trained = load_model(str(tmp_path / "base"))
    assert trained.record.description == "llama"
    trained.save(tmp_path / "policy")
    assert load_model(str(tmp_path / "policy")).record == read_record(tmp_path / "policy") == trained.record
    assert load_model("nano").record.description == "nano"


def test_a_folder_of_somebody_elses_is_called_by_its_name(tmp_path: Path) -> None:
    config = MODELS[1].model.config.__class__(**{**MODELS[1].model.config.to_dict(), "webrl_gym": None})
    MODELS[1].tokenizer.save_pretrained(tmp_path / "their-model")
    LlamaForCausalLM(config).save_pretrained(tmp_path / "their-model")
    assert load_model(str(tmp_path / "their-model")).record.description == "their-model"


def test_a_model_without_a_padding_token_is_padded_with_its_end_token(tmp_path: Path) -> None:
    MODELS[1].save(tmp_path)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (tmp_path / name).exists():
            record = json.loads((tmp_path / name).read_text(encoding="utf-8"))
            record.pop("pad_token", None)
            (tmp_path / name).write_text(json.dumps(record), encoding="utf-8")
    bare = load_model(str(tmp_path))
    assert bare.tokenizer.pad_token_id is None
    assert bare.pad_id == bare.prompt_format.end_id
    ids = [Prompt(tuple(prompt), "") for prompt in PROMPTS]
    written = InProcess(bare, max_new_tokens=5).generate(ids, temperature=0.0)
    assert written == InProcess(MODELS[1], max_new_tokens=5).generate(ids, temperature=0.0)
    actions = [completion.token_ids for completion in written]
    with torch.no_grad():
        scores = [
            LLMPolicy(model).action_log_probs(collate(PROMPTS, actions, model.pad_id)) for model in (bare, MODELS[1])
        ]
    torch.testing.assert_close(*scores)


def test_a_tied_embedding_learns_from_both_its_uses() -> None:
    model = copy.deepcopy(MODELS[1].model)
    model.config.tie_word_embeddings = True
    model.tie_weights()
    tied = wrap_model(model, MODELS[1].tokenizer, "tied")
    embedding = tied.model.get_input_embeddings()
    assert embedding.sparse
    batch = collate(PROMPTS, [[301, 302, 303], [310, 311], [300]], 0)
    gradients = []
    for is_sparse in (True, False):
        embedding.sparse = is_sparse
        for _ in range(2):  # a second batch adds to the first
            tied.log_probs_of(batch.action_ids, batch.action_mask, *batch[:3]).sum().backward()
        gradients.append(embedding.weight.grad)
        embedding.weight.grad = None
    assert gradients[0].layout == torch.strided
    torch.testing.assert_close(*gradients)
    assert not ValueCritic(tied).trunk.get_input_embeddings().sparse
