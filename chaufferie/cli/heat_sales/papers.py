"""The command that writes what a data protection officer needs."""

from pathlib import Path
from typing import Annotated

import typer

from chaufferie.cli.speaking.arguments import AsJson, DataDir, open_client
from chaufferie.cli.speaking.speech import say, say_json


def dpo_pack(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the Markdown goes.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Write what a data protection officer fills a register from, as this server is configured."""
    with open_client(data) as client:
        answer = client.transport.request("GET", "/v1/dpo-pack", headers={})
    file.write_bytes(answer.content)
    if as_json:
        say_json({"file": str(file), "size_bytes": len(answer.content)})
        return
    say(f"The pack for the DPO is in {file}; read it and fill in what stands in brackets.")
