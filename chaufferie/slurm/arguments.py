"""How the commands read their words: as Slurm's do, with one sentence for what they do not know."""

import argparse
import re
from typing import NoReturn

from chaufferie.sdk.errors import BadInputError

_JOB_ID = re.compile(r"\d{1,18}", re.ASCII)


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


def job_ids(text: str) -> list[int]:
    """Numbers of jobs, apart by commas; a step's number (``12.batch``) means its job."""
    found = []
    for part in text.split(","):
        number = part.strip().partition(".")[0]
        if not _JOB_ID.fullmatch(number):
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is no number of a job")
        found.append(int(number))
    return found
