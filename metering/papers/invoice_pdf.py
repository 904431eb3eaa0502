"""An invoice for people and programs in one file: a tagged PDF/A-3 with the XML of Factur-X in it.

It is in French, as the law that asks for its mentions is. WeasyPrint draws the page, and
``factur-x`` embeds XML and statement; it lowers the claim of the file from PDF/A-3A to PDF/A-3B,
and tags stay. Both come with the extra ``invoice``.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.languages import Language
from domain.refusal import Refused
from metering.invoices.published import UNAVAILABLE
from metering.invoices.reading import (
    SETTLEMENT,
    Values,
    heading_of,
    numbered,
    profile_of,
    seller_of,
    values_of,
)
from metering.invoices.seller import Seller
from metering.papers.page import page
from metering.papers.pdf import (
    ATTACHMENT,
    NO_WRITER,
    attachment_of,
    fetch_nothing,
)
from metering.papers.words import words_of
from metering.statements.canonical import canonical

XML_ATTACHMENT = "factur-x.xml"
VARIANT = "pdf/a-3a"
_TERMS = f"{SETTLEMENT}/SpecifiedTradePaymentTerms"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceShown:
    """What the page of an invoice says besides its statement, read from the XML itself."""

    number: str
    issued_on: str
    takes_back: str | None
    due_on: str | None
    payment_terms: str
    seller: Seller
    notes: tuple[str, ...]


def write_invoice_pdf(document: Mapping[str, Any], xml: bytes) -> bytes | Refused:
    """The PDF of an invoice, with its XML and its statement attached."""
    try:
        # A second's worth of imports, and absent on many machines.
        from facturx import generate_from_binary  # noqa: PLC0415
    except ImportError:
        return UNAVAILABLE
    try:
        from weasyprint import HTML  # noqa: PLC0415 - likewise
    except (ImportError, OSError):  # the package is missing, or Pango
        return NO_WRITER
    values = values_of(xml)
    if isinstance(values, Refused):
        return values
    profile = profile_of(values)
    if isinstance(profile, Refused):
        return profile
    shown, words = _shown(values), words_of(Language.FRENCH)
    drawn = HTML(
        string=page(document, Language.FRENCH, shown), url_fetcher=fetch_nothing
    ).write_pdf(pdf_variant=VARIANT)
    logging.getLogger("factur-x").setLevel(logging.ERROR)  # it tells of each step
    title = f"{words['title'][_title(document)]} {shown.number}"
    supplier = document["contract"]["terms"]["supplier"]["name"]
    made: bytes = generate_from_binary(
        drawn,
        xml,
        flavor="factur-x",
        level=profile.value,
        lang="fr-FR",
        afrelationship="alternative",
        pdf_metadata={
            "author": supplier,
            "keywords": "Factur-X",
            "title": title,
            "subject": f"{title}, {supplier}",
        },
        attachments={
            ATTACHMENT: {
                "filedata": canonical(document),
                "description": words["proof"]["attachment"],
                "afrelationship": "supplement",
            }
        },
    )
    return made


def attached_xml(pdf: bytes) -> bytes | Refused:
    """The XML in a PDF of ours."""
    return attachment_of(pdf, XML_ATTACHMENT)


def _title(document: Mapping[str, Any]) -> str:
    return f"invoice-{document['kind']}"


def _shown(values: Values) -> InvoiceShown:
    heading = heading_of(values)
    due = values.get(f"{_TERMS}/DueDateDateTime/DateTimeString")
    return InvoiceShown(
        number=heading.number,
        issued_on=heading.issued_on,
        takes_back=None if heading.takes_back is None else heading.takes_back.number,
        due_on=None if due is None else f"{due[:4]}-{due[4:6]}-{due[6:]}",
        payment_terms=values[f"{_TERMS}/Description"],
        seller=seller_of(values),
        notes=tuple(
            values[f"{place}/Content"]
            for place in numbered(values, "ExchangedDocument/IncludedNote")
        ),
    )
