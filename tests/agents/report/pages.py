"""Attempts at pages that hold everything a page can hold, hostile text included."""

from agents.report.viewer import ShownTrajectory
from agents.results import EpisodeResult
from agents.types import Completion, Prompt, Step, Trajectory
from tests.agents.toy_env import toy_task
from webrl_gym.types import Observation, OutcomeVerdict, Site, VerdictStatus

HOSTILE = "</script></style><script>window.owned=1</script><img src=x onerror='window.owned=1'>\"'&<!--"
HOSTILE_PAGE = (
    f"<h1> {HOSTILE} </h1>\n<script>window.owned=1</script>\n<img src=x onerror=window.owned=1>\n"
    f'<a id="0" href="javascript:window.owned=1" onclick="window.owned=1"> {HOSTILE} </a>\n<svg onload=window.owned=1>'
)
PAGE = """[tabs *0: My Account | 1: Postmill]
Welcome! <a id="0"> My Account </a> <a id="1"> Sign Out </a>
<input id="2" label="Search" value="lamp"> <button id="3"> Search </button>
<summary id="4" expanded="false"> Menu </summary>
<h1> My Orders &lt;3 </h1>
<tr> <th> Order # </th> <th> Status </th> <th> Action </th> </tr>
<tr> <td> 000000170 </td> <td> Canceled </td> <td> <a id="5"> View Order </a> </td> </tr>
<select id="6" label="Sort By" value="Price"> Position | Price </select>
<input id="7" type="checkbox" label="New" checked> <button disabled> Buy </button>
[12 lines below: Scroll Down to see them]"""
RESULT_PAGE = "<h1> Order 000000170 </h1>\nThe lamp of Zanzibar"


def attempt(agent, number=0, *, success=True, page=PAGE, action='do(action="Click", element="5")', **changes):
    task = toy_task("Blue", 1, task_id=f"toy/{number}", instruction=f"Find order {number}", sites=(Site.SHOPPING,))
    first = Observation(
        instruction=task.instruction, url="http://shopping.test/orders", html=page, last_action_error=""
    )
    final = Observation(
        instruction=task.instruction, url="http://shopping.test/170", html=RESULT_PAGE, last_action_error=""
    )
    steps = (
        Step(first, Prompt((1,), f"task: {task.instruction}\npage:\n{page}", 7), Completion(f"# Note: look\n{action}")),
        Step(final, Prompt((), ""), Completion('exit(message="Canceled")'), 1.0, {"action_error": ""}),
    )
    verdict = OutcomeVerdict(VerdictStatus.SCORED, float(success), "rules", detail="all checks hold")
    return ShownTrajectory(agent, Trajectory(task, steps, final, 1, False, None, verdict), **changes)


def results(*outcomes):
    return [EpisodeResult(f"toy/{number}", "OSS", "scored", done, 2) for number, done in enumerate(outcomes)]
