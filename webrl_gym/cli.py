"""``webrl-gym``: looks at suites, tasks, pages and sites, plays a task, serves the sites, finds a browser.

Needs the environment only, not the learner.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from webrl_gym import serving
from webrl_gym.errors import BrowserMissing, InfrastructureError, SiteError, TaskFileError, WebRLGymError
from webrl_gym.observation import DEFAULT_BUDGET, simplify
from webrl_gym.observation_webrl import simplify_webrl
from webrl_gym.tasks.registry import suite_names
from webrl_gym.types import Semantics, VerdictStatus

_LEAST_BUDGET = 200
"""Least characters that a window of profile ``full`` can have."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except (WebRLGymError, ValueError) as error:
        print(f"webrl-gym: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="webrl-gym", description="WebArena-Lite as a Gymnasium environment.")
    parser.add_argument("--version", action="version", version=f"webrl-gym {version('webrl-gym')}")
    commands = parser.add_subparsers(required=True, metavar="command")

    suites = commands.add_parser("suites", help="list the task suites")
    suites.set_defaults(run=_suites)

    tasks = commands.add_parser("tasks", help="list the tasks of a suite")
    tasks.add_argument("suite", help=f"one of {', '.join(suite_names())}")
    tasks.set_defaults(run=_tasks)

    play = commands.add_parser("play", help="let the scripted oracle do a task and print every page it reads")
    play.add_argument("task_id", help="for example practice-test/shopping.order_status/0")
    play.add_argument("--engine", default="static", choices=("static", "chromium"))
    play.add_argument("--seed", default=0, type=_seed, help="decides what a page task draws; 0 or more (%(default)s)")
    play.set_defaults(run=_play)

    observe = commands.add_parser("observe", help="print what a policy reads of any page")
    observe.add_argument("page", help="an address (http, https or file), or the path of an HTML file")
    observe.add_argument("--profile", default="full", choices=("full", "webrl"))
    observe.add_argument("--budget", type=int, default=DEFAULT_BUDGET, help="longest text, in characters (%(default)s)")
    observe.add_argument("--screenshot", type=Path, metavar="PATH", help="write the window as PNG, too")
    observe.set_defaults(run=_observe)

    doctor = commands.add_parser("doctor", help="check the sites before any task; the exit status tells")
    doctor.add_argument("--sites", default="embedded", choices=("embedded", "urls"), help="urls: SHOPPING, GITLAB, …")
    doctor.add_argument("--engine", choices=("static", "chromium"), help="default: what environments use there")
    doctor.add_argument(
        "--reset-url", metavar="URL", help="the reset server, with --sites urls; default: WA_FULL_RESET"
    )
    doctor.add_argument("--seconds", type=float, metavar="S", help="longest wait for one answer; with --sites urls")
    doctor.set_defaults(run=_doctor)

    serving.add_command(commands)

    rescore = commands.add_parser("rescore", help="score a stored run again, for example with a judge")
    rescore.add_argument("folder", type=Path, help="a folder with trajectories.jsonl, or a trajectory file")
    rescore.add_argument(
        "--semantics", choices=[kind.value for kind in Semantics], help="those of the run's card.json, else vab"
    )
    rescore.add_argument(
        "--sites",
        default="embedded",
        choices=("embedded", "urls"),
        help="urls: it was played on SHOPPING, GITLAB, …; its card.json tells, too",
    )
    rescore.add_argument("--judge-url", metavar="URL", help="OpenAI-compatible server, up to /v1")
    rescore.add_argument("--judge-model", metavar="NAME", help="verdicts are kept by model: the cache needs it, too")
    rescore.add_argument("--judge-key", default="WEBRL_JUDGE_API_KEY", metavar="VARIABLE", help="holds the key")
    rescore.add_argument("--judge-cache", type=Path, metavar="FOLDER", help="verdicts kept; enough without a server")
    rescore.add_argument("--output", type=Path, metavar="FILE", help="write the verdicts as JSON lines")
    rescore.set_defaults(run=_rescore)

    browser = commands.add_parser("browser", help="say which Chromium is used")
    browser.add_argument("--install", action="store_true", help="install one when there is none")
    browser.set_defaults(run=_browser)
    return parser


def _seed(text: str) -> int:
    """A seed, as Gymnasium takes it.

    Raises:
        argparse.ArgumentTypeError: If the text is none.
    """
    if not re.fullmatch(r"\d+", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def _suites(_options: argparse.Namespace) -> int:
    from webrl_gym.suites import find_suite

    for name in suite_names():
        try:
            suite = find_suite(name)
        except TaskFileError as problem:
            print(f"{name:16} {problem}")
            continue
        templates = {task.template for task in suite} - {None}
        if templates:
            source = f"from {len(templates)} templates"
        elif any(task.sites for task in suite):
            source = "of the official file"
        else:
            source = "with pages of their own (engine=chromium)"
        print(f"{name:16} {len(suite):5} tasks {source}")
    return 0


def _tasks(options: argparse.Namespace) -> int:
    from webrl_gym.suites import find_suite

    for task in find_suite(options.suite):
        print(f"{task.task_id:52} {task.instruction}")
    return 0


def _play(options: argparse.Namespace) -> int:
    from webrl_gym.env import WebArenaLiteEnv
    from webrl_gym.tasks.oracle import OracleAgent

    env = WebArenaLiteEnv(suite=options.task_id.split("/")[0], engine=options.engine)
    try:
        observation, info = env.reset(seed=options.seed, options={"task": options.task_id})
        agent = OracleAgent(env.suite.solve)
        agent.reset(info["task"])
        print(f"instruction: {observation['instruction']}")
        over = False
        while not over:
            print(f"\n--- {observation['url']}\n{observation['html']}")
            action = agent.act(observation)
            print(f"\n>>> {action}")
            observation, reward, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        print(f"\nreward {reward}: {info['failure'] or info['verdict'].detail}")
        return 0 if reward == 1.0 else 1
    finally:
        env.close()


def _observe(options: argparse.Namespace) -> int:
    from webrl_gym.engines.chromium import ChromiumEngine

    if options.budget < _LEAST_BUDGET:
        raise ValueError(f"budget must be at least {_LEAST_BUDGET}, got {options.budget}")
    try:
        url, origins = _address(options.page)
        with closing(ChromiumEngine(None, origins=origins, profile=options.profile)) as engine:
            engine.start([url], [])
            page = engine.snapshot()
            if options.profile == "webrl":
                text = simplify_webrl(page).text[: options.budget]
            else:
                text, _ = simplify(page).window(0, options.budget)
            print(page.url, text, sep="\n")
            if options.screenshot is not None:
                options.screenshot.write_bytes(engine.screenshot() or b"")
    except (BrowserMissing, BrokenPipeError):
        raise
    except (InfrastructureError, OSError) as error:
        print(f"webrl-gym: {error}", file=sys.stderr)
        return 1
    return 0


def _rescore(options: argparse.Namespace) -> int:
    from webrl_gym.deployment.addresses import find_deployment
    from webrl_gym.evaluation import make_judge
    from webrl_gym.rescoring import recorded_semantics, rescore

    if options.output is not None and (refusal := _why_not_written(options.output)):
        # Said before anything is scored: a judge may have been asked for hours by then.
        raise ValueError(refusal)
    judge = make_judge(
        {
            "base_url": options.judge_url,
            "model": options.judge_model,
            "api_key_variable": options.judge_key,
            "cache": options.judge_cache,
        }
    )
    semantics = options.semantics or recorded_semantics(options.folder)
    deployment = find_deployment() if options.sites == "urls" else None
    counts, strays = Counter[str](), Counter[str]()
    lines = []
    for attempt in rescore(options.folder, semantics=semantics, judge=judge, deployment=deployment):
        was, now = _outcome(attempt.before), _outcome(attempt.verdict)
        counts[now] += 1
        strays.update([attempt.stray] if attempt.stray else [])
        lines.append(json.dumps({"task_id": attempt.task_id, "verdict": attempt.verdict}))
        if was != now:
            print(f"{attempt.task_id}: {was} -> {now}")
    if options.output is not None:
        try:
            options.output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as error:
            raise ValueError(f"{options.output} cannot be written: {error.strerror}") from error
    for place, number in strays.items():
        print(f"{number} kept as they were: their last page is at {place}, which is no known site (see --sites urls)")
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "no attempt", end="")
    print(f" ({semantics} semantics)")
    return 0


def _why_not_written(file: Path) -> str:
    """Why there can be no such file; empty as far as can be seen."""
    if file.is_dir():
        return f"{file} cannot be written: it is a folder"
    if not file.parent.is_dir():
        return f"{file} cannot be written: there is no folder {file.parent}"
    return ""


def _outcome(verdict: Mapping[str, Any] | None) -> str:
    """A verdict in a few words; a success that rests on fuzzy rules or a judge says so."""
    if verdict is None:
        return "failed"
    if verdict["status"] != VerdictStatus.SCORED:
        return str(verdict["status"])
    by = f" (fuzzy, by {verdict['fuzzy_by']})" if verdict.get("fuzzy_by") else ""
    return ("success" if verdict["score"] >= 1.0 else "no success") + by


def _address(page: str) -> tuple[str, list[str] | None]:
    """The address of a page, and what the browser is kept to: a file's folder; None for a page of the web."""
    try:
        parts = urlsplit(page)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise SiteError(f"{page!r} is not an address: {error}") from error
    if is_web:
        return page, None
    if parts.scheme == "file" and not parts.netloc:
        return page, [page.rpartition("/")[0] + "/"]
    path = Path(page).resolve()
    if not path.is_file():
        raise SiteError(f"expected an http, https or file address or the path of a file; there is no file {page!r}")
    return path.as_uri(), [path.parent.as_uri() + "/"]


def _doctor(options: argparse.Namespace) -> int:
    from webrl_gym.doctor import Verdict, examine

    for option, value in (("--reset-url", options.reset_url), ("--seconds", options.seconds)):
        if value is not None and options.sites == "embedded":
            raise ValueError(f"{option} means nothing to the embedded sites: it belongs to --sites urls")
    settings = {"reset_urls": options.reset_url, "answer_seconds": options.seconds}
    failed = False
    for check in examine(options.sites, options.engine, settings):
        print(check, flush=True)
        failed |= check.verdict is Verdict.FAILED
    return int(failed)


def _browser(options: argparse.Namespace) -> int:
    from webrl_gym.engines.browser_install import install_chromium, locate_chromium

    try:
        print(f"Chromium: {locate_chromium()}")
    except BrowserMissing:
        if not options.install:
            raise
        print(f"Chromium: {install_chromium()}")
    return 0
