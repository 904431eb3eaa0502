"""Words turned into options, by the rules of ``getopt_long``."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from domain.refusal import Refused
from domain.sbatch.given import Given, Origin, shortened
from domain.sbatch.options import (
    BY_NAME,
    BY_SHORT,
    SITE_OPTIONS,
    SRUN_OPTIONS,
    Duty,
    Option,
    Takes,
    with_prefix,
)

#: Beyond this length a word is no misspelt option, and comparing it would only cost time.
_LONGEST_GUESS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRun:
    """Options up to the first word that is none, and the words from there on."""

    given: tuple[Given, ...]
    operands: tuple[str, ...]
    option_words: tuple[str, ...] = ()  #: As given, without the caller's own flags.
    after_separator: bool = False  #: Whether ``--`` ended the options.
    client_flags: frozenset[str] = frozenset()  #: Flags that concern only the caller.


def split_command_line(
    words: Sequence[str], *, client_flags: frozenset[str] = frozenset()
) -> OptionRun | Refused:
    """The options of a command line apart from what follows them.

    What follows is the script's name and its arguments or, after ``--``, a command.
    ``client_flags`` are valueless options that the caller keeps for itself, such as ``--json``.
    """
    return read_options(words, Origin(), client_flags)


def read_options(
    words: Sequence[str], origin: Origin, client_flags: frozenset[str] = frozenset()
) -> OptionRun | Refused:
    """The options that lead ``words``.

    ``client_flags`` are words without a value that the caller keeps for itself.
    """
    given: list[Given] = []
    flags: set[str] = set()
    index = 0
    while index < len(words):
        word = words[index]
        if word in client_flags:
            flags.add(word)
            index += 1
            continue
        if word == "--" or not word.startswith("-") or word == "-":
            break
        following = words[index + 1] if index + 1 < len(words) else None
        step = (
            _read_long(word, following, origin)
            if word.startswith("--")
            else _read_short(word, following, origin)
        )
        if isinstance(step, Refused):
            return step
        found, n_words = step
        given.extend(found)
        index += n_words
    after_separator = index < len(words) and words[index] == "--"
    return OptionRun(
        given=tuple(given),
        operands=tuple(words[index + after_separator :]),
        option_words=tuple(word for word in words[:index] if word not in flags),
        after_separator=after_separator,
        client_flags=frozenset(flags),
    )


_Step = tuple[list[Given], int]


def _read_long(word: str, following: str | None, origin: Origin) -> _Step | Refused:
    name, equals, text = word[2:].partition("=")
    option = find_option(name, origin)
    if isinstance(option, Refused):
        return option
    spelled = f"--{name}"
    if equals:
        if option.takes is Takes.NOTHING:
            return origin.refuse(
                "value_not_allowed", f"{spelled} takes no value; drop ={shortened(text)}."
            )
        return [Given(option=option, value=text, spelled=spelled, origin=origin)], 1
    if option.takes is not Takes.VALUE:
        return [Given(option=option, value=None, spelled=spelled, origin=origin)], 1
    value = _following_value(spelled, following, origin)
    if isinstance(value, Refused):
        return value
    return [Given(option=option, value=value, spelled=spelled, origin=origin)], 2


def _read_short(word: str, following: str | None, origin: Origin) -> _Step | Refused:
    slip = _one_dash_long_name(word, origin)
    if slip is not None:
        return slip
    found: list[Given] = []
    for index, letter in enumerate(word[1:], start=1):
        option = BY_SHORT.get(letter)
        spelled = f"-{letter}"
        if option is None:
            return _unknown(spelled, word.lstrip("-").partition("=")[0], origin)
        if option.takes is Takes.NOTHING:
            found.append(Given(option=option, value=None, spelled=spelled, origin=origin))
            continue
        rest = word[index + 1 :]
        if rest.startswith("="):
            return origin.refuse(
                "equals_sign",
                f"in {shortened(word)} the = would be part of the value; write "
                f"{spelled} {shortened(rest[1:])} or {option.spelled}={shortened(rest[1:])}.",
            )
        if rest or option.takes is Takes.MAYBE:
            value = rest or None
            found.append(Given(option=option, value=value, spelled=spelled, origin=origin))
            return found, 1
        after = _following_value(spelled, following, origin)
        if isinstance(after, Refused):
            return after
        found.append(Given(option=option, value=after, spelled=spelled, origin=origin))
        return found, 2
    return found, 1


def _following_value(spelled: str, following: str | None, origin: Origin) -> str | Refused:
    is_next_option = following is not None and following[:2] == "--" and len(following) > len("--")
    if following is None or is_next_option:
        return origin.refuse("value_missing", f"{spelled} needs a value on the same line.")
    if following.startswith("="):
        form = f"{spelled}=VALUE" if spelled.startswith("--") else f"{spelled} VALUE"
        return origin.refuse("equals_sign", f"the = stands apart from {spelled}; write {form}.")
    return following


def _one_dash_long_name(word: str, origin: Origin) -> Refused | None:
    """``-qos=x`` means ``-q os=x`` to getopt, which nobody means."""
    name = word[1:].partition("=")[0]
    if len(name) > 1 and name in BY_NAME:
        return origin.refuse(
            "one_dash", f"{shortened(word)} has one dash too few; write -{shortened(word)}."
        )
    return None


def find_option(name: str, origin: Origin) -> Option | Refused:
    """The option a long name or a prefix of one stands for."""
    if name in BY_NAME:
        return BY_NAME[name]
    if name.startswith("ear-") and name.isprintable() and len(name) <= _LONGEST_GUESS:
        return Option(name=name, takes=Takes.MAYBE, duty=Duty.NO_MEANING, key=name)
    candidates = with_prefix(name) if name else ()
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        spellings = ", ".join(option.spelled for option in candidates)
        return origin.refuse(
            "ambiguous_option", f"--{name} could mean {spellings}; write the one you mean in full."
        )
    return _unknown(f"--{name}", name, origin)


def _unknown(spelled: str, name: str, origin: Origin) -> Refused:
    shown = shortened(spelled)
    if name in SRUN_OPTIONS:
        return origin.refuse(
            "unknown_option", f"{shown} is an option of srun; move it to the srun command."
        )
    if name in SITE_OPTIONS:
        return origin.refuse(
            "unknown_option", f"{shown} belongs to one computing centre; remove it here."
        )
    is_near_possible = 1 < len(name) <= _LONGEST_GUESS
    near = difflib.get_close_matches(name, BY_NAME, n=1) if is_near_possible else []
    remedy = f"did you mean --{near[0]}?" if near else "remove it or correct its spelling."
    return origin.refuse("unknown_option", f"the option {shown} is unknown; {remedy}")
