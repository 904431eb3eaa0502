"""What a node holds, and the cores it hands out."""

from pathlib import Path
from typing import Any

from domain import wire
from domain.jobs.job_spec import JobSpec, Resources
from node_agent.executors.process import Place
from node_agent.jobs.book import Book, Held, Phase


def a_held(number: int, *, cores: int = 1, whole_node: bool = False) -> Held:
    spec = JobSpec(name="x", resources=Resources(cores=cores, whole_node=whole_node))
    claim: dict[str, Any] = {"job_id": number, "spec": wire.to_plain(spec), "lease_ttl_s": 900}
    place = Place(work=Path("/nowhere") / str(number))
    return Held(key=(number, 1), claim=claim, place=place, lease_until_boot_s=0.0)


def test_cores_are_handed_out_once() -> None:
    book = Book(cores=2)
    first, second, third = a_held(1), a_held(2), a_held(3)
    for held in (first, second, third):
        book.add(held)
    assert [book.allot(held) for held in (first, second, third)] == [True, True, False]
    assert set(first.slots) | set(second.slots) == {0, 1}


def test_dropped_attempt_gives_its_cores_back() -> None:
    book = Book(cores=1)
    first, second = a_held(1), a_held(2)
    book.add(first)
    book.add(second)
    book.allot(first)
    book.drop(first.key)
    assert book.allot(second)
    assert first.key not in book


def test_whole_node_needs_every_core() -> None:
    book = Book(cores=4)
    small, wide = a_held(1), a_held(2, whole_node=True)
    book.add(small)
    book.add(wide)
    assert book.allot(small)
    assert not book.allot(wide)
    book.drop(small.key)
    assert book.allot(wide)
    assert wide.slots == (0, 1, 2, 3)


def test_waiting_work_is_counted_before_more_is_claimed() -> None:
    book = Book(cores=4)
    book.add(a_held(1, cores=3))
    assert book.room_cores(ahead=0) == 1
    assert book.room_cores(ahead=2) == 3
    book.add(a_held(2, cores=4))
    assert book.room_cores(ahead=0) == 0


def test_phases_can_be_listed() -> None:
    book = Book(cores=1)
    held = a_held(1)
    book.add(held)
    book.move(held, Phase.ENDED)
    assert book.in_phase(Phase.WAITING, Phase.RUNNING) == []
    assert book.in_phase(Phase.ENDED) == [held]


def with_gpus(number: int, gpus: int, kind: str = "", *, whole_node: bool = False) -> Held:
    held = a_held(number, whole_node=whole_node)
    held.claim["spec"]["resources"] |= {"gpus": gpus, "gpu_kind": kind}
    return held


def test_each_job_gets_devices_of_its_own_and_gives_them_back() -> None:
    book = Book(8, ("a100", "v100", "a100"))
    first, second, third = with_gpus(1, 1), with_gpus(2, 1, "a100"), with_gpus(3, 1, "a100")
    for held in (first, second, third):
        book.add(held)
    assert [book.allot(held) for held in (first, second, third)] == [True, True, False]
    assert (first.devices, second.devices, third.devices) == ((0,), (2,), ())
    assert third.slots == ()

    book.drop(first.key)
    assert book.allot(third)
    assert third.devices == (0,)


def test_a_whole_node_has_every_device_and_an_adopted_job_keeps_its_own() -> None:
    book = Book(4, ("a100", "a100"))
    adopted, whole, none = with_gpus(1, 1), with_gpus(2, 0, whole_node=True), a_held(3)
    for held in (adopted, whole, none):
        book.add(held)
    book.take_devices(adopted, (1,))
    assert not book.allot(whole)
    book.drop(adopted.key)
    assert book.allot(whole)
    assert whole.devices == (0, 1)
    assert none.devices == ()
