"""What a submission takes of licences, by what it says and by its profile; or why it cannot."""

from collections.abc import Mapping
from dataclasses import replace

from api.fleet.profiles import asked_profiles
from api.jobs.capacity import Sizes
from api.services import Services
from domain.fleet.licences import MOST_SEATS, LicenceServers, counts_of, licences_of
from domain.fleet.profiles import PER_CORE
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.access.tenants import tenant_name
from store.rows import Connection

_MOST_SHOWN = 20


async def servers_for(services: Services, tenant_id: int) -> LicenceServers:
    """The licence servers that a tenant may use, as the operator declared them."""
    servers = services.operator_file.licences
    if all(one.tenants is None for one in servers.servers):
        return servers
    return await services.read(lambda connection: servers_in(connection, servers, tenant_id))


def servers_in(connection: Connection, servers: LicenceServers, tenant_id: int) -> LicenceServers:
    """The same, asked of the store."""
    return servers.serving(tenant_name(connection, tenant_id))


def with_licences(
    spec: JobSpec,
    sizes: Sizes,
    mine: LicenceServers,
    everybodys: LicenceServers,
    before: JobSpec | None = None,
) -> JobSpec | Refused:
    """The same with what its profile takes beside what it says itself.

    ``mine`` are the servers that its tenant may use. What a job took by its profile ``before`` it
    was changed is worked out anew.
    """
    seats, declared = mine.seats(), everybodys.seats()
    said = dict(counts_of(spec.licences))
    if before is not None:
        implied = _implied(before, sizes)
        said = {name: n for name, n in said.items() if implied.get(name) != n}
    missing = next((name for name in said if name not in seats), None)
    if missing is not None:
        return _unknown(missing, seats)
    implied = _implied(spec, sizes)
    ours = {name: n for name, n in implied.items() if name in declared and name not in said}
    foreign = next((name for name in ours if name not in seats), None)
    if foreign is not None:
        return _unknown(foreign, seats)
    if spec.resources.whole_node and (vague := sorted(set(ours) & _per_core(spec, sizes))):
        return Refused(
            code="licence.per_core",
            sentence=f"The profile {spec.profile} takes a seat of {vague[0]} for each core, and "
            f"how many cores a whole node has is not known before; say --licence {vague[0]}:N.",
        )
    counts = {**ours, **said}
    over = next((name for name, count in counts.items() if count > seats[name]), None)
    if over is not None:
        return Refused(
            code="licence.too_many",
            sentence=f"The job takes {counts[over]} seats of the licence {over}, and there are "
            f"{seats[over]}; ask for fewer.",
        )
    notes = () if before is not None else _out_of_reach(spec, sizes, mine)
    return replace(spec, licences=licences_of(counts), notes=(*spec.notes, *notes))


def _out_of_reach(spec: JobSpec, sizes: Sizes, mine: LicenceServers) -> tuple[str, ...]:
    """Which servers its profile would use and cannot, in words."""
    wanted = {name for one in asked_profiles(spec, sizes) for name in one.licence_servers}
    missing = sorted(wanted - {one.name for one in mine.servers})
    return tuple(
        f"The profile {spec.profile} uses the licence server {name!r}, which is not declared for "
        "you: say by a variable where one is."
        for name in missing
    )


def _unknown(name: str, seats: Mapping[str, int]) -> Refused:
    known = ", ".join(sorted(seats)[:_MOST_SHOWN]) or "none"
    return Refused(
        code="licence.unknown",
        sentence=f"There is no licence {name!r} that you may use; there are: {known}.",
    )


def _implied(spec: JobSpec, sizes: Sizes) -> dict[str, int]:
    """What its profile takes, by the version that takes the most of each."""
    found: dict[str, int] = {}
    cores = spec.resources.cores * spec.resources.nodes
    for profile in asked_profiles(spec, sizes):
        for name, rule in profile.licence_rules().items():
            count = min(cores, MOST_SEATS) if rule == PER_CORE else 1
            found[name] = max(found.get(name, 0), count)
    return found


def _per_core(spec: JobSpec, sizes: Sizes) -> set[str]:
    rules = (one.licence_rules().items() for one in asked_profiles(spec, sizes))
    return {name for of_one in rules for name, rule in of_one if rule == PER_CORE}
