"""Carries a fenced job's connections through its doors; stands outside, and ends with the job.

``main`` takes the number of a socket, on which the listening sockets of the job's own network come,
and the job's process id. A door whose server does not answer is shut: whoever knocks is refused at
once, as he would be without a fence, and from time to time it is tried whether the server is back.
"""

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from typing import NoReturn

from node_agent.fence.doors import MOST_DOORS
from node_agent.warden.processes import is_group_alive

#: Connections that one job has at once, through all doors: a solver takes one or two.
MOST_CONNECTIONS = 128
#: Those who knock meanwhile wait, as many as this; the kernel lets others try again.
_BACKLOG = 16
_CONNECT_WITHIN_S = 10.0
_LOOK_WITHIN_S = 3.0
_TRY_AGAIN_S = 2.0
_LOOK_S = 0.2
_PIECE_BYTES = 1 << 16
#: A silent connection is tried after so long, and given up after three more tries [s].
_KEEP_ALIVE_S, _BETWEEN_TRIES_S, _TRIES = 60, 20, 3
_LARGEST_LIST = 1 << 20


class Door:
    """One door: where it stands in the job's network, and what is behind it."""

    def __init__(
        self, listener: socket.socket, host: str, port: int, slots: threading.Semaphore
    ) -> None:
        """Shut, until somebody looked."""
        self._listener, self._target, self._slots = listener, (host, port), slots
        self._is_open = False

    def look(self) -> bool:
        """Open it where its server answers; whether it does."""
        try:
            socket.create_connection(self._target, _LOOK_WITHIN_S).close()
        except OSError:
            return False
        self._is_open = True
        self._listener.listen(_BACKLOG)
        return True

    def keep(self) -> None:
        """Let in who knocks while it is open, and look again and again while it is shut."""
        while True:
            while not self._is_open:
                time.sleep(_TRY_AGAIN_S)
                self.look()
            self._slots.acquire()
            try:
                inside, _ = self._listener.accept()
            except OSError:
                self._slots.release()  # It was shut meanwhile.
                continue
            try:
                threading.Thread(target=self._carry, args=(inside,), daemon=True).start()
            except RuntimeError:  # The account has no more threads: who came tries again.
                inside.close()
                self._slots.release()

    def _carry(self, inside: socket.socket) -> None:
        try:
            with inside:
                try:
                    outside = socket.create_connection(self._target, _CONNECT_WITHIN_S)
                except OSError:
                    self._shut(inside)
                    return
                with outside:
                    _join(inside, outside)
        finally:
            self._slots.release()

    def _shut(self, inside: socket.socket) -> None:
        """Refuse whoever came and whoever comes, as the server does."""
        inside.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self._is_open:
            self._is_open = False
            with contextlib.suppress(OSError):
                # It stays bound and listens no more; who waits to be let in is refused.
                self._listener.shutdown(socket.SHUT_RD)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Carry what either says to the other until both have said all."""
    for stream in (one, other):
        stream.settimeout(None)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEP_ALIVE_S)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _BETWEEN_TRIES_S)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _TRIES)
    back = threading.Thread(target=_pour, args=(other, one), daemon=True)
    back.start()
    _pour(one, other)
    back.join()


def _pour(source: socket.socket, target: socket.socket) -> None:
    """Carry one direction to its end; where it breaks, both directions end."""
    try:
        while data := source.recv(_PIECE_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for stream in (source, target):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)


def main() -> NoReturn:
    """Keep the doors until the job and all of its group are gone."""
    stream = socket.socket(fileno=int(sys.argv[1]))
    leader = int(sys.argv[2])
    gone = os.pidfd_open(leader)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    text, descriptors, _, _ = socket.recv_fds(stream, _LARGEST_LIST, MOST_DOORS)
    slots = threading.Semaphore(MOST_CONNECTIONS)
    targets = [line.split(" ") for line in text.decode().splitlines() if line]
    doors = [
        Door(socket.socket(fileno=descriptor), host, int(port), slots)
        for descriptor, (host, port) in zip(descriptors, targets, strict=True)
    ]
    looking = [threading.Thread(target=door.look, daemon=True) for door in doors]
    for one in looking:
        one.start()
    for one in looking:
        one.join(_LOOK_WITHIN_S)
    for door in doors:
        threading.Thread(target=door.keep, daemon=True).start()
    with contextlib.suppress(OSError):
        stream.send(b"r")
    stream.close()
    select.select([gone], [], [])
    while is_group_alive(leader):
        time.sleep(_LOOK_S)
    os._exit(0)
