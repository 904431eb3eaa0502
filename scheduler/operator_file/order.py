"""The operator's file, as far as it says in which order jobs go."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.jobs.order import OrderChoice
from domain.refusal import Refused
from domain.units import DAY_S
from scheduler.operator_file.reading import read_toml

_TABLE = "order"
_MOST_WEIGHT = 1e6

Weight = Annotated[float, Field(ge=0, le=_MOST_WEIGHT)]
Part = Annotated[float, Field(gt=0, le=_MOST_WEIGHT)]
_USUAL = OrderChoice()


class OrderTable(BaseModel):
    """The table ``[order]``."""

    model_config = ConfigDict(extra="forbid")

    #: At least a point an hour: waiting must count, so that everybody's turn comes.
    age: Annotated[float, Field(ge=1, le=_MOST_WEIGHT)] = _USUAL.age
    priority: Weight = _USUAL.priority
    tenant_share: Weight = _USUAL.tenant_share
    project_share: Weight = _USUAL.project_share
    size: Weight = _USUAL.size
    half_life_days: Annotated[float, Field(ge=0.01, le=3650)] = _USUAL.half_life_s / DAY_S
    shares: dict[str, Part] = Field(default_factory=dict)
    project_shares: dict[str, dict[str, Part]] = Field(default_factory=dict)

    def choice(self) -> OrderChoice:
        """What it says."""
        return OrderChoice(
            age=self.age,
            priority=self.priority,
            tenant_share=self.tenant_share,
            project_share=self.project_share,
            size=self.size,
            half_life_s=self.half_life_days * DAY_S,
            shares=self.shares,
            project_shares=self.project_shares,
        )


def read_order(named: Path | None, data_dir: Path) -> OrderChoice | Refused:
    """What the file that was named says, or the one in the data directory if there is one."""
    file = read_toml(named, data_dir)
    if isinstance(file, Refused):
        return file
    try:
        return OrderTable.model_validate(file.tables.get(_TABLE, {})).choice()
    except ValidationError as error:
        return file.slip(error, _TABLE)
