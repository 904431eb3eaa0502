"""The ledger's round: heat is shared among jobs, months that are over long enough are closed."""

from metering.keeping.closing import close_over
from metering.keeping.sharing_round import share_site
from store.fleet import site_queries
from store.transaction import Store

ACTOR = "worker"


def close_months(store: Store, grace_s: float) -> dict[int, list[int]]:
    """Close what is over, of every site; the months, by site."""
    with store.database.read() as connection:
        sites = [item.site_id for item in site_queries.sites(connection, None)]
    return {site_id: close_over(store, site_id, grace_s, ACTOR) for site_id in sites}


def share_heat(store: Store, interval_s: float) -> dict[int, int]:
    """Share what meters have told since the last round; how many intervals, by site."""
    with store.database.read() as connection:
        sites = [item.site_id for item in site_queries.sites(connection, None)]
    return {site_id: share_site(store, site_id, interval_s) for site_id in sites}
