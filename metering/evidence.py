"""What a balance says to the sheets of others: evidence for them, never a verdict."""

from dataclasses import dataclass

from metering.balance import Balance

#: White-certificate sheet BAR-TH-170 (France): bounds for the operation it is about.
BAR_TH_170_PUE, BAR_TH_170_ERE = 1.15, 0.20


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One condition of a sheet: what was found, and what it asks for."""

    condition: str
    asked: str
    found: str | None  #: None where it is not known.
    supports: bool | None  #: Whether the figure lies within the bound; never a verdict.


def bar_th_170(balance: Balance) -> tuple[Evidence, ...]:
    """What the meters say to the figures of BAR-TH-170: evidence for it, never compliance."""
    return (
        _bounded("PUE over the period", balance.pue, BAR_TH_170_PUE),
        _bounded("ERE over the period", balance.ere, BAR_TH_170_ERE),
        Evidence(
            condition="heat handed over, by the meter",
            asked="metered",
            found=None
            if balance.metered_heat_kwh is None
            else f"{balance.metered_heat_kwh:.3f} kWh",
            supports=None,
        ),
        Evidence(
            condition="heat that found no demand (estimate)",
            asked="no auxiliary cooling",
            found=None
            if balance.dumped_heat_kwh_estimate is None
            else f"{balance.dumped_heat_kwh_estimate:.3f} kWh",
            supports=None,
        ),
    )


def _bounded(condition: str, value: float | None, bound: float) -> Evidence:
    return Evidence(
        condition=condition,
        asked=f"<= {bound:.2f}",
        found=None if value is None else f"{value:.3f}",
        supports=None if value is None else value <= bound,
    )


def eu_2024_1364(balance: Balance) -> list[tuple[str, float | None, str]]:
    """Code, value and unit of Delegated Regulation (EU) 2024/1364, as far as they are known."""
    return [
        ("P_IT", balance.it_power_kw, "kW"),
        ("E_DC", balance.electricity_kwh, "kWh"),
        ("E_IT", balance.it_electricity_kwh, "kWh"),
        ("W_IN", _water_m3(balance), "m3"),
        ("E_REUSE", balance.metered_heat_kwh, "kWh"),
        ("T_WH", balance.supply_temp_c, "degC"),
        ("E_RES-TOT", None, "kWh"),
        ("PUE", balance.pue, "1"),
        ("WUE", balance.wue_l_per_kwh, "L/kWh"),
        ("ERF", balance.erf, "1"),
        ("REF", None, "1"),
    ]


def _water_m3(balance: Balance) -> float | None:
    if balance.wue_l_per_kwh is None or balance.it_electricity_kwh is None:
        return None
    return balance.wue_l_per_kwh * balance.it_electricity_kwh / 1000.0
