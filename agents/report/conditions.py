"""What results of one suite were made under, and where that is not the same: only like is compared with like."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

_CONDITIONS = ("engine", "profile", "semantics", "max_steps", "early_stops", "overrides", "sites", "judge")
"""Settings of a panel that belong to the episodes and not to the agent."""


def unlike_conditions(headers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One phrase for each condition that differs, such as ``engine (random: chromium; others: static)``.

    Args:
        headers: What the ``panel.json`` of each agent says (``agents.panel``); what one does not say is not compared.
    """
    settings = {agent: _mapping(header.get("settings")) for agent, header in headers.items()}
    said = {name: {agent: _words(own[name]) for agent, own in settings.items() if name in own} for name in _CONDITIONS}
    said["tasks"] = _tasks(headers)
    return [
        f"{name} ({_sides(values, len(headers))})" for name, values in said.items() if len(set(values.values())) > 1
    ]


def _sides(values: Mapping[str, str], agents: int) -> str:
    """Who has which value; the largest side last, and not by name where it is all others."""
    sides: dict[str, list[str]] = {}
    for agent, value in values.items():
        sides.setdefault(value, []).append(agent)
    ordered = sorted(sides.items(), key=lambda side: len(side[1]))
    names = [", ".join(side) for _, side in ordered]
    if len(values) == agents and len(ordered[-1][1]) > 1:
        names[-1] = "others"
    return "; ".join(f"{name}: {value}" for name, (value, _) in zip(names, ordered, strict=True))


def _tasks(headers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """How many tasks each agent was given; as many others are told apart by the beginning of a hash of their ids."""
    panels = {agent: header["tasks"] for agent, header in headers.items() if isinstance(header.get("tasks"), list)}
    marks = {
        agent: hashlib.sha256(json.dumps(sorted(map(str, tasks))).encode()).hexdigest()
        for agent, tasks in panels.items()
    }
    sizes = Counter(size for size, _ in {(len(panels[agent]), mark) for agent, mark in marks.items()})
    return {
        agent: str(len(tasks)) + (f" [{marks[agent][:7]}]" if sizes[len(tasks)] > 1 else "")
        for agent, tasks in panels.items()
    }


def _words(value: Any) -> str:
    """A setting as the page shows it; of a judge its model."""
    if isinstance(value, Mapping):
        value = value.get("model")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "default" if value is None else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
