"""The round of alerts: look, note what began and what is over, write the mails that are due.

Looking takes no lock; what came of it is noted in one transaction, by which only one of two
workers notes a thing. A round that dies is done by the next one.
"""

from domain.notices.rules import NoticeRules
from domain.towns.alerts import AlertKind, Finding, OpenAlert, changes
from store.collectivities import alerts
from store.collectivities.alert_choices import heard_collectivities
from store.collectivities.alert_mails import APART_S, write_mails
from store.collectivities.collectivities import collectivities
from store.rows import Connection
from store.transaction import Store
from worker.rounds.alerts.heat import Patience, Site, look_at_site
from worker.rounds.alerts.sales import look_at_sales


def watch(
    store: Store, rules: NoticeRules, patience: Patience, mails_apart_s: float = APART_S
) -> int:
    """Look at everything that somebody wants to hear of; how many mails were written."""
    with store.database.read() as connection:
        now_s = store.database.now_s(connection)
        standing = alerts.standing(connection)
        found = _look(connection, standing, now_s, patience)
    with store.transaction() as tx:
        alerts.note(tx, changes(standing, found))
        alerts.keep_watch(tx, found)
        return write_mails(tx, rules.may_write_to, mails_apart_s)


def _look(
    connection: Connection, standing: list[OpenAlert], now_s: float, patience: Patience
) -> list[Finding]:
    lacking = {item.name for item in standing if item.kind is AlertKind.NO_HEAT}
    heard = heard_collectivities(connection)
    found: list[Finding] = []
    for row in collectivities(connection):
        if row.collectivity_id not in heard:
            continue
        for owned in row.sites:
            site = Site(
                connection=connection,
                site_id=owned.site_id,
                name=owned.name,
                now_s=now_s,
                patience=patience,
            )
            name = site.subject(AlertKind.NO_HEAT).name
            found += look_at_site(site, is_lacking=name in lacking)
    return [*found, *look_at_sales(connection, heard, now_s)]
