"""The same attempt in other words: names are exchanged wherever they stand, words of the instruction left out.

A model this small learns the words of its demonstrations by heart instead of where they come from, and then repeats its
mistakes with confidence. A copy that asks for "Skist Smoumuck" instead of "Copper Planner", on pages where that stands
for the same thing, can only be done by reading. Names of controls (labels, buttons, options) stay as they are.

Nor does it know which words of an instruction matter when it has seen a single wording of each kind of task. Copies
that lack some of those it does not need ask the same thing otherwise. Source: random deletion, Wei & Zou 2019,
arXiv:1901.11196, section 2.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from agents.nano import vocabulary
from agents.types import Completion, LabelledTrajectory, Prompt, Step
from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.errors import ActionSyntaxError
from webrl_gym.types import Observation

_WRITING = (ActionKind.TYPE, ActionKind.SEARCH, ActionKind.EXIT)
_WHOLE_NAME = 0.4
"""Share of names that are replaced as a whole, by another number of words, instead of word by word."""
_QUOTED = re.compile(r'"([^"]+)"')
_NEEDED = re.compile(r"\"[^\"]*\"|\S*\d\S*")
"""What no instruction can do without: quotations and numbers."""
_WORD = re.compile(r"[A-Za-z]+")
_NAME = re.compile(r"[A-Za-z']+(?: [A-Za-z']+)*")
_NUMBER = re.compile(r"\d{3,}")
_TAG = re.compile(r"<[^>]*>")
_LABEL = re.compile(r'label="([^"]*)"')
_ATTRIBUTE = re.compile(r'(?<= value=")[^"]*(?=")')
_CONTROL_TEXT = re.compile(r"<(button|summary|select)\b[^>]*>([^<]*)<")
_NOTE = re.compile(r"^\[.*\]$", re.MULTILINE)
"""What the environment says about a page: lines left out, tabs."""
_KEPT = frozenset(
    (
        "the a an of in to and for with my is on at by from or that this it i me you your be as was are not have has "
        "had how many much what which who when where there all any do does did will would can could if so no yes out "
        "up down"
    ).split()
)
"""Words that hold sentences together."""
_JOINING = ("with", "for", "and", "of", "in")


def rename(item: LabelledTrajectory, rng: random.Random) -> LabelledTrajectory:
    """A renamed copy of a labelled trajectory; its outcome is the original's.

    Args:
        item: Any labelled trajectory.
        rng: Decides the names.

    Returns:
        The copy. Its prompts, and the actions that are written otherwise in it, are without the original's token ids:
        they are rendered and encoded anew.
    """
    trajectory = item.trajectory
    instruction = trajectory.task.instruction
    actions = [action_of(step) for step in trajectory.steps]
    written = [action.argument or "" for action in actions if action is not None and action.kind in _WRITING]
    pages = [step.observation["html"] for step in trajectory.steps]
    names = _Names([*written, *_QUOTED.findall(instruction)], instruction, pages, rng)
    steps = tuple(
        Step(
            observation=names.observation(step.observation),
            prompt=Prompt((), ""),
            completion=_rewritten(step.completion, action, names),
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


def drop_words(item: LabelledTrajectory, rng: random.Random, share: float) -> LabelledTrajectory:
    """A copy whose instruction lacks some words; its outcome is the original's.

    What is quoted, what the agent wrote or chose, and whatever has a digit is never left out.

    Args:
        item: Any labelled trajectory.
        rng: Decides which words.
        share: Probability that a word is left out, in [0, 1].

    Returns:
        The copy, without the token ids of the original's prompts; its evaluation is still the whole instruction's.
    """
    trajectory = item.trajectory
    instruction = trajectory.task.instruction
    actions = [action_of(step) for step in trajectory.steps]
    needed = [action.argument for action in actions if action is not None and action.argument]
    kept = re.compile("|".join([*map(re.escape, needed), _NEEDED.pattern]), re.IGNORECASE)
    spans = [match.span() for match in kept.finditer(instruction)]
    written = {word.lower() for text in needed for word in _WORD.findall(text)} - _KEPT

    def is_needed(word: re.Match[str]) -> bool:
        inside = any(start < word.end() and word.start() < end for start, end in spans)
        return inside or not written.isdisjoint(_WORD.findall(word.group().lower()))

    words = [word.group() for word in re.finditer(r"\S+", instruction) if is_needed(word) or rng.random() >= share]
    return instructed(item, " ".join(words) or instruction)


def instructed(item: LabelledTrajectory, instruction: str) -> LabelledTrajectory:
    """A copy under another instruction that asks for the same; its outcome is the original's.

    Args:
        item: Any labelled trajectory.
        instruction: What the copy's task and pages say.

    Returns:
        The copy, without the token ids of the original's prompts.
    """
    trajectory = item.trajectory
    steps = tuple(
        replace(
            step,
            observation=Observation(**{**step.observation, "instruction": instruction}),
            prompt=Prompt((), ""),
            completion=_without_log_probs(step.completion),
        )
        for step in trajectory.steps
    )
    task = replace(trajectory.task, instruction=instruction)
    last = Observation(**{**trajectory.final_observation, "instruction": instruction})
    return replace(item, trajectory=replace(trajectory, task=task, steps=steps, final_observation=last))


def reworded(item: LabelledTrajectory, rng: random.Random, word_dropout: float) -> LabelledTrajectory:
    """A copy under other names, half of the time with words left out.

    Args:
        item: Any labelled trajectory.
        rng: Decides everything.
        word_dropout: Probability that a word is left out where words are, in [0, 1].

    Raises:
        ValueError: If ``word_dropout`` is outside [0, 1].
    """
    if not 0.0 <= word_dropout <= 1.0:
        raise ValueError(f"The share of words left out must be in [0, 1], got {word_dropout}")
    copy = rename(item, rng)
    return drop_words(copy, rng, word_dropout) if word_dropout and rng.random() < 0.5 else copy


def renamed_passes(
    items: Sequence[LabelledTrajectory], passes: int, share: float, rng: random.Random, word_dropout: float = 0.0
) -> list[list[LabelledTrajectory]]:
    """What a model is shown in each of several passes: the trajectories, some of them in words of that pass.

    Args:
        items: Labelled trajectories.
        passes: Passes over them.
        share: Probability that a trajectory is shown under other names, in [0, 1].
        rng: Decides which, and the names.
        word_dropout: As ``reworded`` takes it.

    Raises:
        ValueError: If ``share`` or ``word_dropout`` is outside [0, 1].
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"The share that is renamed must be in [0, 1], got {share}")
    return [
        [reworded(item, rng, word_dropout) if rng.random() < share else item for item in items] for _ in range(passes)
    ]


