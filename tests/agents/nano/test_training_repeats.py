import pytest
import torch

from agents.fitting import FitSettings
from agents.models import load_model
from agents.objectives import fit_actions
from agents.policy import LLMPolicy
from agents.transitions import to_transitions
from tests.agents.toy_env import demonstration
from tests.agents.toy_runs import TASKS


def trained() -> torch.Tensor:
    policy = LLMPolicy(load_model("nano"), max_tokens=1024)
    steps = to_transitions([demonstration(task) for task in TASKS] * 4, policy.renderer).steps
    fit_actions(policy, steps, FitSettings(learning_rate=3e-3, tokens_per_batch=1024))
    return torch.cat([parameter.detach().flatten() for parameter in policy.language_model.model.parameters()])


@pytest.mark.slow
def test_two_threads_give_the_same_weights_every_time() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first, second, third = trained(), trained(), trained()
    finally:
        torch.set_num_threads(before)
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    assert not torch.are_deterministic_algorithms_enabled()
