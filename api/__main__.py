"""``python -m api``: serve; ``python -m api init --key-file F``: prepare the store.

``python -m api --key-file F`` does one after the other.
"""

import argparse
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.billing.operator_file import read_operator_file
from api.bootstrap import ApiSettings, build, initialise, open_from
from api.hub import Hub
from api.jobs.partitions import read_partitions
from domain.notices.rules import read_notice_rules
from domain.refusal import Refused
from store.schema import check


def main() -> int:
    """Run until TERM."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("task", nargs="?", choices=["serve", "init"], default="serve")
    parser.add_argument("--key-file", type=Path, help="where init writes the first operator key")
    parser.add_argument("--listen-fd", type=int, help="a listening socket that was passed to us")
    options = parser.parse_args()
    settings = ApiSettings()
    if options.task == "init" and options.key_file is None:
        parser.error("init needs --key-file")
    if options.key_file is not None:
        refused = initialise(settings, options.key_file)
        if refused is not None:
            sys.stderr.write(refused.sentence + "\n")
            return 2
    if options.task == "init":
        return 0
    app = _application(settings)
    if isinstance(app, Refused):
        sys.stderr.write(app.sentence + "\n")
        return 2
    serve(app, settings, options.listen_fd)
    return 0


def _application(settings: ApiSettings) -> FastAPI | Refused:
    """The application, unless the store or a setting does not let it be."""
    refused = check(open_from(settings).database)
    if refused is not None:
        return refused
    known_names = read_partitions(settings.partitions)
    if isinstance(known_names, Refused):
        return known_names
    operator_file = read_operator_file(settings.operator_file, settings.data_dir)
    if isinstance(operator_file, Refused):
        return operator_file
    rules = read_notice_rules(settings.notice_words())
    return (
        rules if isinstance(rules, Refused) else build(settings, known_names, operator_file, rules)
    )


def serve(app: FastAPI, settings: ApiSettings, listen_fd: int | None) -> None:
    """Serve until TERM, on a socket that was passed to us or on the address of the settings."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    sockets = None if listen_fd is None else [socket.socket(fileno=listen_fd)]
    _Server(config, app.state.services.hub).run(sockets=sockets)


class _Server(uvicorn.Server):
    """Ends the long polls of nodes as soon as it is told to stop, and not by their time-out."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """TERM or INT came."""
        self._hub.end()
        super().handle_exit(sig, frame)


if __name__ == "__main__":
    sys.exit(main())
