"""Where things are in a data directory."""

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

#: The longest path of a Unix socket: 108 bytes with its final zero, unix(7).
_LONGEST_SOCKET_BYTES = 107
#: The longest that is added to the data directory for a socket: ``nodes/NAME/warden.sock``.
_LONGEST_SOCKET_TAIL_BYTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The files and folders of one embedded installation.

    ``work`` is the same folder as ``data``, under a name short enough for Unix sockets; programs
    are told that one, people the other.
    """

    data: Path
    work: Path

    @property
    def lock(self) -> Path:
        """Held while an ``up`` runs here; says which process that is."""
        return self.data / "up.lock"

    @property
    def operator_key(self) -> Path:
        """The first operator's key."""
        return self.data / "operator.key"

    @property
    def client(self) -> Path:
        """What the command line reads to find the server: address and key."""
        return self.data / "client.json"

    @property
    def sites(self) -> Path:
        """Descriptions of the simulated sites."""
        return self.data / "sites.json"

    @property
    def logs(self) -> Path:
        """One log a program."""
        return self.data / "logs"

    @property
    def boiler(self) -> Path:
        """Configuration and memory of the simulated boilers."""
        return self.work / "boiler"

    @property
    def boiler_config(self) -> Path:
        """What the boilers' process is told."""
        return self.boiler / "boilers.json"

    @property
    def boiler_port(self) -> Path:
        """Where the boilers' process writes its port."""
        return self.boiler / "port.json"

    @property
    def broker(self) -> Path:
        """Valkey's own files."""
        return self.work / "broker"

    @property
    def broker_socket(self) -> Path:
        """Where Valkey listens."""
        return self.work / "run" / "valkey.sock"

    def node(self, name: str) -> Path:
        """The private folder of one node: its journal, jobs and socket."""
        return self.work / "nodes" / name

    def drop_short_name(self) -> None:
        """Remove the link of a long directory's short name; the next start makes it again."""
        if self.work != self.data and self.work.is_symlink():
            self.work.unlink()
            with suppress(OSError):
                self.work.parent.rmdir()

    def create(self) -> None:
        """Make the folders, private to this user."""
        nodes = self.data / "nodes"
        for folder in (self.boiler, self.broker, self.broker_socket.parent, nodes, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def layout_of(data: Path) -> Layout:
    """The layout of this data directory, which is created if need be. May raise ``OSError``."""
    data = data.expanduser().absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    layout = Layout(data=data, work=_short_name(data.resolve()))
    layout.create()
    return layout


def _short_name(data: Path) -> Path:
    """The directory itself, or where its name is too long for sockets, a private link to it."""
    room_bytes = _LONGEST_SOCKET_BYTES - _LONGEST_SOCKET_TAIL_BYTES
    if len(os.fsencode(data)) <= room_bytes:
        return data
    mark = sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"chaufferie-{os.getuid()}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        # Somebody else took the name first: nothing of theirs is followed.
        folder = Path(tempfile.mkdtemp(prefix="chaufferie-"))
    link = folder / "d"
    if not link.is_symlink() or link.readlink() != data:
        link.unlink(missing_ok=True)
        link.symlink_to(data, target_is_directory=True)
    return link


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only this user can read; a reader sees the old or the new."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
