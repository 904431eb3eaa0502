"""By which interface this machine has an address, asked of its kernel."""

from ipaddress import ip_address

from node_agent.machine.interfaces import interface_of


def test_the_loopback_has_its_whole_network() -> None:
    own = interface_of(ip_address("127.0.0.1"))

    assert own is not None
    assert interface_of(ip_address("127.9.9.9")) == own


def test_an_address_of_nobody_here_has_none() -> None:
    assert interface_of(ip_address("240.0.0.1")) is None
    assert interface_of(ip_address("2001:db8::1")) is None
