"""A sweep on real workers behind a real broker, its results by way of the store."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.hints import KEY_PREFIX
from domain.refusal import Refused
from simulation.options import Ask, read_words
from simulation.plan import Plan, plan_of
from simulation.results.results import CellResult
from store.opening import default_url, open_store
from store.schema import upgrade
from store.sweeps import sweeps
from store.sweeps.sweep_tables import sweep, sweep_cell
from store.sweeps.sweeps import CellState
from store.transaction import Store
from tests.support.cells import a_cell
from tests.support.tiny_scenario import write_tiny
from tests.support.valkey import Valkey, running_valkey
from tests.support.warden import until
from worker.queues import SWEEP_QUEUE
from worker.sweeps.cells import run_stored_cell
from worker.sweeps.spec import (
    cell_spec_to_text,
    outcome_from_text,
    outcome_to_text,
    sweep_to_text,
    unpacked,
)

LONG_ENOUGH_S = 90.0
#: Figures that depend on the machine and not on the seed.
MEASURED = {"wall_s", "decision_s_max", "decision_s_total"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(default_url(tmp_path), tmp_path)
    assert upgrade(made.database) is None
    yield made
    made.wakeups.close()
    made.database.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running_valkey(tmp_path) as server:
        yield server


def _environment(data_dir: Path, url: str) -> dict[str, str]:
    return {**os.environ, "CHAUFFERIE_DATA_DIR": str(data_dir), "CHAUFFERIE_REDIS_URL": url}


@contextmanager
def _worker(data_dir: Path, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "worker", "--queues", "sweep"],
        env=_environment(data_dir, url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _start(module: str, data_dir: Path, url: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", *module.split(), *words],
        env=_environment(data_dir, url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _rows(store: Store) -> tuple[int, int]:
    with store.database.read() as connection:
        n_sweeps = connection.execute(select(func.count(sweep.c.id))).scalar_one()
        n_cells = connection.execute(select(func.count(sweep_cell.c.number))).scalar_one()
    return int(n_sweeps), int(n_cells)


def _figures(text: str) -> list[dict[str, object]]:
    return [
        {key: value for key, value in run.items() if key not in MEASURED}
        for run in json.loads(text)["results"]
    ]


def _ask(tmp_path: Path, *words: str) -> Ask:
    tiny = write_tiny(tmp_path)
    return read_words([str(tiny), "--policy", "coldest", "--seeds", "1", *words], prog="simulate")


def _planned(ask: Ask) -> Plan:
    plan = plan_of(ask)
    assert isinstance(plan, Plan), plan
    return plan


def test_workers_bring_the_figures_that_this_machine_would_have_brought(
    tmp_path: Path, store: Store, valkey: Valkey
) -> None:
    tiny = write_tiny(tmp_path)
    words = (str(tiny), "--policy", "coldest", "--seeds", "1-2", "--json", "-")

    with _worker(tmp_path, valkey.url):
        swept = _start("worker sweep", tmp_path, valkey.url, *words)
        out, errors = swept.communicate(timeout=LONG_ENOUGH_S)
    here, _ = _start("simulation", tmp_path, valkey.url, *words).communicate(timeout=LONG_ENOUGH_S)

    assert swept.returncode == 0, errors
    assert len(_figures(out)) == 4
    assert _figures(out) == _figures(here)
    assert _rows(store) == (0, 0)
    with valkey.client() as client:
        assert [key for key in client.keys("*") if b"result" in key or b"task-meta" in key] == []


def test_messages_lost_with_the_broker_are_sent_again(
    tmp_path: Path, store: Store, valkey: Valkey
) -> None:
    words = (str(write_tiny(tmp_path)), "--policy", "coldest", "--seeds", "1", "--json", "-")
    swept = _start("worker sweep", tmp_path, valkey.url, *words, "--seasons", "summer")
    until(lambda: _rows(store)[1] == 1, "the cell waits", LONG_ENOUGH_S)
    with valkey.client() as client:
        queue = f"{KEY_PREFIX}{SWEEP_QUEUE}"
        until(lambda: client.llen(queue) == 1, "the message is sent", LONG_ENOUGH_S)
        client.flushall()

    with _worker(tmp_path, valkey.url):
        out, errors = swept.communicate(timeout=LONG_ENOUGH_S)

    assert swept.returncode == 0, errors
    assert len(_figures(out)) == 1
    assert "No worker runs a cell" in errors


def test_ctrl_c_leaves_nothing_to_do_for_anybody(
    tmp_path: Path, store: Store, valkey: Valkey
) -> None:
    swept = _start("worker sweep", tmp_path, valkey.url, str(write_tiny(tmp_path)))
    until(lambda: _rows(store)[0] == 1, "the sweep waits", LONG_ENOUGH_S)

    swept.terminate()
    _, errors = swept.communicate(timeout=LONG_ENOUGH_S)

    assert swept.returncode == 130
    assert "Stopped" in errors
    assert _rows(store) == (0, 0)


def test_a_worker_that_must_stop_gives_its_cell_back(tmp_path: Path, store: Store) -> None:
    plan = _planned(_ask(tmp_path, "--seasons", "summer"))
    with store.transaction() as tx:
        cells = [cell_spec_to_text(task) for task in plan.tasks]
        sweep_id = sweeps.add(tx, spec=sweep_to_text(plan), cells=cells)
    stopping = threading.Event()
    stopping.set()

    run_stored_cell(store, stopping, sweep_id, 0)

    database = store.database
    with database.read() as connection:
        [cell] = sweeps.standings(connection, sweep_id, now_s=database.now_s(connection))
    assert cell.state is CellState.WAITING


def test_a_message_for_a_cell_that_nobody_wants_is_no_work(store: Store) -> None:
    run_stored_cell(store, threading.Event(), sweep_id=7, number=0)

    assert _rows(store) == (0, 0)


def test_a_cell_reaches_another_machine_with_the_files_of_the_user(tmp_path: Path) -> None:
    trace = tmp_path / "trace.swf"
    trace.write_text("; MaxProcs: 16\n1 0 0 3600 16 -1 -1 16 7200 -1 1 1 1 1 1 1 -1 -1\n")
    plan = _planned(_ask(tmp_path, "--workload", str(trace), "--no-oracle"))

    with unpacked(sweep_to_text(plan), cell_spec_to_text(plan.tasks[1])) as task:
        assert not isinstance(task, Refused)
        assert task.scenario == plan.tasks[1].scenario
        assert (task.season, task.seed, task.policies) == ("summer", 1, ("coldest",))
        assert (task.with_oracle, task.weather) == (False, None)
        assert task.workload is not None
        assert task.workload != trace
        assert task.workload.read_text() == trace.read_text()
        copied = task.workload
    assert not copied.exists()


def test_a_refusal_travels_as_a_result_does() -> None:
    refused = Refused(code="cell.failed", sentence="The pump is dry.")
    cell = outcome_from_text(outcome_to_text(a_cell()))

    assert outcome_from_text(outcome_to_text(refused)) == refused
    assert isinstance(cell, CellResult)
    assert cell.runs == a_cell().runs


def test_without_a_broker_one_sentence_says_what_to_do(tmp_path: Path, store: Store) -> None:
    absent = f"redis+socket://{tmp_path / 'absent.sock'}"
    swept = _start("worker sweep", tmp_path, absent, str(write_tiny(tmp_path)))
    out, errors = swept.communicate(timeout=LONG_ENOUGH_S)

    assert (swept.returncode, out) == (2, "")
    assert "CHAUFFERIE_REDIS_URL" in errors
    assert len(errors.splitlines()) == 1
    assert _rows(store) == (0, 0)


def test_a_sweep_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    swept = _start("worker sweep", tmp_path, "redis://localhost:1/0", "easy")
    _, errors = swept.communicate(timeout=LONG_ENOUGH_S)

    assert swept.returncode == 2
    assert "no database" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("broker", "module"), [(True, "worker sweep"), (False, "simulation")], ids=["workers", "here"]
)
def test_the_command_runs_on_workers_where_a_broker_is_named(
    tmp_path: Path, *, broker: bool, module: str
) -> None:
    """Without a store, workers cannot be asked at all; here, the scenario is what is wrong."""
    environment = _environment(tmp_path, "redis://localhost:1/0")
    if not broker:
        del environment["CHAUFFERIE_REDIS_URL"]
    ended = subprocess.run(
        [Path(sys.executable).with_name("chaufferie"), "simulate", "absent"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONG_ENOUGH_S,
        check=False,
    )
    said = {"worker sweep": "no database", "simulation": "No scenario absent"}

    assert ended.returncode == 2
    assert said[module] in ended.stderr


def test_a_worker_knows_its_queues() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "worker", "--queues", "sweep,soup"],
        capture_output=True,
        text=True,
        timeout=LONG_ENOUGH_S,
        check=False,
    )

    assert ended.returncode == 2
    assert "'soup'" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
