"""What the packages offer by name: complete, sorted, documented, typed, and registered with Gymnasium."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import gymnasium
import pytest

import webrl_gym

ROOT = Path(__file__).parents[1]


def packages_with_names() -> list[str]:
    """Packages that say what they offer."""
    found = [path for name in ("webrl_gym", "agents") for path in (ROOT / name).rglob("__init__.py")]
    return sorted(
        ".".join(path.parent.relative_to(ROOT).parts) for path in found if "\n__all__ = " in path.read_text("utf-8")
    )


def own_names(package: str) -> set[str]:
    """Names that a package's ``__init__.py`` binds for others: imports of our own, assignments, functions, classes."""
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text("utf-8"))
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in {"webrl_gym", "agents"}:
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")} | ({"__version__"} & names)


def order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions; ruff's order."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_the_environment_says_what_it_offers() -> None:
    assert "webrl_gym" in packages_with_names()


@pytest.mark.parametrize("package", packages_with_names())
def test_all_is_complete_and_sorted(package: str) -> None:
    listed = list(import_module(package).__all__)
    assert listed == sorted(listed, key=order)
    assert set(listed) == own_names(package)


@pytest.mark.parametrize("package", packages_with_names())
def test_everything_offered_is_there_and_documented(package: str) -> None:
    module = import_module(package)
    for name in module.__all__:
        offered = getattr(module, name)
        if callable(offered):
            assert (offered.__doc__ or "").strip(), f"{package}.{name} has no docstring"


def test_the_environment_is_registered() -> None:
    spec = gymnasium.spec("webrl_gym/WebArenaLite-v0")
    assert spec.id == webrl_gym.ENV_ID
    assert spec.entry_point == "webrl_gym.env:WebArenaLiteEnv"
    # A limit of Gymnasium's would cut an episode before its final state is scored.
    assert spec.max_episode_steps is None


def test_a_worker_process_finds_the_environment_by_its_module() -> None:
    program = (
        "import gymnasium\nenv = gymnasium.make('webrl_gym:webrl_gym/WebArenaLite-v0')\nprint(env.spec.id)\nenv.close()"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "webrl_gym/WebArenaLite-v0"


def test_the_version_is_the_distributions() -> None:
    assert webrl_gym.__version__ == version("webrl-gym")


@pytest.mark.parametrize("package", ["webrl_gym", "agents"])
def test_types_are_shipped(package: str) -> None:
    assert (files(package) / "py.typed").is_file()
