"""Stickers on boilers, what their page may show, and what people report there."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.refusal import Refused
from domain.towns.publication import Publication, PublishedFigures
from domain.units import DAY_S, HOUR_S
from store.collectivities.collectivity_tables import collectivity_site
from store.collectivities.public_tables import boiler_sticker, no_heat_report, site_publication
from store.rows import AnyRow
from store.tables.fleet import node, site
from store.transaction import Transaction

#: 60 random bits in 12 letters that no reader confuses, whatever the light in a boiler room.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_LENGTH = 12
_CODE = re.compile(f"[{_LETTERS}]{{{_CODE_LENGTH}}}")
#: More reports from one sticker would tell nothing new [per hour].
REPORTS_AN_HOUR = 6
#: Reports that were answered are forgotten after a year [s].
REPORTS_KEPT_S = 365 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticker:
    """A code on a boiler, and where that boiler stands."""

    code: str
    node_id: int
    node: str
    site_id: int
    site: str
    collectivity_id: int | None
    made_at_s: float
    removed_at_s: float | None


def make_stickers(tx: Transaction, site_ids: Collection[int] | None, actor: str) -> None:
    """A code for every boiler of these sites (None = all) that has none yet."""
    has_one = select(boiler_sticker.c.node_id).where(boiler_sticker.c.removed_at_s.is_(None))
    statement = select(node.c.id).where(node.c.id.not_in(has_one)).order_by(node.c.id)
    if site_ids is not None:
        statement = statement.where(node.c.site_id.in_(site_ids))
    for node_id in tx.connection.execute(statement).scalars().all():
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        values = {"code": code, "node_id": node_id, "made_at_s": tx.now_s}
        tx.connection.execute(insert(boiler_sticker), values)
        tx.audited(actor=actor, action="sticker.make", subject=f"node/{node_id}")


def remove_sticker(tx: Transaction, code: str, actor: str) -> bool:
    """The boiler was taken away: its code answers so from now on; False where there is none."""
    if _CODE.fullmatch(code) is None:
        return False
    row = tx.connection.execute(
        update(boiler_sticker)
        .where(boiler_sticker.c.code == code, boiler_sticker.c.removed_at_s.is_(None))
        .values(removed_at_s=tx.now_s)
        .returning(boiler_sticker.c.node_id)
    ).one_or_none()
    if row is None:
        return False
    tx.audited(actor=actor, action="sticker.remove", subject=f"node/{row.node_id}")
    return True


def stickers(connection: Connection, site_ids: Collection[int] | None = None) -> list[Sticker]:
    """Every code, also of boilers taken away; those of these sites (None = all)."""
    statement = _joined().order_by(site.c.name, node.c.name, boiler_sticker.c.made_at_s)
    if site_ids is not None:
        statement = statement.where(node.c.site_id.in_(site_ids))
    return [_sticker(row) for row in connection.execute(statement)]


def find_sticker(connection: Connection, code: str) -> Sticker | None:
    """The boiler that carries this code, which may be any text; None = no boiler ever did."""
    if _CODE.fullmatch(code) is None:
        return None
    row = connection.execute(_joined().where(boiler_sticker.c.code == code)).one_or_none()
    return None if row is None else _sticker(row)


def _joined() -> Any:  # noqa: ANN401 - a statement
    return select(
        boiler_sticker,
        node.c.name.label("node"),
        node.c.site_id,
        site.c.name.label("site"),
        collectivity_site.c.collectivity_id,
    ).select_from(
        boiler_sticker.join(node, boiler_sticker.c.node_id == node.c.id)
        .join(site, node.c.site_id == site.c.id)
        .outerjoin(collectivity_site, collectivity_site.c.site_id == site.c.id)
    )


def _sticker(row: AnyRow) -> Sticker:
    return Sticker(**row._mapping)


def publication_of(connection: Connection, site_id: int) -> Publication:
    """What everybody may see of a site."""
    row = connection.execute(
        select(site_publication).where(site_publication.c.site_id == site_id)
    ).one_or_none()
    if row is None:
        return Publication()
    return Publication(figures=PublishedFigures(row.figures), purpose=row.purpose)


def publish(tx: Transaction, site_id: int, publication: Publication, actor: str) -> Refused | None:
    """Say what everybody may see of a site."""
    known = tx.connection.execute(select(site.c.id).where(site.c.id == site_id)).scalar()
    if known is None:
        return Refused(code="site.unknown", sentence=f"There is no site {site_id}.")
    own = site_publication.c.site_id == site_id
    tx.connection.execute(delete(site_publication).where(own))
    tx.connection.execute(
        insert(site_publication),
        {
            "site_id": site_id,
            "figures": publication.figures.value,
            "purpose": publication.purpose,
            "changed_at_s": tx.now_s,
        },
    )
    tx.audited(
        actor=actor,
        action="site.publish",
        subject=f"site/{site_id}",
        detail=publication.figures.value,
    )
    return None


def report_no_heat(tx: Transaction, sticker: Sticker, message: str) -> Refused | None:
    """Keep that somebody says there is no heat; nothing of who it was is kept."""
    since = (
        select(func.count())
        .select_from(no_heat_report)
        .where(
            no_heat_report.c.code == sticker.code,
            no_heat_report.c.reported_at_s > tx.now_s - HOUR_S,
        )
    )
    if tx.connection.execute(since).scalar_one() >= REPORTS_AN_HOUR:
        return Refused(
            code="report.enough",
            sentence="This was reported several times within the hour; the operator knows.",
        )
    tx.connection.execute(
        delete(no_heat_report).where(no_heat_report.c.closed_at_s < tx.now_s - REPORTS_KEPT_S)
    )
    tx.connection.execute(
        insert(no_heat_report),
        {
            "site_id": sticker.site_id,
            "code": sticker.code,
            "reported_at_s": tx.now_s,
            "message": message,
        },
    )
    return None


def reports(
    connection: Connection, site_ids: Collection[int] | None = None, *, open_only: bool = False
) -> list[dict[str, Any]]:
    """What people reported, newest first; of these sites (None = all)."""
    statement = (
        select(
            no_heat_report.c.id.label("report_id"),
            no_heat_report.c.site_id,
            site.c.name.label("site"),
            node.c.name.label("node"),
            no_heat_report.c.reported_at_s,
            no_heat_report.c.message,
            no_heat_report.c.closed_at_s,
            no_heat_report.c.answer,
        )
        .select_from(
            no_heat_report.join(site, site.c.id == no_heat_report.c.site_id)
            .join(boiler_sticker, boiler_sticker.c.code == no_heat_report.c.code)
            .join(node, node.c.id == boiler_sticker.c.node_id)
        )
        .order_by(no_heat_report.c.id.desc())
    )
    if site_ids is not None:
        statement = statement.where(no_heat_report.c.site_id.in_(site_ids))
    if open_only:
        statement = statement.where(no_heat_report.c.closed_at_s.is_(None))
    return [dict(row._mapping) for row in connection.execute(statement)]


def close_report(tx: Transaction, report_id: int, answer: str, actor: str) -> bool:
    """Say what came of a report; False where there is none that is open."""
    changed = tx.connection.execute(
        update(no_heat_report)
        .where(no_heat_report.c.id == report_id, no_heat_report.c.closed_at_s.is_(None))
        .values(closed_at_s=tx.now_s, answer=answer)
    ).rowcount
    if changed:
        tx.audited(actor=actor, action="report.close", subject=f"report/{report_id}")
    return bool(changed)
