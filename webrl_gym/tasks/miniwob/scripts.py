"""All oracle scripts by page name."""

from webrl_gym.tasks.miniwob import forms, pages

SCRIPTS = {**forms.SCRIPTS, **pages.SCRIPTS}
