"""What a node declares of itself, as it arrives."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.names import LARGEST_SMALL, Text
from domain.fleet.gpus import MOST_GPUS, gpu_model
from domain.fleet.licences import MOST_OF_A_JOB
from domain.fleet.licences import NAME_PATTERN as LICENCE_PATTERN
from domain.fleet.node import NodeSpec, node_spec_of
from domain.fleet.profiles import MOST_PROFILES, NAME_PATTERN, PER_CORE, PER_JOB, VERSION_PATTERN
from domain.jobs.requirements import LONGEST_FEATURE, MOST_FEATURES, is_feature

_LARGEST_MIB = 1 << 40
_LARGEST_W = 1e6
Word = Annotated[Text, StringConstraints(max_length=200)]
Note = Annotated[Text, StringConstraints(max_length=2000)]
_Watts = Annotated[float, Field(ge=0, le=_LARGEST_W, allow_inf_nan=False)]


def _checked_feature(text: str) -> str:
    if not is_feature(text):
        message = f"{text[:LONGEST_FEATURE]!r} is no name for a feature"
        raise ValueError(message)
    return text.lower()


Feature = Annotated[str, AfterValidator(_checked_feature)]
GpuModel = Annotated[str, AfterValidator(gpu_model)]
LicenceName = Annotated[str, StringConstraints(pattern=rf"^{LICENCE_PATTERN}$")]
LicenceRule = Annotated[
    str, StringConstraints(pattern=rf"^{LICENCE_PATTERN}=({PER_JOB}|{PER_CORE})$")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProfileIn(_Strict):
    """A program that was found on the node."""

    name: str = Field(pattern=rf"^{NAME_PATTERN}$")
    version: str = Field(default="", pattern=rf"^(?:{VERSION_PATTERN})?$")
    title: Word = ""
    licence: Word = ""
    notes: Note = ""
    command: Note = ""
    most_tasks: int | None = Field(default=None, ge=1, le=LARGEST_SMALL)
    licence_servers: list[LicenceName] = Field(default=[], max_length=MOST_OF_A_JOB)
    licences: list[LicenceRule] = Field(default=[], max_length=MOST_OF_A_JOB)


class NodeSpecIn(_Strict):
    """A node's inventory and power model."""

    cores: int = Field(ge=1, le=4096)
    mem_mib: int = Field(ge=1, le=_LARGEST_MIB)
    cores_are_shared: bool = False
    idle_power_w: _Watts
    max_power_w: float = Field(gt=0, le=_LARGEST_W, allow_inf_nan=False)
    capture_frac: float = Field(default=0.95, gt=0, le=1)
    host_name: Word = "localhost"
    is_simulated: bool = False
    time_factor: float = Field(default=1.0, gt=0, le=10_000)
    features: list[Feature] = Field(default=[], max_length=MOST_FEATURES)
    gpus: list[GpuModel] = Field(default=[], max_length=MOST_GPUS)
    profiles: list[ProfileIn] = Field(default=[], max_length=MOST_PROFILES)
    is_closed: bool = False

    @model_validator(mode="after")
    def _works_harder_than_idle(self) -> "NodeSpecIn":
        if self.max_power_w < self.idle_power_w:
            message = "max_power_w is below idle_power_w"
            raise ValueError(message)
        return self

    def to_spec(self) -> NodeSpec:
        """The domain value."""
        return node_spec_of(self.model_dump())
