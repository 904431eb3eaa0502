"""What the nodes of a job say to one another: frames over TCP, each vouched for by a secret.

Whoever connects must prove that it knows the secret of the attempt, and is proven to: both sides
answer the other's random challenge, and from both challenges follows a key of this connection
alone. Every frame after that bears its number and a code made with that key, so that nothing can
be put in, left out or repeated. What is said is not hidden: a site's own network carries it.
"""

import hashlib
import hmac
import json
import os
import socket
import struct
from typing import Any

#: Until it has proven who it is, nobody may say more than this.
_FIRST_BYTES = 64
_LARGEST_BYTES = 1 << 24
_NONCE_BYTES = 32
_MARK_BYTES = 32
_HEAD = struct.Struct(">IB")
#: Kinds of frames: an order or an answer as JSON, and what a task prints.
TALK, STDOUT, STDERR = 0, 1, 2


class StrangerError(Exception):
    """The other side does not know the secret, or its words were tampered with."""


class Channel:
    """One side of a connection on which both sides have proven who they are."""

    def __init__(self, stream: socket.socket, key: bytes, *, is_caller: bool) -> None:
        """Speak over this socket with the key that both sides have."""
        self.stream = stream
        self._key = key
        self._sent, self._heard = 0, 0
        self._own, self._other = (b"c", b"l") if is_caller else (b"l", b"c")

    def send(self, kind: int, data: bytes) -> None:
        """Say something; ``OSError`` where nobody hears it any more."""
        mark = self._mark(self._own, self._sent, kind, data)
        self._sent += 1
        self.stream.sendall(_HEAD.pack(len(data), kind) + mark + data)

    def talk(self, message: dict[str, Any]) -> None:
        """Say something as JSON."""
        self.send(TALK, json.dumps(message).encode())

    def receive(self) -> tuple[int, bytes] | None:
        """The next frame; None where the other side is gone."""
        head = _read(self.stream, _HEAD.size)
        if head is None:
            return None
        size, kind = _HEAD.unpack(head)
        if size > _LARGEST_BYTES:
            raise StrangerError
        mark, data = _read(self.stream, _MARK_BYTES), _read(self.stream, size)
        if mark is None or data is None:
            return None
        if not hmac.compare_digest(mark, self._mark(self._other, self._heard, kind, data)):
            raise StrangerError
        self._heard += 1
        return kind, data

    def hear(self) -> dict[str, Any] | None:
        """The next thing that is said as JSON; None where the other side is gone."""
        frame = self.receive()
        if frame is None:
            return None
        found = json.loads(frame[1])
        if frame[0] != TALK or not isinstance(found, dict):
            raise StrangerError
        return found

    def _mark(self, side: bytes, number: int, kind: int, data: bytes) -> bytes:
        head = side + struct.pack(">QB", number, kind)
        return hmac.new(self._key, head + data, hashlib.sha256).digest()


def greet_caller(stream: socket.socket, secret: bytes) -> Channel:
    """Let a caller prove itself, and prove oneself to it; ``StrangerError`` where it cannot."""
    nonce = os.urandom(_NONCE_BYTES)
    stream.sendall(nonce)
    answer = _read(stream, _FIRST_BYTES)
    if answer is None:
        raise StrangerError
    theirs, proof = answer[:_NONCE_BYTES], answer[_NONCE_BYTES:]
    if not hmac.compare_digest(proof, _proof(secret, b"caller", nonce, theirs)):
        raise StrangerError
    stream.sendall(_proof(secret, b"listener", nonce, theirs))
    return Channel(stream, _proof(secret, b"frames", nonce, theirs), is_caller=False)


def call(stream: socket.socket, secret: bytes) -> Channel:
    """Prove oneself to who listens, and let it prove itself; ``StrangerError`` where it cannot."""
    theirs = _read(stream, _NONCE_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    if theirs is None:
        raise StrangerError
    stream.sendall(nonce + _proof(secret, b"caller", theirs, nonce))
    proof = _read(stream, _MARK_BYTES)
    if proof is None or not hmac.compare_digest(proof, _proof(secret, b"listener", theirs, nonce)):
        raise StrangerError
    return Channel(stream, _proof(secret, b"frames", theirs, nonce), is_caller=True)


def _proof(secret: bytes, role: bytes, listener: bytes, caller: bytes) -> bytes:
    return hmac.new(secret, role + listener + caller, hashlib.sha256).digest()


def _read(stream: socket.socket, size: int) -> bytes | None:
    """Exactly so many bytes; None where the connection ends before."""
    data = bytearray()
    while len(data) < size:
        piece = stream.recv(min(size - len(data), 1 << 16))
        if not piece:
            return None
        data += piece
    return bytes(data)
