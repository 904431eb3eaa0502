"""What an invoice says, in the terms of EN 16931; every sum is the statement's own.

A credit note says the amounts that it takes back without their sign: type 381 means less by
itself. Names in brackets are the business terms of the standard.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from metering.invoices.seller import Seller


class Profile(StrEnum):
    """How much a reader must understand."""

    EN16931 = "en16931"
    #: Two identifiers of a buyer (SIRET and service) go into this one only.
    EXTENDED = "extended"


class DocumentType(StrEnum):
    """What a document is (BT-3), by UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class Unit(StrEnum):
    """In what is counted (BT-130), by UN/ECE recommendation 20."""

    KWH = "KWH"
    MONTH = "MON"


class VatCategory(StrEnum):
    """Why a rate holds (BT-151), by UNTDID 5305."""

    STANDARD = "S"  #: Any rate above nothing, a reduced one too.
    EXEMPT = "E"


class NoteSubject(StrEnum):
    """Of what a note speaks (BT-21), by UNTDID 4451."""

    RECOVERY_FEE = "PMT"
    LATE_INTEREST = "PMD"
    EARLY_PAYMENT = "AAB"
    TAX = "TXD"
    GENERAL = "AAI"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence on the invoice (BG-1)."""

    subject: NoteSubject
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who pays (BG-7)."""

    name: str
    siret: str
    lines: tuple[str, ...]  #: Of its address, above postcode and city.
    postcode: str
    city: str
    vat_number: str | None
    service_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineVat:
    """Category and rate of a line (BT-151, BT-152)."""

    category: VatCategory
    rate_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterIndexes:
    """A meter (BT-128) and what it showed (BG-32) [kWh]."""

    serial: str
    from_kwh: Decimal
    to_kwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Heat of a meter, or a charge (BG-25)."""

    name: str
    quantity: Decimal
    unit: Unit
    price: Decimal  #: Never below nothing: the quantity has the sign.
    price_basis: Decimal  #: How many units the price is for (BT-149).
    amount: Decimal
    vat: LineVat
    first_day: str  #: ISO 8601, as all days here.
    last_day: str
    meter: MeterIndexes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatPart:
    """What is owed at one rate (BG-23)."""

    vat: LineVat
    base: Decimal
    amount: Decimal
    exemption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums (BG-22)."""

    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """The invoice that is taken back (BG-3)."""

    number: str
    issued_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """All that is written into the file."""

    profile: Profile
    number: str
    type: DocumentType
    issued_on: str
    due_on: str | None  #: None for a credit note.
    payment_terms: str
    currency: str
    notes: tuple[Note, ...]
    seller_name: str
    seller: Seller
    buyer: Buyer
    engagement_number: str | None
    contract_number: str
    preceding: Preceding | None
    first_day: str
    last_day: str
    lines: tuple[Line, ...]
    vat: tuple[VatPart, ...]
    totals: Totals
    statement_digest: str  #: Of the statement from which it follows (BT-122).
