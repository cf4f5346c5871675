"""Exceptions of the learner.

AgentError
├── PromptTooLong         instruction and history alone do not fit the context
├── GenerationFailed      a generation backend gave no completion
├── AgentFailed           an agent of the user's raised, or returned what is no action; a benchmark ends
├── CheckpointError       a checkpoint cannot be used
│   ├── CheckpointCorrupt    a file of it is missing, cut or changed
│   └── CheckpointMismatch   it belongs to another model or configuration
├── RunInUse              another process works in the run's folder
├── CurriculumError       no instruction could be drawn
├── NotEnoughMemory       a run cannot fit; the message says what needs less
├── TrainingStopped       a guard stopped training; the message names the reason
└── ConfigConflict        configuration values contradict each other; all conflicts in one message
"""

from __future__ import annotations


class AgentError(Exception):
    """Base of every exception the learner raises on purpose."""


class PromptTooLong(AgentError):
    """Raised when instruction and history alone do not fit the context."""


class GenerationFailed(AgentError):
    """Raised when a generation backend gives no completion."""


class AgentFailed(AgentError):
    """Raised when the code of an agent raises or returns no text; its own exception, if there is one, is the cause."""


class CheckpointError(AgentError):
    """Raised when a checkpoint cannot be used."""


class CheckpointCorrupt(CheckpointError):
    """Raised when a file of a checkpoint is missing, cut or changed."""


class CheckpointMismatch(CheckpointError):
    """Raised when a checkpoint belongs to another model or configuration."""


class RunInUse(AgentError):
    """Raised when another process works in the run's folder."""


class CurriculumError(AgentError):
    """Raised when no instruction can be drawn."""


class NotEnoughMemory(AgentError):
    """Raised when a run cannot fit in memory; the message says what needs less."""


class TrainingStopped(AgentError):
    """Raised when a guard stops training; the message names the reason."""


class ConfigConflict(AgentError):
    """Raised when configuration values contradict each other; the message lists all conflicts."""
