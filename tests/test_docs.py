"""The documentation does what it shows: code runs, commands exist, links lead somewhere, trees are the real trees."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import pytest
import yaml

import agents.errors
import webrl_gym
import webrl_gym.errors
from agents.actors import load_agent
from agents.hydra_entry import unknown_keys
from agents.panel import PanelFolder, run_agent
from agents.report.__main__ import parser as report_parser
from webrl_gym.cli import main as command_line

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGS = sorted((ROOT / "conf").rglob("*.yaml"))
GENERAL_COMMANDS = {"git", "cd", "pip", "playwright", "python", "uv", "rm", "source", "tensorboard"}
ROOT_FILES = {"webrl-benchmark": "benchmark", "webrl-orm": "train_orm", "webrl-train": "train"}


def name_of(path: object) -> str:
    return str(path.relative_to(ROOT)) if isinstance(path, Path) else ""


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Fenced blocks of a page: language and text."""
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield match[1], match[2]


PYTHON = [
    pytest.param(text, id=f"{name_of(path)}-{number}")
    for path in PAGES
    for number, (language, text) in enumerate(blocks(path))
    if language == "python"
]
SCRIPTS = [text for text in (str(param.values[0]) for param in PYTHON) if not re.match(r"# \w+\.py\n", text)]
FILES = [text for text in (str(param.values[0]) for param in PYTHON) if re.match(r"# \w+\.py\nclass Agent", text)]


def commands() -> Iterator[str]:
    """Every shell line of the pages, and the usage lines at the head of configuration files."""
    for path in PAGES:
        for language, text in blocks(path):
            if language in {"", "bash", "sh", "console"}:
                for line in text.splitlines():
                    yield from (part.strip() for part in line.removeprefix("$ ").split("&&"))
    for path in CONFIGS:
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"# +(webrl-(?:train|benchmark)(?:\s.*)?)$", line):
                yield re.split(r"\s{2,}", match[1])[0]


# With files of one's own beside it, a command is run by tests/agents/test_new_algorithm_page.py.
COMMANDS = sorted({command for command in commands() if command and "--config-dir" not in command})


def console_scripts() -> dict[str, str]:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = settings["options.entry_points"]["console_scripts"].strip().splitlines()
    return {name.strip(): target.strip() for name, _, target in (line.partition("=") for line in lines)}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_there_is_something_to_check() -> None:
    assert SCRIPTS, "README.md shows no five lines"
    assert FILES, "README.md shows no agent of one's own"
    assert any(command.startswith("make demo") for command in COMMANDS)


