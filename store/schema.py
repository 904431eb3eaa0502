"""Bring a database to this version's schema."""

from store.database import Database
from store.tables import metadata


def upgrade(database: Database) -> None:
    """Create or migrate every table."""
    with database.write() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(
            "INSERT INTO id_counter (name, next_id) SELECT 'job', 1 "
            "WHERE NOT EXISTS (SELECT 1 FROM id_counter WHERE name = 'job')"
        )
