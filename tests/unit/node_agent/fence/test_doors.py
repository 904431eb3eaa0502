"""The doors in a job's fence: where they stand inside, and by which names."""

import pytest

from node_agent.fence.doors import (
    MOST_DOORS,
    Door,
    Fence,
    doors_to,
    fence_text,
    hosts_text,
    load_fence,
    target_of,
)


def test_a_host_has_one_address_for_all_its_ports() -> None:
    found = doors_to([("lic.example.org", 1999), ("LIC.example.org", 2099), ("other", 1999)])

    assert [(door.port, door.address) for door in found] == [
        (1999, "127.83.0.1"),
        (2099, "127.83.0.1"),
        (1999, "127.83.0.2"),
    ]


def test_a_host_that_is_an_address_keeps_it() -> None:
    found = doors_to([("10.1.2.3", 1055), ("localhost", 8080), ("127.0.0.1", 8081)])

    assert [door.address for door in found] == ["10.1.2.3", "127.0.0.1", "127.0.0.1"]


def test_a_door_is_made_once_and_there_are_not_more_than_a_few() -> None:
    assert len(doors_to([("a", 1), ("a", 1)])) == 1
    assert len(doors_to([("a", port) for port in range(1, 1000)])) == MOST_DOORS


def test_hosts_are_found_by_their_short_names_and_the_machine_by_its_own() -> None:
    doors = doors_to([("lic.example.org", 1), ("lic.example.com", 1), ("10.0.0.9", 1)])
    outside = "10.0.0.1 node1 node1.example.org\n192.0.2.5 lic\n192.0.2.7 files # disks\n\n# end\n"

    assert hosts_text(doors, "node1", outside).splitlines() == [
        "127.0.0.1 localhost node1",
        "::1 localhost",
        "127.83.0.1 lic.example.org lic",
        "127.83.0.2 lic.example.com",
        "192.0.2.7 files",
    ]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://chaufferie.example.org", ("chaufferie.example.org", 443)),
        ("http://127.0.0.1:8080/x", ("127.0.0.1", 8080)),
        ("http://localhost", ("localhost", 80)),
        ("http://[::1]:8080", None),
        ("unix:/run/x", None),
    ],
)
def test_where_a_url_leads(url: str, target: tuple[str, int] | None) -> None:
    assert target_of(url) == target


def test_a_fence_is_read_as_it_was_written() -> None:
    fence = Fence(
        doors=(Door(host="a", port=1, address="127.83.0.1"),),
        hosts_file="/x.names",
        hidden=("/x/warden.sock",),
    )

    assert load_fence(fence_text(fence)) == fence
