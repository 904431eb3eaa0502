"""Quantities as people say them, the same in reasons and on the page."""

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_WHOLE_FROM = 10  #: Numbers from here on are shown without decimals.


def in_words(duration_s: float) -> str:
    """A length of time as people say it."""
    for unit_s, name in ((_DAY_S, "days"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if duration_s >= 2 * unit_s:
            count = duration_s / unit_s
            return f"{count:.0f} {name}" if count >= _WHOLE_FROM else f"{count:.1f} {name}"
    return f"{duration_s:.0f} s"
