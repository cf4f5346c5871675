"""Hydra configuration tree; a package so that ``pkg://conf`` is found when installed."""
