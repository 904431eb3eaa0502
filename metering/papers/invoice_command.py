"""``python -m metering verify-invoice FILE``: whether an invoice is what it says; no server."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from domain.plurals import counted
from domain.refusal import Refused
from metering.invoices import published
from metering.invoices.reading import AGREEMENT, SETTLEMENT, number_of
from metering.invoices.verify import InvoiceVerdict, verify_invoice
from metering.papers.invoice_pdf import attached_xml
from metering.papers.pdf import attached_json
from metering.statements.verify import LARGEST_FILE

VERIFY = "verify-invoice"
_DESCRIPTION = """Hold invoices to the published schema of Factur-X, to the published rules of EN
16931 and of France where saxonche is installed, and to their own sums. FILE is the PDF of an
invoice, whose statement is worked out again and compared value by value, or its XML alone. Exit
code: 0 all is right, 1 something is wrong, 2 something is no invoice."""
_RIGHT, _WRONG, _NO_INVOICE = 0, 1, 2
_PDF = b"%PDF-"
_TOTAL = f"{SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation/GrandTotalAmount"
_ACCOUNT = (
    f"{SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    file: Path
    verdict: InvoiceVerdict | Refused


class _Parser(argparse.ArgumentParser):
    """Says one sentence where the words make no sense."""

    def error(self, message: str) -> NoReturn:
        self.exit(_NO_INVOICE, f"{self.prog}: {message}; --help lists what there is.\n")


def main(words: list[str]) -> int:
    """Do what the words ask; the exit code."""
    parser = _Parser(prog="chaufferie invoice verify", description=_DESCRIPTION)
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    parser.add_argument(
        "--digest", metavar="SHA256", help="the digest its XML must have, as the town's page shows"
    )
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    asked = parser.parse_args(words)
    looked = [_Looked(file=file, verdict=_verdict(file, asked.digest)) for file in asked.files]
    if asked.json:
        plain = {"files": [_plain(item) for item in looked]}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")
    else:
        _say(looked)
    if any(isinstance(item.verdict, Refused) for item in looked):
        return _NO_INVOICE
    wrong = any(
        item.verdict.findings for item in looked if isinstance(item.verdict, InvoiceVerdict)
    )
    return _WRONG if wrong else _RIGHT


def _verdict(file: Path, digest: str | None) -> InvoiceVerdict | Refused:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        return Refused(code="file.unreadable", sentence=f"{error.strerror}.")
    if not published.can_check():
        return published.UNAVAILABLE
    if not data.startswith(_PDF):
        return verify_invoice(data, None, digest)
    xml, statement = attached_xml(data), attached_json(data)
    if isinstance(xml, Refused):
        return xml
    return statement if isinstance(statement, Refused) else verify_invoice(xml, statement, digest)


def _plain(looked: _Looked) -> dict[str, object]:
    file, verdict = str(looked.file), looked.verdict
    if isinstance(verdict, Refused):
        return {"file": file, "is_right": False, "findings": [verdict.sentence]}
    return {
        "file": file,
        "number": number_of(verdict.values),
        "profile": verdict.profile.value,
        "digest_sha256": verdict.digest_sha256,
        "iban": verdict.values.get(_ACCOUNT),
        "has_statement": verdict.has_statement,
        "has_rules": verdict.has_rules,
        "is_right": not verdict.findings,
        "findings": list(verdict.findings),
    }


def _say(looked: list[_Looked]) -> None:
    for item in looked:
        before = f"{item.file}: " if len(looked) > 1 else ""
        if isinstance(item.verdict, Refused):
            sys.stderr.write(_line(f"chaufferie: {item.file}: {item.verdict.sentence}"))
            continue
        for line in _said(item.verdict):
            sys.stdout.write(_line(before + line))


def _said(verdict: InvoiceVerdict) -> Iterator[str]:
    if verdict.findings:
        wrong = counted(len(verdict.findings), "thing does not agree", "things do not agree")
        yield f"WRONG: {wrong}."
        yield from verdict.findings
        return
    values = verdict.values
    buyer = values.get(f"{AGREEMENT}/BuyerTradeParty/Name")
    yield (
        f"RIGHT: {number_of(values)} to {buyer}: {values.get(_TOTAL)} EUR with VAT, account "
        f"{values.get(_ACCOUNT)}, profile {verdict.profile.value}."
    )
    if verdict.has_statement:
        yield "Its statement was worked out again, and every value of the XML follows from it."
    else:
        yield "The XML has no statement with it: only its own sums were looked at."
    if not verdict.has_rules:
        yield (
            "The published rules (Schematron) were not looked at: install them with "
            "`pip install 'chaufferie[invoice-rules]'`."
        )
    yield (
        f"The digest of its XML is {verdict.digest_sha256}; compare it, and the account, with "
        "what you were told."
    )


def _line(text: str) -> str:
    """A line without what could command a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text) + "\n"