@pytest.mark.parametrize("text", SCRIPTS)
def test_shown_code_runs(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    try:
        exec(compile(text, "README.md", "exec"), names)
    finally:
        for value in names.values():
            if isinstance(value, gymnasium.Env):
                value.close()
    if "print(" in text:
        assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("text", FILES)
def test_a_shown_agent_can_be_benchmarked(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = text.partition(".py")[0].removeprefix("# ")
    (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    env = gymnasium.make(webrl_gym.ENV_ID, suite="practice-valid")
    try:
        tasks = list(env.get_wrapper_attr("suite"))[:2]
        folder = PanelFolder(tmp_path / "results", f"{module}:Agent", tasks)
        results = run_agent(env, load_agent(f"{module}:Agent"), folder)
    finally:
        env.close()
    assert [(result.task_id, result.status) for result in results] == [(task.task_id, "scored") for task in tasks]


@pytest.mark.parametrize("command", COMMANDS)
def test_shown_commands_exist(command: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    if program == "make":
        assert set(arguments) <= make_targets()
    elif program == "webrl-gym":
        assert shown_by_help(arguments[0])
    elif program == "webrl-report":
        assert report_parser().parse_args(arguments).folder
    elif program in ROOT_FILES:
        assert unknown_keys(ROOT_FILES[program], arguments) == []
    else:
        assert program in GENERAL_COMMANDS
    if program.startswith("webrl-"):
        assert program in console_scripts()


def shown_by_help(subcommand: str) -> bool:
    with pytest.raises(SystemExit) as stopped:
        command_line([subcommand, "--help"])
    return stopped.value.code == 0


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_named_in_prose_exist(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    spoken = [shlex.split(code) for code in re.findall(r"`((?:make|webrl-[a-z]+)(?: [^`]*)?)`", text)]
    for program, *arguments in spoken:
        if program == "make":
            assert {argument for argument in arguments if "=" not in argument} <= make_targets()
        elif program in console_scripts():
            assert program != "webrl-gym" or not arguments or shown_by_help(arguments[0])


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    lost = []
    for target in (target for target in targets if not re.match(r"https?:|mailto:", target)):
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        if not page.exists() or (anchor and page.suffix == ".md" and anchor not in anchors(page)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_files_and_names_in_prose_exist(path: Path) -> None:
    spoken = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
    lost = []
    for code in spoken:
        if code == webrl_gym.ENV_ID:
            continue
        if re.fullmatch(r"(?:webrl_gym|agents|conf|benchmarks|tests|docs)/[\w./-]*", code):
            lost += [] if (ROOT / code).exists() else [code]
        elif re.fullmatch(r"(?:webrl_gym|agents|benchmarks)(?:\.\w+)+", code):
            lost += [] if resolves(code) else [code]
    assert lost == []


def configured(tree: Mapping[str, Any], group: str = "") -> Iterator[str]:
    """Keys of a configuration file, groups of keys too, as the command line names them."""
    for key, value in tree.items():
        if not isinstance(key, str) or key == "defaults":
            continue
        yield f"{group}{key}"
        if isinstance(value, Mapping):
            yield from configured(value, f"{group}{key}.")


def configured_keys() -> set[str]:
    """Every key of the configuration, whatever is chosen of each group; an experiment's are those of a root."""
    found: set[str] = set()
    for path in CONFIGS:
        is_root = path.parent.name in ("conf", "experiment", "debug")
        tree = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        found.update(configured(tree, "" if is_root else f"{path.parent.name}."))
    return found


def test_keys_and_options_in_prose_exist() -> None:
    known = configured_keys()
    groups = {key.partition(".")[0] for key in known if "." in key} - {"env"}  # that is an object, too
    lost = []
    for path in PAGES:
        for code in re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")):
            for group, key in re.findall(r"^(\w+)\.([a-z_.]+)(?:=.*)?$", code):
                is_file = re.search(r"\.(?:jsonl?|gz|py)$", code)
                if group in groups and not is_file and f"{group}.{key}" not in known:
                    lost.append(f"{name_of(path)}: {code}")
            for group, option in re.findall(r"^(experiment|algorithm|curriculum|orm|env|model)=(?!null)(\w+)$", code):
                if not (ROOT / "conf" / group / f"{option}.yaml").exists():
                    lost.append(f"{name_of(path)}: {code}")
    assert lost == []


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a module, or something inside one."""
    parts = dotted.split(".")
    found: Any = import_module(parts[0])
    for depth, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            try:
                import_module(".".join(parts[:depth]))
            except ModuleNotFoundError:
                return False
        found = getattr(found, part)
    return True


def glossary() -> list[str]:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"^\| \*\*(.+?)\*\* \|", rows, re.MULTILINE)


def test_the_glossary_has_each_word_once() -> None:
    words = glossary()
    assert len(words) > 10
    assert len(words) == len(set(words))


def test_the_glossarys_words_are_used() -> None:
    """A word that nobody writes has been replaced by another one, which the glossary should then hold."""
    files = [path for folder in ("webrl_gym", "agents", "conf") for path in (ROOT / folder).rglob("*.[py][ya]*")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in {".py", ".yaml"}]
    texts += [path.read_text(encoding="utf-8") for path in PAGES if path.name != "glossary.md"]
    everything = "\n".join(texts).lower()
    unused = [
        word
        for word in glossary()
        if not re.search(r"(?<![a-z])" + re.escape(word.lower()).replace(r"\ ", r"[\s_-]+"), everything)
    ]
    assert unused == []


def drawn_tree(text: str) -> dict[str, str | None]:
    """Classes of a tree drawn with box characters, each with the one above it."""
    found: dict[str, str | None] = {}
    branch: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = re.match(r"([│├└─\s]*)(\w+)\b", line)
        if not match or (match[1].strip() == "" and found):
            if found and not line.strip():
                break
            continue
        if not found and not re.fullmatch(r"\w+Error", line.strip()):
            continue
        depth, name = len(match[1]), match[2]
        while branch and branch[-1][0] >= depth:
            branch.pop()
        found[name] = branch[-1][1] if branch else None
        branch.append((depth, name))
    return found


@pytest.mark.parametrize("module", [webrl_gym.errors, agents.errors], ids=lambda module: module.__name__)
def test_the_tree_of_errors_is_the_drawn_one(module: ModuleType) -> None:
    classes = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    defined = {kind.__name__: kind.__base__.__name__ for kind in classes if kind.__base__}
    (root,) = (name for name, base in defined.items() if base == "Exception")
    assert drawn_tree(module.__doc__ or "") == {**defined, root: None}


def test_decisions_are_numbered_and_say_why() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for number, path in enumerate(records, start=1):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {number}. "), path.name
        assert "**Context.**" in text, path.name
        assert "**Decision.**" in text, path.name


def test_the_changelog_names_what_is_being_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## (?:Unreleased|\[?{re.escape(webrl_gym.__version__)}\]?)", text, re.MULTILINE)
