"""``python -m scheduler``: the scheduler's loop, and tools on the live store."""

import logging
import signal
import sys
import threading

from scheduler.bootstrap import SchedulerSettings, run


def main() -> int:
    """Run until TERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    refused = run(SchedulerSettings(), stop)
    if refused is not None:
        sys.stderr.write(refused.sentence + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
