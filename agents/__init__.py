"""The learner: an LLM policy and WebRL."""

import os

# Threads of one operation wait for each other by spinning, by libgomp's default for milliseconds. Beside other programs
# that takes the core from the thread that is waited for: fitting the nano model with two threads on two busy cores was
# ten times slower than with this limit, on idle ones as fast. Read once, when torch is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
