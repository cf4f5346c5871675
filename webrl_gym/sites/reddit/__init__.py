"""A forum site after Postmill: forums, submissions, comments, votes, profiles and messages."""
