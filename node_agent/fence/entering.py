"""What an order for a fenced job starts: it makes the fence, and becomes the job inside.

``main`` takes the path of a private file that describes the fence, then the job's own words. Before
it leaves the network it starts the relay, which stays outside and is handed sockets that listen
inside: a socket belongs to the network in which it was made, whoever holds it.
"""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from node_agent.fence.doors import Fence, load_fence
from node_agent.fence.namespaces import (
    add_address,
    empty,
    give_up_powers,
    lay_over,
    leave_network,
)
from node_agent.warden.program import program_of, why_not_started

_HOSTS = "/etc/hosts"
#: Services outside that would act for whoever reaches their socket.
_SERVICES = ("/run/nscd", "/run/dbus", "/run/user", "/run/podman", "/run/docker.sock")
#: The relay looks once at every door before it says that it is ready [s].
_READY_WITHIN_S = 15.0
_NO_DEVICE = os.devnull
_NOT_FENCED, _NOT_FOUND = 126, 127
_ROOT = Path(__file__).resolve().parents[2]
#: What Python handles or ignores, and a program finds as after a login.
_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ)


def own_words(module: str) -> tuple[str, ...]:
    """How a module of this room is started, whatever the job does to its own Python."""
    code = f"import sys; sys.path.insert(0, {os.fspath(_ROOT)!r}); "
    code += f"from node_agent.fence.{module} import main; main()"
    return (sys.executable, "-I", "-S", "-c", code)


def main() -> NoReturn:
    """Make the fence and become the job; without a job, only try whether it can be made."""
    words = sys.argv[2:]
    try:
        enter(load_fence(Path(sys.argv[1]).read_text(encoding="utf-8")))
    except OSError as error:
        _end(f"The network could not be closed for this job: {error}.", _NOT_FENCED)
    if not words:
        os._exit(0)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    program = program_of(words[0], os.environ)
    if program is None:
        _end(why_not_started(words[0], program), _NOT_FOUND)
    try:
        os.execv(program, words)  # noqa: S606 - the job itself
    except OSError as error:
        _end(why_not_started(words[0], program, error), _NOT_FOUND)


def _end(sentence: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, f"{sentence}\n".encode(errors="replace"))
    os._exit(code)


def enter(fence: Fence) -> None:
    """Leave the network of the machine for one that has these doors and nothing else."""
    ours, relays = socket.socketpair()
    _start_relay(relays)
    relays.close()
    with ours:
        leave_network()
        _hand_over(ours, fence)
        for path in (*_SERVICES, *fence.hidden):
            if not any(kept.startswith(f"{path}/") for kept in (os.getcwd(), fence.hosts_file)):
                _hide(path)
        lay_over(_HOSTS, fence.hosts_file)
        give_up_powers()
        ours.settimeout(_READY_WITHIN_S)
        if ours.recv(1) != b"r":
            raise OSError(0, "its relay did not start")


def _start_relay(stream: socket.socket) -> None:
    """Start it as nobody's child: a job that waits for its children must not wait for it."""
    leader = str(os.getpid())
    pid = os.fork()
    if pid == 0:
        os.setsid()
        stream.set_inheritable(True)
        argv = [*own_words("relay"), str(stream.fileno()), leader]
        # Of the job's variables it gets none: they mark what is the job's, and counts toward it.
        os.posix_spawn(argv[0], argv, {"LANG": "C.UTF-8"}, file_actions=_to_nowhere())
        os._exit(0)
    os.waitpid(pid, 0)


def _to_nowhere() -> Sequence[tuple[int, int, str, int, int]]:
    """It reads and prints nothing."""
    return [(os.POSIX_SPAWN_OPEN, number, _NO_DEVICE, os.O_RDWR, 0) for number in (0, 1, 2)]


def _hand_over(stream: socket.socket, fence: Fence) -> None:
    """Bind a socket for each door, and give them to the relay in the order of the doors."""
    listeners = []
    for number, address in enumerate(dict.fromkeys(door.address for door in fence.doors)):
        add_address(address, number)
    for door in fence.doors:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((door.address, door.port))
        listeners.append(listener)
    targets = "\n".join(f"{door.host} {door.port}" for door in fence.doors)
    socket.send_fds(stream, [targets.encode() or b"\n"], [one.fileno() for one in listeners])
    for listener in listeners:
        listener.close()


def _hide(path: str) -> None:
    """Show nothing where a socket was, or a directory of such."""
    if Path(path).is_dir():
        empty(path)
    elif Path(path).exists():
        lay_over(path, _NO_DEVICE)
