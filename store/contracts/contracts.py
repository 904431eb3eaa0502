"""Contracts and their versions; the heat of a month of a site is sold by one contract at most."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from domain.refusal import Refused
from store.collectivities.collectivity_tables import collectivity, collectivity_site
from store.contracts.contract_tables import contract, contract_site, contract_version
from store.rows import AnyRow
from store.tables.fleet import site
from store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldSite:
    """Months of a site whose heat is sold."""

    site_id: int
    from_month: int
    end_month: int  #: The first that is not.


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerms:
    """A version of a contract to be kept."""

    reference: str
    buyer_siret: str
    sites: tuple[SoldSite, ...]
    terms: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """A contract in its newest version."""

    contract_id: int
    reference: str
    collectivity_id: int
    collectivity: str
    version: int
    terms: dict[str, Any]
    reason: str | None
    made_at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version of a contract."""

    version: int
    terms: dict[str, Any]
    reason: str | None
    made_at_s: float


def add_contract(tx: Transaction, new: NewTerms, actor: str) -> int | Refused:
    """Keep a contract; its number."""
    known = tx.connection.execute(
        select(contract.c.id).where(contract.c.reference == new.reference)
    ).scalar()
    if known is not None:
        return Refused(
            code="contract.exists",
            sentence=f"There is a contract {new.reference} already; amend it, or take another "
            "reference.",
        )
    owner = _buyer(tx, new.buyer_siret)
    if isinstance(owner, Refused):
        return owner
    refused = _sites_refused(tx, new.sites, owner, None)
    if refused is not None:
        return refused
    values = {
        "reference": new.reference,
        "collectivity_id": owner,
        "created_at_s": tx.now_s,
    }
    made = insert(contract).values(values).returning(contract.c.id)
    contract_id = int(tx.connection.execute(made).scalar_one())
    _keep(tx, (contract_id, 1), new, actor, None)
    tx.audited(
        actor=actor, action="contract.add", subject=f"contract/{contract_id}", detail=new.reference
    )
    return contract_id


def amend_contract(
    tx: Transaction, row: ContractRow, new: NewTerms, reason: str, actor: str
) -> int | Refused:
    """Keep new terms of a contract; the number of the version."""
    owner = _buyer(tx, new.buyer_siret)
    if isinstance(owner, Refused):
        return owner
    refused = _sites_refused(tx, new.sites, owner, row.contract_id)
    if refused is not None:
        return refused
    tx.connection.execute(
        delete(contract_site).where(contract_site.c.contract_id == row.contract_id)
    )
    version = row.version + 1
    _keep(tx, (row.contract_id, version), new, actor, reason)
    tx.audited(
        actor=actor,
        action="contract.amend",
        subject=f"contract/{row.contract_id}",
        detail=f"version {version}: {reason}",
    )
    return version


def contracts(
    connection: Connection, *, site_ids: Collection[int] | None = None
) -> list[ContractRow]:
    """The contracts by reference; ``site_ids`` = the only sites that may be seen, None = all."""
    statement = _newest().order_by(contract.c.reference)
    if site_ids is not None:
        others = select(contract_site.c.contract_id).where(contract_site.c.site_id.not_in(site_ids))
        statement = statement.where(contract.c.id.not_in(others))
    return [_row(row) for row in connection.execute(statement)]


def find_contract(
    connection: Connection, reference: str, *, site_ids: Collection[int] | None = None
) -> ContractRow | None:
    """The contract of a reference, in its newest version, if it may be seen."""
    found = [
        item for item in contracts(connection, site_ids=site_ids) if item.reference == reference
    ]
    return found[0] if found else None


def locked_contract(tx: Transaction, reference: str) -> ContractRow | None:
    """As ``find_contract``; nobody else issues or amends it before this transaction ends."""
    if tx.locks_rows:
        tx.connection.execute(
            select(contract.c.id).where(contract.c.reference == reference).with_for_update()
        )
    return find_contract(tx.connection, reference)


def versions_of(connection: Connection, contract_id: int) -> list[VersionRow]:
    """Every version of a contract, oldest first."""
    query = (
        select(contract_version)
        .where(contract_version.c.contract_id == contract_id)
        .order_by(contract_version.c.version)
    )
    return [
        VersionRow(
            version=row.version,
            terms=json.loads(row.terms),
            reason=row.reason,
            made_at_s=row.made_at_s,
        )
        for row in connection.execute(query)
    ]


