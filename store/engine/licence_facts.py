"""How many seats of licences there are, as the operator declared, for the engine and for others."""

import json

from sqlalchemy import Connection

from domain import wire
from domain.events import LicencesSet
from store.settings import read_setting, write_setting
from store.transaction import Transaction

#: By this name the seats in force are remembered, for whoever explains decisions.
_LICENCES = "licences"


def remember_licences(tx: Transaction, licences: LicencesSet) -> None:
    """Keep the seats in force where explanations find them."""
    write_setting(tx, _LICENCES, wire.dumps(licences))


def licences_in_force(connection: Connection) -> LicencesSet:
    """The seats that the newest run counts with."""
    text = read_setting(connection, _LICENCES)
    return LicencesSet(seats={}) if text is None else LicencesSet(**json.loads(text))
