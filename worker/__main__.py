"""``python -m worker``: the worker and its beat, in one process."""

import logging
import sys
import threading
from typing import Any

from celery.beat import Service
from celery.signals import worker_ready, worker_shutdown
from pydantic import ValidationError

from store import schema
from store.opening import default_url, open_store
from worker.app import make_app
from worker.settings import WorkerSettings

_ARGUMENTS = (
    "worker",
    "--pool=solo",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
    "--loglevel=WARNING",
)


def main() -> int:
    """Work until TERM; outlive every restart of the broker."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        settings = WorkerSettings()
    except ValidationError as error:
        names = ", ".join(f"CHAUFFERIE_{str(item['loc'][0]).upper()}" for item in error.errors())
        return _refuse(f"Set {names} and start again.")
    if settings.redis_url is None:
        return _refuse("The worker needs a broker: set CHAUFFERIE_REDIS_URL and start again.")
    url = settings.database_url or default_url(settings.data_dir)
    store = open_store(url, settings.data_dir)
    refused = schema.check(store.database)
    if refused is not None:
        return _refuse(refused.sentence)
    app = make_app(settings, store)
    beat = Service(app, scheduler_cls=app.conf.beat_scheduler)
    # A thread, where Celery's own option starts a second process for the same duty.
    beating = threading.Thread(target=beat.start, name="beat", daemon=True)

    def start_beat(**_: Any) -> None:  # noqa: ANN401 - a signal carries what it likes
        beating.start()

    def stop(**_: Any) -> None:  # noqa: ANN401 - as above
        if beating.is_alive():
            beat.stop()  # Its thread sleeps for minutes between rounds, and is a daemon.
        store.database.close()

    worker_ready.connect(start_beat, weak=False)
    worker_shutdown.connect(stop, weak=False)
    app.worker_main(list(_ARGUMENTS))
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
