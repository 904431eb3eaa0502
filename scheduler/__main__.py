"""``python -m scheduler``: the scheduler's loop, and tools on the live store."""

import argparse
import logging
import signal
import sys
import threading

from domain.refusal import Refused
from scheduler.bootstrap import SchedulerSettings, read_settings, run
from scheduler.doctor import examine, report_findings, report_replay
from scheduler.replay import replay_last_run
from store.opening import default_url
from store.schema import open_existing


def main() -> int:
    """Run until TERM, or look at the store and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m scheduler", description=__doc__)
    tasks = parser.add_subparsers(dest="task", title="tasks", metavar="{run,doctor,replay}")
    tasks.add_parser("run", help="decide until told to stop (the default)")
    doctor = tasks.add_parser("doctor", help="check every invariant on the live store")
    replay = tasks.add_parser("replay", help="run the log of the last run again and compare")
    for tool in (doctor, replay):
        tool.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    settings = read_settings()
    if isinstance(settings, Refused):
        return _refuse(settings)
    if options.task in {"doctor", "replay"}:
        return _look(settings, options.task, as_json=options.json)
    return _decide(settings)


def _decide(settings: SchedulerSettings) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    refused = run(settings, stop)
    return 0 if refused is None else _refuse(refused)


def _look(settings: SchedulerSettings, task: str, *, as_json: bool) -> int:
    database = open_existing(settings.database_url or default_url(settings.data_dir))
    if isinstance(database, Refused):
        return _refuse(database)
    try:
        if task == "doctor":
            return report_findings(examine(database), as_json=as_json)
        return report_replay(replay_last_run(database), as_json=as_json)
    finally:
        database.close()


def _refuse(refused: Refused) -> int:
    sys.stderr.write(refused.sentence + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
