"""Nodes of a job prove who they are; nothing can be put in between, left out or said again."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from node_agent.gangs.frames import STDOUT, Channel, StrangerError, call, greet_caller

SECRET = b"of this attempt"


Answer = Callable[[socket.socket], object]
Pairs = Callable[[], tuple[socket.socket, socket.socket]]


@pytest.fixture
def pairs() -> Iterator[Pairs]:
    """Makes connected sockets, which are closed in the end."""
    made: list[socket.socket] = []

    def make() -> tuple[socket.socket, socket.socket]:
        both = socket.socketpair()
        for end in both:
            end.settimeout(10)
        made.extend(both)
        return both

    yield make
    for end in made:
        end.close()


def _greeted(pairs: Pairs, answer: Answer) -> Channel | None:
    """What becomes of a listener with the true secret whose caller behaves so."""
    listener, caller = pairs()
    thread = threading.Thread(target=_quietly, args=(answer, caller), daemon=True)
    thread.start()
    try:
        return greet_caller(listener, SECRET)
    except (StrangerError, OSError):
        return None
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _quietly(answer: Answer, caller: socket.socket) -> None:
    with contextlib.suppress(StrangerError, OSError):
        answer(caller)


def _both(pairs: Pairs) -> tuple[Channel, Channel]:
    found: list[Channel] = []
    listener, caller = pairs()
    thread = threading.Thread(target=lambda: found.append(call(caller, SECRET)), daemon=True)
    thread.start()
    greeted = greet_caller(listener, SECRET)
    thread.join()
    return greeted, found[0]


def test_both_sides_hear_what_the_other_says(pairs: Pairs) -> None:
    listener, caller = _both(pairs)

    caller.talk({"argv": ["true"]})
    listener.send(STDOUT, b"line")
    listener.talk({"exit": 0})

    assert listener.hear() == {"argv": ["true"]}
    assert caller.receive() == (STDOUT, b"line")
    assert caller.hear() == {"exit": 0}


@pytest.mark.parametrize(
    "answer",
    [
        lambda caller: call(caller, b"another"),
        lambda caller: caller.sendall(b"GET / HTTP/1.0\r\n\r\n".ljust(64)),
        lambda caller: caller.sendall(caller.recv(32) * 2),
        lambda caller: caller.close(),
    ],
)
def test_who_does_not_know_the_secret_is_a_stranger(pairs: Pairs, answer: Answer) -> None:
    assert _greeted(pairs, answer) is None


def test_a_listener_that_does_not_know_the_secret_is_given_nothing(pairs: Pairs) -> None:
    listener, caller = pairs()
    listener.sendall(bytes(64))

    with pytest.raises(StrangerError):
        call(caller, SECRET)


def _changed(frame: bytes, _: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])


def _twice(frame: bytes, _: bytes) -> bytes:
    return frame + frame


def _sent_back(_: bytes, own: bytes) -> bytes:
    return own


@pytest.mark.parametrize("damage", [_changed, _twice, _sent_back])
def test_a_frame_that_is_not_the_next_of_the_other_side_is_refused(
    pairs: Pairs, damage: Callable[[bytes, bytes], bytes]
) -> None:
    listener, caller = _both(pairs)
    frames = []
    for channel in (caller, listener):
        channel.stream, other_end = pairs()
        channel.talk({"signal": 15})
        frames.append(other_end.recv(4096))
    listener.stream, far = pairs()
    far.sendall(damage(*frames))
    far.shutdown(socket.SHUT_WR)

    with pytest.raises(StrangerError):
        list(iter(listener.receive, None))


def test_a_frame_that_says_to_be_huge_is_refused_before_it_is_read(pairs: Pairs) -> None:
    listener, caller = _both(pairs)
    caller.stream.sendall(b"\xff" * 5)

    with pytest.raises(StrangerError):
        listener.receive()
