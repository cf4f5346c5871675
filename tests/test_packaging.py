"""The wheel: what it holds, and that it works away from this checkout, with and without the learner's libraries.

Two kinds of environments are made here. A *linked* one is a new virtual environment whose site-packages hold the wheel
and links to exactly the distributions that the wheel declares (their own requirements included): quick, without a
network, and an import that nobody declared fails in it. An *installed* one is filled by pip as a user's would be; those
tests are slow.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agents.entry_points import LIBRARIES

ROOT = Path(__file__).parents[1]
SHIPPED = ("webrl_gym", "agents", "conf")
TORCH = os.environ.get("TORCH") or "torch==2.13.0"

FIVE_LINES = """
import gymnasium, webrl_gym
env = gymnasium.make("webrl_gym/WebArenaLite-v0")
observation, info = env.reset(seed=0)
observation, reward, terminated, truncated, info = env.step('do(action="Click", element="0")')
print(type(env.unwrapped).__module__, webrl_gym.__file__, observation["url"])
env.close()
"""

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            print(module.name)
"""


def run(
    *command: str | Path, cwd: Path, python_path: Path | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Runs a command away from this checkout and checks its exit status."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment |= {"PYTHONPATH": str(python_path)} if python_path else {}
    result = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == status, f"{command}\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}"
    return result


def pip(*arguments: str | Path, cwd: Path) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once from a copy: setuptools would leave its build folder in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in (*SHIPPED, "benchmarks", "tests"):  # what is for checkouts comes along to show that it stays out
        shutil.copytree(ROOT / name, source / name)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def new_environment(folder: Path) -> tuple[Path, Path]:
    """An empty virtual environment without pip; returns its interpreter and its site-packages."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    answer = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    return python, Path(answer.stdout.strip())


def requirements_of(
    asking: Distribution, extras: Iterable[str] = (), found: dict[str, Distribution] | None = None
) -> dict[str, Distribution]:
    """Distributions of this environment that ``asking`` declares, the whole way down."""
    found = {} if found is None else found
    for needed in map(Requirement, asking.requires or ()):
        wanted = not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        key = canonicalize_name(needed.name)
        if wanted and key not in found:
            found[key] = distribution(needed.name)
            requirements_of(found[key], needed.extras, found)
    return found


def link(distributions: Iterable[Distribution], site_packages: Path) -> None:
    """Makes distributions of this environment importable from another site-packages."""
    for item in distributions:
        tops = {Path(str(file)).parts[0] for file in item.files or () if not str(file).startswith(("..", "/"))}
        for top in tops - {"__pycache__"}:
            target = Path(str(item.locate_file(top)))
            if not (site_packages / top).exists():
                (site_packages / top).symlink_to(target)


def installed(folder: Path) -> Distribution:
    """The wheel's distribution, as it lies in ``folder``."""
    (found,) = folder.glob("webrl_gym-*.dist-info")
    return Distribution.at(found)


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of a linked environment: the wheel and what it declares, no extra."""
    folder = tmp_path_factory.mktemp("bare")
    python, site_packages = new_environment(folder / "venv")
    pip("--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    link(requirements_of(installed(site_packages)).values(), site_packages)
    assert not (site_packages / "torch").exists()
    return python.parent


@pytest.fixture(scope="module")
def target(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's packages; first on PYTHONPATH it goes before this checkout."""
    folder = tmp_path_factory.mktemp("target") / "packages"
    pip("install", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder.parent)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "an empty folder"
    folder.mkdir()
    return folder


def test_the_wheel_holds_every_file_of_the_packages(contents: set[str]) -> None:
    files = [path for name in SHIPPED for path in (ROOT / name).rglob("*") if path.is_file()]
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert expected - contents == set(), "setup.cfg's package_data does not cover these"
    for suffix in (".html", ".css", ".sql", ".js", ".yaml", "py.typed", "conf/__init__.py", ".safetensors"):
        assert any(name.endswith(suffix) for name in contents), suffix


def test_the_wheel_holds_nothing_else(contents: set[str]) -> None:
    assert {name.partition("/")[0] for name in contents if ".dist-info/" not in name} <= set(SHIPPED)
    assert [name for name in contents if name.endswith((".pyc", ".db", ".log")) or "/." in name] == []
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in contents)


