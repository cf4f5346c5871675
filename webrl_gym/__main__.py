"""``python -m webrl_gym`` is ``webrl-gym``."""

import sys

from webrl_gym.cli import main

sys.exit(main())
