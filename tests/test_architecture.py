"""The house holds its shape: who imports whom, what files are called, how long they are, what they never say."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import agents
import conf
import webrl_gym

ROOT = Path(__file__).parents[1]
PACKAGES = ("webrl_gym", "agents", "benchmarks")
SOURCES = sorted(path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*.py"))
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]
LAYOUT = ("webrl_gym", "agents", "benchmarks", "conf", "tests", "docs", ".ci")
TEXT_SUFFIXES = {".py", ".md", ".yaml", ".toml", ".cfg", ".html", ".css", ".js", ".sql", ".txt", ""}

# For every contract an import that breaks it. A contract that lets its own violation through holds nothing.
VIOLATIONS = {
    "Layers of the environment": ("webrl_gym/errors.py", "import webrl_gym.actions"),
    "Layers of the learner": ("agents/prompting.py", "import agents.policy"),
    "The environment knows no learner and no learning library": ("webrl_gym/env.py", "import torch"),
    "The learner meets the environment through gymnasium only": ("agents/rollout.py", "import webrl_gym.env"),
    "What the learner may import of the environment needs no browser, site or database": (
        "webrl_gym/tasks/practice/shopping/products.py",
        "import webrl_gym.sites.store",
    ),
    "Only the entry points know Hydra": ("agents/metrics.py", "import omegaconf"),
    "Returns and losses are functions of tensors": ("agents/losses.py", "import transformers"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


def test_every_import_contract_notices_its_violation(tmp_path: Path) -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    for file, statement in VIOLATIONS.values():
        with (tmp_path / file).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{statement}\n")

    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)\b", lint_imports(tmp_path).stdout, re.MULTILINE)

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert set(VIOLATIONS) == names, "every contract needs a violation here, and every violation a contract"
    assert dict(verdicts) == dict.fromkeys(names, "BROKEN")


@pytest.mark.parametrize("package", [webrl_gym, agents, conf], ids=lambda module: module.__name__)
def test_packages_are_the_ones_of_this_checkout(package: object) -> None:
    # `agents` and `conf` are common words: another distribution's package of that name would be tested instead of ours.
    assert Path(str(package.__file__)).parent.parent == ROOT


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
    assert [path for path in SOURCES if drawers & {path.stem, *path.relative_to(ROOT).parts[:-1]}] == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_tests_mirror_the_packages() -> None:
    """A test folder without a package beside it tests something that was moved or removed."""
    folders = [path for path in (ROOT / "tests").rglob("*") if path.is_dir() and path.name.isidentifier()]
    with_tests = [path.relative_to(ROOT / "tests") for path in folders if any(path.glob("test_*.py"))]
    assert [str(folder) for folder in with_tests if not (ROOT / folder).is_dir()] == []


def text_files() -> list[Path]:
    files = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".coverage")]
    files += [path for folder in LAYOUT for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in files if path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts]


@pytest.mark.parametrize(
    "pattern",
    [
        # Written so that the patterns do not match themselves.
        pytest.param(r"(?<![\w.])/(?:home|root|work|Users|mnt|opt)/\w", id="machine path"),
        pytest.param(r"\b[A-Z]:\\{1,2}Users\b", id="Windows path"),
        pytest.param(r"(?:extra-)?index-url\s*[= ]\s*\w", id="package index"),
        pytest.param(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b", id="unfinished work"),
        pytest.param(r"^(?:<{7}|>{7}|={7})(?: |$)", id="merge conflict"),
    ],
)
def test_no_file_says(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert found == []


UNSAFE_MODULES = {"pickle", "cPickle", "dill", "shelve", "marshal"}


def unsafe_parts(tree: ast.Module) -> Iterator[str]:
    """What would run somebody's text or bytes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"{node.lineno}: {name}" for name in names if name in UNSAFE_MODULES)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"eval", "exec"}:
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if options.get("weights_only") != "True":
                yield f"{node.lineno}: {ast.unparse(node)}"


def test_nothing_is_evaluated_or_unpickled() -> None:
    found = {
        str(path.relative_to(ROOT)): list(unsafe_parts(ast.parse(path.read_text(encoding="utf-8")))) for path in PRODUCT
    }
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_a_silenced_checker_is_given_a_reason() -> None:
    silenced = re.compile(r"#\s*(?:noqa|type: ignore)(?::\s*[A-Z]+\d+)?(?:\[[\w-]+\])?(.*)")
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for match in silenced.finditer(line)
        if not re.search(r"[A-Za-z]{2}", match[1])
    ]
    assert bare == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "."], id="ruff check"),
        pytest.param(["ruff", "format", "--check", "."], id="ruff format"),
        pytest.param(["codespell", *LAYOUT, "README.md", "CHANGELOG.md"], id="codespell"),
    ],
)
def test_the_style_is_the_houses(command: list[str]) -> None:
    program = str(Path(sys.executable).parent / command[0])
    result = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def loaded_libraries(program: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after ``program``."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run(
        [sys.executable, "-c", f"{program}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


LEARNING = {"torch", "transformers", "stable_baselines3", "hydra", "omegaconf", "agents"}


def test_importing_the_environment_is_light() -> None:
    loaded = loaded_libraries("import webrl_gym")
    assert "gymnasium" in loaded
    assert loaded & {*LEARNING, "playwright", "flask", "lxml", "sqlite3"} == set()


def test_the_static_engine_needs_neither_torch_nor_playwright() -> None:
    loaded = loaded_libraries(
        "import gymnasium, webrl_gym\n"
        "env = gymnasium.make('webrl_gym/WebArenaLite-v0')\n"
        "env.reset(seed=0)\n"
        "env.step('go_backward()')\n"
        "env.close()"
    )
    assert {"flask", "lxml", "sqlite3"} <= loaded
    assert loaded & {*LEARNING, "playwright"} == set()
