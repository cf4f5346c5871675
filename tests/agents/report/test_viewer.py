"""The choice and packing of the trajectories that can be clicked through."""

import dataclasses
import io
import random

import pytest
from PIL import Image

from agents.report.viewer import small_picture, viewer_payload
from tests.agents.report.parts import attempt, picture, unpacked
from webrl_gym.types import OutcomeVerdict, VerdictStatus


def test_a_choice_of_trajectories_is_fair_and_says_what_it_left_out():
    items = [attempt(number, "random", success=False) for number in range(40)]
    items += [attempt(number, "sft", success=number in (3, 17)) for number in range(40)]
    payload = viewer_payload(items, max_trajectories=20, max_bytes=10**6)
    shown = unpacked(payload)["trajectories"]
    assert payload.shown == len(shown) == 20
    assert payload.left_out == {"random": 30, "sft": 30}
    assert [item["agent"] for item in shown] == ["random"] * 10 + ["sft"] * 10
    assert [item["task"] for item in shown if item["outcome"] == "success"] == ["toy/3", "toy/17"]
    assert viewer_payload(items, max_trajectories=0, max_bytes=10**6).shown == 0
    with pytest.raises(ValueError, match="at least 0, got -1"):
        viewer_payload(items, max_trajectories=-1, max_bytes=10**6)


def test_the_same_page_and_the_same_line_are_kept_once():
    record = unpacked(viewer_payload([attempt(number) for number in range(5)], 300, 10**6))
    assert len(record["texts"]) == len(set(record["texts"])) < 5
    assert len(record["lines"]) == len(set(record["lines"]))
    first = record["trajectories"][0]
    assert record["texts"][first["steps"][0]["page"]] == attempt().trajectory.steps[0].observation["html"]


def test_a_choice_is_fair_to_comparisons_too_and_names_error_types():
    items = [attempt(number, group="valid" if number else "test", success=False) for number in range(6)]
    shown = unpacked(viewer_payload(items, 2, 10**6, {0: "stuck midway", 5: "other"}))["trajectories"]
    assert [(item["task"], item["kind"]) for item in shown] == [("toy/0", "stuck midway"), ("toy/1", "")]


def noisy_attempt(number, characters):
    """An attempt whose pages repeat nothing, so that nothing makes them smaller."""
    item = attempt(number)
    rng = random.Random(number)
    steps = tuple(
        dataclasses.replace(
            step, observation={**step.observation, "html": "".join(rng.choices("abcdefghijkl <>é\n", k=characters))}
        )
        for step in item.trajectory.steps
    )
    return dataclasses.replace(item, trajectory=dataclasses.replace(item.trajectory, steps=steps))


def test_what_is_packed_stays_within_its_size():
    items = [noisy_attempt(number, 6_000) for number in range(20)]
    whole = viewer_payload(items, 300, 10**7)
    small = viewer_payload(items, 300, 60_000)
    assert whole.compressed
    assert whole.shown == 20
    assert len(small.text) <= 60_000 < len(whole.text)
    assert 0 < small.shown < 20
    assert small.left_out == {"sft": 20 - small.shown}
    assert viewer_payload(items, 300, 10).shown == 0


def test_pictures_are_made_small_kept_once_and_left_out_when_there_is_no_room():
    white = picture()
    shots = {0: white, 1: b"no picture", 2: white}
    payload = viewer_payload([attempt(0, screenshots=shots), attempt(1, screenshots={0: white})], 300, 10**6)
    record = unpacked(payload)
    assert len(record["shots"]) == 1
    assert record["shots"][0].startswith("data:image/webp;base64,")
    assert [item["steps"][0]["shot"] for item in record["trajectories"]] == [0, 0]
    assert record["trajectories"][0]["steps"][1]["shot"] is None
    assert record["trajectories"][0]["final"]["shot"] == 0
    assert payload.pictures_left_out == 1
    crowded = viewer_payload([attempt(0, screenshots={0: picture(noise=90.0), 1: white})], 300, 20_000)
    assert (crowded.shown, crowded.pictures_left_out) == (1, 2)
    with Image.open(io.BytesIO(small_picture(white))) as made:
        assert (made.format, made.size) == ("WEBP", (960, 540))


def test_actions_values_and_verdicts_of_a_step():
    item = attempt(0, success=False, values=(0.25, float("nan")))
    orm = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.9)
    steps = list(item.trajectory.steps)
    steps[-1] = dataclasses.replace(
        steps[-1],
        completion=dataclasses.replace(steps[-1].completion, text="I am lost"),
        info={"action_error": "not an action"},
    )
    trajectory = dataclasses.replace(item.trajectory, steps=tuple(steps))
    shown = unpacked(viewer_payload([dataclasses.replace(item, trajectory=trajectory, label=orm)], 1, 10**6))
    record = shown["trajectories"][0]
    assert record["outcome"] == "failure"
    assert (record["rules"]["success"], record["label"]["success"], record["label"]["p_yes"]) == (False, True, 0.9)
    assert record["steps"][0]["words"] == 'Click "Blue"'
    assert record["steps"][0]["value"] == 0.25
    last = record["steps"][-1]
    assert (last["action"], last["words"], last["value"]) == ("I am lost", None, None)
    assert last["error"] == "not an action"


@pytest.mark.parametrize("status", [VerdictStatus.UNSCORED, VerdictStatus.UNDECIDED])
def test_an_attempt_without_a_counted_verdict_is_no_failure(status):
    item = attempt()
    unscored = dataclasses.replace(item.trajectory, rule_verdict=OutcomeVerdict(status, 0.0, "rules"))
    broken = dataclasses.replace(item.trajectory, failure="SiteError: gone")
    assert dataclasses.replace(item, trajectory=unscored).outcome == "not counted"
    assert dataclasses.replace(item, trajectory=broken).outcome == "not counted"
    label = OutcomeVerdict(VerdictStatus.SCORED, 1.0, "orm", p_yes=0.7)
    assert dataclasses.replace(item, trajectory=unscored, label=label).outcome == "success"
