import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.experience import ExperienceBuffer, TrajectoryBuffer, action_perplexity
from agents.types import Completion, LabelledTrajectory, Prompt, Step, Trajectory, Transition
from tests.agents.toy_env import toy_task
from webrl_gym.types import Observation, OutcomeVerdict, VerdictStatus

PAGE = Observation(instruction="Open it", url="http://toy.test/", html="<h1> Toys </h1>", last_action_error="")


def trajectory(length, outcome=1.0, phase=0, name=0):
    steps = tuple(
        Step(PAGE, Prompt((name, step, 7), ""), Completion("exit()", (1, 2), (-0.5, -0.25))) for step in range(length)
    )
    verdict = OutcomeVerdict(VerdictStatus.SCORED, outcome, "rules")
    attempt = Trajectory(toy_task("Red", 0), steps, PAGE, phase, truncated=False, rule_verdict=verdict)
    return LabelledTrajectory(attempt, verdict)


def show(items):
    """One transition a step, as they were sampled."""
    return [
        Transition(step.prompt.token_ids, step.completion.token_ids, None, 0.0, item.outcome, 0, 0, 0)
        for item in items
        for step in item.trajectory.steps
    ]


def buffer_of(count, **changes):
    buffer = ExperienceBuffer(**changes)
    buffer.add(trajectory(2, name=name) for name in range(count))
    return buffer


def by_name(perplexities):
    """Log-probabilities that give each trajectory's steps the perplexity at its number's place."""
    return lambda steps: [-len(step.action_ids) * math.log(perplexities[step.prompt_ids[0]]) for step in steps]


def test_perplexity_by_hand():
    assert action_perplexity(-2.0 * math.log(2.0), 2) == pytest.approx(2.0)
    assert action_perplexity(-math.inf, 3) == math.inf
    assert action_perplexity(-1e6, 1) == math.inf
    with pytest.raises(ValueError, match="at least one token"):
        action_perplexity(0.0, 0)


def test_only_successes_enter():
    buffer = ExperienceBuffer()
    assert buffer.add([trajectory(3), trajectory(4, outcome=0.0), trajectory(0)]) == 1
    assert (len(buffer), buffer.trajectories) == (3, 1)


def test_a_buffer_of_all_trajectories_keeps_failures_and_lets_the_oldest_go():
    buffer = TrajectoryBuffer(capacity=6)
    assert buffer.add([trajectory(3, name=1), trajectory(2, outcome=0.0, name=2), trajectory(0)]) == 2
    assert [item.outcome for item in buffer.items] == [1.0, 0.0]
    buffer.add([trajectory(2, name=3)])
    assert [item.trajectory.steps[0].prompt.token_ids[0] for item in buffer.items] == [2, 3]
    assert (len(buffer), buffer.trajectories) == (4, 2)
    restored = TrajectoryBuffer()
    restored.replace_by(json.loads(json.dumps(list(buffer.as_records()))))
    assert restored.items == buffer.items
    with pytest.raises(ValueError, match="capacity >= 1"):
        TrajectoryBuffer(capacity=0)


def test_only_steps_inside_the_window_are_drawn_ends_included():
    perplexities = [1.0, 1 / 0.95 + 1e-9, 1.5, 2.0 - 1e-9, 2.1, math.inf]
    draw = buffer_of(len(perplexities)).draw(100, show, by_name(perplexities), np.random.default_rng(0))
    assert {step.prompt_ids[0] for step in draw.transitions} == {1, 2, 3}
    assert (draw.scored, draw.too_sure, draw.too_unsure) == (12, 2, 4)
    exact = ExperienceBuffer(perplexity_low=1.0, perplexity_high=1.0)
    exact.add([trajectory(1)])
    assert len(exact.draw(1, show, lambda steps: [0.0] * len(steps), np.random.default_rng(0)).transitions) == 1


