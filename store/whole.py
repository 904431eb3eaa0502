"""Whole parts in SQL: a cast to a whole number cuts in SQLite and rounds in PostgreSQL."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement


class whole(FunctionElement[int]):  # noqa: N801 - reads as the functions of SQL do
    """The whole part of a number that is not negative."""

    type = BigInteger()
    inherit_cache = True

    def __init__(self, number: ColumnElement[Any]) -> None:
        """Of this number."""
        super().__init__(number)


@compiles(whole)
def _cut(element: "whole", compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - passed on
    (number,) = element.clauses
    return compiler.process(cast(number, BigInteger), **options)


@compiles(whole, "postgresql")
def _cut_in_postgresql(element: "whole", compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"CAST(trunc({compiler.process(element.clauses, **options)}) AS BIGINT)"
