import os
import subprocess
import sys

import pytest

SHOWN = "import agents, os; print(os.environ.get('GOMP_SPINCOUNT'))"


@pytest.mark.parametrize(
    ("own", "expected"),
    [({}, "3000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")],
    ids=["nothing said", "a limit", "a policy"],
)
def test_threads_spin_for_a_short_while_unless_the_user_says_otherwise(own: dict[str, str], expected: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    result = subprocess.run(
        [sys.executable, "-c", SHOWN], env=inherited | own, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == expected
