"""Small parts of reports, for the tests of this folder."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import io
import json
from typing import Any

from PIL import Image

from agents.report.viewer import ShownTrajectory, ViewerPayload
from agents.results import EpisodeResult
from tests.agents.toy_env import demonstration, toy_task
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def result(
    index: int, success: bool, status: str = "scored", column: str = "OSS", tags: tuple[str, ...] = ()
) -> EpisodeResult:
    """How task ``index`` went, in three steps."""
    return EpisodeResult(f"practice-valid/{index}", column, status, success, 3, tags)


def picture(noise: float = 0.0) -> bytes:
    """A screenshot."""
    stream = io.BytesIO()
    Image.effect_noise((1280, 720), noise).save(stream, "PNG")
    return stream.getvalue()


def attempt(number: int = 0, agent: str = "sft", success: bool = True, **changes: Any) -> ShownTrajectory:
    """An attempt at a task of its own."""
    trajectory = demonstration(toy_task("Blue", 1, task_id=f"toy/{number}")).trajectory
    verdict = OutcomeVerdict(VerdictStatus.SCORED, float(success), "rules")
    return ShownTrajectory(agent, dataclasses.replace(trajectory, rule_verdict=verdict), **changes)


def unpacked(payload: ViewerPayload) -> dict[str, Any]:
    """What the viewer's script makes of a payload."""
    text = gzip.decompress(base64.b64decode(payload.text)).decode() if payload.compressed else payload.text
    record = json.loads(text)
    texts = ["\n".join(record["lines"][number] for number in numbers) for numbers in record["texts"]]
    return {**record, "texts": texts}
