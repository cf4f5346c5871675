"""DigiRL: imitate the steps that helped, in attempts that did something hard. A baseline of arXiv:2411.02337.

One phase: attempt the same instructions once more, keep every attempt, fit an instruction-level and a step-level value
function to all that is kept, take the attempts whose outcome exceeds what their instruction promised most, of these the
steps with a high doubly robust advantage, and imitate those.
Source: Bai et al. 2024, arXiv:2406.11896. Where WebRL's paper is silent about it: docs/decisions/0009.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from agents.algorithms.advantage_weighted import AdvantageWeighted
from agents.algorithms.base import PhaseMetrics
from agents.checkpoint import Checkpoint, load_module_tensors, module_tensors
from agents.critics import ValueCritic
from agents.errors import TrainingStopped
from agents.experience import TrajectoryBuffer
from agents.fitting import enough_passes, in_passes
from agents.inference import state_values, transition_size, transition_values
from agents.losses import digirl_actor_loss
from agents.policy import LLMPolicy
from agents.returns import doubly_robust_advantage, instruction_advantage, top_share
from agents.transitions import start_prompt, to_transitions
from agents.types import LabelledTrajectory, Transition
from agents.weighted_fitting import fit_values
from webrl_gym.types import Observation

_INSTRUCTIONS, _ROLLOUT, _SHOWING, _INSTRUCTION_CRITIC = range(4)


class DigiRL(AdvantageWeighted):
    """DigiRL, online on the instructions of the first phase.

    The first phase's training tasks are drawn once, and every phase attempts all of them.
    """

    setting_names = (*AdvantageWeighted.setting_names, "trajectory_share", "step_threshold", "replay_capacity")

    def __init__(
        self,
        policy: LLMPolicy,
        env: Any,
        *,
        critic: ValueCritic | None = None,
        instruction_critic: ValueCritic | None = None,
        trajectory_share: float = 0.1,
        step_threshold: float = 0.05,
        replay_capacity: int = 100_000,
        **shared: Any,
    ) -> None:
        """Sets DigiRL up.

        Args:
            policy: Is trained in place.
            env: A ``VecEnv`` or an environment; None to predict only.
            critic: V_step(s); made of the policy when None.
            instruction_critic: V_instruct(I), which reads the instruction alone; made of the policy when None.
            trajectory_share: Share of the kept attempts, those with the highest instruction-level advantage, whose
                steps the policy may learn from, in (0, 1].
            step_threshold: Doubly robust advantage that such a step must exceed, in [-1, 1].
            replay_capacity: Most steps that are kept, >= 1; the oldest attempts go first. WebRL's Table 4: 100,000.
            **shared: Arguments of ``AdvantageWeighted`` and ``OnlineAlgorithm``; ``discount`` is the lambda of the
                doubly robust advantage.

        Raises:
            ValueError: If a number is out of its range.
        """
        if not 0.0 < trajectory_share <= 1.0 or not -1.0 <= step_threshold <= 1.0:
            raise ValueError(
                "Expected trajectory_share in (0, 1] and step_threshold in [-1, 1], got "
                f"{trajectory_share} and {step_threshold}."
            )
        super().__init__(policy, env, critic=critic, **shared)
        self.trajectory_share = trajectory_share
        self.step_threshold = step_threshold
        self.replay_capacity = replay_capacity
        self.replay = TrajectoryBuffer(replay_capacity)
        own = instruction_critic if instruction_critic is not None else self._new_critic()
        self.instruction_critic = own.eval()

    def _run_phase(self, phase: int) -> PhaseMetrics:
        tasks = self.sample_tasks(self.instructions_per_phase, 1, _INSTRUCTIONS)  # in each phase the first one's
        collected = self.collect(tasks, phase, _ROLLOUT)
        metrics = collected.metrics
        kept = self.replay.with_items(collected.trusted)  # stored at the end: a phase may be begun again
        steps = sum(len(item.trajectory.steps) for item in kept)
        metrics.update({"replay/trajectories": len(kept), "replay/steps": steps})
        began = time.perf_counter()
        chosen = self._best_attempts(kept, phase, metrics)
        metrics["time/instruction_critic_s"] = time.perf_counter() - began
        seen = to_transitions(kept, self.policy.renderer).steps
        self.fit_critic(phase, seen, [step.outcome for step in seen], metrics)
        settings = self.policy_fit(phase, len(collected.labelling.labelled))
        helpful = self._helpful_steps(self.showings(chosen, phase, _SHOWING), metrics)
        weighed, passes = in_passes(enough_passes(helpful, lambda pair: transition_size(pair[0]), settings))
        if not weighed:
            raise TrainingStopped(
                f"empty batch: no step of the {len(chosen)} best attempts has an advantage above "
                f"step_threshold={self.step_threshold:g}."
            )
        shown, advantages = [step for step, _ in weighed], [advantage for _, advantage in weighed]
        loss = partial(digirl_actor_loss, threshold=self.step_threshold)
        self.fit_policy(shown, passes, advantages, loss, settings, metrics)
        self.replay.add(collected.trusted)
        return metrics

    def _best_attempts(
        self, kept: Sequence[LabelledTrajectory], phase: int, metrics: PhaseMetrics
    ) -> list[LabelledTrajectory]:
        """Kept attempts by their instruction-level advantage; V_instruct is fitted first."""
        prompts = [self._instruction_prompt(item) for item in kept]
        known = [(item, ids) for item, ids in zip(kept, prompts, strict=True) if ids is not None]
        items, states = [item for item, _ in known], [ids for _, ids in known]
        outcomes = [item.outcome for item in items]
        metrics["instruction_critic/loss"] = self.stage(
            "instruction_critic",
            lambda: fit_values(
                self.instruction_critic,
                states,
                outcomes,
                self.critic_settings(phase, _INSTRUCTION_CRITIC),
                with_trunk=self.critic_trunk,
                stage="instruction critic",
                progress=self.progress,
            ),
            changes=("instruction_critic",),
        )
        values = torch.tensor(state_values(self.instruction_critic, states, self.tokens_per_batch))
        is_chosen = top_share(instruction_advantage(values, torch.tensor(outcomes)), self.trajectory_share).tolist()
        chosen = [item for item, taken in zip(items, is_chosen, strict=True) if taken]
        metrics["instruction_critic/value_mean"] = float(values.mean())
        metrics["replay/chosen"] = len(chosen)
        metrics["replay/chosen_success_rate"] = fmean(item.outcome for item in chosen)
        return chosen

    def _instruction_prompt(self, item: LabelledTrajectory) -> tuple[int, ...] | None:
        """The instruction without any page; None where it does not fit, so that no step of the attempt does."""
        instruction = item.trajectory.steps[0].observation["instruction"]
        return start_prompt(
            self.policy.renderer, Observation(instruction=instruction, url="", html="", last_action_error="")
        )

    def _helpful_steps(
        self, showings: Iterable[Sequence[Transition]], metrics: PhaseMetrics
    ) -> Iterator[list[tuple[Transition, float]]]:
        """The steps of each pass whose advantage exceeds the threshold, with their advantages."""
        seen, kept, total = 0, 0, 0.0
        for steps in showings:
            values, next_values = transition_values(self.critic, steps, self.tokens_per_batch)
            advantages = doubly_robust_advantage(
                torch.tensor(values),
                torch.tensor(next_values),
                torch.tensor([step.reward for step in steps]),
                torch.tensor([step.outcome for step in steps]),
                torch.tensor([step.steps_to_go for step in steps]),
                self.discount,
            ).tolist()
            helpful = [pair for pair in zip(steps, advantages, strict=True) if pair[1] > self.step_threshold]
            seen, kept, total = seen + len(steps), kept + len(helpful), total + sum(values)
            metrics["advantage/helpful_share"] = kept / seen if seen else 0.0
            metrics["critic/value_mean"] = total / seen if seen else 0.0
            yield helpful

    def _networks(self) -> list[nn.Module]:
        return [*super()._networks(), *([self.instruction_critic] if self.critic_trunk else [])]

    def _state_tensors(self) -> dict[str, Mapping[str, Tensor]]:
        return {**super()._state_tensors(), "instruction_critic": module_tensors(self.instruction_critic)}

    def _state_lines(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        return {"replay": self.replay.as_records()}

    def _restore(self, checkpoint: Checkpoint) -> None:
        super()._restore(checkpoint)
        self.replay.replace_by(checkpoint.lines["replay"])

    def _load_tensors(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        super()._load_tensors(tensors)
        load_module_tensors(self.instruction_critic, tensors["instruction_critic"], "instruction critic")
