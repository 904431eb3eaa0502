"""How a job's commands have programs started on its other nodes."""

import json
import os
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from node_agent.gangs.frames import STDERR, STDOUT, TALK, Channel, StrangerError, call
from node_agent.gangs.launcher import keep_alive

#: Names the private file that says who the nodes of the job are.
GANG_VARIABLE = "CHAUFFERIE_GANG"
_CONNECT_S = 30.0
#: As a shell says that a command could not be run.
_NODE_LOST = 255
#: What a program finds set as its own node has it, never as the script's node does.
OF_EACH_NODE = (
    *("CHAUFFERIE_TOKEN", "CHAUFFERIE_WARDEN", "CHAUFFERIE_ATTEMPT"),
    *("TMPDIR", "SLURM_TMPDIR", GANG_VARIABLE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """One node of the job, as its commands know it."""

    place: int  #: 0 runs the script.
    name: str
    cores: int
    tasks: int  #: Of those that the job asked for.
    address: str | None  #: None for the one that runs the script.


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """All nodes of the job."""

    secret: str
    nodes: tuple[Neighbour, ...]

    def named(self, name: str) -> Neighbour | None:
        """The node of this name."""
        return next((node for node in self.nodes if node.name == name), None)


def neighbours(environment: Mapping[str, str]) -> Neighbours | None:
    """The nodes of the job that these variables belong to; None where it has one."""
    path = environment.get(GANG_VARIABLE)
    if not path:
        return None
    plain = json.loads(Path(path).read_text(encoding="utf-8"))
    nodes = tuple(Neighbour(place=place, **node) for place, node in enumerate(plain["nodes"]))
    return Neighbours(secret=plain["secret"], nodes=nodes)


class RemoteTask:
    """A program on another node of the job."""

    def __init__(
        self,
        node: Neighbour,
        secret: str,
        *,
        argv: Sequence[str],
        environment: Mapping[str, str],
        cwd: str,
        outputs: tuple[int, int] = (1, 2),
    ) -> None:
        """Have it started; ``OSError`` where its node cannot be reached."""
        host, _, port = (node.address or "").rpartition(":")
        self._outputs = {STDOUT: outputs[0], STDERR: outputs[1]}
        stream = socket.create_connection((host, int(port)), _CONNECT_S)
        try:
            self._channel: Channel = call(stream, secret.encode())
        except StrangerError as error:
            stream.close()
            raise OSError(None, "it does not know the secret of this job", node.name) from error
        stream.settimeout(None)
        keep_alive(stream)
        own = {"SLURMD_NODENAME": node.name, "SLURM_NODEID": str(node.place)}
        sent = {name: text for name, text in environment.items() if name not in OF_EACH_NODE}
        self._channel.talk({"argv": list(argv), "env": {**sent, **own}, "cwd": cwd})
        self._node = node
        self._code: int | None = None
        self._listens = threading.Thread(target=self._listen, daemon=True)
        self._listens.start()

    def _listen(self) -> None:
        code = _NODE_LOST
        try:
            while (frame := self._channel.receive()) is not None:
                if frame[0] != TALK:
                    os.write(self._outputs[frame[0]], frame[1])
                    continue
                message = json.loads(frame[1])
                code = int(message["exit"])
                if "error" in message:
                    os.write(self._outputs[STDERR], f"{message['error']}\n".encode())
                return
            os.write(self._outputs[STDERR], f"{self._node.name}: the node was lost.\n".encode())
        except (StrangerError, OSError, ValueError):
            return
        finally:
            self._code = code

    def send_signal(self, number: int) -> None:
        """Pass a signal on."""
        try:
            self._channel.talk({"signal": int(signal.Signals(number))})
        except OSError:
            return

    def poll(self) -> int | None:
        """Its exit code, once its end was heard."""
        return self._code

    def wait(self) -> int:
        """Its exit code, as a shell would say it."""
        self._listens.join()
        return _NODE_LOST if self._code is None else self._code