def site_name(connection: Connection, site_id: int) -> str:
    """What a site that is sold is called."""
    return str(connection.execute(select(site.c.name).where(site.c.id == site_id)).scalar_one())


def _newest() -> Select[Any]:
    newest = (
        select(
            contract_version.c.contract_id, func.max(contract_version.c.version).label("version")
        )
        .group_by(contract_version.c.contract_id)
        .subquery()
    )
    return (
        select(
            contract.c.id,
            contract.c.reference,
            contract.c.collectivity_id,
            collectivity.c.name.label("collectivity"),
            contract_version.c.version,
            contract_version.c.terms,
            contract_version.c.reason,
            contract_version.c.made_at_s,
        )
        .join(newest, newest.c.contract_id == contract.c.id)
        .join(
            contract_version,
            (contract_version.c.contract_id == contract.c.id)
            & (contract_version.c.version == newest.c.version),
        )
        .join(collectivity, collectivity.c.id == contract.c.collectivity_id)
    )


def _row(row: AnyRow) -> ContractRow:
    return ContractRow(
        contract_id=row.id,
        reference=row.reference,
        collectivity_id=row.collectivity_id,
        collectivity=row.collectivity,
        version=row.version,
        terms=json.loads(row.terms),
        reason=row.reason,
        made_at_s=row.made_at_s,
    )


def _keep(
    tx: Transaction, key: tuple[int, int], new: NewTerms, actor: str, reason: str | None
) -> None:
    """Keep the version of a contract that this key, contract and version, names."""
    contract_id, version = key
    values = {
        "contract_id": contract_id,
        "version": version,
        "terms": json.dumps(new.terms, ensure_ascii=False, sort_keys=True),
        "reason": reason,
        "actor": actor,
        "made_at_s": tx.now_s,
    }
    tx.connection.execute(insert(contract_version), values)
    rows = [
        {
            "contract_id": contract_id,
            "site_id": sold.site_id,
            "from_month": sold.from_month,
            "end_month": sold.end_month,
        }
        for sold in new.sites
    ]
    tx.connection.execute(insert(contract_site), rows)


def _buyer(tx: Transaction, siret: str) -> int | Refused:
    """The collectivity of a SIRET."""
    found = tx.connection.execute(
        select(collectivity.c.id).where(collectivity.c.siret == siret)
    ).scalar()
    if found is not None:
        return int(found)
    return Refused(
        code="contract.buyer",
        sentence=f"No collectivity has the buyer's SIRET {siret}; make it with: "
        "chaufferie collectivities add",
    )


def _sites_refused(
    tx: Transaction, sites: Sequence[SoldSite], owner: int, contract_id: int | None
) -> Refused | None:
    """A refusal unless the sites are this collectivity's and no other contract sells their heat."""
    site_ids = sorted(item.site_id for item in sites)
    known = select(site.c.id).where(site.c.id.in_(site_ids))
    if tx.locks_rows:
        known = known.with_for_update()  # so that two contracts cannot take a site at once
    unknown = sorted(set(site_ids) - set(tx.connection.execute(known).scalars()))
    if unknown:
        return Refused(
            code="site.unknown",
            sentence=f"There is no site {unknown[0]}; `chaufferie sites` lists those there are.",
        )
    theirs = select(collectivity_site.c.site_id).where(collectivity_site.c.collectivity_id == owner)
    foreign = sorted(set(site_ids) - set(tx.connection.execute(theirs).scalars()))
    if foreign:
        return Refused(
            code="contract.site",
            sentence=f"The site {foreign[0]} is not the buyer's; give it with: "
            "chaufferie collectivities give-site",
        )
    return _overlap(tx, sites, contract_id)


def _overlap(tx: Transaction, sites: Sequence[SoldSite], contract_id: int | None) -> Refused | None:
    for sold in sites:
        statement = (
            select(contract.c.reference)
            .join(contract_site, contract_site.c.contract_id == contract.c.id)
            .where(
                contract_site.c.site_id == sold.site_id,
                contract_site.c.from_month < sold.end_month,
                contract_site.c.end_month > sold.from_month,
            )
        )
        if contract_id is not None:
            statement = statement.where(contract.c.id != contract_id)
        other = tx.connection.execute(statement.limit(1)).scalar()
        if other is not None:
            return Refused(
                code="contract.overlap",
                sentence=f"The heat of site {sold.site_id} is sold by contract {other} in some of "
                "these months already; end the delivery there first.",
            )
    return None
