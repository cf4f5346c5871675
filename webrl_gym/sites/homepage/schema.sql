-- The start page's cards, in the order shown. ``path`` follows the site's root.

CREATE TABLE card (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    path TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
