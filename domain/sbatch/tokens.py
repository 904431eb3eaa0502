"""How one ``#SBATCH`` line falls into words.

The rules are those of Slurm's own reader: blanks part words, straight quotes and the backslash
protect characters, an unprotected ``#`` ends the line even inside a word, nothing is expanded.
"""

import re
from dataclasses import dataclass

#: What C calls white space.
BLANKS = " \t\n\v\f\r"

#: Characters that a word processor puts where a shell wants a plain dash, quote or blank.
_TYPOGRAPHIC = re.compile(
    "[\u00a0\u2007\u2009\u200b-\u200d\u202f\u2010-\u2015\u2018-\u201f\u2212\ufeff]"
)
_PIECE = re.compile(
    r"""
    (?P<blank>[ \t\n\v\f\r]+)
    | (?P<remark>\#)
    | (?P<quote>["'])(?P<quoted>(?:\\.|(?!(?P=quote))[^\\])*)(?P<close>(?P=quote))?
    | \\(?P<escaped>.?)
    | (?P<plain>[^ \t\n\v\f\r\#"'\\]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a line, with what makes the line unusable if anything does."""

    words: tuple[str, ...]
    open_quote: str | None = None  #: The quote that was never closed.
    typographic: str | None = None  #: The first typographic character outside quotes.


def split_words(text: str) -> Words:
    """The words of ``text``; a quoted empty string is a word of no characters."""
    words: list[str] = []
    word: str | None = None
    open_quote: str | None = None
    typographic: str | None = None
    for piece in _PIECE.finditer(text):
        if piece["remark"]:
            break
        if piece["blank"]:
            words += [] if word is None else [word]
            word = None
            continue
        if piece["quote"] and not piece["close"]:
            open_quote = open_quote or piece["quote"]
        found = _TYPOGRAPHIC.search(piece["plain"] or "")
        typographic = typographic or (found[0] if found else None)
        quoted = _ESCAPED.sub(r"\1", piece["quoted"] or "")
        word = (word or "") + quoted + (piece["escaped"] or "") + (piece["plain"] or "")
    words += [] if word is None else [word]
    return Words(words=tuple(words), open_quote=open_quote, typographic=typographic)
