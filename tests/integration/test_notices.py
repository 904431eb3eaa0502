"""Notices, through the command line, by a real worker, to a real relay and a real receiver."""

import base64
import hmac
import json
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import trustme
from sqlalchemy import update

from domain.fleet.node import SiteSpec
from domain.refusal import Refused
from store.fleet import nodes
from store.fleet.readings import add_readings
from store.notices.notice_tables import notice
from tests.support.builders import node_spec, reading
from tests.support.cluster import ROOT, Cluster, running_cluster, until
from tests.support.command_line import CommandLine
from tests.support.ports import free_port
from tests.support.receivers import Mailbox, Receiver, running_receiver, running_relay
from tests.support.valkey import Valkey, running_valkey

LONG_ENOUGH_S = 90.0
_HURRY = {
    "CHAUFFERIE_NOTICES_EVERY_S": "0.5",
    "CHAUFFERIE_ALERTS_EVERY_S": "0.5",
    "CHAUFFERIE_ALERT_MAILS_APART_S": "0.1",
}


@dataclass(frozen=True, slots=True)
class House:
    """A cluster with a broker, and the ports of those outside."""

    cluster: Cluster
    valkey: Valkey
    relay_port: int

    @contextmanager
    def worker(self, **words: str) -> "Iterator[subprocess.Popen[bytes]]":
        """A worker with these words of its own, killed afterwards."""
        words = {**self.cluster.server_variables, **_HURRY, **words}
        with (self.cluster.data_dir / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "worker", "--queues", "worker"],
                env=self.cluster.environment(CHAUFFERIE_REDIS_URL=self.valkey.url, **words),
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with running_receiver(free_port()) as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    relay_port = free_port()
    words = {
        "CHAUFFERIE_MAIL_RELAY": f"smtp://127.0.0.1:{relay_port}",
        "CHAUFFERIE_MAIL_FROM": "hpc@lab.example",
        "CHAUFFERIE_MAIL_DOMAINS": "lab.example,bains.fr",
        "CHAUFFERIE_PUBLIC_URL": "https://chaleur.bains.fr",
        "CHAUFFERIE_WEBHOOK_PRIVATE_HOSTS": receiver.url,
    }
    (folder / "broker").mkdir()
    (folder / "data").mkdir()
    with (
        running_valkey(folder / "broker") as valkey,
        running_cluster(folder / "data", sites=1, server_variables=words) as cluster,
    ):
        yield House(cluster, valkey, relay_port)


@pytest.fixture
def typed(house: House, tmp_path: Path) -> CommandLine:
    return CommandLine(house.cluster, tmp_path)


@pytest.fixture
def mailbox(house: House) -> Iterator[Mailbox]:
    with running_relay(house.relay_port) as made:
        yield made


def _body(one: object) -> str:
    return str(one.get_content())  # type: ignore[attr-defined]


def test_a_job_writes_a_mail_when_it_ends(
    house: House, typed: CommandLine, mailbox: Mailbox
) -> None:
    with house.worker():
        to_jane = "--mail-user=jane@lab.example"
        good = typed.submit(to_jane, "--mail-type=ALL", "-J", "mesh", "--", "true")
        bad = typed.submit(to_jane, "--mail-type=FAIL", "--wrap", "exit 7")
        quiet = typed.submit(to_jane, "--mail-type=FAIL", "--", "true")
        until(lambda: len(mailbox.about(good)) >= 2 and len(mailbox.about(bad)) >= 1, LONG_ENOUGH_S)

    began, ended = mailbox.about(good)
    assert began["Subject"] == f"Chaufferie job {good} (mesh) began"
    assert ended["Subject"] == f"Chaufferie job {good} (mesh) ended: succeeded"
    assert (ended["From"], ended["To"]) == ("Chaufferie <hpc@lab.example>", "jane@lab.example")
    assert ended["Auto-Submitted"] == "auto-generated"
    assert str(ended["Message-ID"]).startswith(f"<{good}-ended-1-mail.")
    assert "Node:      node0" in _body(ended)
    (failed,) = mailbox.about(bad)
    assert "ended: failed" in failed["Subject"]
    assert "Exit code: 7" in _body(failed)
    assert mailbox.about(quiet) == []


