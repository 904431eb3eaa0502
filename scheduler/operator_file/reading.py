"""The operator's file as TOML, and the one way of saying what is wrong with it."""

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.refusal import Refused

FILE_NAME = "operator.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorToml:
    """The tables of the file; none where there is no file."""

    path: Path
    tables: dict[str, Any] = field(default_factory=dict)

    def refused(self, why: str) -> Refused:
        """The sentence for whoever wrote it."""
        return _refused(self.path, why)

    def slip(self, error: ValidationError, *above: str) -> Refused:
        """The first thing that a model found, below these tables."""
        first = error.errors()[0]
        where = ".".join(str(part) for part in (*above, *first["loc"]))
        return self.refused(f"{where}: {first['msg'].removeprefix('Value error, ')}")


def read_toml(named: Path | None, data_dir: Path) -> OperatorToml | Refused:
    """The file that was named, or the one in the data directory if there is one.

    Numbers with a point are ``Decimal``, as money wants them.
    """
    path = named or data_dir / FILE_NAME
    if named is None and not path.exists():
        return OperatorToml(path=path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        return _refused(path, f"it cannot be read ({error.strerror})")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return _refused(path, f"it is no TOML ({error})")
    except ArithmeticError:
        return _refused(path, "a number in it is out of all bounds")
    return OperatorToml(path=path, tables=tables)


def _refused(path: Path, why: str) -> Refused:
    return Refused(code="settings.operator_file", sentence=f"The operator's file {path}: {why}.")
