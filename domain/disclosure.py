"""What the public is told of an installation, as it is configured and running."""

from dataclasses import dataclass

from domain.units import DAY_S, WATER_WH_PER_L_K

DEFAULT_READINGS_WHOLE_S = 90 * DAY_S
#: An account that nobody has used for so long is closed.
DEFAULT_ACCOUNTS_KEPT_DAYS = 730.0
#: Its owner is told so long before; name and address of a closed one are erased after as long.
ACCOUNT_NOTICE_DAYS = 30.0
ACCOUNT_NOTICE_S = ACCOUNT_NOTICE_DAYS * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Who runs it, where it keeps what it measures, and for how long."""

    operator: str | None = None  #: Who answers for the boilers; None = nobody said.
    contact: str | None = None  #: How to reach the operator.
    hosting: str | None = None  #: Who hosts the servers, in which town and country.
    public_url: str | None = None  #: Under which address strangers reach the pages.
    readings_whole_s: float = DEFAULT_READINGS_WHOLE_S  #: Readings of this age are thinned.
    accounts_kept_days: float = DEFAULT_ACCOUNTS_KEPT_DAYS  #: After the last sign-in.

    @property
    def readings_whole_days(self) -> int:
        """For how many days every reading is kept."""
        return round(self.readings_whole_s / DAY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shower:
    """A measure of heat that people know."""

    water_l: float = 40.0
    cold_c: float = 15.0
    warm_c: float = 38.0

    @property
    def heat_wh(self) -> float:
        """Heat of its water: 1.163 Wh for each litre and kelvin."""
        return self.water_l * (self.warm_c - self.cold_c) * WATER_WH_PER_L_K


SHOWER = Shower()
