"""Virtual time: it moves when it is told to, and at no other moment."""

DAY_S = 86_400.0
#: Unix time of the plant's zero, a Monday and a first of January: 2024-01-01 00:00 UTC.
_PLANT_ZERO_S = 1_704_067_200.0


class VirtualClock:
    """The one clock of a simulation."""

    def __init__(self, start_plant_s: float = 0.0) -> None:
        """Stand at this instant of the plant."""
        self.plant_time_s = start_plant_s

    @property
    def now_s(self) -> float:
        """Unix time, as readings and events carry it."""
        return _PLANT_ZERO_S + self.plant_time_s

    def advance(self, span_s: float) -> None:
        """Let time pass; never backwards."""
        if span_s < 0:
            message = f"time cannot pass by {span_s} s"
            raise ValueError(message)
        self.plant_time_s += span_s
