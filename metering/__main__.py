"""``python -m metering verify FILE``: work a statement out again, with no server and no network."""

import argparse
import json
import sys
from pathlib import Path
from typing import NoReturn

from domain.refusal import Refused
from metering.papers.pdf import attached_json
from metering.papers.words import Language, words_of
from metering.statements.verify import LARGEST_FILE, Verdict, verify

_DESCRIPTION = """Work a statement out again from the indexes and the contract in it, with no server
and no network. FILE is the JSON of a statement, or its PDF, which carries that JSON. Exit code: 0
it is right, 1 something in it is wrong, 2 it is no statement."""
_RIGHT, _WRONG, _NO_STATEMENT = 0, 1, 2
_PDF = b"%PDF-"


class _Parser(argparse.ArgumentParser):
    """Says one sentence where the words make no sense."""

    def error(self, message: str) -> NoReturn:
        self.exit(_NO_STATEMENT, f"{self.prog}: {message}; --help lists what there is.\n")


def main() -> int:
    """Do what the words ask; the exit code."""
    parser = _Parser(prog="chaufferie statement", description=_DESCRIPTION)
    parser.add_argument("command", choices=["verify"])
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument(
        "--digest", metavar="SHA256", help="the digest it must have, as the buyer's page shows it"
    )
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    asked = parser.parse_args()
    found = _verdict(asked.file, asked.digest)
    if isinstance(found, Refused):
        sys.stderr.write(f"chaufferie: {asked.file}: {found.sentence}\n")
        return _NO_STATEMENT
    if asked.json:
        sys.stdout.write(json.dumps(_plain(found), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(_said(found))
    return _WRONG if found.findings else _RIGHT


def _verdict(file: Path, digest: str | None) -> Verdict | Refused:
    try:
        with file.open("rb") as opened:
            data: bytes | Refused = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        return Refused(code="file.unreadable", sentence=f"{error.strerror}.")
    assert isinstance(data, bytes)  # noqa: S101 - so far
    if data.startswith(_PDF):
        data = attached_json(data)
    if isinstance(data, Refused):
        return data
    return verify(data, expected_digest=digest)


def _plain(verdict: Verdict) -> dict[str, object]:
    return {
        "number": verdict.document["number"],
        "month": verdict.document["period"]["month"],
        "digest_sha256": verdict.digest_sha256,
        "is_right": not verdict.findings,
        "findings": list(verdict.findings),
    }


def _said(verdict: Verdict) -> str:
    document, words = verdict.document, words_of(Language.ENGLISH)
    if verdict.findings:
        shown = [f"WRONG: {len(verdict.findings)} things do not agree.", *verdict.findings]
        return "".join(f"{_plain_text(line)}\n" for line in shown)
    terms = document["contract"]["terms"]
    totals = document["totals"]
    what = f"{document['kind']} {document['number'] or '(draft)'} of {document['period']['month']}"
    figures = f"{words.mwh(totals['energy_wh'])} MWh, {totals['incl_vat']} {terms['currency']}"
    lines = (
        f"RIGHT: {what}, {terms['buyer']['name']}: {len(document['lines'])} lines, {figures}.",
        "Every figure was worked out again from the indexes and the contract in it.",
        f"Its digest is {verdict.digest_sha256}; compare it with the one you were told.",
    )
    return "".join(f"{_plain_text(line)}\n" for line in lines)


def _plain_text(text: str) -> str:
    """The text without what could command a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


if __name__ == "__main__":
    sys.exit(main())
