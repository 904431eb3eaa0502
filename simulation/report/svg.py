"""SVG elements as escaped text, drawn to the width of the page and in its colours."""

import re

from markupsafe import Markup, escape

_SIZE = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
#: Mean width of a character of the 12 px text of the page's style sheet [px].
CHARACTER_PX = 7.0


def tag(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """One element; ``stroke_width=2`` becomes ``stroke-width="2"``, and ``class_`` a class."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inside = "".join(escape(child) for child in children)
    if not children:
        return Markup(f"<{name}{words}/>")  # noqa: S704 - every part is escaped
    return Markup(f"<{name}{words}>{inside}</{name}>")  # noqa: S704 - as above


def picture(width: float, height: float, says: str, *children: Markup) -> Markup:
    """A whole drawing; ``says`` is read to whoever does not see it."""
    return tag(
        "svg",
        tag("title", says),
        *children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        style=f"max-width:{number(width * 1.25)}px",
    )


def standing_alone(drawing: Markup, style: Markup) -> str:
    """A picture as a file of its own, with its style inside and as wide as it was drawn for."""
    width, height = _SIZE.findall(drawing)[0]
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    plain = str(drawing).replace("<svg ", opening, 1)
    return plain.replace("<title>", f"<style>{style}</style><title>", 1)


def text(x: float, y: float, words: str, *, anchor: str = "start", class_: str = "label") -> Markup:
    """Words whose baseline is at y, and whose start, middle or end is at x."""
    return tag("text", words, x=x, y=y, text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text_width_px(words: str) -> float:
    """About how wide the page draws these words."""
    return CHARACTER_PX * len(words)


def number(value: float) -> str:
    """A coordinate, short: a hundredth of a pixel is finer than any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _value(value: str | float) -> str:
    return str(escape(value)) if isinstance(value, str) else number(value)
