"""Lines to relay and receivers are safe or not used at all: real TLS, good and bad certificates."""

import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from sqlalchemy import select

from domain.notices.notice import NoticeType
from domain.notices.rules import NoticeRules, NoticeWords, read_notice_rules
from domain.refusal import Refused
from store.notices import webhooks
from store.notices.notice_tables import notice
from tests.support.builders import job_spec
from tests.support.cluster import ROOT
from tests.support.databases import Databases
from tests.support.ports import free_port
from tests.support.receivers import Mailbox, running_receiver, running_relay
from tests.support.scene import Scene
from worker.rounds.notices import Means, send_notices

HOST = "127.0.0.1"
UNKNOWN = (
    "its certificate comes from an authority that is not known here; name it in CHAUFFERIE_CA_FILE"
)
#: Whose authority is in the file, for whom the certificate is, since when it is over, what is said.
BAD = {
    "name": ("ours", "relay.lab.example", 0, "its certificate is not for this"),
    "authority": ("another", HOST, 0, UNKNOWN),
    "time": ("ours", HOST, 3, "its certificate has expired"),
}


class Authorities:
    """One that is in the operator's file, and one that is not."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        self._made = {"ours": trustme.CA(), "another": trustme.CA()}
        self._made["ours"].cert_pem.write_to_path(self.ca_file)

    def server(
        self, authority: str = "ours", name: str = HOST, over_days: int = 0
    ) -> ssl.SSLContext:
        """What a server shows."""
        now = datetime.now(UTC)
        until = now - timedelta(days=over_days) if over_days else now + timedelta(days=3)
        made = self._made[authority].issue_cert(
            name, not_before=now - timedelta(days=9), not_after=until
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


class House:
    """A job that ended while somebody wanted to be told, and what the sending came to."""

    def __init__(self, scene: Scene, ca_file: Path) -> None:
        self.scene = scene
        self.means = Means(ca_file=ca_file)

    def has_mail(self) -> None:
        """Jane waits for one."""
        spec = job_spec(mail_to=("jane@lab.example",), mail_types=("end",))
        self.scene.cancel(self.scene.submit(spec))

    def has_news(self, url: str) -> None:
        """A receiver waits for some."""
        with self.scene.store.transaction() as tx:
            made = webhooks.add_webhook(
                tx,
                tenant_id=self.scene.tenant_id,
                url=url,
                types=(NoticeType.END,),
                project=None,
                actor="test",
            )
        assert not isinstance(made, Refused)
        self.scene.cancel(self.scene.submit())

    def send(self, **words: str) -> int:
        """How many got through."""
        rules = read_notice_rules(NoticeWords(mail_from="hpc@lab.example", **words))
        assert isinstance(rules, NoticeRules)
        return send_notices(self.scene.store, rules, self.means)

    def state(self) -> tuple[str | None, bool]:
        """Why the notice did not get through, and whether it is tried again."""
        with self.scene.database.read() as connection:
            row = connection.execute(select(notice.c.error, notice.c.due_at_s)).one()
        return row.error, row.due_at_s is not None


@pytest.fixture
def house(databases: Databases, authorities: Authorities) -> Iterator[House]:
    scene = Scene(databases.fresh())
    yield House(scene, authorities.ca_file)
    scene.close()


def _starttls(port: int, shown: ssl.SSLContext) -> tuple[str, dict[str, ssl.SSLContext]]:
    return f"smtp+starttls://{HOST}:{port}", {"starttls": shown}


def _tls(port: int, shown: ssl.SSLContext) -> tuple[str, dict[str, ssl.SSLContext]]:
    return f"smtps://{HOST}:{port}", {"tls": shown}


Line = Callable[[int, ssl.SSLContext], tuple[str, dict[str, ssl.SSLContext]]]
LINES = pytest.mark.parametrize("line", [_starttls, _tls])


@LINES
def test_a_relay_of_the_operators_authority_gets_the_mail_safely(
    house: House, authorities: Authorities, line: Line
) -> None:
    house.has_mail()
    relay, words = line(free_port(), authorities.server())
    with running_relay(int(relay.rpartition(":")[2]), **words) as mailbox:
        assert house.send(mail_relay=relay) == 1

    assert len(mailbox.messages) == 1
    assert mailbox.sealed == ["starttls" in words]
    assert house.state() == (None, False)


@LINES
@pytest.mark.parametrize("flaw", BAD)
def test_a_relay_with_a_wrong_certificate_gets_nothing_until_it_has_a_right_one(
    house: House, authorities: Authorities, line: Line, flaw: str
) -> None:
    authority, name, over_days, said = BAD[flaw]
    house.has_mail()
    relay, words = line(free_port(), authorities.server(authority, name, over_days))
    port = int(relay.rpartition(":")[2])
    with running_relay(port, **words) as mailbox:
        assert house.send(mail_relay=relay) == 0
    error, is_tried_again = house.state()
    house.scene.clock.advance(3600.0)
    with running_relay(port, **line(port, authorities.server())[1]) as better:
        assert house.send(mail_relay=relay) == 1

    assert mailbox.messages == []
    assert str(error).startswith(f"the relay: {said}")
    assert is_tried_again
    assert len(better.messages) == 1


def _open_relay(house: House, scheme: str) -> Mailbox:
    house.has_mail()
    port = free_port()
    with running_relay(port) as mailbox:
        assert house.send(mail_relay=f"{scheme}://{HOST}:{port}") == 0
    return mailbox


def test_a_relay_that_offers_no_starttls_gets_nothing_in_the_clear(house: House) -> None:
    mailbox = _open_relay(house, "smtp+starttls")

    said = "the relay: it offers no STARTTLS, and nothing is sent to it in the clear"
    assert house.state() == (said, True)
    assert mailbox.messages == []


_REFUSED_TLS = (
    "it offers STARTTLS and answered it with 454 TLS not now; nothing is sent to it in the clear"
)


@contextmanager
def _curt_relay(**answers: str) -> Iterator[int]:
    """A relay that offers STARTTLS and answers these commands so, whatever else it is told."""
    said = {"EHLO": "250-here\r\n250 STARTTLS", "QUIT": "221 bye", **answers}

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line.split()[0].decode().upper()
                self.wfile.write(f"{said.get(word, '250 OK')}\r\n".encode())

    with socketserver.TCPServer((HOST, 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("scheme", "answers", "said"),
    [
        (
            "smtp+starttls",
            {"STARTTLS": "454 TLS not now"},
            _REFUSED_TLS,
        ),
        ("smtp", {"MAIL": "451 not now"}, "it answered 451 not now"),
        ("smtp", {"RCPT": "450 box full"}, "it takes no mail for jane@lab.example (450 box full)"),
        ("smtp", {"DATA": "421 good night"}, "it answered 421 good night"),
    ],
)
def test_what_a_relay_answers_is_told_in_a_sentence(
    house: House, scheme: str, answers: dict[str, str], said: str
) -> None:
    house.has_mail()
    with _curt_relay(**answers) as port:
        assert house.send(mail_relay=f"{scheme}://{HOST}:{port}") == 0

    assert house.state() == (f"the relay: {said}", True)


def test_a_relay_that_nobody_runs_is_told_in_a_sentence(house: House) -> None:
    house.has_mail()

    assert house.send(mail_relay=f"smtp://{HOST}:{free_port()}") == 0

    assert house.state() == ("the relay: it cannot be reached: Connection refused", True)


def test_a_relay_that_speaks_no_tls_gets_nothing_in_the_clear(house: House) -> None:
    mailbox = _open_relay(house, "smtps")

    error, is_tried_again = house.state()
    assert str(error).startswith("the relay: no safe line came about (")
    assert is_tried_again
    assert mailbox.messages == []


def test_a_receiver_of_the_operators_authority_is_told(
    house: House, authorities: Authorities
) -> None:
    with running_receiver(free_port(), authorities.server()) as receiver:
        house.has_news(f"{receiver.url}/done")
        assert house.send(webhook_private_hosts=receiver.url) == 1

    assert len(receiver.at("/done")) == 1


@pytest.mark.parametrize("flaw", BAD)
def test_a_receiver_with_a_wrong_certificate_is_told_nothing_and_tried_again(
    house: House, authorities: Authorities, flaw: str
) -> None:
    authority, name, over_days, said = BAD[flaw]
    shown = authorities.server(authority, name, over_days)
    with running_receiver(free_port(), shown) as receiver:
        house.has_news(f"{receiver.url}/done")
        assert house.send(webhook_private_hosts=receiver.url) == 0

    error, is_tried_again = house.state()
    assert str(error).startswith(said)
    assert is_tried_again
    assert receiver.requests == []


def test_without_the_file_the_operators_authority_is_unknown(
    house: House, authorities: Authorities
) -> None:
    house.means = Means()
    with running_receiver(free_port(), authorities.server()) as receiver:
        house.has_news(f"{receiver.url}/done")
        assert house.send(webhook_private_hosts=receiver.url) == 0

    assert house.state() == (UNKNOWN, True)
    assert receiver.requests == []


@pytest.mark.parametrize("spoilt", ["gone", "empty", "a folder", "no certificate"])
def test_a_file_of_authorities_that_is_spoilt_is_said_and_the_notice_waits(
    house: House, tmp_path: Path, spoilt: str
) -> None:
    path = tmp_path / "spoilt.pem"
    match spoilt:
        case "empty":
            path.touch()
        case "a folder":
            path.mkdir()
        case "no certificate":
            path.write_text("-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n")
    house.means = Means(ca_file=path)
    house.has_mail()

    assert house.send(mail_relay=f"smtps://{HOST}:{free_port()}") == 0

    error, is_tried_again = house.state()
    assert str(error).startswith("CHAUFFERIE_CA_FILE cannot be read (")
    assert str(tmp_path) not in str(error)
    assert is_tried_again


def test_a_password_that_cannot_be_read_keeps_no_receiver_waiting(
    house: House, tmp_path: Path
) -> None:
    house.means = Means(password_file=tmp_path / "gone")
    house.has_mail()
    relay = f"smtps://jane@{HOST}:{free_port()}"
    with running_receiver(free_port()) as receiver:
        house.has_news(f"{receiver.url}/done")
        words = {"mail_relay": relay, "webhook_private_hosts": receiver.url}
        assert house.send(**words) == 1
        house.scene.clock.advance(3600.0)
        assert house.send(**words) == 0

    assert len(receiver.at("/done")) == 1


def test_a_worker_does_not_start_with_a_file_of_authorities_that_it_cannot_read(
    tmp_path: Path,
) -> None:
    words = {
        "CHAUFFERIE_DATA_DIR": str(tmp_path),
        "CHAUFFERIE_REDIS_URL": "redis://localhost:1/0",
        "CHAUFFERIE_CA_FILE": str(tmp_path / "gone.pem"),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "worker"],
        env=words,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stderr == (
        "CHAUFFERIE_CA_FILE cannot be read (No such file or directory); name a file with the "
        "certificates of your authority in PEM.\n"
    )
