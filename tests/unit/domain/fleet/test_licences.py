"""Licences as jobs ask for them, and as the operator declares their servers."""

import pytest

from domain.fleet.licences import (
    LicenceServer,
    LicenceServers,
    counts_of,
    in_words,
    licences_of,
    parse_licences,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("starccm:2", ("starccm:2",)),
        ("starccm", ("starccm:1",)),
        ("hpc:8, starccm:1", ("hpc:8", "starccm:1")),
        ("HPC_Parallel+x.1-b:10", ("HPC_Parallel+x.1-b:10",)),
    ],
)
def test_a_wish_has_one_spelling(text: str, found: tuple[str, ...]) -> None:
    assert parse_licences(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "a:", ":1", "a:0", "a:-1", "a:1.5", "a:1:2", "a;b", "a|b", "a@server:1"),
        *("a,a", "a:1,a:2", "1a", "a b", "a:10000000", "a:1000001", "é:1", "a:\u0661", "a\n:1"),
        ",".join(f"n{number}" for number in range(17)),
        "a" * 65,
    ],
)
def test_what_is_no_wish_is_none(text: str) -> None:
    assert parse_licences(text) is None


def test_counts_come_back_as_they_were() -> None:
    counts = {"hpc": 8, "starccm": 1, "none": 0}

    assert counts_of(licences_of(counts)) == {"hpc": 8, "starccm": 1}
    assert in_words(licences_of(counts)) == "8 seats of hpc and 1 of starccm"
    assert in_words(("a:1",)) == "1 seat of a"


def test_a_tenant_sees_the_seats_of_servers_that_serve_it() -> None:
    servers = LicenceServers(
        servers=(
            LicenceServer(name="all", hosts=("l1",), ports=(1, 2), seats={"b": 2, "a": 1}),
            LicenceServer(name="lab", hosts=("l2",), ports=(3,), seats={"c": 3}, tenants=("lab",)),
        )
    )

    assert list(servers.seats()) == ["a", "b", "c"]
    assert servers.serving("lab").seats() == {"a": 1, "b": 2, "c": 3}
    assert servers.serving("other").seats() == servers.serving(None).seats() == {"a": 1, "b": 2}
