"""The start page that lists the sites, after WebArena's."""
