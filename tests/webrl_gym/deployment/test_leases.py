"""One deployment, many environments: who changes something is alone, in one process and between processes."""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webrl_gym.deployment import leases
from webrl_gym.deployment.leases import CLEAN, DIRTY, UNKNOWN, Lease, _gate
from webrl_gym.errors import DeploymentBusy, SiteError
from webrl_gym.types import Site

HOLDER = """
import sys
from pathlib import Path
from webrl_gym.deployment.leases import DIRTY, Lease
from webrl_gym.types import Site
lease = Lease({Site.REDDIT: "one"}, patience=5.0, folder=Path(sys.argv[1]))
lease.take(alone=True)
lease.note([Site.REDDIT], DIRTY)
print("taken", flush=True)
sys.stdin.read()
"""

READER = HOLDER.replace("alone=True", "alone=False").replace("lease.note([Site.REDDIT], DIRTY)\n", "")

FORKING = """
import os, sys
from pathlib import Path
from webrl_gym.deployment.leases import Lease
from webrl_gym.errors import DeploymentBusy
from webrl_gym.types import Site
mine, other = (Lease({Site.MAP: "one"}, patience=0.0, folder=Path(sys.argv[1])) for _ in range(2))
mine.take(alone=True)
released, release = os.pipe()
ended, end = os.pipe()
if os.fork() == 0:
    for handle in (released, end):
        os.close(handle)
    mine.release()
    os.write(release, b".")
    os.read(ended, 1)
    sys.exit()
os.close(ended)
os.read(released, 1)
try:
    other.take(alone=True)
except DeploymentBusy:
    print("busy")
mine.release()
other.take(alone=True)
print("free", flush=True)
other.release()
os.close(end)
os.wait()
"""

GITLAB, REDDIT, MAP = Site.GITLAB, Site.REDDIT, Site.MAP


def lease(folder: Path, *sites: Site, patience: float = 0.0) -> Lease:
    keys = {site: f"{site}-key" for site in sites or (REDDIT, GITLAB, MAP)}
    return Lease(keys, patience=patience, folder=folder)


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


def test_who_waits_to_be_alone_is_let_in_before_those_who_read_again(tmp_path: Path) -> None:
    keys = {Site.REDDIT: "one"}
    writer, again = (Lease(keys, patience=60.0, folder=tmp_path) for _ in range(2))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with ThreadPoolExecutor(2) as others:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "taken\n"
        waiting = others.submit(writer.take, alone=True)
        while _is_free(tmp_path / "one.gate"):
            time.sleep(0.01)
        reading = others.submit(again.take, alone=False)
        time.sleep(0.5)
        assert not reading.done()
        reader.communicate()
        waiting.result(timeout=60)
        writer.release()
        reading.result(timeout=60)


def test_who_reads_goes_on_beside_others_of_its_process_and_lets_nobody_pass_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leases, "_LETS_PASS", 0.3)
    monkeypatch.setattr(leases, "_SAYS_SO_AFTER", 0.1)
    reader, beside, elsewhere = (lease(tmp_path, patience=60.0) for _ in range(3))
    reader.take(alone=False)
    with _gate(tmp_path / "gitlab-key.lock") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        beside.take(alone=False)
        for one in (reader, beside):
            one.release()
        elsewhere.take(alone=False)
    assert "others use the deployment; waiting for them, 60 seconds at most" in caplog.text


def test_a_reset_has_a_name_that_everybody_sees(tmp_path: Path) -> None:
    one, other = lease(tmp_path, GITLAB), lease(tmp_path)
    assert (other.renewal(GITLAB), other.renewal(Site.HOMEPAGE)) == ("", "")
    one.take(alone=True)
    one.note_renewal([GITLAB])
    first = other.renewal(GITLAB)
    assert other.states()[GITLAB] == CLEAN
    one.note_renewal([GITLAB])
    assert "" != first != other.renewal(GITLAB)


def _is_free(path: Path) -> bool:
    if not path.exists():
        return True
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


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


def test_sites_of_others_are_not_waited_for(tmp_path: Path) -> None:
    one, other = lease(tmp_path, GITLAB), lease(tmp_path, REDDIT, MAP)
    one.take(alone=True)
    other.take(alone=True)


