"""Numbers as people read them."""

from datetime import UTC, datetime
from decimal import Decimal

from domain.sbatch.durations import describe_duration
from domain.units import W_PER_KW, WH_PER_KWH

_BYTES_PER_STEP = 1024


def kwh(energy_wh: float | None) -> str | None:
    """Energy in kWh."""
    return None if energy_wh is None else f"{energy_wh / WH_PER_KWH:.3f}"


def mwh(energy_wh: int) -> str:
    """Energy in MWh, to the Wh."""
    return f"{Decimal(energy_wh).scaleb(-6):f}"


def kw(power_w: float | None) -> str | None:
    """Power in kW."""
    return None if power_w is None else f"{power_w / W_PER_KW:.2f}"


def celsius(temp_c: float | None) -> str | None:
    """A temperature, to a tenth of a degree."""
    return None if temp_c is None else f"{temp_c:.1f}"


def share(frac: float | None) -> str | None:
    """A fraction, to three decimals."""
    return None if frac is None else f"{frac:.3f}"


def clock(instant_s: float | None) -> str | None:
    """An instant on this machine's clock."""
    if instant_s is None:
        return None
    return f"{datetime.fromtimestamp(instant_s, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def duration(seconds: float | None) -> str | None:
    """A length of time: tenths where it is short, else as in ``--time``."""
    if seconds is None:
        return None
    return f"{seconds:.1f} s" if seconds < 60 else describe_duration(int(seconds))  # noqa: PLR2004


def size(size_bytes: int) -> str:
    """A size in binary units."""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _BYTES_PER_STEP:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _BYTES_PER_STEP
    return f"{amount:.1f} TiB"
