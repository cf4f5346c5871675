from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from webrl_gym.sites.dispatch import SiteDispatcher
from webrl_gym.sites.server import SiteServer
from webrl_gym.sites.worlds import World


@pytest.fixture
def server(world: World) -> Iterator[SiteServer]:
    made = SiteServer(SiteDispatcher(world))
    yield made
    made.close()


def ask(server: SiteServer, target: str, host: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, target, headers={"Host": host})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.parametrize("target", ["http://wikipedia.test/", "/"])
def test_a_site_answers_by_its_host(server: SiteServer, target: str) -> None:
    status, content = ask(server, target, "wikipedia.test")
    assert status == 200
    assert b"<html" in content
    assert server.blocked == 0


def test_two_hosts_are_two_sites(server: SiteServer) -> None:
    assert ask(server, "/", "wikipedia.test")[1] != ask(server, "/", "homepage.test")[1]


@pytest.mark.parametrize("host", ["elsewhere.test", "127.0.0.1", "169.254.169.254", "wikipedia.test:8080", ""])
def test_other_hosts_get_nothing_and_are_counted(server: SiteServer, host: str) -> None:
    assert ask(server, "/", host) == (204, b"")
    assert server.blocked == 1


def test_tunnels_are_refused(server: SiteServer) -> None:
    assert ask(server, "wikipedia.test:443", "wikipedia.test:443", "CONNECT")[0] == 403
    assert server.blocked == 1


def test_a_connection_serves_many_requests(server: SiteServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "http://homepage.test/", headers={"Host": "homepage.test"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        assert not answer.will_close
    connection.close()


def test_concurrent_requests_share_one_world(server: SiteServer) -> None:
    answers: list[tuple[int, bytes]] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(server, "/", "wikipedia.test"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 8
    assert len({content for _, content in answers}) == 1


def test_closing_twice_frees_the_port(world: World) -> None:
    server = SiteServer(SiteDispatcher(world))
    port = server.port
    server.close()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=10).request("GET", "/")
    assert f"site-server-{port}" not in {thread.name for thread in threading.enumerate()}


def test_the_dispatcher_refuses_foreign_hosts_with_a_page(world: World) -> None:
    dispatcher = SiteDispatcher(world)
    seen: list[str] = []
    content = b"".join(dispatcher({"HTTP_HOST": "<b>.test"}, lambda status, *_: seen.append(status) or bytes))
    assert seen == ["403 Forbidden"]
    assert b"&lt;b&gt;.test" in content
    assert dispatcher.blocked == 1


def test_closing_goes_well_though_somebody_else_wakes_the_loop_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SiteServer(SiteDispatcher(world))
    pull = made._server.trigger._physical_pull

    def late() -> None:
        pull()  # a thread that has just answered
        time.sleep(0.2)
        pull()

    monkeypatch.setattr(made._server.trigger, "_physical_pull", late)
    made.close()
    made.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made.port))
