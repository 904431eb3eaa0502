"""How well electricity became useful heat: the indicators of ISO/IEC 30134, from metered energies.

Each takes energies [Wh] that are differences of registers over one period and answers with a
ratio, or None while the period has no electricity to divide by. Nothing is clipped: an ERF above 1
tells of a wrong meter, or of a period too short for the heat stored in the coolant, and hiding it
would hide that.
"""


def pue(site_electricity_wh: int, it_electricity_wh: int) -> float | None:
    """Power usage effectiveness: all electricity of the site over that of its servers, 1 or more.

    PUE = E_DC / E_IT, ISO/IEC 30134-2 (EN 50600-4-2). E_DC counts servers, pumps, power supplies
    and network of the site.
    """
    return site_electricity_wh / it_electricity_wh if it_electricity_wh else None


def erf(reused_heat_wh: int, site_electricity_wh: int) -> float | None:
    """Energy reuse factor: heat handed over for use, over all electricity of the site, 0 to 1.

    ERF = E_REUSE / E_DC, ISO/IEC 30134-6 (EN 50600-4-6). Measured where the heat is handed over;
    what a heat pump adds after that point does not count.
    """
    return reused_heat_wh / site_electricity_wh if site_electricity_wh else None


def ere(reused_heat_wh: int, site_electricity_wh: int, it_electricity_wh: int) -> float | None:
    """Energy reuse effectiveness: electricity not given back as heat, over that of the servers.

    ERE = (E_DC - E_REUSE) / E_IT = (1 - ERF) PUE, The Green Grid, white paper 29 (2010). 0 when
    all of it is reused, PUE when none is.
    """
    if not it_electricity_wh:
        return None
    return (site_electricity_wh - reused_heat_wh) / it_electricity_wh
