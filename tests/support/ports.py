"""Ports of this machine on which a test's program may listen."""

import secrets
import socket

#: Below those that the kernel gives to outgoing calls, so that none of these takes it meanwhile.
_LISTENING = range(20_000, 32_000)


def free_port() -> int:
    """A port on which nobody listens now; drawn, since tests run in several processes."""
    while True:
        port = secrets.choice(_LISTENING)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
