"""Sends the keeper's readings to the API, in order, again and again until it has them."""

import asyncio
import logging

from node_agent.heat.readings_journal import ReadingsJournal
from node_agent.uplink.connection import RefusedByServerError, Uplink, UplinkError

_log = logging.getLogger(__name__)

#: Readings are few and slow; looking for new ones once a second costs nothing.
LOOK_EVERY_S = 1.0
_LARGEST_BATCH = 500


class Reporting:
    """One node's readings."""

    def __init__(self, *, uplink: Uplink, journal: ReadingsJournal, node_id: int) -> None:
        """Send as this node."""
        self._uplink = uplink
        self._journal = journal
        self._node_id = node_id

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                more = await self.send_waiting()
            except UplinkError:
                more = False
            if not more:
                await asyncio.sleep(LOOK_EVERY_S)

    async def send_waiting(self) -> bool:
        """One batch; whether there may be more.

        A reading the API refuses is refused for good and counted there; it is not sent again.
        """
        waiting = self._journal.unsent(_LARGEST_BATCH)
        if not waiting:
            return False
        items = [{**values, "seq": seq, "node_id": self._node_id} for seq, values in waiting]
        try:
            answer = await self._uplink.readings(items)
        except RefusedByServerError as error:
            _log.warning("readings were refused: %s", error)
            return False
        for refused in answer["refused"]:
            _log.warning("a reading was refused: %s", refused["sentence"])
        self._journal.forget(waiting[-1][0])
        return len(waiting) == _LARGEST_BATCH
