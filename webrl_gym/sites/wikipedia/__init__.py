"""A small encyclopedia about the places of the map, after Kiwix's reader of Wikipedia."""
