"""What is measured, and how: each module is one command that prints a table and writes a JSON file."""
