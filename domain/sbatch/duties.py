"""The options that do nothing here, or not yet: each is noted or refused, none is dropped."""

import re
from collections.abc import Callable, Mapping

from domain.sbatch.dependencies import parse_dependency
from domain.sbatch.given import Given
from domain.sbatch.options import Duty
from domain.sbatch.settings import Settings

_HINTS = frozenset({"compute_bound", "memory_bound", "multithread", "nomultithread"})


def _parse_hint(text: str) -> str | None:
    return text if text.lower() in _HINTS else None


_CHECKS: Mapping[str, tuple[Callable[[str], object | None], str]] = {
    "dependency": (parse_dependency, "conditions such as afterok:12, afterany:12_3 or singleton"),
    "hint": (_parse_hint, "compute_bound, memory_bound, multithread or nomultithread"),
}

_SHELL_WORD = re.compile(r"^~|\$[A-Za-z0-9_{@]")

#: What to do instead of an option that is refused for good.
_INSTEAD = {"export-file": "name the variables by --export"}


def apply_duties(settings: Settings) -> None:
    """Note or refuse, in ``settings``, every option that cannot have its effect."""
    for given in settings.all_given():
        key = given.option.key
        _note_literal(settings, given)
        if key in _CHECKS:
            parse, wanted = _CHECKS[key]
            if settings.read(key, parse, wanted) is None:
                continue
        duty = given.option.duty
        if duty is Duty.NO_MEANING:
            settings.note(given, f"{given.spelled} is accepted and means nothing here.")
        elif duty is Duty.NOT_YET:
            _refuse_not_yet(settings, given)
        elif duty is Duty.REFUSED:
            instead = _INSTEAD.get(key, "remove it")
            settings.refuse(given, "not_possible", f"{given.spelled} is not possible; {instead}.")


def _note_literal(settings: Settings, given: Given) -> None:
    """Directives are no shell: say so where somebody took them for one."""
    is_in_script = given.origin.line is not None and given.option.key != "comment"
    if is_in_script and _SHELL_WORD.search(given.value or ""):
        settings.note(
            given,
            f"{given.text} is taken letter by letter, for a directive is no shell; in file names "
            "%u, %x and %j stand for user, job name and job number.",
        )


def _refuse_not_yet(settings: Settings, given: Given) -> None:
    settings.refuse(
        given,
        "not_yet",
        f"{given.text} does not work yet, and results could differ without it; "
        "remove it if the job can do without.",
    )
