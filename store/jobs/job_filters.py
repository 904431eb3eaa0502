"""Which jobs are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from store.gangs.member_tables import attempt_member
from store.tables.access import api_key, person, tenant
from store.tables.fleet import node
from store.tables.jobs import attempt, instance, job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsWanted:
    """What jobs must be to be listed; None leaves nothing out."""

    states: Sequence[str] = ()  #: Any of these; of an array, any instance of it.
    name: str | None = None
    tenant: str | None = None
    project: str | None = None  #: '' = of no project.
    user: str | None = None  #: In whose name the key was by which it was submitted.
    profile: str | None = None  #: With a version, or without: then of any.
    node: str | None = None  #: On which any attempt of it was, or is.
    from_s: float | None = None  #: Submitted at this instant, or later.
    to_s: float | None = None  #: Submitted before this one.


def narrowed(statement: Select[Any], wanted: JobsWanted) -> Select[Any]:
    """The same of these alone; the statement is of instances."""
    if wanted.states:
        statement = statement.where(instance.c.state.in_(wanted.states))
    if wanted.node is not None:
        statement = statement.where(_was_on(wanted.node))
    of_jobs = _of_jobs(wanted)
    if of_jobs:
        statement = statement.join(job, instance.c.job_id == job.c.id).where(*of_jobs)
    return statement


def _was_on(name: str) -> ColumnElement[bool]:
    """Whether any attempt of it has or had this node: gathered from the node's side.

    A node has had few of all instances, or so many that the newest of them are found at once.
    """
    its = select(node.c.id).where(node.c.name == name).scalar_subquery()
    led = select(attempt.c.instance_id).where(attempt.c.node_id == its)
    joined = select(attempt_member.c.instance_id).where(attempt_member.c.node_id == its)
    return instance.c.id.in_(led.union_all(joined))


def _of_jobs(wanted: JobsWanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.name is not None:
        found.append(job.c.name == wanted.name)
    if wanted.tenant is not None:
        its = select(tenant.c.id).where(tenant.c.name == wanted.tenant).scalar_subquery()
        found.append(job.c.tenant_id == its)
    if wanted.project is not None:
        found.append(job.c.project == wanted.project if wanted.project else job.c.project.is_(None))
    if wanted.user is not None:
        keys = (
            select(api_key.c.id)
            .join(person, api_key.c.person_id == person.c.id)
            .where(person.c.name == wanted.user)
        )
        found.append(job.c.key_id.in_(keys))
    if wanted.profile is not None:
        any_version = job.c.profile.startswith(f"{wanted.profile}/", autoescape=True)
        found.append(or_(job.c.profile == wanted.profile, any_version))
    if wanted.from_s is not None:
        found.append(job.c.submitted_at_s >= wanted.from_s)
    if wanted.to_s is not None:
        found.append(job.c.submitted_at_s < wanted.to_s)
    return found
