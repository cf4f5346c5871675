"""WebRL's use of the supervised policy's first attempts: experience, retries, a fit before the first phase."""

import pytest

from agents.labelling import RuleLabeller
from tests.agents.toy_env import ToySuite, demonstration
from tests.agents.toy_runs import TASKS, Interrupting, environments, started_policy, webrl, weights

FAILED = ['do(action="Click", element="1")', "exit()"]


def test_the_first_phase_begins_with_what_earlier_attempts_left():
    done, *failed = [demonstration(task, FAILED if place else None) for place, task in enumerate(TASKS)]
    attempts = [done, *(item for item in failed if not item.label.success)]
    fitted = webrl(started_policy(), demonstrations=(), attempts=attempts, begin_with_attempts=True)
    assert fitted.experience.trajectories == 1
    algorithm = webrl(started_policy(), attempts=attempts, phases=1)
    assert algorithm.experience.trajectories == 3  # the demonstrations, as in the paper
    algorithm.learn()
    (metrics,) = algorithm.history
    assert metrics["curriculum/kept"] + metrics["curriculum/from_suite"] == 12
    assert metrics["curriculum/proposed"] > 0


def test_failed_tasks_of_the_suite_are_attempted_again():
    attempted = []

    class Recording(RuleLabeller):
        def judge(self, trajectories):
            attempted.append({item.task.task_id: item.rule_verdict.success for item in trajectories})
            return super().judge(trajectories)

    tasks = ToySuite(orders=4).tasks
    algorithm = webrl(
        started_policy(),
        environments(orders=4),
        attempts=[demonstration(task, FAILED) for task in tasks],
        labeller=Recording(),
        retried_share=0.5,
        value_low=0.0,
        value_high=1.0,
        seed=1,
    )
    algorithm.learn()
    first, second = algorithm.history
    assert first["curriculum/retried"] == 6
    assert all(item["curriculum/kept"] + item["curriculum/retried"] <= 12 for item in (first, second))
    done = {name for name, success in attempted[0].items() if success and name.startswith("toy-train")}
    assert done
    assert not done & attempted[1].keys()
    assert sum(name.startswith("toy-train") for name in attempted[1]) == second["curriculum/retried"] > 0
    with pytest.raises(ValueError, match=r"retried_share in \[0, 1\], got 2"):
        webrl(started_policy(), retried_share=2)


def test_attempts_are_learned_from_once_where_a_callback_stops_the_first_phase():
    def begun():
        attempts = [demonstration(task) for task in TASKS]
        return webrl(started_policy(), attempts=attempts, begin_with_attempts=True, phases=1)

    straight, stopped = begun(), begun()
    straight.learn()
    stopped.learn(callback=lambda *_: False)
    assert stopped.phase == 0
    stopped.learn()
    assert weights(stopped.policy).equal(weights(straight.policy))


def test_the_same_object_learns_from_attempts_again_when_it_resumes_before_the_first_phase(tmp_path):
    def begun(**settings):
        attempts = [demonstration(task) for task in TASKS]
        return webrl(started_policy(), attempts=attempts, begin_with_attempts=True, phases=1, **settings)

    straight = begun()
    straight.learn()
    stopped = begun(checkpoint_folder=tmp_path, progress=Interrupting("rollout", 1))
    with pytest.raises(KeyboardInterrupt):
        stopped.learn()
    assert stopped.resume()
    stopped.learn()
    assert weights(stopped.policy).equal(weights(straight.policy))


@pytest.mark.parametrize(("is_weighed", "order"), [(True, ["critic", "policy"]), (False, ["policy", "critic"])])
def test_the_critic_learns_first_where_its_values_weigh_the_attempts(is_weighed, order):
    attempts = [demonstration(task, FAILED if place else None) for place, task in enumerate(TASKS)]
    settings = {"begin_with_attempts": True, "critic_advantage": is_weighed, "phases": 1}
    algorithm = webrl(started_policy(), attempts=attempts, progress=(watching := Interrupting()), **settings)
    algorithm.learn()
    assert watching.begun[:2] == order


@pytest.mark.slow
def test_the_policy_may_learn_from_the_attempts_before_the_first_phase():
    attempts = [demonstration(task) for task in TASKS for _ in range(12)]
    settings = {"attempts": attempts, "schedule": "run", "instructions_per_phase": 48, "critic_advantage": False}
    plain = webrl(started_policy(epochs=50), kl_coef=0.05, **settings)
    begun = webrl(started_policy(epochs=50), kl_coef=0.05, begin_with_attempts=True, **settings)
    assert [plain.policy_fit(phase).learning_rate for phase in (1, 2)] == pytest.approx([3e-3, 1.5e-3])
    assert [begun.policy_fit(phase).learning_rate for phase in (0, 1, 2)] == pytest.approx([3e-3, 2e-3, 1e-3])
    for algorithm in (plain, begun):
        algorithm.learn()
    assert begun.history[0]["rollout/success_rate"] > plain.history[0]["rollout/success_rate"] + 0.2
    without = webrl(started_policy(), schedule="run", begin_with_attempts=True)
    assert without.policy_fit(1).learning_rate == 3e-3