def test_a_webhook_is_told_and_can_tell_who_speaks(
    house: House, typed: CommandLine, receiver: Receiver
) -> None:
    made = typed.document("webhooks", "add", f"{receiver.url}/done?x=1", "--on", "end")
    number = str(made["webhook_id"])
    with house.worker():
        typed.run("webhooks", "ping", number)
        until(lambda: len(receiver.at("/done?x=1")) == 1, LONG_ENOUGH_S)
        job_id = typed.submit("--wrap", "exit 3")
        until(lambda: len(receiver.at("/done?x=1")) == 2, LONG_ENOUGH_S)
        until(lambda: typed.document("webhooks", "list")[0]["sent"] == 2, LONG_ENOUGH_S)
    typed.run("webhooks", "remove", number)

    ping, ended = receiver.at("/done?x=1")
    assert json.loads(ping.body)["occasion"] == "ping"
    told = json.loads(ended.body)
    assert (told["ref"], told["state"], told["exit_code"]) == (job_id, "failed", 3)
    assert told["notice"] == ended.headers["webhook-id"] == f"{job_id}-ended-1-webhook{number}"
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{ended.headers['webhook-id']}.{ended.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(secret, signed + ended.body, "sha256").digest()
    assert ended.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert abs(int(ended.headers["webhook-timestamp"]) - time.time()) < 300
    assert typed.document("webhooks", "list") == []


def test_a_receiver_that_fails_is_tried_again_and_one_that_leads_on_is_not_followed(
    house: House, typed: CommandLine, receiver: Receiver
) -> None:
    flaky = typed.document("webhooks", "add", f"{receiver.url}/flaky")["webhook_id"]
    moved = typed.document("webhooks", "add", f"{receiver.url}/moved")["webhook_id"]
    with house.worker():
        typed.run("submit", "--wait", "--", "true")
        until(lambda: len(receiver.at("/flaky")) >= 3, LONG_ENOUGH_S)
        until(lambda: len(receiver.at("/moved")) >= 1, LONG_ENOUGH_S)
        until(lambda: any(one["sent"] for one in typed.document("webhooks", "list")), LONG_ENOUGH_S)
        shown = {one["webhook_id"]: one for one in typed.document("webhooks", "list")}
    for number in (flaky, moved):
        typed.run("webhooks", "remove", str(number))

    names = {one.headers["webhook-id"] for one in receiver.at("/flaky")}
    assert len(names) == 1
    assert (shown[flaky]["sent"], shown[flaky]["last_error"]) == (1, None)
    assert shown[moved]["last_error"] == "it answered with status 302"
    assert receiver.at("/stolen") == []


def test_nothing_is_lost_when_the_worker_dies_while_it_sends(
    house: House, typed: CommandLine, receiver: Receiver
) -> None:
    number = typed.document("webhooks", "add", f"{receiver.url}/slow")["webhook_id"]
    with house.worker() as dying:
        typed.run("submit", "--wait", "--", "true")
        until(lambda: len(receiver.at("/slow")) == 1, LONG_ENOUGH_S)
        dying.send_signal(signal.SIGKILL)
        dying.wait()
    house.valkey.client().flushall()
    receiver.let_go.set()
    with house.cluster.store() as store, store.transaction() as tx:
        # what was in the hand of the dead one is due again when its time is up
        tx.connection.execute(
            update(notice).where(notice.c.webhook_id == number).values(due_at_s=tx.now_s)
        )
    with house.worker():
        until(lambda: len(receiver.at("/slow")) == 2, LONG_ENOUGH_S)
        until(lambda: typed.document("webhooks", "list")[0]["sent"] == 1, LONG_ENOUGH_S)
    typed.run("webhooks", "remove", str(number))

    first, second = receiver.at("/slow")
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_mail_waits_for_a_relay_that_is_away(house: House, typed: CommandLine) -> None:
    options = ("--mail-user=jane@lab.example", "--mail-type=END")
    with house.worker():
        job_id = typed.submit("-W", *options, "--", "true")
        refused = typed.submit(
            "-W", "--mail-user=nobody@lab.example", "--mail-type=END", "--", "true"
        )
        log = house.cluster.data_dir / "worker.log"
        until(
            lambda: f"{job_id}-ended-1-mail did not get through" in log.read_text(), LONG_ENOUGH_S
        )
        with running_relay(house.relay_port) as mailbox:
            until(lambda: len(mailbox.about(job_id)) == 1, LONG_ENOUGH_S)
            until(lambda: "there is nobody of this name" in log.read_text(), LONG_ENOUGH_S)

    assert mailbox.about(refused) == []


def test_a_relay_is_believed_by_the_authority_that_the_operator_named(
    house: House, typed: CommandLine, tmp_path: Path
) -> None:
    authority, ca_file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    port, log = free_port(), house.cluster.data_dir / "worker.log"
    words = {"CHAUFFERIE_MAIL_RELAY": f"smtp+starttls://127.0.0.1:{port}"}
    with running_relay(port, starttls=shown) as mailbox:
        with house.worker(**words):
            mail = ("--mail-user=jane@lab.example", "--mail-type=END")
            job_id = typed.submit("-W", *mail, "--", "true")
            said = f"{job_id}-ended-1-mail did not get through: the relay: its certificate comes"
            until(lambda: said in log.read_text(), LONG_ENOUGH_S)
        assert mailbox.messages == []
        with house.worker(**words, CHAUFFERIE_CA_FILE=str(ca_file)):
            until(lambda: len(mailbox.about(job_id)) == 1, LONG_ENOUGH_S)

    assert mailbox.sealed == [True]


def test_an_address_that_is_not_allowed_is_refused_in_a_sentence(typed: CommandLine) -> None:
    ran = typed.run("webhooks", "add", "https://169.254.169.254/latest")
    note = typed.run("submit", "--mail-user=joe@evil.example", "--mail-type=END", "--", "true")

    assert ran.returncode == 1
    assert "The operator does not allow webhooks to 169.254.169.254" in ran.stderr
    assert "no mail goes to joe@evil.example" in note.stderr


@dataclass(slots=True)
class Pool:
    """A town's pool whose boiler tells what it is made to, straight into the store."""

    cluster: Cluster
    node_id: int
    seq: int = 0
    index_wh: int = 1000

    def tell(self, ages_s: Iterable[float], heat_wh: int) -> None:
        """Readings of so long ago, each with so much more heat."""
        told = []
        now_s = time.time()
        for age_s in ages_s:
            self.seq += 1
            self.index_wh += heat_wh
            told.append(
                reading(
                    self.node_id,
                    self.seq,
                    taken_at_s=now_s - age_s,
                    heat_register_wh=self.index_wh,
                    electricity_register_wh=self.seq,
                    heat_demand_w=900.0,
                )
            )
        with self.cluster.store() as store, store.transaction() as tx:
            add_readings(tx, self.node_id, told)


@pytest.fixture
def pool(house: House, typed: CommandLine) -> Pool:
    """Its town, and somebody who wants to be told of everything, in French."""
    with house.cluster.store() as store, store.transaction() as tx:
        site_id = nodes.add_site(tx, SiteSpec(name="Bassin", storage_wh_per_k=1e4), "test")
        assert isinstance(site_id, int)
        nodes.add_enrolment(
            tx, token="b", site_id=site_id, node_name="bassin", ttl_s=60.0, actor="test"
        )
        enrolled = nodes.enrol(tx, "b", node_spec())
        assert not isinstance(enrolled, Refused)
    assert typed.run("collectivities", "add", "Bains", "--siret", "21990012300023").returncode == 0
    assert typed.run("collectivities", "give-site", "Bains", "Bassin").returncode == 0
    words = ("collectivities", "invite", "Bains", "marie@bains.fr", "--role", "energy_manager")
    invited = str(typed.document(*words)["url"])
    password = "les bassins sont chauds ce matin"
    form = {"code": invited.partition("code=")[2], "password": password, "again": password}
    with httpx2.Client(base_url=house.cluster.url, follow_redirects=True) as window:
        assert window.post("/town/join", data=form).status_code == 200
        _choose(window, "no_heat", "meter_silent")
    return Pool(house.cluster, enrolled.node_id)


def _choose(window: httpx2.Client, *kinds: str) -> None:
    """Keep a choice by the page, as a browser without scripts does."""
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', window.get("/town/alerts").text)
    assert token is not None
    form = {"form_token": token[1], "language": "fr", **dict.fromkeys(kinds, "yes")}
    assert window.post("/town/alerts", data=form).status_code == 200


def test_a_town_is_told_of_a_lack_of_heat_once_though_the_worker_dies_while_it_writes(
    house: House, mailbox: Mailbox, pool: Pool
) -> None:
    pool.tell(range(4 * 3600, 1000, -600), heat_wh=0)  # the newest is 20 minutes old
    mailbox.takes_nothing = True
    with house.worker() as dying:
        assert mailbox.heard.wait(LONG_ENOUGH_S)
        dying.send_signal(signal.SIGKILL)
        dying.wait()
    mailbox.takes_nothing = False
    mailbox.go_on.set()
    house.valkey.client().flushall()
    with house.cluster.store() as store, store.transaction() as tx:
        # what was in the hand of the dead one is due again when its time is up
        hers = notice.c.mail_to == "marie@bains.fr"
        tx.connection.execute(update(notice).where(hers).values(due_at_s=tx.now_s))
    with house.worker():
        until(lambda: len(mailbox.messages) == 1, LONG_ENOUGH_S)
        pool.tell((600, 0), heat_wh=150)
        until(lambda: len(mailbox.messages) == 2, LONG_ENOUGH_S)

    began, over = mailbox.messages
    assert (began["To"], began["Subject"]) == ("marie@bains.fr", "Pas de chaleur : Bassin")
    assert "0 kWh de chaleur ont été livrés, alors que 2,7 kWh étaient attendus" in _body(began)
    assert "https://chaleur.bains.fr/town/alerts" in _body(began)
    assert over["Subject"] == "Fin de l'alerte, pas de chaleur : Bassin"
    assert "La chaleur est revenue" in _body(over)
    assert began["Message-ID"] != over["Message-ID"]
