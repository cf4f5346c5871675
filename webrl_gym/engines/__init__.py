"""Engines carry pages to the agent: ``static`` in this process, ``chromium`` in a browser."""
