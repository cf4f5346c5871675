"""WebArena-Lite as a Gymnasium environment, with embedded sites.

Importing this package registers ``webrl_gym/WebArenaLite-v0`` and needs neither torch nor a browser. Workers that did
not import it use ``gymnasium.make("webrl_gym:webrl_gym/WebArenaLite-v0")``.
"""

import gymnasium
from gymnasium.envs.registration import WrapperSpec

from webrl_gym.actions import Action, ActionKind, format_action, parse_action
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.page_task import PageTask
from webrl_gym.tasks.record import Task
from webrl_gym.tasks.registry import register_suite, suite_names
from webrl_gym.types import Observation, OutcomeVerdict, Site, VerdictStatus

__version__ = "0.1.0"

ENV_ID = "webrl_gym/WebArenaLite-v0"

__all__ = [
    "ENV_ID",
    "Action",
    "ActionKind",
    "Observation",
    "OutcomeVerdict",
    "PageSuite",
    "PageTask",
    "Site",
    "Task",
    "VerdictStatus",
    "__version__",
    "format_action",
    "parse_action",
    "register_suite",
    "suite_names",
]

# No max_episode_steps: the environment ends its own episodes, so that it can score them; the wrapper refuses a user's.
# No passive checker: after a reset that raised, as one may where sites fail, its next step raises a TypeError.
gymnasium.register(
    id=ENV_ID,
    entry_point="webrl_gym.env:WebArenaLiteEnv",
    disable_env_checker=True,
    additional_wrappers=(WrapperSpec("NoOuterLimit", "webrl_gym.wrappers.outer_limit:NoOuterLimit", kwargs={}),),
)
