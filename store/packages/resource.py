"""A table of a data package: its columns, from where they are read, and how they are added."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, insert

from store.packages.numbers import Numbers
from store.packages.scope import Scope
from store.transaction import Transaction

Row = dict[str, Any]
#: Rows fetched at once.
_FETCHED = 5000


class FieldType(StrEnum):
    """What a column holds, in the words of Table Schema."""

    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    OBJECT = "object"  #: A JSON object, kept as the text that it is.
    ARRAY = "array"  #: Likewise a JSON array.


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of a table."""

    name: str
    type: FieldType
    description: str
    is_required: bool = True
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A package on its way into a store."""

    tx: Transaction
    numbers: Numbers
    file: Callable[[str], bytes]  #: The document of a path in the package.


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One table of the package, in an order that does not depend on numbers of this database."""

    name: str
    description: str
    fields: tuple[Field, ...]
    #: Its rows, in the columns of the package.
    read: Callable[[Connection, Scope, Numbers], Iterator[Row]]
    add: Callable[[Arrival, list[Row]], None]
    #: What exists once in an installation: a field, where it is kept, what a person calls it.
    unique: tuple[tuple[str, Column[Any], str], ...] = ()
    is_required: bool = True  #: False: packages of before there was such a table do without.


def selected(
    query_of: Callable[[Scope], Select[Any]], leave: Callable[[Row, Numbers], Row] | None = None
) -> Callable[[Connection, Scope, Numbers], Iterator[Row]]:
    """Reads what a query finds; ``leave`` puts names in the place of this database's numbers."""

    def read(connection: Connection, scope: Scope, numbers: Numbers) -> Iterator[Row]:
        for part in connection.execute(query_of(scope)).partitions(_FETCHED):
            for found in part:
                row = dict(found._mapping)
                yield row if leave is None else leave(row, numbers)

    return read


def inserted(
    table: Table, arrive: Callable[[Row, Numbers], Row] | None = None
) -> Callable[[Arrival, list[Row]], None]:
    """Adds rows to a table; ``arrive`` makes columns of the table of those of the package."""

    def add(arrival: Arrival, rows: list[Row]) -> None:
        made = [row if arrive is None else arrive(row, arrival.numbers) for row in rows]
        arrival.tx.connection.execute(insert(table), made)

    return add


def integer(name: str, description: str, *, required: bool = True) -> Field:
    return Field(name=name, type=FieldType.INTEGER, description=description, is_required=required)


def number(name: str, description: str, *, required: bool = True) -> Field:
    return Field(name=name, type=FieldType.NUMBER, description=description, is_required=required)


def text(name: str, description: str, *, required: bool = True) -> Field:
    return Field(name=name, type=FieldType.STRING, description=description, is_required=required)


def choice(name: str, description: str, kinds: type[StrEnum]) -> Field:
    return Field(
        name=name,
        type=FieldType.STRING,
        description=description,
        enum=tuple(item.value for item in kinds),
    )


def boolean(name: str, description: str) -> Field:
    return Field(name=name, type=FieldType.BOOLEAN, description=description)


def json_object(name: str, description: str) -> Field:
    return Field(name=name, type=FieldType.OBJECT, description=description)


def json_array(name: str, description: str, *, required: bool = True) -> Field:
    return Field(name=name, type=FieldType.ARRAY, description=description, is_required=required)
