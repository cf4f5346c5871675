-- Times are seconds since 1970 in UTC. Vote counts include the rows of the vote tables.
-- One row: how many entries lists show, and whether posts say how old they are instead of their date.
CREATE TABLE site (
    page_size INTEGER NOT NULL,
    forums_per_page INTEGER NOT NULL,
    relative_dates INTEGER NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT,
    email TEXT NOT NULL,
    biography TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    front_page TEXT NOT NULL DEFAULT 'all',
    front_page_sort_mode TEXT NOT NULL DEFAULT 'hot',
    allow_private_messages INTEGER NOT NULL DEFAULT 1,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE forums (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    sidebar TEXT NOT NULL,
    created INTEGER NOT NULL,
    moderator_id INTEGER NOT NULL REFERENCES users (id),
    subscribers INTEGER NOT NULL DEFAULT 0,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    forum_id INTEGER NOT NULL REFERENCES forums (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    url TEXT,
    body TEXT,
    created INTEGER NOT NULL,
    edited INTEGER,
    last_active INTEGER NOT NULL,
    upvotes INTEGER NOT NULL DEFAULT 0,
    downvotes INTEGER NOT NULL DEFAULT 0,
    score INTEGER NOT NULL GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    comment_count INTEGER NOT NULL DEFAULT 0,
    novel INTEGER NOT NULL DEFAULT 0,
    -- A point is worth four hours of youth, up to a limit, so that old favourites give way at last.
    ranking INTEGER NOT NULL GENERATED ALWAYS AS (created + MAX(MIN(score, 300), -50) * 14400) STORED
);
CREATE INDEX submissions_by_forum ON submissions (forum_id, created);
CREATE INDEX submissions_by_user ON submissions (user_id, created);
CREATE INDEX submissions_by_time ON submissions (created);
CREATE INDEX submissions_by_ranking ON submissions (ranking);
CREATE INDEX submissions_by_score ON submissions (score);
CREATE INDEX submissions_by_activity ON submissions (last_active);
CREATE INDEX submissions_by_url ON submissions (url) WHERE url IS NOT NULL;

CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES comments (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    edited INTEGER,
    deleted INTEGER NOT NULL DEFAULT 0,
    upvotes INTEGER NOT NULL DEFAULT 0,
    downvotes INTEGER NOT NULL DEFAULT 0,
    score INTEGER NOT NULL GENERATED ALWAYS AS (upvotes - downvotes) STORED,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX comments_by_submission ON comments (submission_id);
CREATE INDEX comments_by_parent ON comments (parent_id);
CREATE INDEX comments_by_user ON comments (user_id, created);

CREATE TABLE submission_votes (
    user_id INTEGER NOT NULL REFERENCES users (id),
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    choice INTEGER NOT NULL CHECK (choice IN (-1, 1)),
    PRIMARY KEY (user_id, submission_id)
) WITHOUT ROWID;
CREATE INDEX submission_votes_by_submission ON submission_votes (submission_id);

CREATE TABLE comment_votes (
    user_id INTEGER NOT NULL REFERENCES users (id),
    comment_id INTEGER NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    choice INTEGER NOT NULL CHECK (choice IN (-1, 1)),
    PRIMARY KEY (user_id, comment_id)
) WITHOUT ROWID;
CREATE INDEX comment_votes_by_comment ON comment_votes (comment_id);

CREATE TABLE subscriptions (
    user_id INTEGER NOT NULL REFERENCES users (id),
    forum_id INTEGER NOT NULL REFERENCES forums (id),
    PRIMARY KEY (user_id, forum_id)
) WITHOUT ROWID;

CREATE TABLE hidden_forums (
    user_id INTEGER NOT NULL REFERENCES users (id),
    forum_id INTEGER NOT NULL REFERENCES forums (id),
    PRIMARY KEY (user_id, forum_id)
) WITHOUT ROWID;

CREATE TABLE message_threads (
    id INTEGER PRIMARY KEY,
    sender_id INTEGER NOT NULL REFERENCES users (id),
    receiver_id INTEGER NOT NULL REFERENCES users (id)
);
CREATE INDEX message_threads_by_sender ON message_threads (sender_id);
CREATE INDEX message_threads_by_receiver ON message_threads (receiver_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    thread_id INTEGER NOT NULL REFERENCES message_threads (id),
    sender_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX messages_by_thread ON messages (thread_id);
