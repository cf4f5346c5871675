"""Looks a deployment over before any task."""
