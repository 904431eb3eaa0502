"""Numbers of this database that mean nothing in another, and the names that stand for them.

Sites, nodes, meters and lines of the ledger keep their numbers: sealed months and statements that
were issued name them. Everything else is found again by its own name.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from store.collectivities.account_tables import town_account, town_membership
from store.contracts.contract_tables import contract
from store.statements.statement_tables import statement

_ACCOUNT, _MAILBOX = "account/", "mailto:"
#: Somebody who is nothing to the collectivity any more; who it was is nobody's business.
_FORMER = "account/former"


@dataclass(slots=True)
class Numbers:
    """What some names stand for in one store."""

    collectivity_id: int
    contracts: dict[str, int] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)  #: By address.

    def read_again(self, connection: Connection) -> None:
        """Look up what was added meanwhile."""
        own = contract.c.collectivity_id == self.collectivity_id
        found = connection.execute(select(contract.c.reference, contract.c.id).where(own))
        self.contracts = {row[0]: row[1] for row in found}
        issued = select(statement.c.number, statement.c.id).where(
            statement.c.contract_id.in_(self.contracts.values())
        )
        self.statements = {row[0]: row[1] for row in connection.execute(issued)}
        people = (
            select(town_account.c.email, town_account.c.id)
            .join(town_membership, town_membership.c.account_id == town_account.c.id)
            .where(town_membership.c.collectivity_id == self.collectivity_id)
        )
        self.accounts = {row[0]: row[1] for row in connection.execute(people)}

    def actor_leaving(self, actor: str) -> str:
        """Who did it, as other installations know the person."""
        if not actor.startswith(_ACCOUNT):
            return actor
        by_number = {f"{_ACCOUNT}{number}": email for email, number in self.accounts.items()}
        email = by_number.get(actor)
        return _FORMER if email is None else f"{_MAILBOX}{email}"

    def actor_arriving(self, actor: str) -> str:
        """The same, as this installation knows the person."""
        if not actor.startswith(_MAILBOX):
            return _FORMER if actor.startswith(_ACCOUNT) else actor
        found = self.accounts.get(actor.removeprefix(_MAILBOX))
        return _FORMER if found is None else f"{_ACCOUNT}{found}"
