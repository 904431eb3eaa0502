"""Disputes of statements on both databases: kept with the statement, answered once, audited."""

from sqlalchemy import select

from store.statements import disputes, statements
from store.tables.installation import audit
from tests.support.metered import JANUARY
from tests.support.scene import Scene
from tests.support.sold import issued, sell


def test_a_dispute_and_its_answer_are_kept_and_audited(scene: Scene) -> None:
    sell(scene)
    number = issued(scene, JANUARY).number
    with scene.database.read() as connection:
        row = statements.find_statement(connection, number)
    assert row is not None
    with scene.store.transaction() as tx:
        first = disputes.add_dispute(tx, row.statement_id, 1, "index douteux", "account/7")
        second = disputes.add_dispute(tx, row.statement_id, None, "tout est faux", "account/7")
        assert disputes.answer_dispute(tx, first, "avoir émis", "key/1")
        assert not disputes.answer_dispute(tx, first, "autre chose", "key/1")
        assert not disputes.answer_dispute(tx, 999, "rien", "key/1")

    with scene.database.read() as connection:
        told = disputes.disputes_of(connection, row.statement_id)
        waiting = disputes.all_disputes(connection, open_only=True)
        assert disputes.all_disputes(connection) == told
        assert disputes.disputes_of(connection, row.statement_id + 1) == []
        actions = connection.execute(
            select(audit.c.action)
            .where(audit.c.subject == f"statement/{row.statement_id}")
            .order_by(audit.c.id)
        ).scalars()
        assert list(actions)[-3:] == [
            "statement.dispute",
            "statement.dispute",
            "statement.dispute_answer",
        ]
    assert [(item.line, item.answer) for item in told] == [(1, "avoir émis"), (None, None)]
    assert [item.dispute_id for item in waiting] == [second]
