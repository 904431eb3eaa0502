"""A job script taken apart: its ``#!`` line, its directives, and the text that is staged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.refusal import Refused
from domain.sbatch.getopt import OptionRun, read_options
from domain.sbatch.given import Given, Origin, shortened
from domain.sbatch.note import Note
from domain.sbatch.tokens import BLANKS, split_words

MAGIC = "#SBATCH"
_OLD_MAGIC = re.compile(r"#SLURM(?=[ \t]+-)")
_CARRIAGE_RETURNS = re.compile(r"(?<!\r)\r++(?=\n|\Z)")
#: Bytes that could not be decoded arrive as lone surrogates.
_NOT_UTF_8 = re.compile(r"[\ud800-\udfff]")
_BYTE_ORDER_MARK = "\ufeff"
_MAX_LINES_NAMED = 8
_LONGEST_DIRECTIVE = 16_384

#: What fill-in-the-blank files leave behind when nobody filled them in.
_TEMPLATE = re.compile(
    r"\{\{.*|<[A-Za-z][\w .@-]*>|@\w+@|%%\w+%%|(?<![A-Za-z0-9])X{3,}(?![A-Za-z0-9])"
)
_REMARK_OPTIONS = ("--comment", "--mail-user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the text of a job script says to the submitter's side."""

    staged_text: str  #: Without carriage returns; this is what runs.
    interpreter: str  #: What follows ``#!``.
    given: tuple[Given, ...]
    notes: tuple[Note, ...]
    body_starts_at: int  #: Number of the first line that is a command.


def read_script(text: str) -> Script | Refused:
    """The script's parts, or the first thing that makes it unusable."""
    staged, notes = _cleaned(text)
    lines = staged.split("\n")
    problem = _check_start(lines, staged)
    if problem is not None:
        return problem
    body_starts_at = _first_command(lines)
    given: list[Given] = []
    for number, line in enumerate(lines[: body_starts_at - 1], start=1):
        words = _directive_text(line)
        if words is None:
            notes.extend(_look_alike(number, line))
            continue
        found = _read_directive(words, number, line)
        if isinstance(found, Refused):
            return found
        if line.startswith("#SLURM"):
            notes.append(Note(line=number, text="#SLURM is obsolete; write #SBATCH."))
        given.extend(found)
    notes.extend(_too_late(lines, body_starts_at))
    return Script(
        staged_text=staged,
        interpreter=lines[0][2:].strip(),
        given=tuple(given),
        notes=tuple(notes),
        body_starts_at=body_starts_at,
    )


def _cleaned(text: str) -> tuple[str, list[Note]]:
    notes: list[Note] = []
    if text.startswith(_BYTE_ORDER_MARK):
        text = text.removeprefix(_BYTE_ORDER_MARK)
        notes.append(Note(line=1, text="The byte order mark was taken off the staged script."))
    staged = _CARRIAGE_RETURNS.sub("", text)
    if staged != text:
        notes.append(
            Note(text="The script has DOS line ends; they were taken off the staged script.")
        )
    return staged, notes


def _check_start(lines: Sequence[str], text: str) -> Refused | None:
    if not text.strip():
        return Refused(code="sbatch.empty_script", sentence="The script is empty; nothing to run.")
    if "\0" in text:
        return Refused(
            code="sbatch.not_text",
            sentence="The script holds a NUL character; submit a text file that starts with #!.",
        )
    for number, line in enumerate(lines, start=1):
        if _NOT_UTF_8.search(line):
            return Refused(
                code="sbatch.not_text",
                sentence=f"Line {number} is not UTF-8 text; convert the script, or remove it.",
                line=number,
            )
    if lines[0].startswith("#!") and lines[0][2:].strip():
        return None
    later = next((n for n, line in enumerate(lines, 1) if n > 1 and line.startswith("#!")), None)
    where = f"the #! on line {later} must be moved there" if later else "for instance #!/bin/bash"
    return Refused(
        code="sbatch.no_interpreter",
        sentence=f"Line 1 must start with #! and the path of an interpreter: {where}.",
        line=1,
    )


