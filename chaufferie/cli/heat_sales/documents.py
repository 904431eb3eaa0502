"""Documents of the sale of heat, put where they were asked for."""

import sys
from pathlib import Path

from chaufferie.cli.speaking.speech import remark, say_json

_STDOUT = Path("-")


def put(content: bytes, target: Path | None, *, number: str, form: str, as_json: bool) -> None:
    """Into this file (- = to stdout), or NUMBER.FORM here; then say where it is."""
    if target == _STDOUT:
        sys.stdout.buffer.write(content)
        return
    file = target or Path(f"{number}.{form}")
    file.write_bytes(content)
    if as_json:
        say_json({"number": number, "file": str(file), "size_bytes": len(content)})
        return
    remark(f"{file} is written.")
