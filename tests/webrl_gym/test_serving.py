from __future__ import annotations

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.webrl_gym.serve_process import serve_process
from webrl_gym.cli import main
from webrl_gym.types import Site


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [made.getsockname()[1] for made in sockets]
    for made in sockets:
        made.close()
    return ports


def test_it_serves_until_ctrl_c(tmp_path: Path) -> None:
    ready = tmp_path / "sites.env"
    ready.write_text("left by a killed server")
    with serve_process("--port-base", "0", "--ready-file", str(ready)) as (process, variables):
        assert len(variables) == 15
        assert ready.read_text() == "".join(f"export {name}={url}\n" for name, url in variables.items())
        with ThreadPoolExecutor(16) as pool:
            crowd = [pool.submit(httpx.get, variables["WIKIPEDIA"], timeout=60, trust_env=False) for _ in range(32)]
        assert {asked.result().status_code for asked in crowd} == {200}
        check_end(process, signal.SIGINT)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(variables["WIKIPEDIA"], trust_env=False)


def test_ports_are_chosen_by_name_and_given_back_when_terminated(tmp_path: Path) -> None:
    ports = free_ports(8)
    names = [*Site, "reset"]
    chosen = ",".join(f"{name}={port}" for name, port in zip(names, ports, strict=True))
    ready = tmp_path / "sites.env"
    with serve_process("--ports", chosen, "--world", "3", "--ready-file", str(ready)) as (process, variables):
        served = [urlsplit(variables[name.upper()]).port for name in Site]
        assert [*served, urlsplit(variables["WA_FULL_RESET"]).port] == ports
        ready.write_text("what another server has to say")
        check_end(process, signal.SIGTERM)
    assert ready.read_text() == "what another server has to say"
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_script_waits_for_it_in_the_background_and_interrupts_it(tmp_path: Path) -> None:
    script = (
        '"$0" -m webrl_gym serve --port-base 0 --ready-file sites.env > said &'
        " until [ -e sites.env ]; do sleep 0.1; done; . ./sites.env;"
        ' echo "$SHOPPING_ADMIN $WA_FULL_RESET"; kill -INT $!; wait $!; echo $?'
    )
    done = subprocess.run(
        ["sh", "-c", script, sys.executable], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    shop, reset, status = done.stdout.split()
    assert f"export SHOPPING_ADMIN={shop}\n" in (tmp_path / "said").read_text()
    assert f"export WA_FULL_RESET={reset}\n" in (tmp_path / "said").read_text()
    assert status == "130"
    assert done.stderr == ""


def check_end(process: subprocess.Popen[str], stop: signal.Signals) -> None:
    """Stops the server: at once, without a word."""
    process.send_signal(stop)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 130


def test_a_busy_port_is_one_clear_error_and_its_owners_file_stays(tmp_path: Path) -> None:
    ready = tmp_path / "sites.env"
    ready.write_text("what the port's owner has to say")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        others = ",".join(f"{name}=0" for name in [*Site, "reset"] if name != "map")
        command = [sys.executable, "-m", "webrl_gym", "serve", "--ports", f"{others},map={port}"]
        command += ["--ready-file", str(ready)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"webrl-gym: Port {port} on 127.0.0.1 cannot be had: Address already in use\n"
    assert ready.read_text() == "what the port's owner has to say"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port-base", "65530"], "--port-base must be at most 65528, got 65530"),
        (["--world", "99"], "world must be 0..31, got 99"),
        (["--ready-file", "/there/is/no/folder"], "--ready-file /there/is/no/folder cannot be written"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {ending: signal.getsignal(ending) for ending in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert main(["serve", *(["--port-base", "0"] if "--port-base" not in arguments else []), *arguments]) == 2
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("webrl-gym: ")
    assert said in shown.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port-base", "65536"], "a port must be 0..65535, got '65536'"),
        (["--port-base", "-1"], "a port must be 0..65535, got '-1'"),
        (["--ports", "shop=1"], "expected NAME=PORT with shopping, shopping_admin, reddit"),
        (["--ports", "shopping"], "a port must be 0..65535, got ''"),
        (["--ports", "shopping=7770", "--port-base", "1"], "not allowed with argument"),
    ],
)
def test_ports_that_are_none_are_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", *arguments])
    assert said in capsys.readouterr().err
