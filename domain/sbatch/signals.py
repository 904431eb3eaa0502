"""The warning signal before a limit: ``USR1@60``, ``B:SIGTERM@120``, ``10``."""

import re

from domain.jobs.job_spec import DEFAULT_WARNING_LEAD_S, EndWarning

#: POSIX names with the numbers of Linux; a fixed table, since parsing must not depend on the host.
_NUMBERS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "ABRT": 6,
    "KILL": 9,
    "USR1": 10,
    "SEGV": 11,
    "USR2": 12,
    "PIPE": 13,
    "ALRM": 14,
    "TERM": 15,
    "CHLD": 17,
    "CONT": 18,
    "STOP": 19,
    "TSTP": 20,
    "TTIN": 21,
    "TTOU": 22,
    "URG": 23,
    "XCPU": 24,
    "XFSZ": 25,
}
_LARGEST_SIGNAL = 64
_LARGEST_LEAD_S = 0xFFFF

_SIGNAL = re.compile(r"(?:([BR]{1,2}):)?([A-Za-z0-9]+)(?:@(\d{1,5}))?", re.ASCII | re.IGNORECASE)


def parse_signal(text: str) -> EndWarning | None:
    """The warning that ``--signal`` asks for; None when it is malformed."""
    found = _SIGNAL.fullmatch(text)
    if found is None:
        return None
    name = found[2].upper().removeprefix("SIG")
    number = int(name) if name.isdigit() and len(name) <= len("64") else _NUMBERS.get(name, 0)
    lead_s = int(found[3]) if found[3] else DEFAULT_WARNING_LEAD_S
    if not 1 <= number <= _LARGEST_SIGNAL or lead_s > _LARGEST_LEAD_S:
        return None
    return EndWarning(
        signal_number=number, lead_s=lead_s, to_shell_only="B" in (found[1] or "").upper()
    )
