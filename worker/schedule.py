"""What the worker does again and again, each in its own time."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.notices.rules import NoticeRules
from domain.units import DAY_S
from store.files.local_content import LocalContentStore
from store.opening import FILES_FOLDER
from store.rounds import note_round
from store.transaction import Store
from worker.rounds.erasures import erase_unfinished
from worker.rounds.ledger import close_months, share_heat
from worker.rounds.notices import Means, send_notices
from worker.rounds.retention import run_retention
from worker.rounds.unused_accounts import keep_accounts
from worker.settings import WorkerSettings

#: A round that is done more often tells so only now and then [s].
_TOLD_EVERY_S = 30.0


@dataclass(slots=True)
class Round:
    """Work that finds in the store what there is to do; done twice, or not, it harms nothing."""

    name: str
    every_s: float
    work: Callable[[], None]
    store: Store
    _told_at_s: float = 0.0

    def do(self) -> None:
        """Do it, then note for those who watch that it was finished."""
        self.work()
        with self.store.transaction() as tx:
            if tx.now_s - self._told_at_s >= _TOLD_EVERY_S:
                self._told_at_s = tx.now_s
                note_round(tx, self.name)


def all_rounds(settings: WorkerSettings, store: Store, rules: NoticeRules) -> tuple[Round, ...]:
    """Every round of a worker with these settings."""

    def retention() -> None:
        run_retention(store, LocalContentStore(settings.data_dir / FILES_FOLDER), settings)
        keep_accounts(store, rules, settings.accounts_kept_days * DAY_S)

    def ledger() -> None:
        share_heat(store, settings.heat_shared_every_s)
        close_months(store, settings.ledger_grace_s)

    def statements() -> None:
        # Its pages and its contracts are read by the worker alone that has some.
        from worker.rounds.statements import run_statements  # noqa: PLC0415

        run_statements(store)

    def notices() -> None:
        means = Means(
            password_file=settings.mail_password_file,
            public_url=settings.public_url,
            ca_file=settings.ca_file,
        )
        send_notices(store, rules, means)

    def alerts() -> None:
        _watch(settings, store, rules)

    def erasures() -> None:
        erase_unfinished(store, settings.data_dir / FILES_FOLDER)

    return (
        Round("retention", settings.retention_every_s, retention, store),
        Round("ledger", settings.ledger_every_s, ledger, store),
        Round("statements", settings.statements_every_s, statements, store),
        Round("notices", settings.notices_every_s, notices, store),
        Round("alerts", settings.alerts_every_s, alerts, store),
        Round("erasures", settings.erasures_every_s, erasures, store),
    )


def _watch(settings: WorkerSettings, store: Store, rules: NoticeRules) -> None:
    # Contracts and meters are read by the worker alone that has some.
    from worker.rounds.alerts.heat import Patience  # noqa: PLC0415
    from worker.rounds.alerts.watching import watch  # noqa: PLC0415

    patience = Patience(
        no_heat_frac=settings.no_heat_frac,
        no_heat_s=settings.no_heat_after_s,
        meter_silent_s=settings.meter_silent_after_s,
    )
    watch(store, rules, patience, settings.alert_mails_apart_s)
