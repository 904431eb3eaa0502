"""What our pages show, as something to run: their commands and their Python."""

import re

from tests.support.cluster import ROOT

_DOCS = ROOT / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language in a page below ``docs``."""
    text = (_DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """Every console block as a script that stops at the first line with an unexpected exit code."""
    scripts = []
    for block in blocks(page, "console"):
        lines: list[str] = []
        for line in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
            command, _, wanted = line.partition("  # exit ")
            lines.append(
                f"{command}\ncode=$?\n"
                f'[ $code -eq {wanted or 0} ] || {{ echo "exit $code: line {len(lines) + 1}" >&2; '
                "exit 99; }\n"
            )
        scripts.append("".join(lines))
    return scripts
