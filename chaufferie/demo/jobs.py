"""The real jobs of the demonstration: one channel flow each, of different speed and size."""

from dataclasses import dataclass
from pathlib import Path

import chaufferie
from chaufferie.sdk.submission import JobRequest, Wishes

PICTURE_NAME = "channel_flow.png"
_PROGRAM, _SCRIPT = "channel_flow.py", "channel_flow.sh"
_SMALL = ("--nx", "220", "--ny", "43", "--steps", "4000", "--checkpoint-every", "0")
_FINE = ("--nx", "333", "--ny", "64", "--steps", "5000", "--checkpoint-every", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoJob:
    """One job, and what it is for."""

    title: str
    arguments: tuple[str, ...]
    is_flexible: bool = False

    @property
    def name(self) -> str:
        """The name it is submitted under."""
        return self.title.replace(" ", "-")


DEMO_JOBS = (
    DemoJob(title="check parabola", arguments=("--validate", "--ny", "34")),
    DemoJob(title="vortices Re 100", arguments=(*_FINE, "--reynolds", "100")),
    DemoJob(title="flow Re 20", arguments=(*_SMALL, "--reynolds", "20")),
    DemoJob(title="flow Re 120", arguments=(*_SMALL, "--reynolds", "120")),
    DemoJob(title="sweep Re 80", arguments=(*_SMALL, "--reynolds", "80"), is_flexible=True),
    DemoJob(title="sweep Re 140", arguments=(*_SMALL, "--reynolds", "140"), is_flexible=True),
)


def example_folder() -> Path | None:
    """Where the example lies: beside this package, in a source checkout."""
    folder = Path(chaufferie.__file__).resolve().parents[1] / "examples" / "lattice_boltzmann"
    return folder if (folder / _PROGRAM).is_file() else None


def request_of(job: DemoJob, folder: Path) -> JobRequest:
    """What is submitted for it."""
    wishes = Wishes(
        name=job.name,
        type="flex" if job.is_flexible else "ondemand",
        time_limit_s=120.0,
        arguments=job.arguments,
        inputs=[_PROGRAM],
        directory=folder,
    )
    return JobRequest(script=_SCRIPT, wishes=wishes)