class _Names:
    """What is called how in a copy."""

    def __init__(self, said: Sequence[str], instruction: str, pages: Sequence[str], rng: random.Random) -> None:
        """Chooses the names.

        Args:
            said: What was written or quoted.
            instruction: Of the task.
            pages: Simplified HTML of all pages that were read.
            rng: Decides the names.
        """
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}
        shown = "\n".join([instruction, *map(_visible, pages)])
        # a word from nowhere is the agent's own, such as "near" in a search, and must stay what it is
        known = {word.lower() for word in _WORD.findall(shown)} - _control_words(pages) - _KEPT
        texts = list(dict.fromkeys(said))
        for text in texts:
            words = [word.lower() for word in _WORD.findall(text)]
            if _NUMBER.fullmatch(text):
                if _stands_in(text, shown):
                    self._whole[text] = _number_like(rng, text)
            elif _is_name(text, texts, instruction, shown, known) and rng.random() < _WHOLE_NAME:
                self._whole[text] = _name_like(rng, text)
            else:
                for word in words:
                    if len(word) > 1 and word in known:
                        self._words.setdefault(word, _other_word(rng))
        whole = [_bounded(text) for text in sorted(self._whole, key=len, reverse=True)]
        self._pattern = re.compile("|".join([*whole, _WORD.pattern]))

    def text(self, text: str) -> str:
        """A text under the new names."""
        return self._pattern.sub(self._replacement, text)

    def observation(self, observation: Observation) -> Observation:
        """An observation under the new names; address, markup and the environment's own notes stay."""
        lines = [line if _NOTE.match(line) else self._line(line) for line in observation["html"].split("\n")]
        return Observation(
            instruction=self.text(observation["instruction"]),
            url=observation["url"],
            html="\n".join(lines),
            last_action_error=observation["last_action_error"],
        )

    def _line(self, line: str) -> str:
        tags = [_ATTRIBUTE.sub(lambda match: self.text(match.group()), tag) for tag in _TAG.findall(line)]
        texts = [self.text(text) for text in _TAG.split(line)]
        return "".join(part for pair in zip_longest(texts, tags, fillvalue="") for part in pair)

    def _replacement(self, match: re.Match[str]) -> str:
        found = match.group()
        if found in self._whole:
            return self._whole[found]
        word = self._words.get(found.lower())
        return found if word is None else _cased_like(word, found)


