"""Documents keep their word: links lead somewhere, and commands that they show exist."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.architecture.source import PACKAGES, ROOT, project_files

PAGES = [path for path in project_files() if path.suffix == ".md"]
DECISION_PARTS = [
    "Context",
    "Goals",
    "Non-goals",
    "Decision",
    "Alternatives",
    "Risks",
    "Test plan",
    "Status",
]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def _text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def _broken_links(path: Path) -> Iterator[str]:
    for target in _LINK.findall(_prose(_text(path))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        found = path if not name else (path.parent / name)
        whole = ROOT / found
        if not whole.exists():
            yield f"{path}: {target}"
        elif anchor and anchor not in map(_anchor, _HEADING.findall(_prose(whole.read_text()))):
            yield f"{path}: {target} has no such heading"


def _commands(path: Path) -> Iterator[list[str]]:
    """The words of each command line shown in a block of kind ``console``."""
    for kind, block in _FENCE.findall(_text(path)):
        if kind == "console":
            lines = [line for line in block.splitlines() if line.startswith("$ ")]
            yield from (line.removeprefix("$ ").split() for line in lines)


def _unknown_command(words: list[str], targets: set[str], sub_commands: set[str]) -> bool:
    match words:
        case ["make", target, *_]:
            return target not in targets
        case ["chaufferie", sub_command, *_]:
            return sub_command not in sub_commands
        case ["python", "-m", module, *_] if module.split(".")[0] in PACKAGES:
            return importlib.util.find_spec(module) is None
        case _:
            return False


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", _text(Path("Makefile")), re.MULTILINE))


def _sub_commands() -> set[str]:
    from chaufferie.cli.main import app  # noqa: PLC0415 - only these tests need the command line

    command = typer.main.get_command(app)
    return set(getattr(command, "commands", ()))


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    assert list(_broken_links(path)) == []


def test_commands_shown_in_pages_exist() -> None:
    targets, sub_commands = _make_targets(), _sub_commands()
    shown = [(path, words) for path in PAGES for words in _commands(path)]
    unknown = [
        f"{path}: {' '.join(words)}"
        for path, words in shown
        if _unknown_command(words, targets, sub_commands)
    ]

    assert unknown == []
    assert [words for path, words in shown if path == Path("README.md")][:2] == [
        ["make", "demo"],
        ["make", "test"],
    ]


def test_a_command_that_is_not_there_would_be_seen() -> None:
    assert _unknown_command(["make", "coffee"], {"test"}, set())
    assert _unknown_command(["chaufferie", "brew"], set(), {"submit"})
    assert not _unknown_command(["curl", "-H"], set(), set())


def test_every_decision_is_told_in_the_same_order() -> None:
    told = {
        str(path): _HEADING.findall(_prose(_text(path)))[1:]
        for path in PAGES
        if path.parts[:2] == ("docs", "adr")
    }

    assert {path: headings for path, headings in told.items() if headings != DECISION_PARTS} == {}
    assert len(told) >= 4


def test_the_map_of_the_house_names_every_room() -> None:
    readme = _text(Path("README.md"))

    assert [name for name in PACKAGES if f"| `{name}/` |" not in readme] == []
