"""Practice tasks on the forum site."""

from __future__ import annotations

from webrl_gym.tasks.practice.reddit_account import ACCOUNT_TEMPLATES
from webrl_gym.tasks.practice.reddit_posting import POSTING_TEMPLATES
from webrl_gym.tasks.practice.reddit_reading import READING_TEMPLATES

TEMPLATES = (*READING_TEMPLATES, *POSTING_TEMPLATES, *ACCOUNT_TEMPLATES)
"""All of them."""
