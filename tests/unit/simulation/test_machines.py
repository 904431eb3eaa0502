import pytest

from domain.job import SchedulingType
from simulation.machines import Machine
from simulation.workload import SimulatedJob


def job(number: int, *, cores: int = 1, run_s: float = 100.0, limit_s: int = 300) -> SimulatedJob:
    return SimulatedJob(
        instance_id=number,
        name="job",
        scheduling_type=SchedulingType.ON_DEMAND,
        cores=cores,
        submitted_at_s=0.0,
        run_s=run_s,
        time_limit_s=limit_s,
    )


def test_jobs_start_in_the_order_of_their_offers_as_cores_come_free() -> None:
    machine = Machine(cores=4)
    for offered in (job(1, cores=3), job(2, cores=2), job(3)):
        machine.offer(offered, attempt=1)

    assert [task.job.instance_id for task in machine.start(0.0)] == [1]
    assert machine.use_frac == 0.75
    machine.work(100.0, 1.0)
    assert [task.job.instance_id for task in machine.take_ended(100.0)] == [1]
    assert [task.job.instance_id for task in machine.start(100.0)] == [2, 3]


def test_a_throttled_machine_takes_longer() -> None:
    machine = Machine(cores=1)
    machine.offer(job(1, run_s=100.0), attempt=1)
    machine.start(0.0)

    assert machine.next_end_s(0.0, 0.5) == pytest.approx(200.0)
    machine.work(200.0, 0.5)
    assert [task.is_done for task in machine.take_ended(200.0)] == [True]


def test_a_job_on_a_stopped_machine_ends_at_its_limit() -> None:
    machine = Machine(cores=1)
    machine.offer(job(1, run_s=100.0, limit_s=300), attempt=1)
    machine.start(0.0)

    assert machine.next_end_s(0.0, 0.0) == 300.0
    machine.work(300.0, 0.0)
    assert [task.is_done for task in machine.take_ended(300.0)] == [False]


def test_a_stopped_job_gives_its_cores_back() -> None:
    machine = Machine(cores=2)
    machine.offer(job(1, cores=2), attempt=1)
    machine.start(0.0)

    assert machine.stop(1) is not None
    assert machine.use_frac == 0.0
    assert machine.stop(1) is None
