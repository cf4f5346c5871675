"""The same attempt under other names: what was written or quoted is exchanged for other words, wherever it stands.

A model this small learns the words of its demonstrations by heart instead of where they come from, and then repeats its
mistakes with confidence. A copy that asks for "Skist Smoumuck" instead of "Copper Planner", on pages where that stands
for the same thing, can only be done by reading. Names of controls (labels, buttons, options) stay as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agents.nano import vocabulary
from agents.types import Completion, LabelledTrajectory, Prompt, Step
from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.errors import ActionSyntaxError
from webrl_gym.types import Observation

_WRITING = (ActionKind.TYPE, ActionKind.SEARCH, ActionKind.EXIT)
_WHOLE_NAME = 0.4
"""Share of names that are replaced as a whole, by another number of words, instead of word by word."""
_QUOTED = re.compile(r'"([^"]+)"')
_LETTERS = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"[A-Za-z' ]+")
_NUMBER = re.compile(r"\d{3,}")
_CONTROL_NAMES = re.compile(
    r'label="([^"]*)"|<button[^>]*>([^<]*)</button>|<summary[^>]*>([^<]*)</summary>|<select[^>]*>([^<]*)</select>'
)
_KEPT = frozenset(
    (
        "the a an of in to and for with my is on at by from or that this it i me you your be as was are not have has "
        "had how many much what which who when where there all any do does did will would can could if so no yes out "
        "up down id label value type checked disabled expanded input button select option summary textarea table tr "
        "td th checkbox radio number text search email true false"
    ).split()
)
"""Words that hold sentences together, and those of the simplified HTML itself."""
_JOINING = ("with", "for", "and", "of", "in")


def rename(item: LabelledTrajectory, rng: random.Random) -> LabelledTrajectory:
    """A copy of a labelled trajectory under other names; its outcome is the original's.

    Args:
        item: Any labelled trajectory.
        rng: Decides the names.

    Returns:
        The copy, without the token ids of the original: it is rendered and encoded anew.
    """
    trajectory = item.trajectory
    actions = [_parsed(step.completion.text) for step in trajectory.steps]
    instruction = trajectory.task.instruction
    written = [action.argument or "" for action in actions if action is not None and action.kind in _WRITING]
    names = _Names(
        [*written, *_QUOTED.findall(instruction)],
        instruction,
        _control_words([step.observation for step in trajectory.steps]),
        rng,
    )
    steps = tuple(
        Step(
            observation=names.observation(step.observation),
            prompt=Prompt((), ""),
            completion=Completion(step.completion.text if action is None else _rewritten(action, names)),
            reward=step.reward,
            info=step.info,
        )
        for step, action in zip(trajectory.steps, actions, strict=True)
    )
    return replace(
        item,
        trajectory=replace(
            trajectory,
            task=replace(trajectory.task, instruction=names.text(instruction)),
            steps=steps,
            final_observation=names.observation(trajectory.final_observation),
        ),
    )


def renamed_passes(
    items: Sequence[LabelledTrajectory], passes: int, share: float, rng: random.Random
) -> list[list[LabelledTrajectory]]:
    """What a model is shown in each of several passes: the trajectories, some of them under names of that pass.

    Args:
        items: Labelled trajectories.
        passes: Passes over them.
        share: Probability that a trajectory is shown under other names, in [0, 1].
        rng: Decides which, and the names.

    Raises:
        ValueError: If ``share`` is outside [0, 1].
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"The share that is renamed must be in [0, 1], got {share}")
    return [[rename(item, rng) if rng.random() < share else item for item in items] for _ in range(passes)]


class _Names:
    """What is called how in a copy."""

    def __init__(
        self, said: Iterable[str], instruction: str, control_words: frozenset[str], rng: random.Random
    ) -> None:
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}
        for text in dict.fromkeys(said):
            words = [word.lower() for word in _LETTERS.findall(text)]
            if _NUMBER.fullmatch(text):
                self._whole[text] = _number_like(rng, text)
            elif text in instruction and _is_name(text, words, control_words) and rng.random() < _WHOLE_NAME:
                self._whole[text] = _name_like(rng, text)
            else:
                for word in words:
                    if len(word) > 1 and word not in _KEPT and word not in control_words:
                        self._words.setdefault(word, _other_word(rng))
        longest_first = sorted(self._whole, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, longest_first), _LETTERS.pattern]))

    def text(self, text: str) -> str:
        """A text under the new names."""
        return self._pattern.sub(self._replacement, text)

    def observation(self, observation: Observation) -> Observation:
        """An observation under the new names; its address stays."""
        return Observation(
            instruction=self.text(observation["instruction"]),
            url=observation["url"],
            html=self.text(observation["html"]),
            last_action_error=self.text(observation["last_action_error"]),
        )

    def _replacement(self, match: re.Match[str]) -> str:
        found = match.group()
        if found in self._whole:
            return self._whole[found]
        word = self._words.get(found.lower())
        return found if word is None else _cased_like(word, found)


def _parsed(text: str) -> Action | None:
    try:
        return parse_action(text)
    except ActionSyntaxError:
        return None


def _rewritten(action: Action, names: _Names) -> str:
    if action.kind in _WRITING and action.argument:
        action = replace(action, argument=names.text(action.argument))
    return format_action(action)


def _control_words(observations: Iterable[Observation]) -> frozenset[str]:
    found: set[str] = set()
    for observation in observations:
        for groups in _CONTROL_NAMES.findall(observation["html"]):
            found.update(word.lower() for word in _LETTERS.findall(" ".join(groups)))
    return frozenset(found)


def _is_name(text: str, words: Sequence[str], control_words: frozenset[str]) -> bool:
    return bool(_NAME.fullmatch(text)) and bool(words) and control_words.isdisjoint(words)


def _number_like(rng: random.Random, text: str) -> str:
    """Another number of as many digits, with a leading zero where there was one."""
    digits = len(text)
    least = 0 if text[0] == "0" else 10 ** (digits - 1)
    return f"{rng.randrange(least, 10**digits):0{digits}d}"


def _name_like(rng: random.Random, text: str) -> str:
    """Another name in the same casing, up to two words shorter or longer."""
    models = text.split()
    count = max(1, len(models) + rng.choice((-2, -1, -1, 0, 1, 1, 2)))
    words = [_cased_like(_other_word(rng), rng.choice(models)) for _ in range(count)]
    if count > 2 and rng.random() < 0.25:
        words[rng.randrange(1, count - 1)] = rng.choice(_JOINING)
    words[0] = _cased_like(words[0].lower(), models[0])
    return " ".join(words)


def _other_word(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return vocabulary.made_up(rng)
    return rng.choice(vocabulary.word_lists()[rng.random() < 0.3])


def _cased_like(word: str, model: str) -> str:
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word
