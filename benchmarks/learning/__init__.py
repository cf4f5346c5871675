"""What WebRL, its baselines and its ablations learn: arms and seeds, a table with intervals, one figure."""
