"""One deployment, many environments: who changes something is alone, in one process and between processes."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webrl_gym.deployment.leases import CLEAN, DIRTY, UNKNOWN, Lease
from webrl_gym.errors import DeploymentBusy, SiteError
from webrl_gym.types import Site

HOLDER = """
import sys
from pathlib import Path
from webrl_gym.deployment.leases import DIRTY, Lease
from webrl_gym.types import Site
lease = Lease("one", patience=5.0, folder=Path(sys.argv[1]))
lease.take(alone=True)
lease.note([Site.REDDIT], DIRTY)
print("taken", flush=True)
sys.stdin.read()
"""


def lease(folder: Path, key: str = "one", patience: float = 0.0) -> Lease:
    return Lease(key, patience=patience, folder=folder)


def test_readers_share_and_a_writer_is_alone(tmp_path: Path) -> None:
    first, second, third = (lease(tmp_path) for _ in range(3))
    first.take(alone=False)
    second.take(alone=False)
    with pytest.raises(DeploymentBusy, match="another environment of this thread is in the middle of an episode"):
        third.take(alone=True)
    first.release()
    second.release()
    third.take(alone=True)
    with pytest.raises(DeploymentBusy):
        first.take(alone=False)
    with pytest.raises(DeploymentBusy):
        second.take(alone=True)
    third.release()
    third.release()


def test_a_thread_that_would_wait_for_itself_does_not_wait(tmp_path: Path) -> None:
    first, second = lease(tmp_path, patience=60.0), lease(tmp_path, patience=60.0)
    first.take(alone=True)
    with pytest.raises(DeploymentBusy, match="another environment of this thread"):
        second.take(alone=False)
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(second.take, alone=True)
        first.release()
        waiting.result(timeout=60)


def test_a_hold_may_change_its_kind(tmp_path: Path) -> None:
    first, second = lease(tmp_path), lease(tmp_path)
    first.take(alone=True)
    first.take(alone=False)
    second.take(alone=False)
    with pytest.raises(DeploymentBusy):
        first.take(alone=True)


def test_a_forgotten_lease_holds_nothing(tmp_path: Path) -> None:
    forgotten = lease(tmp_path)
    forgotten.take(alone=True)
    del forgotten
    gc.collect()
    lease(tmp_path).take(alone=True)


def test_deployments_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, other = lease(tmp_path, "one"), lease(tmp_path, "other")
    one.take(alone=True)
    other.take(alone=True)


def test_states_are_known_to_all_and_begin_unknown(tmp_path: Path) -> None:
    first, second = lease(tmp_path), lease(tmp_path)
    assert set(first.states().values()) == {UNKNOWN}
    first.take(alone=True)
    first.note([Site.GITLAB, Site.MAP], CLEAN)
    first.note([Site.GITLAB], DIRTY)
    found = second.states()
    assert (found[Site.GITLAB], found[Site.MAP], found[Site.REDDIT]) == (DIRTY, CLEAN, UNKNOWN)


def test_a_place_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SiteError, match=r"the lock of the deployment, .*one\.lock, cannot be opened"):
        lease(file).take(alone=False)


@pytest.mark.parametrize("content", ["", "[]", '{"gitlab": "spotless"}', "null"])
def test_a_damaged_note_says_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(content)
    assert set(lease(tmp_path).states().values()) == {UNKNOWN}


def test_a_dead_process_holds_nothing_and_its_note_stays(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with pytest.raises(DeploymentBusy, match=r"other episodes have held the deployment for 0 seconds"):
            lease(tmp_path).take(alone=True)
        holder.kill()
    mine = lease(tmp_path, patience=5.0)
    mine.take(alone=True)
    assert mine.states()[Site.REDDIT] == DIRTY
