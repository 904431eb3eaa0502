"""Where webhooks may point: hostile addresses, and names that stand for the inner network."""

import pytest

from domain.notices.webhook_target import (
    AllowedOrigins,
    Origin,
    WebhookTarget,
    is_public_address,
    parse_origins,
    parse_url,
)
from domain.refusal import Refused


def _allowed(public: str = "", private: str = "") -> AllowedOrigins:
    here, inside = parse_origins(public, "P"), parse_origins(private, "Q")
    assert not isinstance(here, Refused)
    assert not isinstance(inside, Refused)
    return AllowedOrigins(public=here, private=inside)


ALLOWED = _allowed("hooks.lab.example, hooks.uni.fr:8443", "http://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://hooks.lab.example/done", "/done"),
        ("https://hooks.lab.example", "/"),
        ("https://hooks.lab.example:443/a?b=c&d=%20", "/a?b=c&d=%20"),
        ("https://hooks.uni.fr:8443/", "/"),
        ("http://127.0.0.1:9000/x", "/x"),
    ],
)
def test_what_the_operator_allows_is_taken_apart(url: str, path: str) -> None:
    found = ALLOWED.check(url)

    assert isinstance(found, WebhookTarget)
    assert found.path == path


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.lab.example",
        "//hooks.lab.example/",
        "ftp://hooks.lab.example/",
        "file:///etc/passwd",
        "gopher://hooks.lab.example/",
        "http://hooks.lab.example/",
        "https://hooks.lab.example:80/",
        "https://hooks.lab.example:8443/",
        "https://hooks.lab.example.evil.example/",
        "https://evil.example/https://hooks.lab.example/",
        "https://evil.example#hooks.lab.example",
        "https://evil.example?hooks.lab.example",
        "https://hooks.lab.example@evil.example/",
        "https://user:pass@hooks.lab.example/",
        "https://hooks.lab.example%2f@evil.example/",
        "https://hooks.lab.example\\@evil.example/",
        "https:\\\\hooks.lab.example/",
        "https:/hooks.lab.example/",
        "https:///hooks.lab.example/",
        "https://hooks.lab.example./",
        "https://hooks..lab.example/",
        "https://HOOKS.lab.example/",
        "HTTPS://hooks.lab.example/",
        "https://hooks.lab.example /",
        " https://hooks.lab.example/",
        "https://hooks.lab.example/\n",
        "https://hooks.lab.example/\r\nHost: evil.example",
        "https://hooks.lab.example/\x00",
        "https://hooks.lab.example/\tx",
        "https://hooks.lab.example/#x",
        "https://hooks.lab.example:/",
        "https://hooks.lab.example:0/",
        "https://hooks.lab.example:443443/",
        "https://hooks.lab.example:99999/",
        "https://hooks.lab.ex\u0430mple/",
        "https://hooks\u3002lab.example/",
        "https://127.0.0.1/",
        "https://127.1:9000/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://017700000001/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://metadata.google.internal/",
        "http://127.0.0.1:9001/",
        "https://127.0.0.1:9000/",
        "https://hooks.lab.example/" + "a" * 2000,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    found = ALLOWED.check(url)

    assert isinstance(found, Refused)
    assert found.code in {"webhook.url", "webhook.host"}


def test_nothing_is_allowed_where_nothing_is_said() -> None:
    assert isinstance(AllowedOrigins().check("https://hooks.lab.example/"), Refused)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104 - as a target
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::1",
        "not an address",
        "",
    ],
)
def test_addresses_of_the_inner_network_are_told_apart(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public_address(address)


def test_only_a_server_named_as_private_may_be_inside() -> None:
    hooks = Origin(scheme="https", host="hooks.lab.example", port=443)
    inside = Origin(scheme="http", host="127.0.0.1", port=9000)

    assert ALLOWED.may_connect(inside, "127.0.0.1")
    assert ALLOWED.may_connect(hooks, "93.184.216.34")
    assert not ALLOWED.may_connect(hooks, "127.0.0.1")


@pytest.mark.parametrize(
    "text", ["*.example", "a b", "https://a.example/path", "ftp://a.example", "user@a.example"]
)
def test_a_list_of_servers_that_cannot_be_read_is_named(text: str) -> None:
    refused = parse_origins(text, "CHAUFFERIE_WEBHOOK_HOSTS")

    assert isinstance(refused, Refused)
    assert "CHAUFFERIE_WEBHOOK_HOSTS" in refused.sentence


def test_a_server_is_written_as_the_operator_writes_it() -> None:
    for text in ("a.example", "a.example:8443", "http://a.example", "http://[::1]:80", "[::1]:444"):
        found = parse_url(text if "://" in text else f"https://{text}")
        assert found is not None
        assert str(found.origin) == text.removesuffix(":80")
