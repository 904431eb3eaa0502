"""The types that cross the door of the store: a row read by name, and one view of the data."""

from typing import Any, TypeAlias

import sqlalchemy

AnyRow: TypeAlias = sqlalchemy.Row[*tuple[Any, ...]]
Connection: TypeAlias = sqlalchemy.Connection