def test_the_wheel_is_small_enough_to_send_around(wheel: Path) -> None:
    assert wheel.stat().st_size < 40e6


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        (commands,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        said = Parser().parsestr(archive.read(metadata).decode())
        scripts = dict(re.findall(r"^([\w-]+) = (\S+)$", archive.read(commands).decode(), re.MULTILINE))
    assert (said["Name"], said["Requires-Python"], said["License"]) == ("webrl-gym", ">=3.11", "MIT")
    assert set(scripts) == {"webrl-gym", "webrl-train", "webrl-orm", "webrl-benchmark", "webrl-report"}
    for target in scripts.values():
        module, _, function = target.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_the_guard_knows_the_extra(target: Path) -> None:
    """``agents.entry_points`` looks for exactly what ``setup.cfg`` puts into the extra."""
    extra = {
        canonicalize_name(needed.name)
        for needed in map(Requirement, installed(target).requires or ())
        if needed.marker and needed.marker.evaluate({"extra": "train"})
    }
    providers = packages_distributions()
    guarded = {canonicalize_name(provider) for library in LIBRARIES for provider in providers[library]}
    assert guarded == extra


def test_a_bare_environment_runs_the_command(bare: Path, elsewhere: Path) -> None:
    listed = run(bare / "webrl-gym", "suites", cwd=elsewhere).stdout
    assert re.findall(r"^([\w-]+) +(\d+) tasks", listed, re.MULTILINE) == [
        ("practice-train", "1000"),
        ("practice-valid", "165"),
        ("practice-test", "165"),
        ("practice-test-large", "660"),
    ]
    assert list(elsewhere.iterdir()) == []


def test_a_bare_environment_runs_five_lines(bare: Path, elsewhere: Path) -> None:
    module, file, url = run(bare / "python", "-c", FIVE_LINES, cwd=elsewhere).stdout.split()
    assert module == "webrl_gym.env"
    assert Path(file).is_relative_to(bare.parent)
    assert re.match(r"http://[\w-]+\.test", url)


def test_a_bare_environment_imports_all_of_the_environment(bare: Path, elsewhere: Path) -> None:
    imported = run(bare / "python", "-c", IMPORT_EVERYTHING, "webrl_gym", cwd=elsewhere).stdout.split()
    assert {"webrl_gym.env", "webrl_gym.engines.chromium", "webrl_gym.sites.gitlab.app"} <= set(imported)


@pytest.mark.parametrize("command", ["webrl-train", "webrl-orm", "webrl-benchmark", "webrl-report"])
def test_without_the_extra_the_learner_says_what_to_install(bare: Path, elsewhere: Path, command: str) -> None:
    result = run(bare / command, cwd=elsewhere, status=2)
    assert 'pip install "webrl-gym[train]"' in result.stderr
    assert "torch" in result.stderr
    assert len(result.stderr.splitlines()) == 1


# One process for all of it: importing torch is most of the time.
USE_THE_LEARNER = """
import runpy, sys
import agents, conf
from agents.hydra_entry import compose_config
from agents.models import load_model
print(agents.__file__, conf.__file__, compose_config("train")["suite"], load_model("nano").name, sep="|")
for module in sys.argv[1:]:
    sys.argv = [module, "--help"]
    try:
        runpy.run_module(module, run_name="__main__")
    except SystemExit as stopped:
        assert not stopped.code, (module, stopped.code)
    print("ran", module)
"""


def test_the_learner_runs_from_any_folder(target: Path, elsewhere: Path) -> None:
    scripts = [name for name in ("agents.train", "agents.train_orm", "agents.demo") if importlib.util.find_spec(name)]
    said = run(sys.executable, "-c", USE_THE_LEARNER, *scripts, cwd=elsewhere, python_path=target).stdout.splitlines()
    assert said[0].split("|") == [
        str(target / "agents" / "__init__.py"),
        str(target / "conf" / "__init__.py"),
        "practice-train",
        "nano",
    ]
    assert [line for line in said if line.startswith("ran ")] == [f"ran {name}" for name in scripts]
    assert "agents.train" in scripts


def check_benchmark(*command: str | Path, folder: Path, python_path: Path | None = None) -> None:
    panel = ("agent=do_nothing", "suite=practice-valid", "limit=2", "output=here")
    table = run(*command, *panel, cwd=folder, python_path=python_path).stdout
    assert "do_nothing" in table
    assert len((folder / "here" / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.slow
def test_the_benchmark_runs_from_any_folder(target: Path, elsewhere: Path) -> None:
    check_benchmark(sys.executable, "-m", "agents.benchmark", folder=elsewhere, python_path=target)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pip_installs_all_that_the_environment_needs(wheel: Path, elsewhere: Path) -> None:
    python, site_packages = new_environment(elsewhere / "venv")
    pip("--python", python, "install", wheel, cwd=elsewhere)
    assert not (site_packages / "torch").exists()
    assert run(python, "-c", FIVE_LINES, cwd=elsewhere).stdout.startswith("webrl_gym.env ")
    assert "practice-test" in run(python.parent / "webrl-gym", "suites", cwd=elsewhere).stdout


@pytest.mark.timeout(3600)
def test_pip_installs_all_that_the_learner_needs(wheel: Path, elsewhere: Path, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--full-install"):
        pytest.skip("downloads torch; `make test-install` runs it")
    python, _ = new_environment(elsewhere / "venv")
    pip("--python", python, "install", TORCH, cwd=elsewhere)
    pip("--python", python, "install", f"{wheel}[train]", cwd=elsewhere)
    imported = run(python, "-c", IMPORT_EVERYTHING, "webrl_gym", "agents", cwd=elsewhere).stdout.split()
    assert {"webrl_gym.env", "agents.policy", "agents.hydra_entry"} <= set(imported)
    check_benchmark(python.parent / "webrl-benchmark", folder=elsewhere)
