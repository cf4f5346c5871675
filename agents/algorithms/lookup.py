"""Algorithms of one's own, named ``module:Class`` in a configuration, and what constructors take.

A configuration names a class, never a call: what is built is a ``PhaseAlgorithm`` with the arguments below, or nothing.
"""

from __future__ import annotations

import inspect
from importlib import import_module

from agents.algorithms.base import PhaseAlgorithm

_KEYWORDS = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def find_own(name: str) -> type[PhaseAlgorithm]:
    """The algorithm that ``module:Class`` names.

    Args:
        name: Where it is; the module must be installed or in a folder that Python searches.

    Raises:
        ValueError: If there is no such module or class, or it is no algorithm.
    """
    module_name, _, class_name = name.partition(":")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ValueError(f"the module of {name!r} cannot be imported: {error}") from error
    except ValueError as error:  # an empty name
        raise ValueError(f"expected module:Class, got {name!r}") from error
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, PhaseAlgorithm)):
        raise ValueError(f"{name!r} is no subclass of agents.algorithms.PhaseAlgorithm")  # noqa: TRY004  # a name's value
    if inspect.isabstract(found):
        raise ValueError(f"{name!r} does not define {', '.join(sorted(found.__abstractmethods__))}")
    return found


def accepted_arguments(algorithm: type[PhaseAlgorithm]) -> frozenset[str]:
    """Names of the keyword arguments of an algorithm, those that it hands on to its base classes included.

    Args:
        algorithm: Any algorithm.
    """
    names: set[str] = set()
    for kind in algorithm.__mro__:
        if "__init__" not in vars(kind):
            continue
        parameters = inspect.signature(vars(kind)["__init__"]).parameters.values()
        names |= {parameter.name for parameter in parameters if parameter.kind in _KEYWORDS}
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            break
    return frozenset(names - {"self", "policy", "env"})
