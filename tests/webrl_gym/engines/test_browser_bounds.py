from __future__ import annotations

import pytest

from webrl_gym.engines.browser_bounds import Bounds

BOUNDS = Bounds(["http://shop.test:7770", "https://git.test", "file:///pages/"])


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://shop.test:7770/a", True),
        ("http://user:word@shop.test:7770/a", True),
        ("http://SHOP.test:7770", True),
        ("https://git.test:443/x", True),
        ("about:blank", True),
        ("file:///pages/deep/a.html", True),
        ("http://shop.test/a", False),
        ("https://shop.test:7770/", False),
        ("http://git.test/", False),
        ("http://shop.test:7770@elsewhere.test/", False),
        ("http://shop.test:99999/", False),
        ("file:///pages/../etc/passwd", False),
        ("file:///pages/%2e%2e/etc/passwd", False),
        ("file://host/pages/a.html", False),
        ("blob:http://shop.test:7770/1", False),
        ("data:text/html,x", False),
    ],
)
def test_origins_and_folders_bound_what_may_be_opened(url: str, allowed: bool) -> None:
    assert BOUNDS.allows(url) is allowed


def test_only_the_origins_pass_by_the_wall_and_their_sockets() -> None:
    """Each with its port: to Chromium a rule without one means every port of its host."""
    proxy = BOUNDS.proxy("http://127.0.0.1:9", direct=True)
    assert proxy is not None
    assert proxy["bypass"].split(",") == [
        "http://shop.test:7770",
        "https://git.test:443",
        "ws://shop.test:7770",
        "wss://git.test:443",
    ]
    plain = Bounds(["http://SHOP.test", "http://[::1]:80/"]).proxy("http://127.0.0.1:9", direct=True)
    assert plain is not None
    assert plain["bypass"] == "http://shop.test:80,http://[::1]:80,ws://shop.test:80,ws://[::1]:80"
    assert BOUNDS.proxy("http://127.0.0.1:9", direct=False) == {"server": "http://127.0.0.1:9"}


def test_a_person_may_look_everywhere_on_the_web() -> None:
    bounds = Bounds(None)
    assert [bounds.allows(url) for url in ("https://any.test/", "file:///etc/passwd", "data:text/html,x")] == [
        True,
        False,
        False,
    ]
    assert bounds.proxy("http://127.0.0.1:9", direct=True) is None
