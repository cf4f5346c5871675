"""What the Hydra entry points share: composing ``pkg://conf``, and errors that help.

Hydra itself refuses an unknown key; here the message also names the nearest known one, and every wrong key is reported
at once, before anything runs.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import print_exception
from typing import Any

import hydra
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from agents.errors import AgentError, AgentFailed, ConfigConflict
from webrl_gym.errors import WebRLGymError

CONFIG_MODULE = "conf"
_OPTIONS_WITH_VALUE = frozenset(
    "--cfg -c --package -p --config-path -cp --config-name -cn --config-dir -cd --experimental-rerun".split()
)
"""Hydra's own options whose value is the next argument."""
_TEXTS = frozenset(
    "suite valid_suite evaluation.suite agent run output resume start policy orm.from orm.prompt_template "
    "model.name_or_path model.prompt curriculum.model curriculum.base_url env.judge.base_url env.judge.model".split()
)
"""Keys of files, folders, suites and models; null stands for none where there may be none."""
_NAMES = ("name", "run", "output")
"""Keys that name a folder of results, where a root file gives them a value."""
_QUIET = ("hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=none", "hydra/hydra_logging=none")


def run_entry_point(config_name: str, task: Callable[[dict[str, Any]], int]) -> int:
    """Composes the configuration from the command line and runs ``task`` with it as plain data.

    Args:
        config_name: Root file in ``conf``.
        task: Does the work; returns the exit status.

    Returns:
        The exit status: 2 for a wrong command line or configuration, 130 after Ctrl-C or a polite kill (SIGTERM).
    """
    # oneDNN keeps the kernels of every shape it ever met, which grows by gigabytes over a run of changing lengths.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    status = [0]

    def body(config: DictConfig) -> None:
        config.update(own)
        status[0] = max(status[0], _guarded(lambda: task(plain(config))))

    arguments = sys.argv[1:]
    try:
        problems = unknown_keys(config_name, arguments)
    except ConfigConflict as error:
        problems = [str(error)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    overrides, own = _without_own_keys(config_name, arguments)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # A sweep's own folder, which Hydra insists on: the runs say where theirs are.
        with TemporaryDirectory() as sweep:
            sys.argv = [sys.argv[0], *_flags_first([*overrides, *_QUIET, f'hydra.sweep.dir="{sweep}"'])]
            hydra.main(version_base="1.3", config_path=f"pkg://{CONFIG_MODULE}", config_name=config_name)(body)()
    except BrokenPipeError:  # whoever read, such as ``head``, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:  # caught here and not in the task: it ends a --multirun too
        print("Stopped; what was finished is kept. Start the same command again to go on.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
    return status[0]


def _flags_first(arguments: Sequence[str]) -> list[str]:
    """Hydra's parser takes overrides in one run only, so flags and their values go before them."""
    overrides = [word for word in arguments if not word.startswith("-") and ("=" in word or word.startswith("~"))]
    return [*(word for word in arguments if word not in overrides), *overrides]


def compose_config(config_name: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The configuration as plain data, without a command line.

    Raises:
        ConfigConflict: If an override names an unknown key or group; the message suggests the near ones.
    """
    problems = unknown_keys(config_name, overrides)
    if problems:
        raise ConfigConflict("\n".join(problems))
    try:
        choices, own = _without_own_keys(config_name, overrides)
        config = _compose(config_name, choices)
        config.update(own)
        return plain(config)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigConflict(str(error)) from error


def named_keys(arguments: Sequence[str]) -> list[str]:
    """Keys and groups that a command line names, in its order; none where it cannot be read.

    Args:
        arguments: The command line without the program.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(_overrides_among(arguments))
        return [str(override.key_or_group) for override in parsed]
    except HydraException:
        return []  # whoever runs the command line says what is wrong with it


def plain(config: DictConfig) -> dict[str, Any]:
    """A composed configuration as dictionaries, lists and scalars, interpolations resolved; one name is a list of one.

    Raises:
        ConfigConflict: If values that only the user knows were not given; the message names all of them.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        raise ConfigConflict(f"These have no default and must be given: {', '.join(missing)}")
    container = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    # Whoever names one of a list leaves the brackets out; letter by letter, a text is never meant.
    lists = _lists()
    return {
        str(key): _listed(value) if key in lists and isinstance(value, str) else value
        for key, value in dict(container).items()
    }


def unknown_keys(config_name: str, arguments: Sequence[str]) -> list[str]:
    """One sentence for each override whose key or group option does not exist, with the near ones, or cannot be null.

    Raises:
        ConfigConflict: If one of the user's own files cannot be read.
    """
    overrides = _overrides_among(arguments)
    unread = [problem for argument in overrides if (problem := _unread(argument))]
    if unread:
        return unread
    parsed = OverridesParser.create().parse_overrides(overrides)
    own, open_keys = _own_keys(config_name), _open_keys(config_name)
    users_folder = _users_folder(arguments)
    if users_folder is not None and not users_folder.is_dir():
        return [f"--config-dir must name a folder, got {str(users_folder)!r}"]
    swept = [str(override.key_or_group) for override in parsed if override.is_sweep_override()]
    groups = {name: options for name, options in _groups(users_folder).items() if name not in own}
    problems = [f"{key} cannot be swept: start one run for each value." for key in swept if key in own]
    choices, values = [], {}
    chosen = _chosen_groups(config_name)
    for argument, override in zip(overrides, parsed, strict=True):
        key = str(override.key_or_group)
        if override.is_delete() and key not in _optional_groups(config_name):
            problems.append(f"{key} cannot be left out; give it another value: {key}=...")
        elif override.is_add() and key in chosen:
            problems.append(f"{key} is there already: write {key}=..., without the +")
        elif key in _groups() and key not in {*own, *chosen}:
            problems.append(f"There is no group {key!r} in this command; it has {', '.join(sorted(chosen))}.")
        elif key in groups:
            unknown = _unknown_option(key, override, groups[key], key in _optional_groups(config_name))
            problems.extend(unknown)
            # the choice of a group decides which keys there are
            is_chosen = not (unknown or override.is_sweep_override() or override.value() is None)
            choices.extend([argument] if is_chosen else [])
        elif key in open_keys and not (override.is_delete() or isinstance(override.value(), dict)):
            problems.append(f"{key} holds values by names, {key}.NAME=value, got {_shown(override.value())}")
        elif not (override.is_add() or override.is_delete() or key.partition(".")[0] in {"hydra", *open_keys}):
            values[key] = {} if override.is_sweep_override() else override.value()
    known = _known_keys(config_name, tuple(choices), users_folder)
    problems.extend(
        f"There is no configuration key {key!r}{_near(key, [*known, *groups])}" for key in values if key not in known
    )
    return problems + list(_empty_values(config_name, values, known))


def _empty_values(config_name: str, values: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """One sentence for each value without which there is nowhere to write, or that stands where others belong."""
    for key, value in values.items():
        if key in _NAMES and value in (None, "") and isinstance(_written(config_name).get(key), str):
            yield f"{key} must not be empty, got {_shown(value)}"
        elif key in _TEXTS and not isinstance(value, str | dict | None):
            yield f"{key} must be a text, got {_shown(value)}; a number is quoted: {key}='\"7\"'"
        # adapters are a group of settings where there are any
        elif key != "model.lora" and not isinstance(value, dict) and any(name.startswith(f"{key}.") for name in known):
            yield f"{key} is a group of settings, {key}.NAME=value, got {_shown(value)}"


def _shown(value: Any) -> str:
    return "null" if value is None else repr(str(value))


def _unread(argument: str) -> str:
    """Why an override cannot be read, and how its value is written; empty if it can."""
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException as error:
        key, sign, value = argument.partition("=")
        if not sign:
            return f"{argument!r} is no override: expected key=value"
        quoted = value.replace("'", "")
        reason = str(error).splitlines()[0]
        return (
            f"The value of {key} cannot be read ({reason}). With special characters it is quoted: {key}='\"{quoted}\"'"
        )
    return ""


def _overrides_among(arguments: Sequence[str]) -> list[str]:
    """A command line without Hydra's own options and their values."""
    return [
        argument
        for before, argument in zip(["", *arguments], arguments, strict=False)
        if not argument.startswith("-") and before not in _OPTIONS_WITH_VALUE
    ]


@cache
def _known_keys(config_name: str, choices: tuple[str, ...], users_folder: Path | None) -> frozenset[str]:
    """Keys of a composed configuration; files are taken not to change while the process runs."""
    # Not resolved: a value that must still be given (``???``) may stand among the overrides that are looked at.
    return frozenset(_flatten(OmegaConf.to_container(_compose(config_name, choices, users_folder))))


def _users_folder(arguments: Sequence[str]) -> Path | None:
    """The folder of one's own configuration files, ``--config-dir`` on the command line."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if before in ("--config-dir", "-cd"):
            return Path(argument)
        if argument.startswith("--config-dir="):
            return Path(argument.partition("=")[2])
    return None


def _unknown_option(group: str, override: Override, options: list[str], is_optional: bool) -> list[str]:
    value = override.value()
    if override.is_delete():
        return []
    if value is None:
        return [] if is_optional else [f"{group} must not be null; choose one of {', '.join(options)}"]
    if isinstance(value, ChoiceSweep) and None in value.list:
        return [f"{group}=null cannot be swept: start that run by itself."]
    chosen = value if isinstance(value, list) else [value]
    if not all(isinstance(option, str) for option in chosen):
        return []  # a sweep: Hydra checks each of its values
    return [
        f"There is no {group}={option}; choose one of {', '.join(options)}{_near(option, options)}"
        for option in chosen
        if option not in options
    ]


def _optional_groups(config_name: str) -> set[str]:
    """Groups of which a root file chooses nothing (``experiment``)."""
    entries = [entry for entry in _written(config_name).get("defaults", ()) if isinstance(entry, dict)]
    return {str(group) for entry in entries for group, option in entry.items() if option is None}


def _own_keys(config_name: str) -> set[str]:
    """Plain keys of a root file that are called like a group which only other roots choose from (``model``)."""
    written = _written(config_name)
    choices = [entry for entry in written.get("defaults", ()) if isinstance(entry, dict)]
    chosen = {str(name).split()[-1] for entry in choices for name in entry}
    return {key for key in written if key in _groups() and key not in chosen}


@cache
def _chosen_groups(config_name: str) -> frozenset[str]:
    """Groups that a root file, or the root that it builds on, chooses from."""
    found: set[str] = set()
    for entry in _written(config_name).get("defaults", ()):
        if isinstance(entry, dict):
            found |= {str(name).split()[-1] for name in entry}
        elif entry != "_self_":
            found |= _chosen_groups(str(entry))
    return frozenset(found)


def _open_keys(config_name: str) -> set[str]:
    """Keys of a root file that hold whatever a user puts there (``agent_arguments``): Hydra wants those added."""
    return {key for key, value in _written(config_name).items() if value == {}}


def _listed(name: str) -> list[str]:
    return [name] if name else []


@cache
def _lists() -> frozenset[str]:
    """Keys of the root files that are lists of names, ``only_sites`` for example."""
    roots = [file.name.removesuffix(".yaml") for file in files(CONFIG_MODULE).iterdir() if file.name.endswith(".yaml")]
    written = [item for root in roots for item in _written(root).items()]
    return frozenset(key for key, value in written if isinstance(value, list) and key != "defaults")


@cache
def _written(config_name: str) -> dict[str, Any]:
    """A root file as it stands there; read once a process."""
    text = (files(CONFIG_MODULE) / f"{config_name}.yaml").read_text(encoding="utf-8")
    return dict(OmegaConf.to_container(OmegaConf.create(text), resolve=False))


def _without_own_keys(config_name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Arguments for Hydra, and the values of own keys: Hydra would take those for choices of the group.

    A group of which nothing is chosen is left out: Hydra takes no null for one.
    """
    own, open_keys = _own_keys(config_name), _open_keys(config_name)
    nothing = {f"{group}=null" for group in _optional_groups(config_name)}
    rest: list[str] = []
    values: dict[str, Any] = {}
    for argument in arguments:
        if argument in nothing:
            continue
        if argument.partition("=")[0].partition(".")[0] in open_keys:
            rest.append(f"+{argument}")
        elif argument.partition("=")[0] in own:
            override = OverridesParser.create().parse_override(argument)
            values[str(override.key_or_group)] = override.value()
        else:
            rest.append(argument)
    return rest, values


def _near(word: str, known: Sequence[str]) -> str:
    last = word.rsplit(".", 1)[-1]
    of_that_name = [name for name in known if name.rsplit(".", 1)[-1] == last]
    found = get_close_matches(word, of_that_name, n=1, cutoff=0.0) or get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else "."


def _flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in config.items():
        name = f"{prefix}{key}"
        yield name
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{name}.")


def _groups(users_folder: Path | None = None) -> dict[str, list[str]]:
    """Configuration groups and their options, a user's own among them."""
    roots: list[Traversable] = [files(CONFIG_MODULE), *([] if users_folder is None else [users_folder])]
    found: dict[str, list[str]] = {}
    for folder in (folder for root in roots for folder in root.iterdir()):
        if folder.is_dir() and not folder.name.startswith("_"):
            options = list(_options(folder))
            if options:
                found[folder.name] = sorted({*found.get(folder.name, []), *options})
    return found


def _options(folder: Traversable, prefix: str = "") -> Iterator[str]:
    """A group's options, those in folders of it too (``team/mine``)."""
    for file in folder.iterdir():
        if file.name.endswith(".yaml"):
            yield prefix + file.name.removesuffix(".yaml")
        elif file.is_dir():
            yield from _options(file, f"{prefix}{file.name}/")


def _compose(config_name: str, overrides: Sequence[str], users_folder: Path | None = None) -> DictConfig:
    searched = [] if users_folder is None else [f"hydra.searchpath=['file://{users_folder.resolve()}']"]
    GlobalHydra.instance().clear()
    with initialize_config_module(CONFIG_MODULE, version_base="1.3"):
        try:
            return compose(config_name, overrides=[*overrides, *searched])
        except YAMLError as error:
            raise ConfigConflict(f"a configuration file cannot be read: {error}") from error


def _guarded(task: Callable[[], int]) -> int:
    try:
        return task()
    except AgentFailed as error:
        if error.__cause__ is not None:  # of code that only the user can mend
            print_exception(error.__cause__)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except (AgentError, WebRLGymError, OmegaConfBaseException, ValueError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
