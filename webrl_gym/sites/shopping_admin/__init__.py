"""The back office of a Luma-like clothing and gear store, with that store's own front pages."""
