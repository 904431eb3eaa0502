"""The queries behind the invariants of jobs that run on several nodes."""

from sqlalchemy import Select, and_, func, or_, select

from domain.jobs.job import HOLDING_STATES, AttemptState, JobState
from store.gangs.member_tables import attempt_member
from store.gangs.members import IS_OPEN
from store.tables.fleet import node
from store.tables.jobs import attempt, instance
from store.transaction import Transaction

_OPEN = (AttemptState.OFFERED.value, AttemptState.RUNNING.value)
_LIVE = tuple(sorted(state.value for state in HOLDING_STATES - {JobState.ASSIGNED}))


def gang_not_whole(_: Transaction) -> Select[tuple[int]]:
    """A running job that has not all its nodes, or whose nodes are not of one site."""
    lead, other = node.alias("lead"), node.alias("other")
    beside = (
        select(func.count())
        .select_from(attempt_member.join(other, attempt_member.c.node_id == other.c.id))
        .where(
            attempt_member.c.instance_id == instance.c.id,
            attempt_member.c.attempt == instance.c.attempt,
            attempt_member.c.boot_id.is_not(None),
            attempt_member.c.address.is_not(None),
            other.c.id != lead.c.id,
            other.c.site_id == lead.c.site_id,
        )
        .correlate(instance, lead)
        .scalar_subquery()
    )
    return (
        select(instance.c.id)
        .select_from(instance.join(lead, instance.c.node_id == lead.c.id))
        .where(
            instance.c.nodes > 1,
            instance.c.state.in_(_LIVE),
            beside != instance.c.nodes - 1,
        )
    )


def member_of_nothing(_: Transaction) -> Select[tuple[int]]:
    """A node that still counts as holding a part of an attempt that is over."""
    return (
        select(attempt_member.c.instance_id)
        .select_from(
            attempt_member.join(
                attempt,
                and_(
                    attempt.c.instance_id == attempt_member.c.instance_id,
                    attempt.c.attempt == attempt_member.c.attempt,
                ),
            )
        )
        .where(
            or_(
                and_(IS_OPEN, attempt.c.state.not_in(_OPEN)),
                and_(
                    attempt.c.started_at_s.is_not(None),
                    attempt_member.c.ended_at_s > attempt.c.ended_at_s,
                ),
            )
        )
        .distinct()
    )
