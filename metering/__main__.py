"""``python -m metering verify FILE``: work statements out again, with no server and no network.

``verify-invoice`` does the same with invoices. ``export`` and ``import`` move a collectivity
between installations; they open the store.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from domain.languages import Language
from domain.plurals import counted
from domain.refusal import Refused
from metering.packages import command
from metering.papers import invoice_command
from metering.papers.pdf import attached_json
from metering.papers.words import words_of
from metering.statements.together import misfits
from metering.statements.verify import LARGEST_FILE, Verdict, verify

_DESCRIPTION = """Work statements out again from the indexes and the contract in them, with no
server and no network. FILE is the JSON of a statement, its PDF, which carries that JSON, or a
folder of them as `statement export` makes it. Of several, it is also looked at whether they fit
together. Exit code: 0 all is right, 1 something is wrong, 2 something is no statement."""
_RIGHT, _WRONG, _NO_STATEMENT = 0, 1, 2
_PDF = b"%PDF-"
#: What an export has beside statements.
CONTRACT_FILE = "contract.json"
_SUFFIXES = (".json", ".pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    file: Path
    verdict: Verdict | Refused


class _Parser(argparse.ArgumentParser):
    """Says one sentence where the words make no sense."""

    def error(self, message: str) -> NoReturn:
        self.exit(_NO_STATEMENT, f"{self.prog}: {message}; --help lists what there is.\n")


def main() -> int:
    """Do what the words ask; the exit code."""
    if sys.argv[1:2] in ([command.EXPORT], [command.IMPORT]):
        return command.main(sys.argv[1:])
    if sys.argv[1:2] == [invoice_command.VERIFY]:
        return invoice_command.main(sys.argv[2:])
    parser = _Parser(prog="chaufferie statement", description=_DESCRIPTION)
    parser.add_argument("command", choices=["verify"])
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    parser.add_argument(
        "--digest", metavar="SHA256", help="the digest it must have, as the buyer's page shows it"
    )
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    asked = parser.parse_args()
    looked = [
        _Looked(file=file, verdict=_verdict(file, asked.digest)) for file in _files(asked.files)
    ]
    if not looked:
        sys.stderr.write("chaufferie: there is no JSON and no PDF in this folder.\n")
        return _NO_STATEMENT
    verdicts = [item.verdict for item in looked if isinstance(item.verdict, Verdict)]
    together = misfits(_each_once(verdicts)) if len(looked) > 1 else []
    if asked.json:
        sys.stdout.write(json.dumps(_plain(looked, together), ensure_ascii=False, indent=2) + "\n")
    else:
        _say(looked, together)
    if len(verdicts) < len(looked):
        return _NO_STATEMENT
    return _WRONG if together or any(item.findings for item in verdicts) else _RIGHT


def _files(named: Iterable[Path]) -> list[Path]:
    """The files that were named, and those of folders."""
    found: list[Path] = []
    for path in named:
        if not path.is_dir():
            found.append(path)
            continue
        found += sorted(
            file
            for file in path.rglob("*")
            if file.suffix in _SUFFIXES and file.name != CONTRACT_FILE
        )
    return found


def _verdict(file: Path, digest: str | None) -> Verdict | Refused:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        return Refused(code="file.unreadable", sentence=f"{error.strerror}.")
    content = attached_json(data) if data.startswith(_PDF) else data
    return content if isinstance(content, Refused) else verify(content, expected_digest=digest)


def _each_once(verdicts: Iterable[Verdict]) -> list[dict[str, object]]:
    """The documents that are right, a PDF and the JSON of one statement taken as one."""
    right = [item for item in verdicts if not item.findings]
    return list({item.digest_sha256: item.document for item in right}.values())


def _plain(looked: Iterable[_Looked], together: list[str]) -> dict[str, object]:
    return {
        "files": [_plain_one(item.file, item.verdict) for item in looked],
        "misfits": together,
    }


def _plain_one(file: Path, verdict: Verdict | Refused) -> dict[str, object]:
    if isinstance(verdict, Refused):
        return {"file": str(file), "is_right": False, "findings": [verdict.sentence]}
    return {
        "file": str(file),
        "number": verdict.document["number"],
        "month": verdict.document["period"]["month"],
        "digest_sha256": verdict.digest_sha256,
        "is_right": not verdict.findings,
        "findings": list(verdict.findings),
    }


def _is_right(verdict: Verdict | Refused) -> bool:
    return isinstance(verdict, Verdict) and not verdict.findings


def _say(looked: list[_Looked], together: list[str]) -> None:
    for item in looked:
        before = f"{item.file}: " if len(looked) > 1 else ""
        if isinstance(item.verdict, Refused):
            sys.stderr.write(_line(f"chaufferie: {item.file}: {item.verdict.sentence}"))
            continue
        for line in _said(item.verdict, is_alone=len(looked) == 1):
            sys.stdout.write(_line(before + line))
    if together:
        sys.stdout.writelines(
            _line(f"They do not fit together: {sentence}") for sentence in together
        )
    elif len(looked) > 1 and all(_is_right(item.verdict) for item in looked):
        sys.stdout.write("They fit together: no month twice or missing, indexes that go on.\n")


def _said(verdict: Verdict, *, is_alone: bool) -> list[str]:
    document, words = verdict.document, words_of(Language.ENGLISH)
    if verdict.findings:
        wrong = counted(len(verdict.findings), "thing does not agree", "things do not agree")
        return [f"WRONG: {wrong}.", *verdict.findings]
    terms = document["contract"]["terms"]
    totals = document["totals"]
    what = f"{document['kind']} {document['number'] or '(draft)'} of {document['period']['month']}"
    figures = f"{words.mwh(totals['energy_wh'])} MWh, {totals['incl_vat']} {terms['currency']}"
    lines = counted(len(document["lines"]), "line")
    right = f"RIGHT: {what}, {terms['buyer']['name']}: {lines}, {figures}."
    if not is_alone:
        return [right]
    return [
        right,
        "Every figure was worked out again from the indexes and the contract in it.",
        f"Its digest is {verdict.digest_sha256}; compare it with the one you were told.",
    ]


def _line(text: str) -> str:
    """A line without what could command a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text) + "\n"


if __name__ == "__main__":
    sys.exit(main())
