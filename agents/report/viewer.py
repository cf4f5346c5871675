"""The trajectories of a report: which are shown, and how they are packed into the page.

Pages repeat a lot (every attempt starts on the same few, every page of a site has the same menu), so pictures, texts
and the lines of texts are kept once and named by number. The whole is JSON; above a modest size it is compressed, and
the reader's browser unpacks it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image

from agents.results import column_of
from agents.types import Step, Trajectory
from webrl_gym.actions import ActionKind, describe_action, parse_action
from webrl_gym.errors import ActionSyntaxError
from webrl_gym.types import OutcomeVerdict, VerdictStatus

_PLAIN_LIMIT = 200_000
"""Longest JSON text, in characters, that is embedded as it is."""
_PICTURE_SHARE = 0.6
"""Part of the size budget that screenshots may take."""
_PICTURE_WIDTH = 960
_PICTURE_QUALITY = 60


@dataclass(frozen=True, slots=True)
class ShownTrajectory:
    """A trajectory with what else is known about it.

    Attributes:
        agent: Who acted.
        trajectory: The attempt.
        label: The verdict of who labelled it (``orm`` or ``rules``), if it was labelled.
        values: V(s) of each step in (0, 1), None where it is not known; may be shorter than the trajectory.
        screenshots: Pictures (PNG, JPEG or WebP) by step, from 0; the number after the last step is the final page.
            The report shows them smaller.
        group: Attempts that are compared with each other: a suite's panel, or what a run sampled while training.
        run: The training run that it belongs to, where the report shows several.
    """

    agent: str
    trajectory: Trajectory
    label: OutcomeVerdict | None = None
    values: tuple[float | None, ...] = ()
    screenshots: Mapping[int, bytes] = field(default_factory=dict)
    group: str = ""
    run: str = ""

    @property
    def name(self) -> str:
        """Who acted, told apart from the same phase of other runs: ``smoke: phase 1``."""
        return f"{self.run}: {self.agent}" if self.run else self.agent

    @property
    def site(self) -> str:
        """The column of the five-site table that its task counts in."""
        return column_of(self.trajectory.task) or "Cross-site"

    @property
    def verdict(self) -> OutcomeVerdict | None:
        """The verdict that counts: the rules' where they decided, else the label; None where neither did."""
        if self.trajectory.failure is not None:
            return None
        verdicts = (self.trajectory.rule_verdict, self.label)
        return next((one for one in verdicts if one is not None and one.status is VerdictStatus.SCORED), None)

    @property
    def outcome(self) -> str:
        """``success``, ``failure`` or ``not counted``."""
        if self.verdict is None:
            return "not counted"
        return "success" if self.verdict.success else "failure"


@dataclass(frozen=True, slots=True)
class ViewerPayload:
    """The viewer's data as it stands in the page.

    Attributes:
        text: Content of the script block: JSON, or gzip-compressed JSON in base64.
        compressed: Which of the two.
        shown: Trajectories in it.
        left_out: Trajectories that are not in it, by who acted.
        pictures_left_out: Screenshots that cannot be read or did not fit the budget.
    """

    text: str
    compressed: bool
    shown: int
    left_out: Mapping[str, int]
    pictures_left_out: int


def viewer_payload(
    items: Sequence[ShownTrajectory], max_trajectories: int, max_bytes: int, errors: Mapping[int, str] | None = None
) -> ViewerPayload:
    """Chooses trajectories and packs them.

    Args:
        items: All trajectories there are.
        max_trajectories: Most that are shown; the choice is fair to groups, agents, outcomes and sites.
        max_bytes: Most characters of the result; fewer trajectories are shown when they would not fit.
        errors: The error type of failed attempts, by their place in ``items``.

    Raises:
        ValueError: If a limit is negative.
    """
    if max_trajectories < 0 or max_bytes < 0:
        raise ValueError(f"Expected limits of at least 0, got {max_trajectories} trajectories and {max_bytes} bytes.")
    keys = [_key(items, name) for name in ("group", "agent", "outcome", "site")]
    order = _fair_order(list(range(len(items))), keys)
    count = min(max_trajectories, len(order))
    shrink = cache(small_picture)  # another try with fewer trajectories needs the same pictures again
    while True:
        chosen = sorted(order[:count])
        packer = _Packer(_PICTURE_SHARE * max_bytes, shrink)
        # The fair order decides which trajectories keep their pictures; the page keeps the order they came in.
        packed = {index: packer.trajectory(items[index], (errors or {}).get(index, "")) for index in order[:count]}
        record = {
            "trajectories": [packed[index] for index in chosen],
            "lines": packer.lines,
            "texts": packer.texts,
            "shots": packer.shots,
        }
        text, compressed = _encode(record)
        if count == 0 or len(text) <= max_bytes:
            break
        count = min(count - 1, int(0.95 * count * max_bytes / len(text)))
    left_out = Counter(items[index].name for index in order[count:])
    return ViewerPayload(text, compressed, count, dict(left_out), packer.pictures_left_out)


