"""How an attempt's first process is started: directory, files, limits and cores."""

import os
import resource
import signal
from collections.abc import Sequence

from node_agent.warden.processes import pin
from node_agent.warden.program import program_of, why_not_started
from node_agent.warden.protocol import StartOrder

_OUTPUT_MODE = 0o644
#: Those that this program or Python handles or ignores: a job finds them as after a login.
_SIGNALS = (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGXFSZ)


class NotStartedError(Exception):
    """A sentence for whoever's program it was."""


def spawn(order: StartOrder, own_cpus: set[int]) -> int:
    """Start the order's program in a session of its own; the process id.

    Directory and limits are set on this process for the moment of the spawn, so that the child has
    them before its first instruction and no code runs between fork and exec. Its cores are set
    right after, also on what it has started by then: set on this process they would move it to
    another core and back for every job, which costs as much as the spawn.
    Raises ``NotStartedError`` where the program cannot be started.
    """
    out_flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if order.append else os.O_TRUNC)
    actions: list[tuple[object, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, order.stdin or os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, order.stdout, out_flags | os.O_APPEND, _OUTPUT_MODE),
    ]
    if order.stderr is None:
        actions.append((os.POSIX_SPAWN_DUP2, 1, 2))
    else:
        actions.append(
            (os.POSIX_SPAWN_OPEN, 2, order.stderr, out_flags | os.O_APPEND, _OUTPUT_MODE)
        )
    own_file_limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        os.chdir(order.cwd)
        if order.file_limit_bytes is not None:
            soft_limit = (order.file_limit_bytes, own_file_limits[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, soft_limit)
        pid = _start(order, actions)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, own_file_limits)
        os.chdir("/")
    if order.cpus and set(order.cpus) != own_cpus:
        pin(pid, order.cpus)
    if order.file_limit_bytes is not None:
        limits = (order.file_limit_bytes, order.file_limit_bytes)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    return pid


def _start(order: StartOrder, actions: Sequence[tuple[object, ...]]) -> int:
    word = order.argv[0]
    program = program_of(word, order.env)
    if program is None:
        raise NotStartedError(why_not_started(word, program))
    try:
        return os.posix_spawn(
            program,
            order.argv,
            order.env,
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=_SIGNALS,
        )
    except (OSError, ValueError) as error:
        raise NotStartedError(why_not_started(word, program, error)) from error
