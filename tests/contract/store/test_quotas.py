"""Quotas and budgets in the store: refused at the door, or a reason to wait."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest

from domain.billing.prices import ComputePrices, PriceList
from domain.billing.quota import Quota, stored_bytes_quota
from domain.billing.quota_words import parse_setting
from domain.calendar.months import after, begin_of, month_of
from domain.events import QuotaSet
from domain.jobs.job import EndReason, JobState, SchedulingType
from domain.jobs.job_spec import JobSpec, Resources
from domain.refusal import Refused
from domain.sbatch.dependencies import DependencyKind
from scheduler.service import Pace, SchedulerService
from store.checks.invariants import look_at_all
from store.dependencies.targets import NewCondition
from store.files import stored_files
from store.files.content import ContentKey
from store.fleet.readings import add_readings
from store.jobs import job_steering
from store.jobs.new_job import Accepted, NewJob
from store.quotas import budgets
from store.quotas.setting import set_quotas
from tests.support.budgets import HOUR_S, PRICES, answer, limit, of_project, run_for, standing, told
from tests.support.builders import array_spec, job_spec, reading
from tests.support.scene import Scene
from tests.support.told import policy


def test_the_queue_is_full_at_its_limit_and_not_before(scene: Scene) -> None:
    limit(scene, queued_jobs="3")

    assert isinstance(answer(scene, job_spec(array=array_spec("0-1"))), int)
    assert isinstance(answer(scene), int)
    assert answer(scene) == "quota.queued_jobs"
    (refused,) = scene.submit_all([scene.submission()])
    assert isinstance(refused, Refused)
    assert "queued jobs is used up: 3 of 3 are used and 1 more are asked for" in refused.sentence


def test_what_is_held_or_blocked_counts_and_what_was_placed_does_not(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, queued_jobs="2")
    first = scene.submit(job_spec())
    scene.submit(job_spec(is_held=True))
    assert answer(scene) == "quota.queued_jobs"

    scene.assign(first, node_id)

    assert isinstance(answer(scene), int)


def test_an_array_comes_in_whole_or_not_at_all(scene: Scene) -> None:
    limit(scene, queued_jobs="9")

    assert answer(scene, job_spec(array=array_spec("0-9"))) == "quota.queued_jobs"
    assert standing(scene)[":queued_jobs"] == (0, 9)


def test_of_one_request_as_many_come_in_as_there_is_room_for(scene: Scene) -> None:
    limit(scene, queued_jobs="2")

    answers = scene.submit_all([scene.submission() for _ in range(4)])

    assert [isinstance(item, Accepted) for item in answers] == [True, True, False, False]


def test_who_waits_for_a_refused_job_is_refused(scene: Scene) -> None:
    limit(scene, queued_jobs="1")
    follower = NewJob(
        tenant_id=scene.tenant_id,
        key_id=None,
        idempotency_key=None,
        spec=job_spec(array=array_spec("0-3")),
    )
    waits = NewJob(
        tenant_id=scene.tenant_id,
        key_id=None,
        idempotency_key=None,
        spec=job_spec(),
        conditions=(NewCondition(kind=DependencyKind.AFTER_OK, position=0),),
    )

    answers = scene.submit_all([follower, waits])

    assert [item.code for item in answers if isinstance(item, Refused)] == [
        "quota.queued_jobs",
        "dependency.refused_job",
    ]


def test_a_repeated_request_is_no_second_job(scene: Scene) -> None:
    limit(scene, queued_jobs="1")
    first = answer(scene, key="once")

    assert answer(scene, key="once") == first
    assert answer(scene, key="twice") == "quota.queued_jobs"


def test_submissions_at_once_cannot_both_take_the_last_place(scene: Scene) -> None:
    limit(scene, queued_jobs="3")
    n_threads = 6
    together = Barrier(n_threads)

    def submit(_: int) -> Accepted | Refused:
        together.wait(timeout=60.0)
        return scene.submit_all([scene.submission()])[0]

    with ThreadPoolExecutor(n_threads) as pool:
        answers = list(pool.map(submit, range(n_threads)))

    assert sum(isinstance(item, Accepted) for item in answers) == 3
    assert standing(scene)[":queued_jobs"] == (3, 3)


def test_what_could_never_start_is_refused(scene: Scene) -> None:
    limit(scene, cores="4", project="mesh")
    limit(scene, cores="16")

    assert isinstance(answer(scene, job_spec(cores=16)), int)
    assert answer(scene, job_spec(cores=17)) == "quota.cores"
    assert answer(scene, of_project("mesh", cores=5)) == "quota.cores"
    whole = JobSpec(name="all", command=("true",), resources=Resources(whole_node=True))
    wide = NewJob(
        tenant_id=scene.tenant_id, key_id=None, idempotency_key=None, spec=whole, least_cores=24
    )
    (refused,) = scene.submit_all([wide])
    assert isinstance(refused, Refused)
    assert refused.sentence == (
        "The quota of cores lets 16 be in use at once (0 are), and the job takes 24; ask for "
        "fewer, or ask the operator for more."
    )


def test_a_project_and_its_tenant_are_counted_apart(scene: Scene) -> None:
    limit(scene, queued_jobs="1", project="mesh")
    limit(scene, queued_jobs="2")

    assert isinstance(answer(scene, of_project("mesh")), int)
    assert answer(scene, of_project("mesh")) == "quota.queued_jobs"
    assert isinstance(answer(scene, of_project("flow")), int)
    assert answer(scene) == "quota.queued_jobs"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"core_hours__month": "2"}, "quota.core_hours"),
        ({"core_hours__total": "2"}, "quota.core_hours"),
        ({"kwh__month": "0.002"}, "quota.kwh"),
        ({"cost__month": "0.5"}, "quota.cost"),
    ],
)
def test_a_budget_refuses_once_it_is_used_up(
    scene: Scene, limits: dict[str, str], code: str
) -> None:
    node_id = scene.node()
    budgets.remember_prices(scene.store, PRICES)
    limit(scene, **limits)
    run_for(scene, node_id, HOUR_S)
    assert isinstance(answer(scene), int)

    key = scene.running(node_id)
    scene.report(node_id, key, wall_s=HOUR_S, cpu_s=HOUR_S)

    assert answer(scene) == code
    assert [fact.is_spent for fact in told(scene)] == [False, True]


def test_a_budget_of_a_month_is_renewed_with_the_next(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__month="1")
    run_for(scene, node_id, HOUR_S)
    assert answer(scene) == "quota.core_hours"
    with scene.store.transaction() as tx:
        budgets.judge_all(tx)
    assert told(scene)[-1].is_spent

    month = month_of(scene.clock.now_s)
    scene.clock.advance(begin_of(after(month)) - scene.clock.now_s + 1.0)
    with scene.store.transaction() as tx:
        budgets.judge_all(tx)

    assert not told(scene)[-1].is_spent
    assert isinstance(answer(scene), int)


def test_a_raised_budget_lets_work_go_on(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="1")
    run_for(scene, node_id, HOUR_S)
    assert answer(scene) == "quota.core_hours"

    limit(scene, core_hours__total="1.5")

    assert isinstance(answer(scene), int)
    assert not told(scene)[-1].is_spent


def test_a_budget_that_is_set_below_what_was_used_is_used_up_at_once(scene: Scene) -> None:
    node_id = scene.node()
    run_for(scene, node_id, HOUR_S, of_project("mesh"))

    limit(scene, core_hours__total="0.5", project="mesh")

    assert answer(scene, of_project("mesh")) == "quota.core_hours"
    assert isinstance(answer(scene), int)
    assert standing(scene)["mesh:core_hours/total"] == (1.0, 0.5)


def test_other_prices_judge_budgets_anew(scene: Scene) -> None:
    node_id = scene.node()
    budgets.remember_prices(scene.store, PRICES)
    limit(scene, cost__total="1")
    run_for(scene, node_id, HOUR_S)
    assert isinstance(answer(scene), int)
    dear = PriceList(
        currency="EUR",
        versions=(
            ComputePrices(
                from_month=200001,
                core_hour=dict.fromkeys(SchedulingType, Decimal(2)),
                kwh=Decimal(0),
            ),
        ),
    )

    budgets.remember_prices(scene.store, dear)

    assert told(scene)[-1].is_spent
    assert answer(scene) == "quota.cost"


def test_what_was_lost_is_not_counted_and_what_was_killed_is(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, core_hours__total="100")
    scene.running(node_id)
    scene.heartbeat(node_id, boot_id="boot-2")  # the node restarted: lost
    key = scene.running(node_id, boot_id="boot-2")
    scene.cancel(key.instance_id)
    scene.report(node_id, key, EndReason.CANCELLED, boot_id="boot-2", wall_s=HOUR_S)

    assert standing(scene)[":core_hours/total"][0] == 1.0
    found = look_at_all(scene.database, role="nobody")
    assert [item for item in found if item.offenders] == []


def test_what_runs_and_what_waits_is_shown_as_used(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, cores="64", running_jobs="9", queued_jobs="99")
    limit(scene, cores="8", project="mesh")
    scene.running(node_id, of_project("mesh", cores=3))
    whole = JobSpec(name="all", command=("true",), resources=Resources(whole_node=True))
    scene.assign(scene.submit(whole), scene.node("other"))
    scene.submit(of_project("mesh"))

    assert standing(scene) == {
        ":cores": (11, 64),
        ":queued_jobs": (1, 99),
        ":running_jobs": (2, 9),
        ":stored_bytes": (0, 100),
        "mesh:cores": (3, 8),
    }


def test_a_tenants_own_quota_of_stored_bytes_stands_for_the_usual_one(scene: Scene) -> None:
    def keep(name: str, usual: Quota) -> Refused | None:
        key = ContentKey(tenant_id=scene.tenant_id, sha256=name * 64)
        with scene.store.transaction() as tx:
            return stored_files.keep(tx, key, 60, usual)

    usual = stored_bytes_quota(100)
    assert keep("a", usual) is None
    assert keep("b", usual) is not None

    limit(scene, stored_bytes="200")

    assert keep("b", usual) is None
    assert keep("c", usual) is None
    assert keep("d", usual) is not None
    limit(scene, stored_bytes="none")
    assert standing(scene)[":stored_bytes"] == (180, 100)


def test_the_scheduler_starts_no_more_than_the_quota_and_the_next_at_an_end(scene: Scene) -> None:
    node_id = scene.node()
    limit(scene, running_jobs="2")
    numbers = [scene.submit() for _ in range(4)]
    with scene.store.transaction() as tx:
        add_readings(tx, node_id, [reading(node_id, 1, taken_at_s=scene.clock.now_s)])
    service = SchedulerService(store=scene.store, policy=policy("coldest"), pace=Pace(renew_s=0.0))

    service.turn()

    def placed() -> list[int]:
        return [item for item in numbers if scene.state(item) is not JobState.QUEUED]

    assert placed() == numbers[:2]
    with scene.store.transaction() as tx:
        job_steering.cancel(tx, numbers[0], scene.tenant_id, "test")
    service.turn()
    assert placed() == numbers[:3]
    limit(scene, running_jobs="none")
    service.turn()
    assert placed() == numbers


def test_a_scheduler_that_starts_learns_of_quotas_from_the_store(scene: Scene) -> None:
    limit(scene, cores="0")
    limit(scene, queued_jobs="5", project="mesh")  # Nothing that the engine must know.
    SchedulerService(store=scene.store, policy=policy("coldest")).turn()
    limit(scene, running_jobs="7", project="mesh")

    assert told(scene) == [
        QuotaSet(tenant_id=scene.tenant_id, project="mesh", cores=None, jobs=7, is_spent=False)
    ]
    assert answer(scene) == "quota.cores"


def test_what_cannot_be_limited_is_refused_and_nothing_is_set(scene: Scene) -> None:
    cores = parse_setting("cores", "5", "")
    cost = parse_setting("cost/month", "5", "")
    assert not isinstance(cores, Refused)
    assert not isinstance(cost, Refused)

    def code(tenant: str, project: str = "") -> str:
        with scene.store.transaction() as tx:
            found = set_quotas(
                tx,
                tenant_name=tenant,
                project_name=project,
                settings=[cores, cost],
                actor="test",
            )
        assert isinstance(found, Refused)
        return found.code

    assert code("nobody") == "tenant.unknown"
    assert code("lab", "nothing") == "project.unknown"
    assert code("lab") == "quota.no_prices"
    assert set(standing(scene)) == {":stored_bytes"}
