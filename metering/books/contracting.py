"""Contracts come into the books: read, held against what is known, kept version by version."""

from domain.refusal import Refused
from metering.contracts.contract import Contract
from metering.contracts.document import contract_from_plain, contract_to_plain
from store.contracts import contracts
from store.contracts.contracts import ContractRow, NewTerms, SoldSite
from store.transaction import Transaction

#: What no amendment changes: statements that were issued stand on it.
_FIXED = ("reference", "starts_on", "currency")


def add_contract(tx: Transaction, contract: Contract, actor: str) -> int | Refused:
    """Keep a new contract; its number in the store."""
    return contracts.add_contract(tx, _terms(contract), actor)


def amend_contract(tx: Transaction, contract: Contract, reason: str, actor: str) -> int | Refused:
    """Keep new terms of the contract with this reference; the number of the version."""
    row = contracts.locked_contract(tx, contract.reference)
    if row is None:
        return unknown(contract.reference)
    before = contract_of(row)
    if isinstance(before, Refused):
        return before
    moved = [name for name in _FIXED if getattr(before, name) != getattr(contract, name)]
    if before.buyer.siret != contract.buyer.siret:
        moved.append("buyer.siret")
    if moved:
        return Refused(
            code="contract.fixed",
            sentence=f"{', '.join(moved)} of a contract cannot be amended; make a new contract.",
        )
    if before == contract:
        return Refused(code="contract.same", sentence="These are the terms that hold already.")
    return contracts.amend_contract(tx, row, _terms(contract), reason, actor)


def contract_of(row: ContractRow) -> Contract | Refused:
    """The contract that is kept in a row."""
    return contract_from_plain(row.terms)


def unknown(reference: str) -> Refused:
    """What is said of a contract that is not there."""
    return Refused(
        code="contract.unknown",
        sentence=f"There is no contract {reference}; `chaufferie contracts list` lists them.",
    )


def _terms(contract: Contract) -> NewTerms:
    spans = ((item.site_id, *contract.months_of(item)) for item in contract.deliveries)
    return NewTerms(
        reference=contract.reference,
        buyer_siret=contract.buyer.siret,
        sites=tuple(
            SoldSite(site_id=site_id, from_month=first, end_month=end)
            for site_id, first, end in spans
        ),
        terms=contract_to_plain(contract),
    )
