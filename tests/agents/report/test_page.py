"""The report's page: what is on it, what must not be on it, and clicking through it in a real browser."""

import dataclasses
import itertools
import json
import re
from html.parser import HTMLParser

import pytest
from playwright.sync_api import sync_playwright

from agents.labelling import ConfusionMatrix
from agents.report import ReportData, RunData, render_report, write_report
from agents.report.viewer import ShownTrajectory
from agents.results import EpisodeResult
from agents.types import Completion, Prompt, Step, Trajectory
from tests.agents.report.parts import picture
from tests.agents.toy_env import toy_task
from webrl_gym.engines.browser_launch import chromium_flags, find_chromium
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


class TagChecker(HTMLParser):
    """Reads a page strictly: what is opened must be closed, in order, and no id may occur twice."""

    VOID = frozenset({"meta", "input", "br", "img", "link", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.tags = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute occurs twice in {tag}: {attrs}"
        self.ids += [values["id"]] if "id" in values else []
        self.references += [values[name] for name in ("href", "src", "aria-labelledby") if name in values]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"{tag} is closed and was never opened"
        assert self.open.pop() == tag, f"{tag} is closed out of order"


def checked(text):
    checker = TagChecker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    for reference in checker.references:
        assert reference.removeprefix("#") in checker.ids, f"{reference} leads out of the page"
    return checker


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


PHASES = [
    {"phase": 1, "rollout/success_rate": 0.1, "critic/loss": 1.0, "own/thing": 1.0, "experience/drawn": 7},
    {"phase": 2, "rollout/success_rate": 0.2, "critic/loss": 0.5, "curriculum/proposed": 5, "curriculum/kept": 5},
    {"phase": 3, "rollout/success_rate": 0.3, "curriculum/proposed": 4, "curriculum/too_hard": 4},
]
SECTIONS = {
    "results": "suites",
    "difficulty": "suites",
    "failures": "trajectories",
    "learning": "runs",
    "critic": "trajectories",
    "orm": "orm",
    "curriculum": "runs",
    "trajectories": "trajectories",
    "card": "run_card",
}
"""Sections of the page and the part of the data that each comes from."""


@pytest.fixture(scope="module")
def full():
    orm_says_no = OutcomeVerdict(VerdictStatus.SCORED, 0.0, "orm", p_yes=0.25, detail="P(YES) = 0.250")
    return ReportData(
        title="A report",
        run_card={"commit": "0123abc", "seeds": [0, 1], "engine": "static", "machine": {"cores": 2}},
        suites={
            "practice-valid": {"random": results(False, False), "webrl": results(True, False)},
            "practice-test": {"oracle": results(True, True), "webrl": results(True, True)},
        },
        runs={"nano": RunData(PHASES, {0: results(False), 1: results(True), 2: results(True, False)})},
        orm={"held out": ConfusionMatrix(40, 10, 120, 10)},
        trajectories=[
            attempt("webrl", 0, values=(0.25, 0.75), label=orm_says_no, screenshots={1: picture()}),
            attempt("webrl", 1, success=False),
            attempt("random", 0, success=False, action="what?"),
            dataclasses.replace(
                attempt("random", 1),
                trajectory=dataclasses.replace(attempt("random", 1).trajectory, steps=(), failure="SiteError: gone"),
            ),
        ],
        notes=["random: one line cannot be read."],
    )


def test_every_part_is_on_the_page(full):
    text = render_report(full)
    checker = checked(text)
    assert set(SECTIONS) - {"difficulty"} <= set(checker.ids)  # of these tasks all take two steps
    for words in ("practice-valid", "best learned agent: <b>webrl</b>", "86.2", "0123abc", "one line cannot be read"):
        assert words in text
    assert "Not drawn, since the run logged no such metric" in text
    assert "(policy/entropy)" in text
    assert render_report(full) == text


@pytest.mark.parametrize("part", sorted(set(SECTIONS.values())))
def test_every_part_stands_alone(full, part):
    checker = checked(render_report(ReportData(**{part: getattr(full, part)})))
    wanted = {section for section, source in SECTIONS.items() if source == part}
    assert set(checker.ids) & set(SECTIONS) == wanted - {"difficulty"}


def test_headings_are_in_order_and_tables_have_captions(full):
    longer = {"practice-valid": {"sft": [*results(True, False), EpisodeResult("toy/9", "OSS", "scored", True, 9)]}}
    text = render_report(dataclasses.replace(full, suites=longer))
    checker = checked(text)
    assert "difficulty" in checker.ids
    levels = [int(tag[1]) for tag in checker.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert checker.tags.count("table") == checker.tags.count("caption")
    charts = re.findall(r"<svg([^>]*)>", text)
    assert all('role="img" aria-label="' in chart or 'aria-hidden="true"' in chart for chart in charts)


def test_several_runs_stand_side_by_side(full):
    other = RunData([{"phase": 1, "rollout/success_rate": 0.4}])
    text = render_report(ReportData(runs={**full.runs, "other": other}))
    checked(text)
    assert "The runs side by side" in text
    assert text.count('<details class="run">') == 2
    assert "nano, phase 2" in text


def test_a_report_without_data_says_so():
    text = render_report(ReportData())
    checked(text)
    assert "This report has no data." in text
    assert "<script" not in text


def test_agents_without_episodes_and_phases_without_numbers_do_no_harm():
    runs = {"empty": RunData(), "r": RunData([{}, {"a/b": None}], {1: []})}
    data = ReportData(suites={"a": {}, "b": {"x": []}}, runs=runs, run_card={}, max_trajectories=0)
    checked(render_report(data))
    checked(render_report(dataclasses.replace(data, trajectories=[attempt("x")])))


def test_hostile_text_stays_text():
    item = attempt(HOSTILE, page=HOSTILE_PAGE, action=HOSTILE)
    card = {HOSTILE: HOSTILE, "config": {HOSTILE: [HOSTILE]}, "commit": HOSTILE}
    data = ReportData(
        title=HOSTILE,
        run_card=card,
        suites={HOSTILE: {HOSTILE: results(True), "x": [EpisodeResult("t", "OSS", HOSTILE, False, 1)]}},
        runs={HOSTILE: RunData([{HOSTILE: 1.0, f"rollout/success{HOSTILE}": 0.5, f"curriculum/{HOSTILE}": 1}])},
        orm={HOSTILE: ConfusionMatrix(1, 1, 1, 1)},
        trajectories=[item],
        notes=[HOSTILE],
    )
    text = render_report(data)
    checker = checked(text)
    assert checker.tags.count("script") == 2
    assert "img" not in checker.tags
    assert "<script>window" not in text
    block = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(block)["trajectories"][0]["steps"][0]["action"] == f"# Note: look\n{HOSTILE}"


def test_writing_replaces_the_whole_file_or_nothing(tmp_path, full):
    path = tmp_path / "new" / "report.html"
    write_report(path, full)
    assert path.read_text(encoding="utf-8") == render_report(full)
    with pytest.raises(ValueError, match="at least 0"):
        write_report(path, dataclasses.replace(full, max_trajectories=-1))
    assert path.read_text(encoding="utf-8") == render_report(full)
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    write_report(path, ReportData(title="half a pair \ud83d"))
    assert "half a pair ?" in path.read_text(encoding="utf-8")


def test_three_hundred_trajectories_stay_under_two_megabytes(tmp_path):
    items = [attempt("webrl", number, page=f"Page {number}\n" + PAGE * 30) for number in range(320)]
    write_report(tmp_path / "report.html", ReportData(trajectories=items))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert re.search(r"300 of 320 attempts.*left out:\s+20 of webrl\.", text, re.DOTALL)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        path = find_chromium(None, playwright.chromium.executable_path)
        launched = playwright.chromium.launch(executable_path=path, args=chromium_flags())
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a report; afterwards nothing may have been requested from elsewhere or have gone wrong in the page."""
    contexts, troubles = [], []

    def visit(data, width=1280, height=900, scheme="light", fragment=""):
        write_report(tmp_path / "report.html", data)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("request", lambda request: troubles.append(request.url) if request.url.startswith("http") else None)
        page.goto((tmp_path / "report.html").as_uri() + fragment)
        if data.trajectories:
            page.wait_for_selector("#viewer[data-ready=yes]")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.mark.browser
def test_clicking_through_the_steps_of_an_attempt(visit, full):
    page = visit(full)
    assert page.inner_text("#found") == "4 attempts"
    assert page.inner_text("#attempt h3") == "Find order 0"
    assert page.locator(".verdict").all_inner_texts() == [
        "✓ rules: done",
        "✗ ORM: not done, P(YES) = 0.25",
        "≠ they disagree",
    ]
    assert page.inner_text(".place") == "Step 1 of 2"
    assert page.inner_text(".what b") == 'Click "View Order"'
    assert "V 0.25" in page.inner_text(".what")
    assert page.inner_text(".action").split("\n") == ["# Note: look", 'do(action="Click", element="5")']
    assert page.inner_text(".url") == "http://shopping.test/orders"
    assert page.inner_text(".page .h1") == "My Orders <3"
    assert page.inner_text(".page .tab.open") == "0: My Account"
    assert page.locator(".page tr").count() == 2
    assert page.inner_text(".page .note") == "12 lines below: Scroll Down to see them"
    acted = page.locator(".acted")
    assert acted.count() == 1
    assert acted.inner_text().startswith("View Order")
    page.click(".read summary")
    assert page.inner_text(".read pre").startswith("task: Find order 0\npage:\n[tabs")
    assert "7 characters of the page left out" in page.inner_text(".read summary")

    page.click("text=Next →")
    assert page.inner_text(".place") == "Step 2 of 2"
    assert page.locator(".window img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 960
    page.click(".toggle")
    assert page.inner_text(".page .h1") == "Order 000000170"
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".place") == "The end"
    assert "Canceled" in page.inner_text(".card-action")
    assert "ORM: P(YES) = 0.250" in page.inner_text(".card-action")
    assert page.locator(".move.on").is_disabled()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text(".place") == "Step 1 of 2"
    page.click(".timeline li:nth-child(2) button")
    assert page.inner_text(".place") == "Step 2 of 2"


@pytest.mark.browser
def test_finding_an_attempt(visit, full):
    page = visit(full)
    page.select_option("#filter-agent", "random")
    assert page.inner_text("#found") == "2 of 4 attempts"
    assert page.inner_text(".what b") == "Not an action"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert "SiteError: gone" in page.inner_text("#attempt")
    page.keyboard.press("k")
    page.click(".same button:has-text('webrl')")
    assert page.inner_text(".what b") == 'Click "View Order"'
    page.select_option("#filter-agent", "")
    page.select_option("#filter-outcome", "rules and ORM disagree")
    assert page.inner_text("#found") == "1 of 4 attempts"
    page.select_option("#filter-outcome", "")
    page.fill("#filter-text", "ZANZIBAR order")
    assert page.inner_text("#found") == "4 attempts"
    page.fill("#filter-text", "what?")
    assert page.inner_text("#found") == "1 of 4 attempts"
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".place") == "Step 1 of 2"
    page.fill("#filter-text", "nowhere")
    assert page.inner_text("#found") == "No attempt fits the filter."


@pytest.mark.browser
def test_an_address_leads_to_a_step(visit, full):
    page = visit(full, fragment="#attempt-2-2")
    assert page.inner_text("#attempt h3") == "Find order 1"
    assert page.inner_text(".place") == "Step 2 of 2"
    assert page.evaluate("location.hash") == "#attempt-2-2"


@pytest.mark.browser
def test_a_compressed_report_is_unpacked_by_the_browser(visit):
    data = ReportData(trajectories=[attempt("webrl", number, page=f"Page {number}\n" * 500) for number in range(100)])
    page = visit(data)
    assert page.get_attribute("#viewer-data", "data-compressed") == "yes"
    page.click("#attempts li:nth-child(42) button")
    assert page.inner_text(".page p >> nth=0") == "Page 41"


@pytest.mark.browser
def test_a_hostile_page_runs_no_script(visit):
    item = attempt(HOSTILE, page=HOSTILE_PAGE, action=HOSTILE)
    page = visit(ReportData(title=HOSTILE, trajectories=[item]))
    assert page.title() == HOSTILE
    assert "window.owned" in page.inner_text(".page")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.click(".page .control")
    assert page.evaluate("window.owned") is None
    assert page.locator("#attempt script, #attempt img, #attempt svg, #attempt a").count() == 0


@pytest.mark.browser
def test_script_that_got_into_a_report_would_not_run(browser, full):
    context = browser.new_context()
    page = context.new_page()
    page.set_content(render_report(full).replace("<main", "<script>window.owned=1</script><main"))
    page.wait_for_selector("#viewer[data-ready=yes]")
    assert page.evaluate("window.owned") is None
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_never_scrolls_sideways_and_its_text_stands_out(visit, full, scheme):
    page = visit(full, scheme=scheme)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for width in (1280, 760, 400, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest('svg, :disabled, .skip')) continue;
    const [a, b] = [light(channels(getComputedStyle(node).color).slice(0, 3)), light(behind(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) weak.push([walker.currentNode.data.trim().slice(0, 30), contrast.toFixed(2)]);
  }
  return weak;
}"""
