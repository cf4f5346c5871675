"""The comparison with BrowserGym: how both sides are told the same, without the peer itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.environment import peer_process
from benchmarks.environment.peer import Move, action_text
from benchmarks.environment.peer_process import Peer, PeerFailed

STAND_IN = Path(__file__).parent / "stand_in"
PROGRAM = Path(peer_process.__file__).with_name("peer_program.py")
PAGE = """<a id="0"> Home </a> <button disabled> Save </button>
<input id="1" value="x"> <input id="2" type="password" label="Password">
<input id="3" type="checkbox" checked> <input id="4" type="radio"> <input id="5" type="radio">
<textarea id="6"> </textarea> <button id="7"> Submit </button>"""


@pytest.fixture
def peer() -> Iterator[Peer]:
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "browser"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(STAND_IN)},
    ) as process:
        yield Peer(process)


def test_the_peer_does_what_it_is_told(peer: Peer) -> None:
    assert peer.ask("open", task="enter-text", settings={"pre_observation_delay": 0.0}) == {}
    start = peer.ask("reset", seed=3)
    assert start["goal"] == "browser 0.0 3"
    assert start["seconds"] > 0
    typed = peer.ask("step", role="textbox", place=1, text="it's")
    assert (typed["error"], typed["over"], typed["reward"]) == ("fill('10', \"it's\")", False, 1.0)
    clicked = peer.ask("step", role="button", place=0, text=None)
    assert (clicked["error"], clicked["over"]) == ("click('12')", True)
    assert peer.ask("close") == {}


def test_a_request_that_fails_says_so_and_the_peer_goes_on(peer: Peer) -> None:
    peer.ask("open", task="enter-text", settings={})
    peer.ask("reset", seed=0)
    with pytest.raises(PeerFailed, match=r"could not step .*IndexError"):
        peer.ask("step", role="radio", place=0)
    assert peer.ask("reset", seed=1)["goal"] == "browser 0.5 1"


def test_a_peer_that_has_ended_is_reported() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit(3)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.wait()
        with pytest.raises(PeerFailed, match="status 3"):
            Peer(process).ask("close")


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (Move("textbox", 0, "Ada"), 'do(action="Type", argument="Ada", element="1")'),
        (Move("textbox", 1, "Ada"), 'do(action="Type", argument="Ada", element="2")'),
        (Move("textbox", 2, "Ada"), 'do(action="Type", argument="Ada", element="6")'),
        (Move("checkbox", 0), 'do(action="Click", element="3")'),
        (Move("radio", 1), 'do(action="Click", element="5")'),
        (Move("button", 0), 'do(action="Click", element="7")'),
    ],
)
def test_moves_in_our_action_language(move: Move, expected: str) -> None:
    assert action_text(move, PAGE) == expected


def test_a_move_without_its_element_is_refused() -> None:
    with pytest.raises(LookupError, match="no button number 1"):
        action_text(Move("button", 1), PAGE)
