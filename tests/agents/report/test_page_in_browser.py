"""The report's page in a real browser: clicking through it, hostile content, narrow windows, light and dark."""

import pytest
from playwright.sync_api import sync_playwright

from agents.report import ReportData, render_report, write_report
from tests.agents.report.pages import HOSTILE, HOSTILE_PAGE, attempt
from webrl_gym.engines.browser_launch import chromium_flags, find_chromium


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
