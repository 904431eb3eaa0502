"""What tests of quotas and budgets in the store share."""

from collections.abc import Mapping
from decimal import Decimal

from domain.billing.prices import ComputePrices, PriceList
from domain.billing.quota import stored_bytes_quota
from domain.billing.quota_words import parse_setting, write_key
from domain.events import QuotaSet
from domain.jobs.job import SchedulingType
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.access import tenants
from store.quotas.setting import set_quotas
from store.quotas.standing import Standing, standings
from tests.support.builders import job_spec
from tests.support.scene import Scene

HOUR_S = 3600.0
PRICES = PriceList(
    currency="EUR",
    versions=(
        ComputePrices(
            from_month=200001,
            core_hour=dict.fromkeys(SchedulingType, Decimal("0.25")),
            kwh=Decimal(0),
        ),
    ),
)


def limit(scene: Scene, project: str = "", **limits: str) -> None:
    """Set quotas; ``core_hours__month`` stands for ``core_hours/month``."""
    _set(scene, project, limits, is_safe=False)


def limit_safely(scene: Scene, project: str = "", **limits: str) -> None:
    """Set safe budgets."""
    _set(scene, project, limits, is_safe=True)


def _set(scene: Scene, project: str, limits: Mapping[str, str], *, is_safe: bool) -> None:
    settings = []
    for key, amount in limits.items():
        setting = parse_setting(key.replace("__", "/"), amount, project, is_safe=is_safe)
        assert not isinstance(setting, Refused), setting
        settings.append(setting)
    with scene.store.transaction() as tx:
        if project:
            tenants.open_project(tx, "lab", project, "test")
        found = set_quotas(
            tx, tenant_name="lab", project_name=project, settings=settings, actor="test"
        )
    assert not isinstance(found, Refused), found


def answer(scene: Scene, spec: JobSpec | None = None, key: str | None = None) -> int | str:
    """The number of an accepted job, or the code of its refusal."""
    (found,) = scene.submit_all([scene.submission(spec, key)])
    return found.code if isinstance(found, Refused) else found.job_id


def standing(scene: Scene) -> dict[str, tuple[float, float]]:
    """Used and limit by project and key."""
    return {
        key: (float(item.used), float(item.quota.limit))
        for key, item in every_standing(scene).items()
    }


def every_standing(scene: Scene) -> dict[str, Standing]:
    """How it stands with each quota, by project and key."""
    with scene.database.read() as connection:
        found = standings(
            connection, scene.clock.now_s, usual_bytes=stored_bytes_quota(100), tenant_name="lab"
        )
    return {
        f"{item.quota.project}:{write_key(item.quota.measure, item.quota.period)}": item
        for item in found
    }


def told(scene: Scene) -> list[QuotaSet]:
    """What engines learn of quotas, from the beginning."""
    return [fact for fact in scene.events() if isinstance(fact, QuotaSet)]


def run_for(scene: Scene, node_id: int, wall_s: float, spec: JobSpec | None = None) -> None:
    key = scene.running(node_id, spec)
    scene.report(node_id, key, wall_s=wall_s)


def of_project(name: str, cores: int = 1) -> JobSpec:
    return job_spec(cores=cores, project=name)
