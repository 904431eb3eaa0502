"""From the body of a submission to a job specification, by the parser that clients use too."""

from pydantic import BaseModel, ConfigDict, Field

from domain.job_spec import JobSpec
from domain.refusal import Refused


class InputIn(BaseModel):
    """A file that was uploaded before, and where it belongs in the working directory."""

    model_config = ConfigDict(extra="forbid")

    path: str
    sha256: str
    size_bytes: int = Field(ge=0)
    executable: bool = False


class SubmissionIn(BaseModel):
    """A job: a script, or a command; options as on the command line."""

    model_config = ConfigDict(extra="forbid")

    script: str | None = None
    script_name: str | None = None
    command: list[str] = []
    arguments: list[str] = []
    options: list[str] = []
    environment: dict[str, str] = {}
    inputs: list[InputIn] = []
    submit_host: str | None = None
    submit_user: str | None = None


def to_spec(body: SubmissionIn, now_s: float) -> JobSpec | Refused:
    """The specification, or why there is none."""
    return JobSpec(name=body.command[0].rsplit("/", 1)[-1], command=tuple(body.command))
