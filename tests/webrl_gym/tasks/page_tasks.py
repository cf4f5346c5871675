"""A small site of its own, and page tasks on it that go right and wrong."""

from __future__ import annotations

from urllib.parse import parse_qs

import numpy as np

from webrl_gym.actions import leave
from webrl_gym.tasks.page_suite import PageSuite
from webrl_gym.tasks.page_task import PageTask, TaskPage
from webrl_gym.tasks.page_view import Oracle, PageView

ORIGIN = "http://greetings.test"
NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances")
FORM = b"""<!DOCTYPE html><title>Greetings</title><form><label>Name <input name="name"></label>
<button>Greet</button></form><h1></h1><script>
const name = new URLSearchParams(location.search).get("name");
if (name) document.querySelector("h1").textContent = `Hello ${name}`;
</script>"""


def greetings(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    assert set(parse_qs(environ["QUERY_STRING"])) <= {"name"}
    return [FORM]


class Greet(PageTask):
    task_id = "greetings/greet"
    start_urls = (f"{ORIGIN}/",)
    max_steps = 3
    summary = "Greet somebody"
    tags = ("form",)

    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:
        self.name = str(rng.choice(NAMES))
        page.evaluate(f"document.title = 'For {self.name}'")
        return f"Greet {self.name}."

    def score(self, page: TaskPage, answer: str) -> float:
        greeted = page.evaluate("document.querySelector('h1').textContent") == f"Hello {self.name}"
        return 1.0 if greeted and answer == "done" else 0.5 if greeted else 0.0

    def solve(self, page: PageView) -> Oracle:
        name = page.observation["instruction"].removeprefix("Greet ").rstrip(".")
        page = yield page.type("Name", name)
        yield page.click("Greet")
        yield leave("done")


class GreetAtOnce(Greet):
    """Ends by itself."""

    task_id = "greetings/at-once"

    def is_over(self, page: TaskPage) -> bool:
        return page.url.endswith(f"?name={self.name}")

    def score(self, page: TaskPage, answer: str) -> float:
        return float(self.is_over(page))


class Elsewhere(Greet):
    """Begins on a page that it opens itself."""

    task_id = "greetings/elsewhere"
    target = f"{ORIGIN}/?name=nobody"

    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:
        page.goto(self.target)
        return super().set_up(page, rng)


class TooFar(Elsewhere):
    task_id = "greetings/too-far"
    target = "http://elsewhere.test/"


class BadSetUp(Greet):
    task_id = "greetings/bad-set-up"

    def set_up(self, page: TaskPage, rng: np.random.Generator) -> str:
        return str(page.evaluate("nothing.at.all"))


class BadEnd(Greet):
    task_id = "greetings/bad-end"

    def is_over(self, page: TaskPage) -> bool:
        return bool(page.evaluate("await fetch()"))


class BadScore(Greet):
    task_id = "greetings/bad-score"

    def score(self, page: TaskPage, answer: str) -> float:
        return float(page.evaluate("null.value"))


class OddScore(Greet):
    task_id = "greetings/odd-score"

    def score(self, page: TaskPage, answer: str) -> float:
        return 7.0


def greetings_suite() -> PageSuite:
    tasks = [Greet, GreetAtOnce, Elsewhere, TooFar, BadSetUp, BadEnd, BadScore, OddScore]
    return PageSuite("greetings", tasks, origins=[ORIGIN], pages=greetings)
