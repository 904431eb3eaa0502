"""The worker as a process: it works until TERM, and outlives every restart of the broker."""

import logging
import sys
import threading
from collections.abc import Sequence
from typing import Any

from celery.beat import Service
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from domain.notices.rules import read_notice_rules
from domain.refusal import Refused
from store import schema
from store.opening import default_url, open_store
from worker.app import make_app
from worker.queues import QUEUE
from worker.sending.trust import trust
from worker.settings import read_settings

_ARGUMENTS = (
    "worker",
    "--pool=solo",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
    "--loglevel=WARNING",
)


def serve(queues: Sequence[str]) -> int:
    """Work through these queues until TERM; the exit code.

    Who reads the common queue also keeps the beat.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = read_settings()
    if isinstance(settings, Refused):
        return _refuse(settings.sentence)
    rules = read_notice_rules(settings.notice_words())
    if isinstance(rules, Refused):
        return _refuse(rules.sentence)
    trusted = trust(settings.ca_file)
    if isinstance(trusted, Refused):
        return _refuse(trusted.sentence)
    url = settings.database_url or default_url(settings.data_dir)
    store = open_store(url, settings.data_dir)
    refused = schema.check(store.database)
    if refused is not None:
        return _refuse(refused.sentence)
    stopping = threading.Event()
    app = make_app(settings, store, stopping, rules)
    beat = Service(app, scheduler_cls=app.conf.beat_scheduler)
    # A thread, where Celery's own option starts a second process for the same duty.
    beating = threading.Thread(target=beat.start, name="beat", daemon=True)

    def start_beat(**_: Any) -> None:  # noqa: ANN401 - a signal carries what it likes
        if QUEUE in queues:
            beating.start()

    def hurry(**_: Any) -> None:  # noqa: ANN401 - as above
        stopping.set()  # A cell takes minutes; it is given back.

    def stop(**_: Any) -> None:  # noqa: ANN401 - as above
        if beating.is_alive():
            beat.stop()  # Its thread sleeps for minutes between rounds, and is a daemon.
        store.database.close()

    worker_ready.connect(start_beat, weak=False)
    worker_shutting_down.connect(hurry, weak=False)
    worker_shutdown.connect(stop, weak=False)
    app.worker_main([*_ARGUMENTS, f"--queues={','.join(queues)}"])
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2
