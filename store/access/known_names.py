"""Names by which lists are narrowed: whether anybody, or anything, is called so."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from domain.refusal import Refused
from store.tables.access import person, project, tenant
from store.tables.fleet import node
from store.tables.jobs import job


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesAsked:
    """What a list was narrowed by; None leaves nothing out."""

    tenant: str | None = None
    project: str | None = None  #: '' = of no project.
    user: str | None = None
    node: str | None = None


def unknown_name(
    connection: Connection, asked: NamesAsked, visible_tenant_id: int | None
) -> Refused | None:
    """The first name that is not there, or belongs to somebody else; None = all are there.

    A project is also what jobs call so without its having been made.
    """

    def is_there(*where: ColumnElement[bool]) -> bool:
        return bool(
            connection.execute(select(or_(*(exists().where(one) for one in where)))).scalar()
        )

    def of_visible(column: ColumnElement[int]) -> ColumnElement[bool]:
        return column == visible_tenant_id if visible_tenant_id is not None else column.is_not(None)

    own = of_visible(tenant.c.id)
    if asked.tenant is not None and not is_there((tenant.c.name == asked.tenant) & own):
        return _unknown("tenant", asked.tenant)
    if asked.project and not is_there(
        (project.c.name == asked.project) & of_visible(project.c.tenant_id),
        (job.c.project == asked.project) & of_visible(job.c.tenant_id),
    ):
        return _unknown("project", asked.project)
    if asked.user is not None and not is_there(
        (person.c.name == asked.user) & of_visible(person.c.tenant_id)
    ):
        return _unknown("user", asked.user)
    if asked.node is not None and not is_there(node.c.name == asked.node):
        return _unknown("node", asked.node)
    return None


def _unknown(kind: str, name: str) -> Refused:
    return Refused(code=f"{kind}.unknown", sentence=f"There is no {kind} {name!r}.")
