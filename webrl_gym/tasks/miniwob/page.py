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
  const CONTROLS = "a[href], button, input, select, textarea, [role]";
  const mark = (element) => {
    if (!element.matches(`${CONTROLS}, ul`) && !element.querySelector(`${CONTROLS}, ul, table, p`)) {
      element.setAttribute("role", "button");
    }
    if (element.matches("button, [role=button]") && !element.textContent.trim() && !element.ariaLabel) {
      element.ariaLabel = element.dataset.color ?? (element.className || element.id);
    }
  };
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === "click" && this instanceof HTMLElement) queueMicrotask(() => mark(this));
    return listen.call(this, type, ...rest);
  };
  core.EPISODE_MAX_TIME = 2 ** 31 - 1;
  core.setDataMode("train");
  Math.seedrandom(SEED);
  core.startEpisodeReal();
  core.clearTimer();
  core.startEpisode = () => {};
  core.cover_div.remove();
  document.getElementById("reward-display").hidden = true;
  for (const element of document.querySelectorAll("#area *")) {
    if (element.onclick || element.matches("button")) mark(element);
  }
  const utterance = core.getUtterance();
  return typeof utterance === "string" ? utterance : utterance.utterance;
})()"""


def set_up_script(seed: int) -> str:
    """A script that draws the problem of ``seed`` and gives its instruction.

    The longest time that a browser's timer takes stands for no limit. The countdown stops, since a page that changes
    every second is never quiet for long. The cover that a person clicks to begin never comes back. Pages leave it to
    the eye what can be clicked and what it is: what is given a click listener becomes a button by its role, unless it
    holds controls itself, and a button without text is called by its colour or its class.
    """
    return _SET_UP.replace("SEED", str(seed))
