"""WebArena-Lite as a Gymnasium environment, with embedded sites."""

__version__ = "0.1.0"
