"""A contract and lines of the ledger, as statements are worked out from them."""

from collections.abc import Sequence
from typing import Any

from domain.calendar import months
from domain.refusal import Refused
from domain.registers.register import Mark, MeterKind, PeriodLine
from metering.contracts.contract import Contract
from metering.contracts.document import contract_from_plain
from metering.statements.inputs import HeatLine, Source, StatementInputs

JANUARY = 202601
SOURCE = Source(site_id=1, site="Piscine 1", ledger_digest="ab" * 32)
VAT = {"rate_percent": "20", "legal_ground": "CGI art. 278", "stated_on": "2025-12-01"}


def contract_terms(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """What a contract's file says: one pool, 95.10 EUR a MWh, from January 2026 on."""
    return {
        "reference": "M-2026-17",
        "number_prefix": "CHALEUR",
        "supplier": {
            "name": "Chaleur Fatale SAS",
            "address": "1 rue des Serveurs\n75013 Paris",
            "siret": "73282932000074",
        },
        "buyer": {
            "name": "Ville de Bains-les-Eaux",
            "address": "Place de la Mairie\n38000 Bains-les-Eaux",
            "siret": "21750001600019",
        },
        "routing": {
            "service_code": "PISCINES",
            "engagement_number": "2026-EJ-0042",
            "not_required": ["market_number"],
        },
        "deliveries": [{"site_id": 1}],
        "starts_on": "2026-01-01",
        "years": 12,
        "tariffs": [{"valid_from": "2026-01-01", "price_per_mwh": "95.10"}],
        "heat_vat": VAT,
        **changed,
    }


def contract(**changed: Any) -> Contract:  # noqa: ANN401 - any JSON
    """The contract of these terms."""
    made = contract_from_plain(contract_terms(**changed))
    assert not isinstance(made, Refused), made.sentence
    return made


def heat_line(
    energy_wh: int = 42_567_000,
    *,
    line_id: int = 1,
    site_id: int = 1,
    meter: str = "HM-1",
    month: int = JANUARY,
    from_index_wh: int = 1_000_000,
    marks: Sequence[Mark] = (),
    **changed: Any,  # noqa: ANN401 - fields of a line
) -> HeatLine:
    """A line that covers its month."""
    fields: dict[str, Any] = {
        "line_id": line_id,
        "meter_serial": meter,
        "kind": MeterKind.HEAT,
        "epoch": 1,
        "month": month,
        "about_month": month,
        "from_index_wh": from_index_wh,
        "from_at_s": months.begin_of(month),
        "to_index_wh": from_index_wh + energy_wh,
        "to_at_s": months.begin_of(months.after(month)),
        "energy_wh": energy_wh,
        "marks": tuple(marks),
        **changed,
    }
    return HeatLine(site_id=site_id, site=f"Piscine {site_id}", line=PeriodLine(**fields))


def statement_inputs(*lines: HeatLine, month: int = JANUARY, **changed: Any) -> StatementInputs:  # noqa: ANN401 - fields of the inputs
    """A month's inputs under the contract above, or under that given."""
    fields: dict[str, Any] = {
        "contract": contract(),
        "contract_version": 1,
        "sources": (SOURCE,),
        **changed,
    }
    return StatementInputs(month=month, lines=lines, **fields)
