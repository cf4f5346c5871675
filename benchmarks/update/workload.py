"""What both sides of the comparison are given: a model, and examples that have the shape of rollouts.

The tokens mean nothing: what is computed does not depend on them. Their numbers are those of rollouts of SmolLM2 on
practice-train with the page cut at 1,024 tokens: the same 144 tokens begin every prompt, an action has 12 to 28 tokens
with its comment and its end, and the state after a step is the state before the next one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, models
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 49_152
LENGTHS = (984, 1024)
ACTIONS = (12, 28)
GUIDE = 144
STEPS = 4
"""Steps of a trajectory."""
DISCOUNT = 0.9
KL_COEF = 0.5
MAX_GRAD_NORM = 1.0
LEARNING_RATE = 1e-12
"""So small that the order of the examples does not matter to their losses."""
OPTIMIZER_STEPS = 2
"""In one update, so that the optimizer's state is there while gradients are computed."""
HEADS = 2
_SHAKE = 0.05
_FIRST_WORD = 10


@dataclass(frozen=True, slots=True)
class Update:
    """What was done.

    Attributes:
        seconds: It took; wall-clock time.
        loss: Mean over the examples, before the step.
    """

    seconds: float
    loss: float


@dataclass(frozen=True, slots=True)
class Example:
    """One step of a trajectory.

    Attributes:
        prompt: Token ids of the state.
        action: Token ids of the action, end token included.
        following: Token ids of the state after it; after the last step, of the same page with the action in its
            history, as the released data have it.
        is_last: Whether it is the trajectory's last step.
        outcome: Of the trajectory, 0 or 1.
        steps_to_go: Steps after this one.
    """

    prompt: tuple[int, ...]
    action: tuple[int, ...]
    following: tuple[int, ...]
    is_last: bool
    outcome: float
    steps_to_go: int

    @property
    def tokens(self) -> int:
        """Of prompt and action."""
        return len(self.prompt) + len(self.action)


def examples(count: int, seed: int = 0) -> list[Example]:
    """Examples of whole trajectories, every other one successful.

    Args:
        count: A multiple of the steps of a trajectory, or fewer than those.
        seed: Decides lengths and tokens.
    """
    rng = random.Random(seed)

    def words(length: int) -> tuple[int, ...]:
        return tuple(rng.randrange(_FIRST_WORD, VOCABULARY) for _ in range(length))

    guide = words(GUIDE)
    made = []
    for start in range(0, count, STEPS):
        length = min(STEPS, count - start)
        prompts = [guide + words(rng.randint(*LENGTHS) - GUIDE) for _ in range(length)]
        actions = [words(rng.randint(*ACTIONS)) for _ in range(length)]
        after_last = guide + actions[-1] + prompts[-1][GUIDE:]
        for step, (prompt, action) in enumerate(zip(prompts, actions, strict=True)):
            is_last = step == length - 1
            following = after_last if is_last else prompts[step + 1]
            outcome = float(start // STEPS % 2 == 0)
            made.append(Example(prompt, action, following, is_last, outcome, length - 1 - step))
    return made


def steps(made: Sequence[Example]) -> list[Sequence[Example]]:
    """The examples of each optimizer step.

    Args:
        made: Of an update.
    """
    size = -(-len(made) // OPTIMIZER_STEPS)
    return [made[start : start + size] for start in range(0, len(made), size)]


def write_models(folder: Path, width: int = 288, layers: int = 6) -> None:
    """Writes the reference, as Llama begins, with a tokenizer that knows its ids.

    Args:
        folder: Where to.
        width: Of the hidden states.
        layers: In the stack.
    """
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=8 * width // 3,
        num_hidden_layers=layers,
        num_attention_heads=width // 48 or 1,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    words = {"<pad>": 0, "<end>": 1, "<unknown>": 2, "YES": 3, "NO": 4}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unknown>"))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", unk_token="<unknown>"
    ).save_pretrained(folder)


@torch.no_grad()
def shake(model: nn.Module, seed: int) -> None:
    """Moves every weight by a few per cent: the policy some updates after it was its own reference, or a critic.

    Args:
        model: Changed in place, the same for the same seed, whatever its precision.
        seed: Of the moves.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        move = 1.0 + _SHAKE * torch.randn(parameter.shape, generator=generator)
        parameter.mul_(move.to(parameter.dtype))


def value_heads(width: int) -> torch.Tensor:
    """Log-odds heads of a critic. Shape (heads, width).

    Args:
        width: Of the hidden states.
    """
    return 0.1 * torch.randn(HEADS, width, generator=torch.Generator().manual_seed(3))
