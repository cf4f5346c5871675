-- A small encyclopedia. Texts hold links to other articles as [[Title]]; a fact whose value is a title links there.

CREATE TABLE article (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX article_by_kind ON article (kind);

CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id),
    label TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE INDEX fact_by_article ON fact (article_id);
CREATE INDEX fact_by_value ON fact (label, value);

CREATE TABLE paragraph (
    id INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id),
    heading TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX paragraph_by_article ON paragraph (article_id);
