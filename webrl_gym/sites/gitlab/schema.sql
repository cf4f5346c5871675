-- Times are "YYYY-MM-DD HH:MM:SS", dates are "YYYY-MM-DD".

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    bio TEXT NOT NULL DEFAULT '',
    location TEXT NOT NULL DEFAULT '',
    website_url TEXT NOT NULL DEFAULT '',
    status_message TEXT NOT NULL DEFAULT '',
    feed_token TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE follows (
    follower_id INTEGER NOT NULL REFERENCES users (id),
    followee_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (follower_id, followee_id)
) WITHOUT ROWID;

CREATE TABLE groups (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    visibility TEXT NOT NULL CHECK (visibility IN ('private', 'internal', 'public')),
    created_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

-- ``namespace`` is the username or the group's path; ``namespace_name`` is what pages show for it.
CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL COLLATE NOCASE,
    namespace_name TEXT NOT NULL,
    path TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    visibility TEXT NOT NULL CHECK (visibility IN ('private', 'internal', 'public')),
    default_branch TEXT NOT NULL DEFAULT 'main',
    creator_id INTEGER NOT NULL REFERENCES users (id),
    forked_from_id INTEGER REFERENCES projects (id),
    created_at TEXT NOT NULL,
    last_activity_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0,
    UNIQUE (namespace, path)
);
CREATE INDEX projects_by_name ON projects (name);
CREATE INDEX projects_by_fork ON projects (forked_from_id);

CREATE TABLE stars (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, user_id)
) WITHOUT ROWID;
CREATE INDEX stars_by_user ON stars (user_id);

CREATE TABLE project_members (
    project_id INTEGER NOT NULL REFERENCES projects (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('Guest', 'Reporter', 'Developer', 'Maintainer', 'Owner')),
    created_at TEXT NOT NULL,
    expires_at TEXT,
    PRIMARY KEY (project_id, user_id)
) WITHOUT ROWID;
CREATE INDEX project_members_by_user ON project_members (user_id);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    title TEXT NOT NULL COLLATE NOCASE,
    color TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    UNIQUE (project_id, title)
);

CREATE TABLE milestones (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    iid INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    start_date TEXT,
    due_date TEXT,
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'closed')),
    UNIQUE (project_id, iid),
    UNIQUE (project_id, title)
);

CREATE TABLE issues (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    iid INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    author_id INTEGER NOT NULL REFERENCES users (id),
    state TEXT NOT NULL DEFAULT 'opened' CHECK (state IN ('opened', 'closed')),
    milestone_id INTEGER REFERENCES milestones (id),
    due_date TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project_id, iid)
);
CREATE INDEX issues_by_author ON issues (author_id);

CREATE TABLE issue_assignees (
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (issue_id, user_id)
) WITHOUT ROWID;
CREATE INDEX issue_assignees_by_user ON issue_assignees (user_id);

CREATE TABLE issue_labels (
    issue_id INTEGER NOT NULL REFERENCES issues (id),
    label_id INTEGER NOT NULL REFERENCES labels (id),
    PRIMARY KEY (issue_id, label_id)
) WITHOUT ROWID;
CREATE INDEX issue_labels_by_label ON issue_labels (label_id);

CREATE TABLE merge_requests (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    iid INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    author_id INTEGER NOT NULL REFERENCES users (id),
    assignee_id INTEGER REFERENCES users (id),
    reviewer_id INTEGER REFERENCES users (id),
    state TEXT NOT NULL DEFAULT 'opened' CHECK (state IN ('opened', 'merged', 'closed')),
    source_branch TEXT NOT NULL,
    target_branch TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project_id, iid)
);
CREATE INDEX merge_requests_by_assignee ON merge_requests (assignee_id);
CREATE INDEX merge_requests_by_reviewer ON merge_requests (reviewer_id);

-- ``target`` is "issue" or "merge_request"; ``target_id`` is the id of its row.
CREATE TABLE notes (
    id INTEGER PRIMARY KEY,
    target TEXT NOT NULL CHECK (target IN ('issue', 'merge_request')),
    target_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX notes_by_target ON notes (target, target_id);

CREATE TABLE commits (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    sha TEXT NOT NULL,
    title TEXT NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    committed_at TEXT NOT NULL,
    additions INTEGER NOT NULL,
    deletions INTEGER NOT NULL,
    UNIQUE (project_id, sha)
);
CREATE INDEX commits_by_project ON commits (project_id, committed_at);

CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    path TEXT NOT NULL,
    content TEXT NOT NULL,
    commit_id INTEGER NOT NULL REFERENCES commits (id),
    UNIQUE (project_id, path)
);

CREATE TABLE branches (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    commit_id INTEGER REFERENCES commits (id),
    UNIQUE (project_id, name)
);

CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    commit_id INTEGER NOT NULL REFERENCES commits (id),
    UNIQUE (project_id, name)
);

CREATE TABLE todos (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    author_id INTEGER NOT NULL REFERENCES users (id),
    action TEXT NOT NULL CHECK (action IN ('assigned', 'mentioned', 'review_requested')),
    target TEXT NOT NULL CHECK (target IN ('issue', 'merge_request')),
    target_id INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
    created_at TEXT NOT NULL
);
CREATE INDEX todos_by_user ON todos (user_id, state);

-- What an administrator can set. Where a row is missing, the code's own value holds.
CREATE TABLE application_settings (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

-- What a project can be made from; ``files`` holds paths, one a line.
CREATE TABLE project_templates (
    name TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    files TEXT NOT NULL
) WITHOUT ROWID;
