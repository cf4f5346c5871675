"""The embedded sites: Flask apps over SQLite worlds, and what they share."""
