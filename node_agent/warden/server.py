"""The warden's loop: orders from the agent, deaths of children, deadlines, usage."""

import contextlib
import fcntl
import os
import resource
import selectors
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from domain.jobs.job import EndReason
from node_agent.warden.journal import WardenJournal
from node_agent.warden.outputs import cut_output
from node_agent.warden.processes import (
    adopt_orphans,
    all_processes,
    is_group_alive,
    kill_group_quietly,
    kill_quietly,
    variable_of,
)
from node_agent.warden.protocol import (
    ATTEMPT_VARIABLE,
    LOCK_NAME,
    WARDEN_VARIABLE,
    EndRecord,
    Key,
    Lines,
    StartOrder,
    boot_now_s,
    encode,
    load_key,
    load_start,
    plain_end,
    socket_path,
)
from node_agent.warden.running import Running
from node_agent.warden.spawning import NotStartedError, spawn
from node_agent.warden.usage import UsageMeter

#: How often memory and CPU of running jobs are looked at [s].
SAMPLE_EVERY_S = 0.5
#: A warning before a preemption gives at most so much time [s]: heat there is unwanted meanwhile.
LONGEST_NOTICE_S = 300.0
#: After SIGTERM the warden gives its jobs this long before it kills them [s].
CLOSING_GRACE_S = 2.0


class AlreadyRunningError(Exception):
    """Another warden watches over this directory."""


