"""A real WebArena deployment: where its sites are, who is signed in there, and how they become as new."""
