"""What waits on a node for the one that runs a job's script: it starts what that one asks for.

``main`` takes the path of a private file that holds the secret of the attempt. It listens on the
address that the node has for its neighbours; each connection that proves itself starts one task,
hears what the task prints and how it ends, and takes the task with it when it breaks. It runs
under the warden as any job does: cores, limits and the lease are held there.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from node_agent.gangs.frames import STDERR, STDOUT, Channel, StrangerError, greet_caller
from node_agent.warden.processes import all_processes, kill_quietly, variable_of

#: Marks the processes of one task, whatever session they move to.
_TASK_VARIABLE = "CHAUFFERIE_TASK"
_LAUNCHER_VARIABLE = "CHAUFFERIE_LAUNCHER"
_MARK = secrets.token_hex(8)
#: A caller has so long to prove itself [s], and so many may be about it at a time.
_GREETING_S = 10.0
_MOST_STRANGERS = 16
#: A silent connection is tried after so long, and given up after three more tries [s].
_KEEP_ALIVE_S, _TRY_AGAIN_S, _TRIES = 10, 5, 3
_PIECE_BYTES = 1 << 16
_NOT_FOUND, _NOT_STARTED = 127, 126


def main() -> NoReturn:
    """Serve until TERM."""
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    Launcher(settings).run()


def _leave() -> NoReturn:
    """Take every task along, whatever session it moved to."""
    with contextlib.suppress(OSError):
        _kill_marked(_LAUNCHER_VARIABLE, _MARK)
    os._exit(0)


def _kill_marked(name: str, mark: str) -> None:
    for item in all_processes():
        if variable_of(item.pid, name) == mark:
            kill_quietly(item.pid, signal.SIGKILL)


class Launcher:
    """Listens for the node that runs the script."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Begin to listen, and write down where."""
        self._secret = str(settings["secret"]).encode()
        self._kept = frozenset(settings["kept"])
        self._work = str(settings["work"])
        self._strangers = threading.BoundedSemaphore(_MOST_STRANGERS)
        host = str(settings["host"])
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        port = self._listener.getsockname()[1]
        write_private(Path(settings["address_file"]), f"{host}:{port}")

    def run(self) -> NoReturn:
        """Take callers, each on its own thread."""
        while True:
            stream, _ = self._listener.accept()
            if not self._strangers.acquire(blocking=False):
                stream.close()
                continue
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        with stream:
            try:
                stream.settimeout(_GREETING_S)
                channel = greet_caller(stream, self._secret)
                stream.settimeout(None)
            except (StrangerError, OSError):
                return
            finally:
                self._strangers.release()
            keep_alive(stream)
            with contextlib.suppress(StrangerError, OSError, ValueError, KeyError, TypeError):
                order = channel.hear()
                if order is not None:
                    self._run(channel, order)

    def _run(self, channel: Channel, order: Mapping[str, Any]) -> None:
        mark = secrets.token_hex(8)
        cwd = order["cwd"] if Path(order["cwd"]).is_dir() else self._work
        try:
            process = subprocess.Popen(
                [str(word) for word in order["argv"]],
                env={
                    **self._environment(order["env"]),
                    _TASK_VARIABLE: mark,
                    _LAUNCHER_VARIABLE: _MARK,
                },
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError as error:
            channel.talk({"exit": _NOT_FOUND, "error": f"{error.filename}: there is no such file."})
            return
        except OSError as error:
            channel.talk({"exit": _NOT_STARTED, "error": f"{error.filename}: {error.strerror}."})
            return
        _Task(channel, process, mark).see_through()

    def _environment(self, theirs: Mapping[str, str]) -> dict[str, str]:
        """What the task finds set: as where the script runs, but for what is this node's own."""
        own = dict(os.environ)
        path = f"{theirs.get('PATH', '')}:{own.get('PATH', '')}".strip(":")
        asked = {str(name): str(text) for name, text in theirs.items() if name not in self._kept}
        return {**own, **asked, "PATH": path}


class _Task:
    """One program that was asked for, and the connection that it lives by."""

    def __init__(self, channel: Channel, process: "subprocess.Popen[bytes]", mark: str) -> None:
        self._channel = channel
        self._process = process
        self._mark = mark
        self._speaks = threading.Lock()

    def see_through(self) -> None:
        """Pass on what it prints and what it is told, until it has ended."""
        pumps = [
            threading.Thread(target=self._pump, args=(kind, source), daemon=True)
            for kind, source in ((STDOUT, self._process.stdout), (STDERR, self._process.stderr))
        ]
        for pump in pumps:
            pump.start()
        threading.Thread(target=self._obey, daemon=True).start()
        code = self._process.wait()
        for pump in pumps:
            pump.join()
        with self._speaks:
            self._channel.talk({"exit": code if code >= 0 else 128 - code})

    def _pump(self, kind: int, source: IO[bytes]) -> None:
        while data := os.read(source.fileno(), _PIECE_BYTES):
            with self._speaks, contextlib.suppress(OSError):
                self._channel.send(kind, data)

    def _obey(self) -> None:
        """Pass on signals; where nobody is left who asked for the task, it goes too."""
        with contextlib.suppress(StrangerError, OSError, ValueError, KeyError, TypeError):
            while (message := self._channel.hear()) is not None:
                self._process.send_signal(int(message["signal"]))
        _kill_marked(_TASK_VARIABLE, self._mark)


def keep_alive(stream: socket.socket) -> None:
    """Notice within half a minute that the other node is gone, though it never said so."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEP_ALIVE_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _TRY_AGAIN_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _TRIES)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read; whoever looks sees all of it or none."""
    fresh = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
