"""Is an invoice what it says? The published schema and rules, its own sums, and its statement.

Out of a PDF come the XML and the statement from which it was made. The statement is worked out
again from its indexes; then the invoice is made of it once more, and must be the same to the byte.
Only its number and day, who sells, and to which account, are taken from the XML: the digest shows
whether they are those that were issued.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from domain.refusal import Refused
from metering.invoices import published
from metering.invoices.cii import cii_of
from metering.invoices.invoice import Profile
from metering.invoices.making import InvoiceHeading, invoice_of
from metering.invoices.reading import Values, heading_of, profile_of, seller_of, values_of
from metering.invoices.seller import Seller
from metering.invoices.sums import public_buyer_findings, sum_findings
from metering.statements.verify import verify

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceVerdict:
    """What came of looking at an invoice."""

    values: Values
    profile: Profile
    digest_sha256: str  #: Of the XML.
    has_statement: bool  #: Whether it was held against the statement in the same file.
    has_rules: bool  #: Whether the published rules were looked at.
    findings: tuple[str, ...]  #: One sentence for each thing that is wrong; none = it is right.


def verify_invoice(
    xml: bytes, statement: bytes | None, expected_digest: str | None = None
) -> InvoiceVerdict | Refused:
    """Look at an invoice, and at the statement that came with it, if any."""
    if not published.can_check():
        return published.UNAVAILABLE
    values = values_of(xml)
    if isinstance(values, Refused):
        return values
    profile = profile_of(values)
    if isinstance(profile, Refused):
        return profile
    digest = hashlib.sha256(xml).hexdigest()
    try:
        seller, heading = seller_of(values), heading_of(values)
    except ValueError as error:
        return Refused(code="invoice.form", sentence=f"This invoice is wrong in itself: {error}.")
    findings = [
        *published.schema_findings(xml, profile),
        *sum_findings(values),
        *public_buyer_findings(values, profile),
    ]
    if published.has_rules():
        findings += published.rule_findings(xml, profile)
    if statement is not None:
        findings += _held_against(xml, values, statement, (seller, heading))
    if expected_digest is not None and digest != expected_digest.strip().lower():
        findings.append(f"Its digest is {digest}, and not the one expected: it is another invoice.")
    return InvoiceVerdict(
        values=values,
        profile=profile,
        digest_sha256=digest,
        has_statement=statement is not None,
        has_rules=published.has_rules(),
        findings=tuple(dict.fromkeys(findings)),
    )


def follows(xml: bytes, statement: bytes) -> list[str]:
    """A sentence for each thing in which an invoice is not what its statement makes; no extra."""
    values = values_of(xml)
    if isinstance(values, Refused):
        return [values.sentence]
    try:
        by = seller_of(values), heading_of(values)
    except ValueError as error:
        return [f"It is wrong in itself: {error}."]
    return [*_held_against(xml, values, statement, by)]


def _held_against(
    xml: bytes, values: Values, statement: bytes, by: tuple[Seller, InvoiceHeading]
) -> Iterator[str]:
    verdict = verify(statement)
    if isinstance(verdict, Refused):
        yield f"The statement in it is none. {verdict.sentence}"
        return
    yield from (f"The statement in it is wrong. {sentence}" for sentence in verdict.findings)
    made = invoice_of(verdict.document, *by)
    if isinstance(made, Refused):
        yield f"No invoice follows from it. {made.sentence}"
        return
    again = cii_of(made)
    if again == xml:
        return
    right = values_of(again)
    assert not isinstance(right, Refused)  # noqa: S101 - our own
    differing = [*_differences(values, right)]
    yield from differing
    if not differing:
        yield "Its content is unchanged, but its XML was written anew; it is not the file issued."


def _differences(told: Values, right: Values) -> Iterator[str]:
    for place in dict.fromkeys((*right, *told)):
        if told.get(place) != right.get(place):
            yield (
                f"{_shown(place)} is {_value(told.get(place))}, and the statement gives "
                f"{_value(right.get(place))}."
            )


def _shown(place: str) -> str:
    return place.removeprefix("SupplyChainTradeTransaction/")


def _value(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
