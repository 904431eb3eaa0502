"""Orders for jobs that are kept off the network but for the API and their licence servers."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from domain.refusal import Refused
from node_agent.executors.process import Place
from node_agent.fence.doors import Fence, doors_to, fence_text, hosts_text, target_of
from node_agent.fence.entering import own_words
from node_agent.gangs.launcher import write_private
from node_agent.warden.protocol import StartOrder, socket_path

_HOSTS = Path("/etc/hosts")
_TRY_WITHIN_S = 60.0


def fenced(
    order: StartOrder,
    place: Place,
    targets: Iterable[tuple[str, int]],
    *,
    own_name: str,
    directory: Path,
) -> StartOrder:
    """The same order, but that its program starts inside a fence with doors to these targets."""
    _write(place.fence, place.names, targets, own_name, (socket_path(directory),))
    return replace(order, argv=(*own_words("entering"), os.fspath(place.fence), *order.argv))


def why_no_fence(url: str = "http://localhost") -> Refused | None:
    """Why no job can be kept off the network on this machine; None where it can.

    ``url`` is the API's, which every job reaches.
    """
    if target_of(url) is None:
        return Refused(
            code="agent.network",
            sentence=f"Jobs that are kept off the network could not reach the API at {url!r}; "
            "write its name or its IPv4 address.",
        )
    with tempfile.TemporaryDirectory(prefix="chaufferie-fence-") as folder:
        description = Path(folder) / "fence"
        _write(description, Path(folder) / "names", [("fence.test", 1)], "fence", ())
        words = [*own_words("entering"), os.fspath(description)]
        tried = subprocess.run(
            words, capture_output=True, text=True, timeout=_TRY_WITHIN_S, check=False
        )
    if tried.returncode == 0:
        return None
    said = tried.stderr.strip() or f"it ended with {tried.returncode}"
    return Refused(
        code="agent.network",
        sentence='The configuration says "network": "closed", and this machine lets no job be '
        f'kept off the network ({said}) Let this account make user name spaces, or write "open".',
    )


def _write(
    description: Path,
    names: Path,
    targets: Iterable[tuple[str, int]],
    own_name: str,
    hidden: tuple[str, ...],
) -> None:
    doors = doors_to(targets)
    outside = _HOSTS.read_text(encoding="utf-8", errors="replace") if _HOSTS.exists() else ""
    write_private(names, hosts_text(doors, own_name, outside))
    fence = Fence(doors=doors, hosts_file=os.fspath(names), hidden=hidden)
    write_private(description, fence_text(fence))
