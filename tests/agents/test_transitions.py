import dataclasses

from agents.prompting import PromptRenderer
from agents.transitions import to_transitions
from agents.types import Completion
from tests.agents.tiny_models import ToyFormatted
from tests.agents.toy_env import demonstration, toy_task


def renderer(max_tokens=512):
    return PromptRenderer(ToyFormatted(), max_tokens)


def with_steps(item, **changes):
    """The item with fields of its steps replaced, by step number: ``prompt={0: …}``."""
    steps = list(item.trajectory.steps)
    for name, values in changes.items():
        for place, value in values.items():
            steps[place] = dataclasses.replace(steps[place], **{name: value})
    return dataclasses.replace(item, trajectory=dataclasses.replace(item.trajectory, steps=tuple(steps)))


WANDERING = ['do(action="Click", element="1")', 'do(action="Click", element="0")', 'exit(message="")']


def test_a_trajectory_becomes_one_transition_a_step():
    item = demonstration(toy_task("Blue", 0), phase=3)
    result = to_transitions([item], renderer())
    first, last = result.steps
    assert result.trajectories == ((first, last),)
    assert (first.reward, last.reward) == (0.0, 1.0)
    assert sum(step.reward for step in result.steps) == item.outcome == first.outcome
    assert (first.steps_to_go, last.steps_to_go) == (1, 0)
    assert (first.steps_done, last.steps_done) == (0, 1)
    assert (first.next_prompt_ids, last.next_prompt_ids) == (last.prompt_ids, None)
    assert first.phase == 3
    assert renderer().decode_action(first.action_ids) == item.trajectory.steps[0].completion.text
    assert first.action_ids[-1] == 1


def test_a_failure_is_rewarded_nowhere():
    result = to_transitions([demonstration(toy_task("Blue", 0), WANDERING)], renderer())
    assert [step.reward for step in result.steps] == [0.0, 0.0, 0.0]
    assert {step.outcome for step in result.steps} == {0.0}


def test_prompts_hold_the_actions_before_them():
    item = demonstration(toy_task("Blue", 0), WANDERING)
    prompts = [step.prompt_ids for step in to_transitions([item], renderer()).steps]
    steps = item.trajectory.steps
    assert prompts[2] == renderer().render(steps[2].observation, ['Click "Green"', 'Click "Home"']).token_ids


def test_sampled_ids_are_trained_on_as_they_are():
    item = with_steps(demonstration(toy_task("Blue", 0)), completion={0: Completion("cut off", (7, 8, 9), (0.0,) * 3)})
    assert to_transitions([item], renderer()).steps[0].action_ids == (7, 8, 9)


def test_steps_that_render_differently_are_left_out_counted_and_told(caplog):
    item = demonstration(toy_task("Blue", 0), WANDERING)
    right = renderer().render(item.trajectory.steps[0].observation, ())
    other = dataclasses.replace(right, token_ids=(*right.token_ids, 5))
    result = to_transitions([with_steps(item, prompt={0: right, 1: other})], renderer())
    assert result.rendered_differently == 1
    assert "1 steps are not learned from" in caplog.text
    assert [step.steps_to_go for step in result.steps] == [2, 0]
    # the state after the first step is still a state, not the end of the episode
    assert result.steps[0].next_prompt_ids == to_transitions([item], renderer()).steps[1].prompt_ids


def test_an_action_that_does_not_fit_behind_its_prompt_is_left_out_and_counted():
    item = demonstration(toy_task("Blue", 0))
    endless = with_steps(item, completion={1: Completion('exit(message="' + "\n" * 1100 + '")')})
    result = to_transitions([endless], renderer())
    assert [step.steps_to_go for step in result.steps] == [1]
    assert result.too_long == 1
    sampled = with_steps(item, completion={0: Completion("cut off", tuple(range(1, 1025)), (0.0,) * 1024)})
    assert to_transitions([sampled], renderer()).too_long == 1


def test_a_step_into_a_state_that_does_not_fit_is_left_out_too():
    item = demonstration(toy_task("Blue", 0), WANDERING)
    bare = with_steps(item, observation={2: {**item.trajectory.steps[2].observation, "instruction": "Open\n" * 200}})
    result = to_transitions([bare], renderer(max_tokens=200))
    assert [step.steps_to_go for step in result.steps] == [2]
    assert result.too_long == 2


def test_steps_that_do_not_fit_are_left_out_and_counted():
    result = to_transitions([demonstration(toy_task("Blue", 0))], renderer(max_tokens=3))
    assert result.trajectories == ()
    assert result.too_long == 2