def _first_command(lines: Sequence[str]) -> int:
    """The number of the first line that is a command; one past the end where none is."""
    for number, line in enumerate(lines, start=1):
        if not line.strip(BLANKS).startswith("#") and line.strip(BLANKS):
            return number
    return len(lines) + 1


def _directive_text(line: str) -> str | None:
    if line.startswith(MAGIC):
        return line[len(MAGIC) :]
    old = _OLD_MAGIC.match(line)
    return line[old.end() :] if old else None


def _read_directive(text: str, number: int, line: str) -> tuple[Given, ...] | Refused:
    origin = Origin(line=number)
    if len(text) > _LONGEST_DIRECTIVE:
        return origin.refuse("line_too_long", f"write at most {_LONGEST_DIRECTIVE} characters.")
    split = split_words(text)
    if split.typographic is not None:
        return origin.refuse(
            "typographic",
            f"the character {split.typographic!r} (U+{ord(split.typographic):04X}) comes from a "
            "word processor; type a plain dash, quote or blank.",
        )
    words = split.words
    remark_free = " ".join(word for word in words if not word.startswith(_REMARK_OPTIONS))
    if _TEMPLATE.search(remark_free):
        return origin.refuse("template", f"fill in the template first: {shortened(line.strip())}.")
    if split.open_quote is not None:
        return origin.refuse(
            "open_quote", f"a {split.open_quote} is not closed: {shortened(line.strip())}."
        )
    if words and (words[0].lower() in {"hetjob", "packjob"} or words[0].startswith(":")):
        return origin.refuse(
            "het_job", "a job of several unlike parts is not possible; submit one job for each."
        )
    run = read_options(words, origin)
    if isinstance(run, Refused):
        return run
    if run.operands or run.after_separator:
        return _stray_word(words, run, origin)
    return run.given


def _stray_word(words: Sequence[str], run: OptionRun, origin: Origin) -> Refused:
    stray = run.operands[0] if run.operands else "--"
    position = len(words) - max(len(run.operands), 1)
    before = words[position - 1] if position else ""
    if before.startswith("--") and before.endswith("="):
        remedy = f"write {before}{shortened(stray)} without a blank"
    elif stray.startswith((";", "//")):
        remedy = "a remark begins with #"
    else:
        remedy = "put a value that holds blanks in quotes, and # before a remark"
    return origin.refuse(
        "stray_word", f"{shortened(stray)!r} is neither an option nor a value; {remedy}."
    )


def _look_alike(number: int, line: str) -> Iterator[Note]:
    """A remark on a comment that was surely meant as a directive."""
    found = re.match(r"([ \t]*)#([ \t]*)([A-Za-z]+)[ \t]*-", line)
    if found is None:
        return
    indent, gap, word = found.groups()
    if word == MAGIC[1:] and (indent or gap):
        yield Note(line=number, text="A blank makes this #SBATCH line a comment; it has no effect.")
    elif not gap and (word.upper() == MAGIC[1:] or is_one_slip_away(word, MAGIC[1:])):
        yield Note(line=number, text=f"#{word} is a comment; did you mean {MAGIC}?")


def is_one_slip_away(word: str, wanted: str) -> bool:
    """Whether one letter added, left out, changed or swapped with its neighbour makes the other."""
    if word == wanted or abs(len(word) - len(wanted)) > 1:
        return False
    start = 0
    while start < min(len(word), len(wanted)) and word[start] == wanted[start]:
        start += 1
    mine, other = word[start:], wanted[start:]
    return (
        mine[1:] == other[1:]
        or mine[1:] == other
        or mine == other[1:]
        or (mine[:2] == other[1::-1] and mine[2:] == other[2:])
    )


def _too_late(lines: Sequence[str], body_starts_at: int) -> Iterator[Note]:
    numbers = [
        number
        for number, line in enumerate(lines, start=1)
        if number > body_starts_at and re.match(rf"{MAGIC}[ \t]*-", line)
    ]
    if numbers:
        named = ", ".join(str(number) for number in numbers[:_MAX_LINES_NAMED])
        more = len(numbers) - _MAX_LINES_NAMED
        lines_text = f"{named} and {more} more" if more > 0 else named
        yield Note(
            line=numbers[0],
            text=f"#SBATCH after the first command (line {body_starts_at}) has no effect: "
            f"lines {lines_text}.",
        )
