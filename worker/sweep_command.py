"""``python -m worker sweep``: the command `simulate`, whose cells every worker may run."""

import sys
import time
from collections.abc import Generator, Iterable

from celery import Celery
from kombu.exceptions import OperationalError

from domain.refusal import Refused
from simulation.cell_process import Outcome
from simulation.command import simulate
from simulation.options import Ask
from simulation.plan import Plan
from simulation.sweep import CellAdvanced, CellEnded, FanOut, News, SweepRemark
from store import schema
from store.opening import default_url, open_store
from store.sweeps import sweeps
from store.sweeps.sweeps import CellStanding, CellState
from store.transaction import Store
from worker.app import CELL_TASK, make_app
from worker.queues import SWEEP_QUEUE
from worker.settings import read_settings
from worker.sweeps.spec import cell_spec_to_text, outcome_from_text, sweep_to_text

_LOOK_EVERY_S = 0.3
#: Nothing of ours has run for so long: a message may be lost, and is sent again.
_FIRST_PATIENCE_S = 10.0
#: Patience doubles each time up to this, so that a queue nobody reads does not fill up.
_MOST_PATIENCE_S = 320.0
_NOBODY = (
    "No worker runs a cell of this sweep; `chaufferie worker --queues sweep` starts one, on any "
    "machine that reaches the broker and the database."
)
_NO_BROKER = (
    "The broker at CHAUFFERIE_REDIS_URL does not answer; start it, or unset the variable to run on "
    "this machine alone."
)


def run_sweep(ask: Ask) -> int:
    """Do what was asked on the workers; the exit code."""
    settings = read_settings()
    if isinstance(settings, Refused):
        return _refuse(settings.sentence)
    url = settings.database_url or default_url(settings.data_dir)
    looked = schema.open_existing(url)
    if isinstance(looked, Refused):
        return _refuse(looked.sentence)
    looked.close()
    store = open_store(url, settings.data_dir)
    app = make_app(settings, store)
    try:
        return simulate(ask, on_workers(app, store))
    except OperationalError:
        return _refuse(_NO_BROKER)
    finally:
        app.close()
        store.wakeups.close()
        store.database.close()


def on_workers(app: Celery, store: Store) -> FanOut:
    """Runs the cells of a plan on whoever reads the queue; their results return by the store.

    Raises kombu's ``OperationalError`` where the broker is out of reach at the beginning.
    """

    def fan_out(plan: Plan) -> Generator[News, None, None]:
        cells = [cell_spec_to_text(task) for task in plan.tasks]
        with store.transaction() as tx:
            sweep_id = sweeps.add(tx, spec=sweep_to_text(plan), cells=cells)
        try:
            _send(app, sweep_id, range(len(cells)))
            yield from _Follower(app, store, sweep_id).news()
        finally:
            with store.transaction() as tx:
                sweeps.drop(tx, sweep_id)

    return fan_out


class _Follower:
    """Watches the rows of a sweep, and sends again what seems to be lost."""

    def __init__(self, app: Celery, store: Store, sweep_id: int) -> None:
        self._app = app
        self._store = store
        self._sweep_id = sweep_id
        self._done_frac: dict[int, float] = {}
        self._ended: set[int] = set()
        self._resent: set[int] = set()
        self._patience_s = _FIRST_PATIENCE_S
        self._quiet_since_s = time.monotonic()

    def news(self) -> Generator[News, None, None]:
        """Everything that happens until the last cell has ended."""
        while True:
            standings = self._standings()
            for standing in standings:
                yield from self._changed(standing)
            if all(standing.state is CellState.ENDED for standing in standings):
                return
            yield from self._repair(standings)
            time.sleep(_LOOK_EVERY_S)

    def _standings(self) -> list[CellStanding]:
        database = self._store.database
        with database.read() as connection:
            return sweeps.standings(connection, self._sweep_id, now_s=database.now_s(connection))

    def _changed(self, standing: CellStanding) -> Generator[News, None, None]:
        number = standing.number
        if standing.state is CellState.ENDED:
            if number not in self._ended:
                self._ended.add(number)
                self._rest()
                yield CellEnded(index=number, outcome=self._outcome(number))
            return
        if standing.is_held:
            self._rest()
            self._resent.discard(number)
        if standing.done_frac != self._done_frac.get(number, 0.0):
            self._done_frac[number] = standing.done_frac
            yield CellAdvanced(index=number, done_frac=standing.done_frac)

    def _outcome(self, number: int) -> Outcome:
        with self._store.database.read() as connection:
            text = sweeps.result_of(connection, self._sweep_id, number)
        if text is None:
            return Refused(code="cell.lost", sentence="its result is gone from the store.")
        return outcome_from_text(text)

    def _repair(self, standings: Iterable[CellStanding]) -> Generator[News, None, None]:
        free = [s for s in standings if s.state is not CellState.ENDED and not s.is_held]
        lapsed = {s.number for s in free if s.state is CellState.RUNNING} - self._resent
        if lapsed:
            self._resent |= lapsed
            self._send_again(lapsed)
        if time.monotonic() - self._quiet_since_s > self._patience_s:
            yield SweepRemark(sentence=_NOBODY)
            self._send_again(s.number for s in free)
            self._quiet_since_s = time.monotonic()
            self._patience_s = min(2 * self._patience_s, _MOST_PATIENCE_S)

    def _send_again(self, numbers: Iterable[int]) -> None:
        try:
            _send(self._app, self._sweep_id, numbers)
        except OperationalError:
            return  # The broker is away; patience ends again.

    def _rest(self) -> None:
        self._patience_s = _FIRST_PATIENCE_S
        self._quiet_since_s = time.monotonic()


def _send(app: Celery, sweep_id: int, numbers: Iterable[int]) -> None:
    for number in numbers:
        app.send_task(
            CELL_TASK, args=[sweep_id, number], queue=SWEEP_QUEUE, ignore_result=True, retry=False
        )


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2
