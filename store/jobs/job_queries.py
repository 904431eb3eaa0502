"""Reading jobs: every query takes the only tenant that may be seen, or None for operators."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from domain import wire
from domain.commands import AssignAttempt, Why
from domain.events import JobQueued
from domain.jobs.job import JobState
from store.files.content import ContentKey
from store.gangs import members
from store.instances.queueing import queued_event
from store.tables.access import api_key, person, tenant
from store.tables.engine import decision
from store.tables.fleet import node, site
from store.tables.jobs import attempt, instance, job, job_usage, result_file


def visible(statement: Select[Any], tenant_id: int | None) -> Select[Any]:
    """The same of this tenant's instances alone; of everybody's for operators (None)."""
    if tenant_id is None:
        return statement
    return statement.where(instance.c.tenant_id == tenant_id)


def instance_rows() -> Select[Any]:
    """Every instance with its job and where it is."""
    return select(
        instance,
        job.c.name,
        job.c.project,
        job.c.submitted_at_s,
        job.c.spec,
        tenant.c.name.label("tenant"),
        person.c.name.label("user"),
        node.c.name.label("node"),
        site.c.name.label("site"),
    ).select_from(
        instance.join(job, instance.c.job_id == job.c.id)
        .join(tenant, instance.c.tenant_id == tenant.c.id)
        .outerjoin(api_key, job.c.key_id == api_key.c.id)
        .outerjoin(person, api_key.c.person_id == person.c.id)
        .outerjoin(node, instance.c.node_id == node.c.id)
        .outerjoin(site, node.c.site_id == site.c.id)
    )


def one(connection: Connection, job_id: int, tenant_id: int | None) -> dict[str, Any] | None:
    """One job with its specification, or None."""
    statement = visible(instance_rows(), tenant_id).where(instance.c.id == job_id)
    return next(iter(described(connection, statement)), None)


def described(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    """These rows of instances, each with all its nodes."""
    rows = [dict(row._mapping) for row in connection.execute(statement)]
    members.of_newest(connection, rows)
    return rows


def owner_of(connection: Connection, job_id: int, tenant_id: int | None) -> int | None:
    """The tenant of a job or an array; None where there is none that may be seen."""
    statement = select(job.c.tenant_id).where(job.c.id == job_id)
    if tenant_id is not None:
        statement = statement.where(job.c.tenant_id == tenant_id)
    found: int | None = connection.execute(statement).scalar()
    return found


def attempts(connection: Connection, instance_id: int) -> list[dict[str, Any]]:
    """Every try of an instance, first one first, with its nodes and what it used."""
    statement = (
        select(
            attempt,
            node.c.name.label("node"),
            site.c.name.label("site"),
            job_usage.c.wall_s,
            job_usage.c.cpu_s,
            job_usage.c.max_rss_bytes,
            job_usage.c.energy_estimate_wh,
            job_usage.c.heat_estimate_wh,
            job_usage.c.is_simulated,
        )
        .select_from(
            attempt.join(node, attempt.c.node_id == node.c.id)
            .join(site, node.c.site_id == site.c.id)
            .outerjoin(
                job_usage,
                (attempt.c.instance_id == job_usage.c.instance_id)
                & (attempt.c.attempt == job_usage.c.attempt),
            )
        )
        .where(attempt.c.instance_id == instance_id)
        .order_by(attempt.c.attempt)
    )
    others = members.names_of(connection, instance_id)
    return [
        {**row._mapping, "members": others.get(row.attempt, [])}
        for row in connection.execute(statement)
    ]


def reasons(connection: Connection, instance_id: int) -> dict[int, Why]:
    """Why each attempt was placed where it was, by its number."""
    statement = (
        select(attempt.c.attempt, decision.c.commands)
        .select_from(attempt.join(decision, attempt.c.batch == decision.c.batch))
        .where(attempt.c.instance_id == instance_id)
    )
    return {
        row.attempt: command.why
        for row in connection.execute(statement)
        for command in map(wire.load_command, json.loads(row.commands))
        if isinstance(command, AssignAttempt)
        and (command.instance_id, command.attempt) == (instance_id, row.attempt)
    }


def oldest_waiting(connection: Connection, limit: int) -> list[JobQueued]:
    """The first waiting instances, as the engine knows them."""
    statement = (
        select(
            instance.c.id,
            instance.c.job_id,
            instance.c.tenant_id,
            instance.c.attempt,
            instance.c.queued_at_s,
            instance.c.not_before_s,
            job.c.spec,
        )
        .select_from(instance.join(job, instance.c.job_id == job.c.id))
        .where(instance.c.state == JobState.QUEUED.value)
        .order_by(instance.c.id)
        .limit(limit)
    )
    specs: dict[int, Any] = {}  # The instances of an array share theirs.
    found = []
    for row in connection.execute(statement):
        spec = specs.get(row.job_id)
        if spec is None:
            spec = specs[row.job_id] = wire.load_spec(json.loads(row.spec))
        found.append(
            queued_event(
                spec,
                instance_id=row.id,
                job_id=row.job_id,
                tenant_id=row.tenant_id,
                queued_at_s=row.queued_at_s,
                last_attempt=row.attempt,
                not_before_s=row.not_before_s,
            )
        )
    return found


def file(connection: Connection, instance_id: int, path: str) -> ContentKey | None:
    """Where the file is kept that the last attempt to leave some left at this path."""
    found = next((item["sha256"] for item in files(connection, instance_id, path)), None)
    if found is None:
        return None
    owner = select(instance.c.tenant_id).where(instance.c.id == instance_id)
    return ContentKey(tenant_id=connection.execute(owner).scalar_one(), sha256=found)


def files(
    connection: Connection, instance_id: int, path: str | None = None
) -> list[dict[str, Any]]:
    """The files of the last attempt that left some; ``path`` narrows them to one."""
    newest = (
        select(result_file.c.attempt)
        .where(result_file.c.instance_id == instance_id)
        .order_by(result_file.c.attempt.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(result_file.c.path, result_file.c.sha256, result_file.c.size_bytes)
        .where(result_file.c.instance_id == instance_id, result_file.c.attempt == newest)
        .order_by(result_file.c.path)
    )
    if path is not None:
        statement = statement.where(result_file.c.path == path)
    return [dict(row._mapping) for row in connection.execute(statement)]


def count_by_state(
    connection: Connection, states_wanted: Sequence[str], tenant_id: int | None
) -> dict[str, int]:
    """How many instances are in each of these states."""
    statement = (
        select(instance.c.state, func.count().label("jobs"))
        .where(instance.c.state.in_(states_wanted))
        .group_by(instance.c.state)
    )
    found = {row.state: row.jobs for row in connection.execute(visible(statement, tenant_id))}
    return {**dict.fromkeys(states_wanted, 0), **found}


def shown_of_spec(text: str) -> tuple[str, int]:
    """Scheduling type and cores, out of a stored specification."""
    plain = json.loads(text)
    size = plain["resources"]
    return plain["scheduling_type"], size["cores"] * size.get("nodes", 1)
