"""The command ``chaufferie`` as the person before the screen can type it."""

import os
import shutil
import sys
from pathlib import Path


def typed_command() -> str:
    """Its bare name where the shell finds this very one, else its path from here."""
    own = Path(sys.executable).with_name("chaufferie")
    found = shutil.which(own.name)
    if found is not None and Path(found).resolve() == own.resolve():
        return own.name
    try:
        return os.fspath(own.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(own)
