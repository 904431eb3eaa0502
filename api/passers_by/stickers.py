"""Sheets of stickers for boilers: a QR code, a short address and what it is for, to print on A4."""

import io
from collections.abc import Sequence

import segno

from store.collectivities.publications import Sticker

_COLUMNS, _ROWS = 2, 5
_WIDTH_MM, _HEIGHT_MM = 90, 50
_PAGE_MM = (210, 297)
_LEFT_MM, _TOP_MM = (210 - _COLUMNS * _WIDTH_MM) / 2, (297 - _ROWS * _HEIGHT_MM) / 2
#: Side of a code: a code for people to scan is 2 cm or more (DTPR sign standard).
_QR_MM = 34
_LONGEST_NAME = 34


def sheets(stickers: Sequence[Sticker], base_url: str) -> str:
    """One SVG with a page below the other, in millimetres."""
    a_page = _COLUMNS * _ROWS
    pages = max(1, -(-len(stickers) // a_page))
    parts = [
        _one(sticker, base_url, number // a_page, number % a_page)
        for number, sticker in enumerate(stickers)
    ]
    height = _PAGE_MM[1] * pages
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_PAGE_MM[0]}mm" height="{height}mm" '
        f'viewBox="0 0 {_PAGE_MM[0]} {height}" font-family="sans-serif" fill="#000">\n'
        f'<rect width="{_PAGE_MM[0]}" height="{height}" fill="#fff"/>\n{"".join(parts)}</svg>\n'
    )


def _one(sticker: Sticker, base_url: str, page: int, place: int) -> str:
    x = _LEFT_MM + place % _COLUMNS * _WIDTH_MM
    y = _PAGE_MM[1] * page + _TOP_MM + place // _COLUMNS * _HEIGHT_MM
    address = f"{base_url}/t/{sticker.code}"
    texts = (
        (8, 4.2, "bold", "Ici, des ordinateurs"),
        (13, 4.2, "bold", "chauffent l'eau."),
        (20, 3, "normal", "Que mesure-t-on, pourquoi,"),
        (24, 3, "normal", "et que faire sans chaleur ?"),
        (30, 2.6, "normal", "What is measured here, and why"),
        (38, 2.6, "normal", _short(sticker.site)),
        (42, 2.6, "normal", _short(sticker.node)),
    )
    lines = "".join(
        f'<text x="42" y="{down}" font-size="{size}" font-weight="{weight}">{_plain(text)}</text>'
        for down, size, weight, text in texts
    )
    shown = _plain(address.partition("://")[2])
    return (
        f'<g transform="translate({x} {y})">'
        f'<rect x="1" y="1" width="{_WIDTH_MM - 2}" height="{_HEIGHT_MM - 2}" fill="none" '
        f'stroke="#999" stroke-width=".2"/>{_code(address)}{lines}'
        f'<text x="4" y="46" font-size="2.4">{shown}</text></g>\n'
    )


def _code(address: str) -> str:
    """The QR code, which can lose a quarter of itself to dirt (level Q)."""
    made = segno.make(address, error="q", micro=False)
    scale = _QR_MM / made.symbol_size(border=2)[0]
    drawn = io.BytesIO()
    made.save(
        drawn, kind="svg", border=2, xmldecl=False, svgns=False, omitsize=True, scale=1, unit=None
    )
    inner = drawn.getvalue().decode()
    path = inner[inner.index("<path") : inner.index("</svg>")]
    return f'<g transform="translate(4 5) scale({scale:.4f})">{path}</g>'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"


def _plain(text: str) -> str:
    """The text as XML, without characters that XML has none of."""
    kept = "".join(letter for letter in text if letter.isprintable())
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
