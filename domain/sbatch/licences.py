"""The option that takes seats of licences: Slurm's ``--licenses``, and ours spelled in full."""

from dataclasses import dataclass

from domain.fleet.licences import Licences, parse_licences
from domain.sbatch.settings import Settings

KEY = "licenses"
_SOME_SEATS = "names with numbers of seats, such as starccm:2 or starccm:1,hpc:8"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceWish:
    """What a job takes of counted licences."""

    licences: Licences = ()
    #: Not from a file written for another cluster, whose names may mean nothing here.
    is_typed: bool = False


def read_licences(settings: Settings) -> LicenceWish:
    """The seats that are asked for."""
    given = settings.given(KEY)
    found = settings.read(KEY, parse_licences, _SOME_SEATS) or ()
    return LicenceWish(licences=found, is_typed=given is not None and given.origin.is_command_line)
