"""What the environment costs, against what was asked and against a peer (``python -m benchmarks.environment``)."""