def action_of(step: Step) -> Action | None:
    """What a step did; None where the completion is no action.

    Args:
        step: Any step.
    """
    try:
        return parse_action(step.completion.text)
    except ActionSyntaxError:
        return None


def _rewritten(completion: Completion, action: Action | None, names: _Names) -> Completion:
    """What is written under other names; where that is the same, the ids that were sampled stay.

    Encoding the text again gives others where it is no action: ids that no policy wrote, at which the loss would be
    hundreds of nats and its gradient nearly all of an update's.
    """
    if action is None:
        return _without_log_probs(completion)
    argument = action.argument
    if action.kind in _WRITING and argument:
        argument = names.text(argument)
    renamed = replace(action, argument=argument, comments=tuple(map(names.text, action.comments)))
    return _without_log_probs(completion) if renamed == action else Completion(format_action(renamed))


def _without_log_probs(completion: Completion) -> Completion:
    """They belong to the prompt at which it was sampled."""
    return replace(completion, log_probs=())


def _visible(page: str) -> str:
    """What a page says, without its markup and notes."""
    values = " ".join(value for tag in _TAG.findall(page) for value in _ATTRIBUTE.findall(tag))
    return f"{_TAG.sub(' ', _NOTE.sub('', page))} {values}"


def _control_words(pages: Iterable[str]) -> set[str]:
    """Words of labels, buttons and options: they belong to the site, not to what is in it."""
    found = [name for page in pages for name in _LABEL.findall(page)]
    found += [text for page in pages for _, text in _CONTROL_TEXT.findall(page)]
    return {word.lower() for text in found for word in _WORD.findall(text)}


def _bounded(text: str) -> str:
    """A pattern for a text that is no part of a longer word or number."""
    return rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])"


def _stands_in(text: str, shown: str) -> bool:
    return re.search(_bounded(text), shown) is not None


def _is_name(text: str, others: Sequence[str], instruction: str, shown: str, known: set[str]) -> bool:
    """Whether a text can be replaced as a whole: a name that stands in the instruction, always written the same way."""
    lowered = text.lower()
    words = _WORD.findall(lowered)
    if not _NAME.fullmatch(text) or not known.issuperset(word for word in words if word not in _KEPT):
        return False
    if any(len(word) == 1 for word in words) or not _stands_in(text, instruction) or _KEPT.issuperset(words):
        return False
    overlapping = any(other != text and (lowered in other.lower() or other.lower() in lowered) for other in others)
    same_casing = len(re.findall(_bounded(text), shown)) == len(re.findall(_bounded(text), shown, re.IGNORECASE))
    return same_casing and not overlapping


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
