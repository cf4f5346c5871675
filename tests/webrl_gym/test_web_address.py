from __future__ import annotations

import pytest

from webrl_gym.web_address import origin_of, root_of, shown, with_port


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Host.Test:80/A?b", "http://host.test"),
        ("HTTPS://host.test:443", "https://host.test"),
        ("https://host.test:80", "https://host.test:80"),
        ("http://me:s3cret@host.test:8023/", "http://host.test:8023"),
        ("http://[::1]:80/", "http://[::1]"),
        ("http://host.test:port", ""),
        ("http://host.test:99999", ""),
    ],
)
def test_equal_origins_are_equal_texts(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_an_origin_has_its_port_when_that_is_asked_for() -> None:
    asked = ["http://host.test", "https://host.test", "http://host.test:8023", "http://[::1]"]
    assert list(map(with_port, asked)) == [
        "http://host.test:80",
        "https://host.test:443",
        "http://host.test:8023",
        "http://[::1]:80",
    ]


@pytest.mark.parametrize(
    ("url", "root"),
    [
        (" http://Host.Test:80/ ", "http://host.test"),
        ("http://Host.Test:7780/Admin/", "http://host.test:7780/Admin"),
        (
            "http://w.test:80/wiki/A/User:The_other_Kiwix_guy/Landing",
            "http://w.test/wiki/A/User:The_other_Kiwix_guy/Landing",
        ),
        ("http://me:s3cret@host.test", "http://me:s3cret@host.test"),
        ("host.test", "host.test"),
        ("http://host.test:port", "http://host.test:port"),
    ],
)
def test_roots_are_spelled_as_browsers_do(url: str, root: str) -> None:
    assert root_of(url) == root


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://me:s3cret@host.test/v1?key=k", "http://host.test/v1"),
        ("http://host.test:8023/@somebody", "http://host.test:8023/@somebody"),
        ("me:s3cret@host.test:7565", "host.test:7565"),
        ("http://me:s3c/ret@host.test", "host.test"),
        ("http://me:s3c?ret@host.test/?k", "host.test/"),
        ("/v1?key=k", "/v1"),
    ],
)
def test_no_secret_is_shown(url: str, text: str) -> None:
    assert shown(url) == text
