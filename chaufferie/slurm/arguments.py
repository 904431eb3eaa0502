"""How the commands read their words: as Slurm's do, with one sentence for what they do not know."""

import argparse
import re
from typing import NoReturn

from chaufferie.sdk.errors import BadInputError
from domain.jobs.job_ref import parse_job_ref

_OUTSIDE_BRACKETS = re.compile(r",(?![^\[]*\])")


class Parser(argparse.ArgumentParser):
    """Raises instead of ending the program; ``-h`` is free for Slurm's own meaning of it."""

    def __init__(self, prog: str) -> None:
        """A command of this name."""
        super().__init__(prog=prog, add_help=False)

    def error(self, message: str) -> NoReturn:
        """One sentence."""
        raise BadInputError(f"{self.prog}: {message}.", code="slurm.words")

    def ignore(self, *flags: str) -> None:
        """Options that change nothing here."""
        for flag in flags:
            self.add_argument(flag, action="store_true", dest=f"ignored {flag}")

    def ignore_values(self, *flags: str) -> None:
        """Options with a value that change nothing here."""
        for flag in flags:
            self.add_argument(flag, dest=f"ignored {flag}")


def job_refs(text: str) -> list[str]:
    """Names of jobs, apart by commas; a step's name (``12.batch``) means its job."""
    found = []
    for part in _OUTSIDE_BRACKETS.split(text):
        ref = part.strip().partition(".")[0]
        if parse_job_ref(ref) is None:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} names no job")
        found.append(ref)
    return found
