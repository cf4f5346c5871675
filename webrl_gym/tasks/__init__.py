"""Tasks: records, suites and templates. Plain data and pure functions; no browser, no database driver."""
