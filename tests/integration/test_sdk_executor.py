"""Functions as jobs: on a real cluster, by the interface of the standard library."""

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, as_completed, wait
from pathlib import Path

import pytest

from chaufferie import Client, Executor
from chaufferie.sdk.errors import BadInputError, JobFailedError, RemoteError
from domain.jobs.job import JobState
from tests.support.cluster import Cluster
from tests.support.cut_proxy import cut_proxy

HERE = [sys.modules[__name__]]
PATIENCE_S = 120.0


class TooHotError(Exception):
    """Comes back as itself."""


class PickyError(Exception):
    """Cannot be unpickled: it wants two arguments and remembers one."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} in {where}")


def square(number: int) -> int:
    return number * number


def add(one: int, other: int = 1) -> int:
    return one + other


def overheat(degrees: int) -> None:
    raise TooHotError(degrees)


def find_fault() -> None:
    raise PickyError("scale", "the boiler")


def nap(duration_s: int) -> int:
    time.sleep(duration_s)
    return duration_s


def fill_memory() -> None:
    held = bytearray(300 << 20)
    time.sleep(60)
    del held


def vanish() -> None:
    os._exit(0)


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Client]:
    with Client(data_dir=cluster.data_dir) as opened:
        yield opened


@pytest.fixture
def executor(client: Client) -> Iterator[Executor]:
    with Executor(client, by_value=HERE) as opened:
        yield opened


def test_a_call_is_a_job_and_its_result_comes_back(executor: Executor) -> None:
    future = executor.submit(add, 40, other=2)

    assert future.result(PATIENCE_S) == 42
    assert future.done()
    assert future.exception() is None
    assert future.job.document["name"] == "add"
    assert future.job.state is JobState.SUCCEEDED
    assert not future.cancel()


def test_a_map_is_one_array_in_order(executor: Executor, client: Client) -> None:
    newest = max((job.id for job in client.jobs(limit=1)), default=0)

    results = list(executor.map(square, range(10), timeout=PATIENCE_S, chunksize=3))

    assert results == [number * number for number in range(10)]
    (array,) = [job for job in client.jobs(limit=5) if job.id > newest]
    assert array.document["array"]["count"] == 4
    assert list(executor.map(add, [1, 2], [3], timeout=PATIENCE_S)) == [4]
    assert list(executor.map(square, [])) == []


def test_an_exception_comes_back_as_itself_with_its_place(executor: Executor) -> None:
    error = executor.submit(overheat, 95).exception(PATIENCE_S)

    assert isinstance(error, TooHotError)
    assert error.args == (95,)
    assert "in overheat" in str(error.__cause__)


def test_an_exception_that_cannot_come_back_is_named(executor: Executor) -> None:
    future = executor.submit(find_fault)

    with pytest.raises(RemoteError, match="PickyError: scale in the boiler") as caught:
        future.result(PATIENCE_S)

    assert caught.value.kind == "PickyError"
    assert "in find_fault" in caught.value.remote_traceback
    assert (caught.value.job_id, caught.value.exit_code) == (future.job.id, 1)


def test_what_cannot_be_pickled_is_refused_before_anything_is_sent(
    executor: Executor, client: Client
) -> None:
    newest = [job.id for job in client.jobs(limit=1)]

    with pytest.raises(BadInputError, match=r"square or what it is called with .*lock"):
        executor.submit(square, threading.Lock())  # type: ignore[arg-type]

    assert [job.id for job in client.jobs(limit=1)] == newest


def test_a_result_that_cannot_be_pickled_is_said(executor: Executor) -> None:
    with pytest.raises(JobFailedError, match=r"cannot be pickled .*generator"):
        executor.submit(lambda: (number for number in range(3))).result(PATIENCE_S)


def test_a_program_that_ends_without_an_answer_is_an_error(executor: Executor) -> None:
    with pytest.raises(JobFailedError, match="succeeded"):
        executor.submit(vanish).result(PATIENCE_S)


def test_large_values_travel_and_files_stay_with_the_job(executor: Executor) -> None:
    def doubled(data: bytes) -> bytes:
        Path("left.txt").write_text("left")
        return data + data

    data = os.urandom(9 << 20)
    future = executor.submit(doubled, data)

    assert future.result(PATIENCE_S) == data + data
    assert "left.txt" in [file.path for file in future.job.files()]


def test_modules_that_travel_as_files_are_found(client: Client, tmp_path: Path) -> None:
    (tmp_path / "pools.py").write_text("def volume_m3():\n    return 500\n")

    def ask() -> int:
        import pools  # type: ignore[import-not-found]  # noqa: PLC0415

        return int(pools.volume_m3())

    with Executor(
        client, by_value=HERE, inputs=["pools.py"], directory=tmp_path, results=["*.txt"]
    ) as executor:
        assert executor.submit(ask).result(PATIENCE_S) == 500


def test_a_module_that_is_not_there_is_named(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text("def double(number):\n    return 2 * number\n")
    monkeypatch.syspath_prepend(tmp_path)
    double = importlib.import_module("only_here").double

    with Executor(client) as executor:
        error = executor.submit(double, 2).exception(PATIENCE_S)

    assert isinstance(error, JobFailedError)
    assert "inputs=[...]" in str(error)


def test_calls_are_cancelled_where_they_wait_and_where_they_run(client: Client) -> None:
    with Executor(client, by_value=HERE) as executor:
        running = executor.submit(time.sleep, 600)
        while running.job.refresh()["state"] != "running":
            time.sleep(0.05)
        told: list[bool] = []
        running.add_done_callback(lambda future: told.append(future.cancelled()))

        assert running.cancel()
        assert running.cancel()
        assert told == [True]
        with pytest.raises(CancelledError):
            running.result()
        assert running.job.wait(PATIENCE_S) is JobState.CANCELLED

    with Executor(client, by_value=HERE, options=["--hold"]) as executor:
        waiting = executor.submit(square, 3)
        by_others = executor.submit(square, 4)
        assert waiting.cancel()
        client.cancel(by_others.job.id)
        with pytest.raises(CancelledError):
            by_others.result(PATIENCE_S)
        assert wait([waiting, by_others], PATIENCE_S).not_done == set()


def test_shutdown_can_stop_what_goes_on(client: Client) -> None:
    executor = Executor(client, by_value=HERE)
    sleepers = executor.map(time.sleep, [600, 600, 600])
    alone = executor.submit(time.sleep, 600)

    executor.shutdown(cancel_futures=True)

    assert alone.cancelled()
    with pytest.raises(CancelledError):
        next(sleepers)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(square, 2)
    array = client.job(alone.job.id - 4)
    assert array.is_array
    assert array.wait(PATIENCE_S) is JobState.CANCELLED


def test_a_map_that_is_left_stops_the_rest(executor: Executor, client: Client) -> None:
    results = executor.map(nap, [0, 600, 600])

    assert next(results) == 0
    with pytest.raises(TimeoutError):
        next(executor.map(nap, [600], timeout=0.1))
    results.close()  # type: ignore[attr-defined]

    stopped = [job for job in client.jobs(limit=2, name="nap") if job.wait(PATIENCE_S)]
    assert {job.state for job in stopped} == {JobState.CANCELLED}


def test_a_limit_is_named(client: Client) -> None:
    with (
        Executor(client, by_value=HERE, time_limit_s=3600, options=["--mem=64M"]) as executor,
        pytest.raises(JobFailedError, match="more memory than it asked for"),
    ):
        executor.submit(fill_memory).result(PATIENCE_S)


def test_a_node_without_this_python_is_said(client: Client) -> None:
    with (
        Executor(client, by_value=HERE, python="python2.0") as executor,
        pytest.raises(JobFailedError, match="could not be started"),
    ):
        executor.submit(square, 2).result(PATIENCE_S)


def test_wishes_that_cannot_be_are_refused_at_once(client: Client) -> None:
    with pytest.raises(BadInputError, match="--array is not for calls"):
        Executor(client, options=["--array=0-3"])
    with pytest.raises(BadInputError, match="exclude_results"):
        Executor(client, exclude_results=["*.pickle"])
    with pytest.raises(BadInputError, match="--typ0"):
        Executor(client, options=["--typ0=flex"])


def test_the_server_answers_when_the_first_of_many_has_ended(client: Client) -> None:
    long = client.submit(command=["sleep", "600"])
    short = client.submit(command=["sleep", "0.3"])
    body = {"job_ids": [long.id, short.id], "until": "any", "wait_s": 50}

    answer = client.transport.post("/v1/jobs/wait", body, wait_s=50)

    assert answer == {"states": {str(short.id): "succeeded"}, "unknown": []}
    long.cancel()


def test_few_threads_follow_any_number_of_calls(executor: Executor) -> None:
    before = threading.active_count()

    futures = [executor.submit(square, number) for number in range(24)]
    during = threading.active_count()

    assert sorted(future.result() for future in as_completed(futures, PATIENCE_S)) == [
        number * number for number in range(24)
    ]
    assert during - before <= 5


def test_a_connection_cut_in_the_middle_of_a_submit_makes_one_job(cluster: Cluster) -> None:
    with (
        cut_proxy(cluster.port) as line,
        Client(line.url, cluster.token, patience_s=60) as client,
        Executor(client, by_value=HERE, name="cut") as executor,
    ):
        line.cut_answers(b"POST /v1/jobs ", 3)
        assert executor.submit(square, 5).result(PATIENCE_S) == 25

        assert line.cut == 3
        line.cut_answers(b"POST /v1/jobs ", 2)
        client.submit(command=["true"], name="cut").wait(PATIENCE_S)
        assert line.cut == 5
        assert len(list(client.jobs(name="cut"))) == 2


def test_futures_outlive_a_server_that_is_away(cluster: Cluster) -> None:
    with (
        cut_proxy(cluster.port) as line,
        Client(line.url, cluster.token) as client,
        Executor(client, by_value=HERE, options=["--hold"]) as executor,
    ):
        future = executor.submit(square, 6)
        line.kill()
        with Client(data_dir=cluster.data_dir) as other:
            other.release(future.job.id)
            other.job(future.job.id).wait(PATIENCE_S)
        assert not future.done()
        line.is_dead = False

        assert future.result(PATIENCE_S) == 36


def test_a_server_that_is_gone_is_said_once_patience_ends(cluster: Cluster) -> None:
    with (
        cut_proxy(cluster.port) as line,
        Client(line.url, cluster.token) as client,
        Executor(client, by_value=HERE, options=["--hold"], patience_s=0.5) as executor,
    ):
        future = executor.submit(square, 6)
        line.kill()
        error = future.exception(PATIENCE_S)

    assert "does not answer" in str(error)
    with Client(data_dir=cluster.data_dir) as other:
        other.cancel(future.job.id)
