"""Scripts for MiniWoB++ pages: begin a problem, ask for its end and its reward.

The pages' ``core.js`` names: ``startEpisodeReal`` draws a problem, ``WOB_DONE_GLOBAL`` tells its end and
``WOB_RAW_REWARD_GLOBAL`` the reward before the time penalty.
"""

from __future__ import annotations

IS_OVER = "typeof WOB_DONE_GLOBAL !== 'undefined' && WOB_DONE_GLOBAL"
"""True once the page has given a reward; a page that was reloaded since has given none."""

RAW_REWARD = f"({IS_OVER}) ? WOB_RAW_REWARD_GLOBAL : 0"
"""The reward, -1 to 1."""

_SET_UP = """(() => {
  core.EPISODE_MAX_TIME = 2 ** 31 - 1;
  core.setDataMode("train");
  Math.seedrandom(SEED);
  core.startEpisodeReal();
  core.clearTimer();
  core.startEpisode = () => {};
  core.cover_div.remove();
  document.getElementById("reward-display").hidden = true;
  const utterance = core.getUtterance();
  return typeof utterance === "string" ? utterance : utterance.utterance;
})()"""


def set_up_script(seed: int) -> str:
    """A script that draws the problem of ``seed`` and gives its instruction.

    The longest time that a browser's timer takes stands for no limit. The countdown stops, since a page that changes
    every second is never quiet for long. The cover that a person clicks to begin never comes back.
    """
    return _SET_UP.replace("SEED", str(seed))
