from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from domain.refusal import Refused
from store import schema
from store.database import Database
from tests.support.databases import Databases


@pytest.fixture
def empty(databases: Databases) -> Iterator[Database]:
    database = Database(databases.empty())
    yield database
    database.close()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    return config


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    assert schema.upgrade(empty) is None

    assert schema.is_current(empty)
    with empty.read() as connection:
        tables = set(inspect(connection).get_table_names())
    assert {"job", "instance", "attempt", "job_usage", "register_ledger"} <= tables


def test_the_migrations_and_the_tables_say_the_same(empty: Database) -> None:
    schema.upgrade(empty)

    config = _config()
    with empty.write() as connection:
        config.attributes["connection"] = connection
        command.check(config)  # Raises where they drift apart.
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()

    assert version == schema.HEAD


def test_the_newest_migration_is_the_one_this_version_wants() -> None:
    assert ScriptDirectory.from_config(_config()).get_heads() == [schema.HEAD]


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)

    assert schema.upgrade(empty) is None
    assert schema.is_current(empty)


def test_one_step_down_and_up_again(empty: Database) -> None:
    schema.upgrade(empty)
    config = _config()

    with empty.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    assert not schema.is_current(empty)
    assert schema.upgrade(empty) is None

    assert schema.is_current(empty)


def test_programs_that_start_together_migrate_once(empty: Database) -> None:
    with ThreadPoolExecutor(3) as threads:
        answers = [
            future.result() for future in [threads.submit(schema.upgrade, empty) for _ in range(3)]
        ]

    assert answers == [None, None, None]
    with empty.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM id_counter")).scalar_one() == 1


def test_a_newer_schema_is_refused_in_one_sentence_and_left_alone(empty: Database) -> None:
    schema.upgrade(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for refused in (schema.upgrade(empty), schema.check(empty)):
        assert isinstance(refused, Refused)
        assert refused.code == "schema.version"
        assert "9999" in refused.sentence


def test_a_program_that_does_not_migrate_says_who_does(empty: Database) -> None:
    refused = schema.check(empty)

    assert isinstance(refused, Refused)
    assert refused.code == "schema.missing"


def test_a_tool_that_looks_makes_no_database(databases: Databases) -> None:
    url = databases.empty()

    refused = schema.open_existing(url)

    assert isinstance(refused, Refused)
    assert refused.code in {"database.missing", "schema.missing"}


def test_a_tool_that_looks_opens_a_database_of_this_version(databases: Databases) -> None:
    database = schema.open_existing(databases.fresh())

    assert isinstance(database, Database)
    database.close()