def small_picture(data: bytes) -> bytes | None:
    """A screenshot as a WebP picture that is small enough to embed; None if it is no picture.

    Args:
        data: A picture in any format that Pillow reads.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    picture.thumbnail((_PICTURE_WIDTH, 4 * _PICTURE_WIDTH))
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=_PICTURE_QUALITY)
    return stream.getvalue()


def safe_json(value: Any) -> str:
    """JSON that can stand in a script block: nothing in it can end the block or begin another tag."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _encode(record: Mapping[str, Any]) -> tuple[str, bool]:
    plain = safe_json(record)
    if len(plain) <= _PLAIN_LIMIT:
        return plain, False
    packed = gzip.compress(plain.encode("ascii"), compresslevel=9, mtime=0)  # no time: same data, same file
    return base64.b64encode(packed).decode("ascii"), True


def _key(items: Sequence[ShownTrajectory], name: str) -> Callable[[int], str]:
    return lambda index: str(getattr(items[index], name))


def _fair_order(indices: list[int], keys: Sequence[Callable[[int], str]]) -> list[int]:
    """Orders indices so that every beginning of the list holds about as many of each group, level by level."""
    if not keys:
        return indices
    groups: dict[str, list[int]] = {}
    for index in indices:
        groups.setdefault(keys[0](index), []).append(index)
    ordered = [_fair_order(group, keys[1:]) for group in groups.values()]
    longest = max((len(group) for group in ordered), default=0)
    return [group[turn] for turn in range(longest) for group in ordered if turn < len(group)]


class _Packer:
    """Turns trajectories into JSON-ready records over shared lists of lines, texts and pictures."""

    def __init__(self, picture_budget: float, shrink: Callable[[bytes], bytes | None]) -> None:
        self.lines: list[str] = []
        self.texts: list[list[int]] = []
        self.shots: list[str] = []
        self.pictures_left_out = 0
        self._room = picture_budget
        self._shrink = shrink
        self._numbers: dict[str | bytes, int] = {}
        self._line_numbers: dict[str, int] = {}

    def trajectory(self, item: ShownTrajectory, error_type: str) -> dict[str, Any]:
        trajectory, task = item.trajectory, item.trajectory.task
        pages = [step.observation for step in trajectory.steps] + [trajectory.final_observation]
        return {
            "agent": item.name,
            "site": item.site,
            "outcome": item.outcome,
            "kind": error_type,
            "task": task.task_id,
            "instruction": task.instruction,
            "tags": list(task.tags),
            "world": task.world,
            "parent": task.parent,
            "phase": trajectory.phase,
            "truncated": trajectory.truncated,
            "failure": trajectory.failure,
            "rules": _verdict(trajectory.rule_verdict),
            "label": _verdict(item.label),
            "steps": [
                {
                    **self._page(item, number),
                    **_action(step),
                    "prompt": self._text(step.prompt.text) if step.prompt.text else None,
                    "cut": step.prompt.chars_left_out,
                    "value": _known(item.values[number]) if number < len(item.values) else None,
                    "error": str(step.info.get("action_error") or pages[number + 1]["last_action_error"]),
                }
                for number, step in enumerate(trajectory.steps)
            ],
            "final": self._page(item, len(trajectory.steps)),
        }

    def _page(self, item: ShownTrajectory, number: int) -> dict[str, Any]:
        steps = item.trajectory.steps
        page = steps[number].observation if number < len(steps) else item.trajectory.final_observation
        return {
            "url": page["url"],
            "page": self._text(page["html"]),
            "shot": self._picture(item.screenshots.get(number)),
        }

    def _text(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append([self._line(line) for line in text.split("\n")])
        return self._numbers[text]

    def _line(self, text: str) -> int:
        if text not in self._line_numbers:
            self._line_numbers[text] = len(self.lines)
            self.lines.append(text)
        return self._line_numbers[text]

    def _picture(self, data: bytes | None) -> int | None:
        if data is None:
            return None
        if data not in self._numbers:
            small = self._shrink(data) if self._room > 0 else None
            if small is not None:
                self._room -= 1.36 * len(small)  # base64 inside compressed base64: 1.36 characters a byte
            if small is None or self._room < 0:
                self.pictures_left_out += 1
                return None
            self._numbers[data] = len(self.shots)
            self.shots.append(f"data:image/webp;base64,{base64.b64encode(small).decode('ascii')}")
        return self._numbers[data]


def _action(step: Step) -> dict[str, Any]:
    """What the agent wrote, and what it means where it is an action of the language."""
    text = step.completion.text
    try:
        action = parse_action(text)
    except ActionSyntaxError:
        return {"action": text, "words": None, "kind": None, "element": None, "argument": None}
    words = describe_action(text, step.observation["html"])
    if action.kind is ActionKind.EXIT:
        words = f"Answer \N{LEFT DOUBLE QUOTATION MARK}{action.argument}\N{RIGHT DOUBLE QUOTATION MARK}"
        words = words if action.argument else "Leave without an answer"
    return {
        "action": text,
        "words": words,
        "kind": action.kind.value,
        "element": action.element,
        "argument": action.argument,
    }


def _verdict(verdict: OutcomeVerdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {**verdict.as_dict(), "p_yes": _known(verdict.p_yes), "success": verdict.success}


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
