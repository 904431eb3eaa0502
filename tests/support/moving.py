"""A town with everything a town can own, and its package, whole or spoiled."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from domain.calendar.months import begin_of
from domain.calendar.paris_days import local
from domain.languages import Language
from domain.refusal import Refused
from domain.registers.declaration import Evidence
from domain.registers.register import Decision
from domain.towns.accounts import TownRole
from domain.towns.alerts import AlertKind
from domain.towns.deliverables import DeliverableKind, Plan
from domain.towns.publication import Publication, PublishedFigures
from domain.towns.wishes import CalendarEntry, CalendarKind
from metering.books import invoicing
from metering.keeping.deciding import withdraw_decision
from metering.keeping.sharing_round import share_site
from metering.keeping.withdrawing import withdraw
from metering.packages.command import export_package
from metering.packages.description import DESCRIPTION_FILE
from store.collectivities import accounts, alert_choices, collectivities, publications
from store.collectivities.accounts import Invited
from store.deliverables import deliverables
from store.fleet import wishes
from store.ledger.decisions import decide, decisions
from store.ledger.meters import declarations
from store.statements import disputes, invoices, papers, statements
from tests.support.builders import reading
from tests.support.indexes import index_file, taken
from tests.support.invoices import SELLER
from tests.support.metered import FEBRUARY, HOUR_S, JANUARY, confirm, hourly, meter_id_of, tell
from tests.support.pictures import png
from tests.support.scene import Scene
from tests.support.sold import TOWN, amend, correct, issued, price, sell

PASSWORD_HASH = "$argon2id$secret"
Edit = Callable[[bytes], bytes]


def furnish(scene: Scene) -> int:
    """A town that owns something of everything; the number of its boiler."""
    node_id = sell(scene)
    now_s, scene.clock.now_s = scene.clock.now_s, begin_of(JANUARY) + 30 * HOUR_S
    key = scene.running(node_id)
    scene.clock.now_s += HOUR_S
    scene.report(node_id, key, wall_s=HOUR_S)
    scene.clock.now_s = now_s
    share_site(scene.store, 1, HOUR_S * 24)
    taken(scene, index_file(hourly(node_id, begin_of(JANUARY), 3), factor=1000))
    first = issued(scene, JANUARY).number
    issued(scene, FEBRUARY)
    with scene.store.transaction() as tx:
        billed = invoicing.issue(tx, first, SELLER, "test")
        assert not isinstance(billed, Refused)
        invoices.keep_pdf(tx, billed.row.invoice_id, b"%PDF-1.7 made up too")
    assert not isinstance(amend(scene, **price("90.00")), Refused)
    assert not isinstance(correct(scene, first), Refused)
    _doubt(scene, node_id)
    _people(scene, first)
    return node_id


def _doubt(scene: Scene, node_id: int) -> None:
    """An index that cannot be, and what was decided of it."""
    last = 73 * 24 + 1
    odd = reading(
        node_id,
        last,
        taken_at_s=scene.clock.now_s,
        heat_register_wh=5,
        electricity_register_wh=73 * 24_000,
        simulated=False,
    )
    tell(scene, [odd])
    confirm(scene, f"H-{node_id}", 4)
    with scene.database.read() as connection:
        mistaken = declarations(connection, meter_id_of(scene, f"H-{node_id}"))[-1]
    with scene.store.transaction() as tx:
        done = withdraw(tx, mistaken.declaration_id, Evidence(note="another meter"), "key/1")
        assert not isinstance(done, Refused)
        rejected = Decision(node_id=node_id, first_seq=last, last_seq=last, is_accepted=False)
        decide(tx, meter_id_of(scene, f"H-{node_id}"), rejected, actor="key/1", note="=spoiled")
        number = decisions(tx.connection, meter_id_of(scene, f"H-{node_id}"))[-1].decision_id
        undone = withdraw_decision(tx, number, "@it was right", "key/1")
        assert not isinstance(undone, Refused)


def _people(scene: Scene, number: str) -> None:
    with scene.store.transaction() as tx:
        invited = Invited(
            collectivity_id=1,
            email="marie@ville.fr",
            name="Marie",
            role=TownRole.ENERGY_MANAGER,
            site_ids=(1,),
        )
        made = accounts.invite(tx, invited, "test")
        assert not isinstance(made, Refused)
        accounts.set_password(tx, made.account_id, PASSWORD_HASH)
        person = f"account/{made.account_id}"
        kinds = (AlertKind.NO_HEAT, AlertKind.STATEMENT_READY)
        alert_choices.choose(tx, made.account_id, kinds, Language.ENGLISH)
        monthly = Plan(kind=DeliverableKind.READINGS, day=5, roles=frozenset({TownRole.ADVISER}))
        assert deliverables.plan(tx, 1, monthly, JANUARY, "test") is None
        collectivities.set_logo(tx, 1, png(), "test")
        wishes.wish_warmest(tx, 1, 45.0, person)
        day = local(tx.now_s).date() + timedelta(days=3)
        works = CalendarEntry(kind=CalendarKind.WORKS, first_day=day, last_day=day, note="'vidange")
        wishes.add_entry(tx, 1, works, person)
        publications.publish(
            tx, 1, Publication(figures=PublishedFigures.DAILY, purpose="bassins"), "test"
        )
        publications.make_stickers(tx, [1], "test")
        (sticker,) = publications.stickers(tx.connection, [1])
        publications.report_no_heat(tx, sticker, "il fait froid, vite")
        row = statements.find_statement(tx.connection, number)
        assert row is not None
        disputes.add_dispute(tx, row.statement_id, 1, "+index, douteux", person)
        disputes.add_dispute(tx, row.statement_id, None, "tout est faux\net plus", "account/99")
        papers.keep_pdf(tx, row.statement_id, "fr", b"%PDF-1.7 made up")


def pack(scene: Scene, path: Path) -> Path:
    """The town's package."""
    done = export_package(scene.store, TOWN.name, path)
    assert not isinstance(done, Refused), done.sentence
    return path


def contents(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def description(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(contents(path)[DESCRIPTION_FILE])
    return found


def spoil(path: Path, out: Path, edits: Mapping[str, Edit], *, mends: bool = True) -> Path:
    """The package with some files changed; ``mends`` lets its description say so."""
    files = contents(path)
    files |= {name: edit(files.get(name, b"")) for name, edit in edits.items()}
    if mends:
        document = json.loads(files[DESCRIPTION_FILE])
        for item in document["resources"]:
            data = files[item["path"]]
            item["bytes"], item["hash"] = len(data), "sha256:" + hashlib.sha256(data).hexdigest()
            if "rows" in item:
                item["rows"] = data.count(b"\r\n") - 1
        files[DESCRIPTION_FILE] = json.dumps(document).encode()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out
