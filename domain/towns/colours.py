"""Colours of a town beside text: whether people can read one on the other."""

import re

from domain.refusal import Refused

_COLOUR = re.compile(r"#[0-9a-f]{6}")
WHITE, INK = "#ffffff", "#14202b"
#: WCAG 2.1, success criterion 1.4.3.
TEXT_CONTRAST = 4.5
#: Below it, sRGB is a straight line (IEC 61966-2-1).
_LINEAR_BELOW = 0.04045


def check_colour(text: str) -> str | Refused:
    """A colour as ``#rrggbb`` in small letters; the mark may be left out, as shells want it."""
    colour = "#" + text.strip().lower().removeprefix("#")
    if _COLOUR.fullmatch(colour) is None:
        return Refused(
            code="colour.form", sentence=f"{text[:20]!r} is no colour; write it as 1a5e9a."
        )
    if _readable_on(colour) is None:
        return Refused(
            code="colour.contrast",
            sentence=f"Neither white nor dark text can be read on {colour}; "
            "take a darker or a lighter one.",
        )
    return colour


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1, definition of contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """The colour of text that people can read on this one."""
    return _readable_on(colour) or INK


def _readable_on(colour: str) -> str | None:
    best = max((WHITE, INK), key=lambda text: contrast(colour, text))
    return best if contrast(colour, best) >= TEXT_CONTRAST else None


def _luminance(colour: str) -> float:
    """Relative luminance in sRGB (WCAG 2.1, definition of relative luminance)."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