def test_log_probs_that_are_not_numbers_are_not_drawn():
    draw = buffer_of(3).draw(9, show, lambda steps: [math.nan] * len(steps), np.random.default_rng(0))
    assert draw.transitions == ()
    assert draw.too_unsure == 6


@given(st.integers(0, 9), st.floats(0.0, 3.0), st.integers(0, 2**32))
def test_at_most_the_ratio_is_drawn(current, ratio, seed):
    draw = buffer_of(10, replay_ratio=ratio).draw(current, show, by_name([1.5] * 10), np.random.default_rng(seed))
    assert len(draw.transitions) == min(int(ratio * current), 20)
    assert len(set(draw.transitions)) == len(draw.transitions) == len(draw.log_probs)
    assert all(log_prob == pytest.approx(-2 * math.log(1.5)) for log_prob in draw.log_probs)


def test_the_draw_is_seeded_and_uniform():
    buffer = buffer_of(10, replay_ratio=1.0)
    score = by_name([1.5] * 10)
    first, again = (buffer.draw(5, show, score, np.random.default_rng(3)) for _ in range(2))
    assert first == again
    counts = np.zeros(10)
    for seed in range(200):
        for step in buffer.draw(5, show, score, np.random.default_rng(seed)).transitions:
            counts[step.prompt_ids[0]] += 1
    assert counts.min() > 60
    assert counts.max() < 140


def test_scoring_stops_when_enough_is_found():
    buffer = ExperienceBuffer(replay_ratio=1.0)
    buffer.add(trajectory(10, name=name) for name in range(100))
    draw = buffer.draw(10, show, by_name([1.5] * 100), np.random.default_rng(0))
    assert len(draw.transitions) == 10
    assert draw.scored < len(buffer)


def test_no_replay_scores_nothing():
    def never(steps):
        raise AssertionError("nothing should be scored")

    assert buffer_of(3, replay_ratio=0.0).draw(10, show, never, np.random.default_rng(0)).transitions == ()


def test_a_scorer_that_loses_steps_is_refused():
    with pytest.raises(ValueError, match="6 log-probabilities, got 1"):
        buffer_of(3).draw(10, show, lambda _: [0.0], np.random.default_rng(0))


def test_the_oldest_trajectories_make_room():
    buffer = ExperienceBuffer(capacity=5)
    buffer.add(trajectory(2, name=name) for name in range(4))
    assert len(buffer) == 4
    assert [record["steps"][0]["prompt"]["token_ids"][0] for record in buffer.as_records()] == [2, 3]


def test_records_give_the_same_buffer_back():
    buffer = ExperienceBuffer()
    buffer.add([trajectory(3, name=1), trajectory(3, phase=2, name=5)])
    records = json.loads(json.dumps(list(buffer.as_records())))
    other = ExperienceBuffer()
    other.add([trajectory(9)])
    other.replace_by(records)
    score = by_name([1.5] * 10)
    assert other.draw(9, show, score, np.random.default_rng(1)) == buffer.draw(9, show, score, np.random.default_rng(1))
    assert (len(other), other.trajectories) == (6, 2)


def test_records_that_cannot_be_read_are_refused_and_nothing_changes():
    buffer = buffer_of(2)
    with pytest.raises(ValueError, match=r"experience record cannot be read: field '\w+' is missing"):
        buffer.replace_by([{"steps": []}])
    unlabelled = {**next(buffer.as_records()), "label": None}
    with pytest.raises(ValueError, match="field 'label' is null"):
        buffer.replace_by([unlabelled])
    assert buffer.trajectories == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"replay_ratio": -1.0}, "replay_ratio"),
        ({"replay_ratio": math.nan}, "replay_ratio"),
        ({"perplexity_low": 0.9}, "perplexity_low"),
        ({"perplexity_low": 3.0}, "perplexity_high"),
        ({"capacity": 0}, "capacity"),
    ],
)
def test_settings_out_of_range_are_refused(changes, named):
    with pytest.raises(ValueError, match=named):
        ExperienceBuffer(**changes)
