"""A statement as a page: for a browser, and for paper."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from domain.languages import Language
from metering.contracts.document import every_term
from metering.papers.words import words_of
from metering.statements.inputs import Kind


def page(document: Mapping[str, Any], language: Language, invoice: object | None = None) -> str:
    """The page of a document, or of its invoice: one file that needs no other."""
    words = words_of(language)
    marks = sorted({mark for line in document["lines"] for mark in line["marks"]})
    indexation = _tariff(document).get("indexation")
    notes = document.get("meters", {"in_quarantine": (), "without_line": ()})
    return _template().render(
        doc=document,
        terms=every_term(document["contract"]["terms"]),
        words=words,
        notes=notes,
        site_names={item["site_id"]: item["site"] for item in document["sources"]},
        title=words["title"][
            document["kind"] if invoice is None else f"invoice-{document['kind']}"
        ],
        invoice=invoice,
        sign=-1 if document["kind"] == Kind.CREDIT_NOTE else 1,
        note_numbers={mark: number for number, mark in enumerate(marks, start=1)},
        indexation=indexation,
        revision=_revision(document, indexation),
        style=_style(),
    )


def _tariff(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tariff from which the month's price came."""
    tariffs = document["contract"]["terms"]["tariffs"]
    wanted = document["price"]["tariff_from"]
    found: Mapping[str, Any] = next(item for item in tariffs if item["valid_from"] == wanted)
    return found


def _revision(
    document: Mapping[str, Any], indexation: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    wanted = document["price"]["revision_from"]
    if indexation is None or wanted is None:
        return None
    found: Mapping[str, Any] = next(
        item for item in indexation["revisions"] if item["valid_from"] == wanted
    )
    return found


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("metering.papers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("statement.html")


@cache
def _style() -> Markup:
    text = files("metering.papers").joinpath("templates/statement.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - our own file
