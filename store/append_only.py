"""Rows that are only ever added: the database itself refuses to change them or to let them go.

A row of the register ledger may go once its segment is noted as pruned: then its sealed digest
stands for it.
"""

from store.contracts.contract_tables import contract_version
from store.deliverables.deliverable_tables import deliverable
from store.ledger.ledger_tables import KEPT_TABLES as LEDGER_TABLES
from store.ledger.ledger_tables import register_ledger, register_pruning
from store.statements.invoice_tables import invoice, invoice_paper
from store.statements.statement_tables import statement

KEPT_TABLES = (
    *LEDGER_TABLES,
    contract_version,
    statement,
    invoice,
    invoice_paper,
    deliverable,
)

#: The database says this where it refuses.
REFUSAL = "rows of this table are only added"
_FUNCTION = "refuse_change"
_MAY_GO = (
    f"EXISTS (SELECT 1 FROM {register_pruning.name} p "  # noqa: S608 - names of tables
    "WHERE p.meter_id = OLD.meter_id AND p.month = OLD.segment)"
)


def definitions(*, is_sqlite: bool) -> dict[str, tuple[str, str]]:
    """Table and statement of each trigger, by its name."""
    found = {}
    for table in KEPT_TABLES:
        may_go = _MAY_GO if table is register_ledger else None
        write = _sqlite if is_sqlite else _postgresql
        for act in ("update", "delete"):
            name = f"{table.name}_keeps_on_{act}"
            exception = may_go if act == "delete" else None
            found[name] = (table.name, write(name, table.name, act, exception))
    return found


def functions() -> tuple[str, ...]:
    """What PostgreSQL's triggers call: one that always refuses, one that looks at segments."""
    refuse = (
        "RAISE EXCEPTION USING ERRCODE = 'check_violation', "
        f"MESSAGE = TG_TABLE_NAME || ': {REFUSAL}'"
    )
    made = "CREATE OR REPLACE FUNCTION {} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$"
    look = f"IF {_MAY_GO} THEN RETURN OLD; END IF;"
    return (
        made.format(f"{_FUNCTION}()", f"{refuse};"),
        made.format(f"{_FUNCTION}_unless_pruned()", f"{look} {refuse};"),
    )


def _sqlite(name: str, table: str, act: str, exception: str | None) -> str:
    condition = "" if exception is None else f"WHEN NOT {exception} "
    return (
        f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table} {condition}"
        f"BEGIN SELECT RAISE(ABORT, '{table}: {REFUSAL}'); END"
    )


def _postgresql(name: str, table: str, act: str, exception: str | None) -> str:
    function = _FUNCTION if exception is None else f"{_FUNCTION}_unless_pruned"
    return (
        f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION {function}()"
    )
