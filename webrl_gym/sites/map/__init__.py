"""The map site, after OpenStreetMap."""
