-- What the map knows. Distances are in metres, coordinates in degrees; an empty text stands for a missing tag.

CREATE TABLE city (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    population INTEGER NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE street (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city_id INTEGER REFERENCES city (id),
    highway TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0,
    address TEXT NOT NULL DEFAULT '', -- where it is in words, for streets of no city
    words TEXT GENERATED ALWAYS AS (
        ' ' || lower(replace(replace(name, '''', ''), '-', ' ') || ' ' || address)
    ) STORED
);
CREATE INDEX street_by_city ON street (city_id);

CREATE TABLE junction (
    id INTEGER PRIMARY KEY,
    lat REAL NOT NULL,
    lon REAL NOT NULL
);

CREATE TABLE road (
    id INTEGER PRIMARY KEY,
    street_id INTEGER NOT NULL REFERENCES street (id),
    start_id INTEGER NOT NULL REFERENCES junction (id),
    end_id INTEGER NOT NULL REFERENCES junction (id),
    metres INTEGER NOT NULL
);
CREATE INDEX road_by_street ON road (street_id);

CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    city_id INTEGER NOT NULL REFERENCES city (id),
    street_id INTEGER NOT NULL REFERENCES street (id),
    housenumber INTEGER NOT NULL,
    postcode TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    phone TEXT NOT NULL,
    website TEXT NOT NULL,
    opening_hours TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX place_by_name ON place (name);
CREATE INDEX place_by_kind ON place (kind);
CREATE INDEX place_by_street ON place (street_id);

-- A place with its address in words.
CREATE VIEW addressed_place AS
SELECT place.*, street.name AS street, city.name AS city, city.state AS state
FROM place
JOIN street ON street.id = place.street_id
JOIN city ON city.id = place.city_id;

-- Places, cities and states of the replica, by OpenStreetMap's own element types. The other worlds have none.
CREATE TABLE element (
    type TEXT NOT NULL CHECK (type IN ('node', 'way', 'relation')),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    address TEXT NOT NULL, -- what follows the name where the element is listed
    other_words TEXT NOT NULL, -- other words it can be found by
    importance INTEGER NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    -- For searches: words in lower case with one space before each.
    plain_name TEXT GENERATED ALWAYS AS (
        trim(replace(replace(replace(replace(replace(replace(replace(replace(
            lower(name), '''', ''), '-', ' '), '&', ' '), ',', ' '), '.', ' '), '/', ' '), '  ', ' '), '  ', ' '))
    ) STORED,
    kind_words TEXT GENERATED ALWAYS AS (
        ' ' || plain_name || ' ' || lower(kind || ' ' || replace(other_words, '-', ' '))
    ) STORED,
    words TEXT GENERATED ALWAYS AS (
        kind_words || ' ' || replace(replace(replace(replace(lower(address), '''', ''), '-', ' '), '.', ' '), '/', ' ')
    ) STORED,
    PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE INDEX element_by_plain_name ON element (plain_name);

CREATE TABLE tag (
    type TEXT NOT NULL,
    id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (type, id, key),
    FOREIGN KEY (type, id) REFERENCES element (type, id)
) WITHOUT ROWID;

-- What a relation is made of: the ways along the border of a state, for example.
CREATE TABLE member (
    relation_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    type TEXT NOT NULL,
    id INTEGER NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (relation_id, position),
    FOREIGN KEY (type, id) REFERENCES element (type, id)
) WITHOUT ROWID;
CREATE INDEX member_by_element ON member (type, id);
