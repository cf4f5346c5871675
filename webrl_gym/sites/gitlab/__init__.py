"""The embedded GitLab: projects, issues, merge requests, commits, members and profiles."""