def test_deployments_meet_at_the_sites_that_they_have_in_common(tmp_path: Path) -> None:
    one, other, third = lease(tmp_path, GITLAB, MAP), lease(tmp_path, MAP, REDDIT), lease(tmp_path, REDDIT)
    one.take(alone=True)
    one.note([MAP], DIRTY)
    with pytest.raises(DeploymentBusy):
        other.take(alone=False)
    third.take(alone=True)
    third.release()
    one.release()
    other.take(alone=True)
    assert other.states()[MAP] == DIRTY


def test_nobody_waits_in_a_circle(tmp_path: Path) -> None:
    """Readers of the same sites that all come to want them alone, again and again, in several orders."""

    def work(*sites: Site) -> int:
        mine = lease(tmp_path, *sites, patience=30.0)
        for _ in range(4):
            mine.take(alone=False)
            mine.take(alone=True)
            mine.take(alone=False)
            mine.release()
        return 1

    orders = [(GITLAB, MAP, REDDIT), (REDDIT, MAP, GITLAB), (MAP, REDDIT), (REDDIT, GITLAB)]
    with ThreadPoolExecutor(len(orders)) as threads:
        assert sum(threads.map(lambda sites: work(*sites), orders)) == len(orders)


def test_states_are_known_to_all_and_begin_unknown(tmp_path: Path) -> None:
    first, second = lease(tmp_path), lease(tmp_path)
    assert set(first.states().values()) == {UNKNOWN}
    first.take(alone=True)
    first.note([GITLAB, MAP], CLEAN)
    first.note([GITLAB], DIRTY)
    found = second.states()
    assert (found[GITLAB], found[MAP], found[REDDIT]) == (DIRTY, CLEAN, UNKNOWN)


def test_readers_may_doubt_what_is_clean(tmp_path: Path) -> None:
    first, second = lease(tmp_path), lease(tmp_path)
    first.take(alone=True)
    first.note([GITLAB], DIRTY)
    first.note([MAP], CLEAN)
    first.take(alone=False)
    second.take(alone=False)
    for site in (GITLAB, MAP, REDDIT):
        second.doubt(site)
    found = first.states()
    assert (found[GITLAB], found[MAP], found[REDDIT]) == (DIRTY, UNKNOWN, UNKNOWN)


def test_a_forked_child_neither_keeps_nor_gives_back_what_its_parent_holds(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "busy\nfree\n"), done.stderr


def test_a_child_that_has_the_file_open_keeps_nothing(tmp_path: Path) -> None:
    """As one does for a moment that was forked by somebody else's code."""
    mine = lease(tmp_path, MAP)
    mine.take(alone=True)
    copies = [os.dup(handle) for handle in mine._handles]
    mine.release()
    lease(tmp_path, MAP).take(alone=True)
    for copy in copies:
        os.close(copy)


def test_a_place_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SiteError, match=r"the lock of the deployment, .*gitlab-key\.lock, cannot be opened"):
        lease(file).take(alone=False)
    mine = lease(tmp_path, GITLAB)
    mine.take(alone=True)
    (tmp_path / "gitlab-key.state").mkdir()
    with pytest.raises(SiteError, match=r"the state of gitlab, .*gitlab-key\.state, cannot be written"):
        mine.note([GITLAB], CLEAN)


@pytest.mark.parametrize("content", [b"", b"[]", b"spotless", b"\xff"])
def test_a_damaged_note_says_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "gitlab-key.state").write_bytes(content)
    assert set(lease(tmp_path).states().values()) == {UNKNOWN}


def test_a_dead_process_holds_nothing_and_its_note_stays(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    keys = {Site.REDDIT: "one"}
    mine = Lease(keys, patience=0.0, folder=tmp_path)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with pytest.raises(DeploymentBusy, match=r"other episodes have held the deployment for 0 seconds"):
            mine.take(alone=True)
        holder.kill()
    mine = Lease(keys, patience=5.0, folder=tmp_path)
    mine.take(alone=True)
    assert mine.states()[Site.REDDIT] == DIRTY