class Warden:
    """Watches over the jobs of one node."""

    def __init__(self, directory: Path, cores: int) -> None:
        """Take over this directory: clear away what an earlier warden left running."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._lock = _take_lock(directory)
        self._usage = UsageMeter(directory, cores)
        self._mark = os.fspath(directory.resolve())
        self._own_cpus = set(os.sched_getaffinity(0))
        self._running: dict[int, Running] = {}
        self._is_frozen = False
        self._delayed: dict[Key, StartOrder] = {}  # Ordered while frozen; started when thawed.
        self._is_closing = False
        self._next_sample_s = 0.0
        self._selector = selectors.DefaultSelector()
        self._clients: dict[socket.socket, Lines] = {}
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        adopt_orphans()
        _kill_leftovers(self._mark)
        self._journal = WardenJournal(directory)
        self._listener = _listen(directory)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wakeup = self._watch_signals()

    def run(self) -> None:
        """Serve until TERM, then stop the jobs and leave."""
        while not (self._is_closing and not self._running):
            for ready, _ in self._selector.select(self._timeout_s()):
                self._serve(ready.fileobj)
            self._reap()
            self._end_left()
            now_s = boot_now_s()
            for item in list(self._running.values()):
                if item.must_be_warned(now_s):
                    self._usage.warn(item, self._running)
                item.check(now_s)
            if now_s >= self._next_sample_s and self._must_sample():
                self._sample(now_s)
        self._usage.write(self._running)

    def _watch_signals(self) -> socket.socket:
        reader, writer = socket.socketpair()
        reader.settimeout(0)
        writer.settimeout(0)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._close())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._wakeup_writer = writer
        self._selector.register(reader, selectors.EVENT_READ)
        return reader

    def _timeout_s(self) -> float | None:
        now_s = boot_now_s()
        times = [item.next_deadline_boot_s() for item in self._running.values()]
        if self._must_sample():
            times.append(self._next_sample_s)
        return max(0.0, min(times) - now_s) if times else None

    def _serve(self, ready: Any) -> None:  # noqa: ANN401 - selectors types it so
        if ready is self._listener:
            client, _ = self._listener.accept()
            self._clients[client] = Lines()
            self._selector.register(client, selectors.EVENT_READ)
            self._greet(client)
        elif ready is self._wakeup:
            with contextlib.suppress(BlockingIOError):
                self._wakeup.recv(4096)
        else:
            self._receive(ready)

    def _greet(self, client: socket.socket) -> None:
        self._send(
            client,
            {
                "is": "hello",
                "running": [
                    {"key": order.key, "cpus": order.cpus}
                    for order in (
                        *(item.order for item in self._running.values()),
                        *self._delayed.values(),
                    )
                ],
                "ended": [plain_end(record) for record in self._journal.ended.values()],
                "frozen": self._is_frozen,
            },
        )

    def _receive(self, client: socket.socket) -> None:
        try:
            data = client.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        for message in self._clients[client].feed(data):
            self._obey(message)

    def _drop(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._clients[client]
        client.close()

    def _send(self, client: socket.socket, message: dict[str, Any]) -> None:
        try:
            client.sendall(encode(message))
        except OSError:
            self._drop(client)

    def _obey(self, message: dict[str, Any]) -> None:
        match message["do"]:
            case "start":
                self._start(load_start(message))
            case "stop":
                self._stop(message)
            case "renew":
                _renew(message, self._of_key(load_key(message["key"])))
            case "shorten":
                _shorten(message, self._of_key(load_key(message["key"])), self._delayed)
            case "forget":
                self._journal.forget(load_key(message["key"]))
            case "stop_all":
                for item in self._running.values():
                    item.stop(EndReason(message["reason"]), boot_now_s(), grace_s=0.0)
            case "freeze":
                self._signal_all(signal.SIGSTOP)
                self._is_frozen = True
            case "thaw":
                self._thaw()
            case other:
                message_text = f"unknown order {other!r}"
                raise ValueError(message_text)

    def _start(self, order: StartOrder) -> None:
        if self._journal.knows(order.key):
            return
        self._journal.start(order.key)
        env = {
            **order.env,
            WARDEN_VARIABLE: self._mark,
            ATTEMPT_VARIABLE: f"{order.key[0]}.{order.key[1]}",
        }
        order_with_marks = StartOrder(
            **{name: getattr(order, name) for name in StartOrder.__slots__ if name != "env"},
            env=env,
        )
        if self._is_closing:
            self._finish(_not_run(order.key, EndReason.NODE_RESTARTED, "The node is stopping."))
        elif self._is_frozen:
            self._delayed[order.key] = order_with_marks
        else:
            self._launch(order_with_marks)

    def _launch(self, order: StartOrder) -> None:
        try:
            pid = spawn(order, self._own_cpus)
        except (NotStartedError, OSError) as error:
            self._finish(_not_run(order.key, EndReason.NOT_STARTED, str(error)))
            return
        self._running[pid] = Running(order=order, pid=pid, started_boot_s=boot_now_s())

    def _of_key(self, key: Key) -> Running | None:
        return next((item for item in self._running.values() if item.order.key == key), None)

    def _thaw(self) -> None:
        self._is_frozen = False
        self._signal_all(signal.SIGCONT)
        delayed, self._delayed = self._delayed, {}
        for order in delayed.values():
            self._launch(order)

    def _stop(self, message: dict[str, Any]) -> None:
        key = load_key(message["key"])
        if self._delayed.pop(key, None) is not None:
            reason = EndReason(message["reason"])
            self._finish(_not_run(key, reason, "It was stopped before it started."))
            return
        item = self._of_key(key)
        if item is not None:
            reason = EndReason(message["reason"])
            lead_s = self._give_notice(item) if reason is EndReason.PREEMPTED else 0.0
            item.stop(reason, boot_now_s(), lead_s=lead_s, grace_s=message.get("grace_s"))

    def _give_notice(self, item: Running) -> float:
        """Warn what will be preempted, where it asked for a signal; the seconds it then has."""
        if item.order.warning_signal is None or item.is_warned:
            return 0.0
        self._usage.warn(item, self._running)
        return min(item.order.warning_lead_s, LONGEST_NOTICE_S)

    def _signal_all(self, number: signal.Signals) -> None:
        for item in self._running.values():
            if item.stop_reason is None:
                kill_group_quietly(item.pid, number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            item = self._running.get(pid)
            if item is not None:  # Else it is an orphan of a job; it counted where its parent was.
                item.exit = (status, usage)

    def _end_left(self) -> None:
        """End the attempts whose leader is gone; what else it started goes with it at once."""
        for pid, item in list(self._running.items()):
            # A shell dies of TERM while its program still saves its state: both have the grace.
            if item.exit is None or (item.is_in_grace and is_group_alive(pid)):
                continue
            del self._running[pid]
            kill_group_quietly(pid, signal.SIGKILL)
            record = item.ended(*item.exit, boot_now_s())
            if record.reason == EndReason.OUTPUT_LIMIT:
                cut_output(item.order)
            self._usage.count_ended(record.cpu_s)
            self._finish(record)

    def _finish(self, record: EndRecord) -> None:
        self._journal.end(record)
        for client in list(self._clients):
            self._send(client, {"is": "ended", "record": plain_end(record)})

    def _must_sample(self) -> bool:
        return bool(self._running) or self._usage.has_news(self._running)

    def _sample(self, now_s: float) -> None:
        self._next_sample_s = now_s + SAMPLE_EVERY_S
        self._usage.sample(self._running, now_s)

    def _close(self) -> None:
        self._is_closing = True
        for key in list(self._delayed):
            del self._delayed[key]
            self._finish(_not_run(key, EndReason.NODE_RESTARTED, "The node is stopping."))
        for item in self._running.values():
            item.stop(EndReason.NODE_RESTARTED, boot_now_s(), grace_s=CLOSING_GRACE_S)


def _take_lock(directory: Path) -> int:
    descriptor = os.open(directory / LOCK_NAME, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunningError from error
    return descriptor


def _renew(message: dict[str, Any], item: Running | None) -> None:
    """Let an attempt go on until then."""
    if item is not None:
        until_boot_s = float(message["lease_until_boot_s"])
        item.order = replace(item.order, lease_until_boot_s=until_boot_s)


def _shorten(message: dict[str, Any], item: Running | None, delayed: dict[Key, StartOrder]) -> None:
    """Lower a time limit; one that is over by now stops its attempt at the next look."""
    key, limit_s = load_key(message["key"]), float(message["wall_limit_s"])
    if item is not None:
        item.order = _at_most(item.order, limit_s)
    elif key in delayed:
        delayed[key] = _at_most(delayed[key], limit_s)


def _at_most(order: StartOrder, wall_limit_s: float) -> StartOrder:
    return replace(order, wall_limit_s=min(order.wall_limit_s, wall_limit_s))


def _kill_leftovers(mark: str) -> None:
    """What an earlier warden of this directory left has nobody to hold its deadlines."""
    for item in all_processes():
        if variable_of(item.pid, WARDEN_VARIABLE) == mark:
            kill_quietly(item.pid, signal.SIGKILL)


def _listen(directory: Path) -> socket.socket:
    path = socket_path(directory)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen()
    listener.settimeout(0)
    return listener


def _not_run(key: Key, reason: EndReason, detail: str) -> EndRecord:
    return EndRecord(
        key=key,
        reason=reason.value,
        exit_code=None,
        detail=detail,
        wall_s=0.0,
        cpu_s=0.0,
        max_rss_bytes=0,
    )
