"""The command lines of the how-tos: each is one that the program takes, about what there is."""

import re
import shlex
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from chaufferie.cli.main import main
from chaufferie.cli.programs import PROGRAMS
from chaufferie.up.sites import node_name_of
from simulation.boiler.sites import default_sites
from simulation.options import read_words

ROOT = Path(__file__).parents[3]
#: The pages whose lines are run for real, by a test against a cluster, are left to that.
PAGES = sorted(
    path for path in (ROOT / "docs" / "howto").glob("*.md") if path.name != "coming_from_slurm.md"
)
_SHOWN = re.compile(r"^```(?:console|bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_JOB = re.compile(r"\$\{?\w+\}?|JOB")
_FILE = re.compile(r"[\w-]+\.(jpg|png|csv|toml|sh|py|svg|json|stl|inp|pdf)")
_ASKS_THE_SERVER = 5
#: What `make up` starts.
SITES = default_sites(4)
NAMES = {
    "--site": {site.name for site in SITES},
    "--nodes": {node_name_of(site.name) for site in SITES},
    "--node": {node_name_of(site.name) for site in SITES},
}


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each line that runs our program, up to a pipe or a comment."""
    for block in _SHOWN.findall(text):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["chaufferie"]:
                ends = [at for at, word in enumerate(words) if word in {"|", ">", "&&", ";"}]
                yield [_JOB.sub("1", word) for word in words[: min(ends, default=len(words))]]


def ends_with(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_line_is_understood(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHAUFFERIE_URL", raising=False)
    monkeypatch.setenv("CHAUFFERIE_DATA_DIR", str(tmp_path / "no-server"))
    text = page.read_text(encoding="utf-8")
    blocks = dict(reversed(_BLOCK.findall(text)))
    wrong = []
    for words in command_lines(text):
        for word in words:
            if found := _FILE.fullmatch(word):
                script = "#!/bin/sh\n" if found[1] == "sh" else ""
                Path(word).write_text(blocks.get(found[1], script), encoding="utf-8")
        if words[1] == "simulate":
            assert read_words(words[2:], "simulate").scenarios
        # What runs another program in our place reads its words there.
        elif PROGRAMS.keys().isdisjoint({words[1], " ".join(words[1:3])}):
            code = ends_with(words, monkeypatch)
            if code != _ASKS_THE_SERVER:
                wrong.append((words, code, capsys.readouterr().err))

    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_site_or_node_is_one_of_make_up_or_made_on_the_page(page: Path) -> None:
    lines = list(command_lines(page.read_text(encoding="utf-8")))
    made = {words[3] for words in lines if words[1:3] in (["site", "add"], ["node", "enrol"])}
    strangers = [
        (option, word)
        for words in lines
        for option, following in pairwise(words)
        if option in NAMES
        for word in following.split(",")
        if word not in NAMES[option] | made
    ]

    assert strangers == []


def test_what_is_wrong_in_a_page_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAUFFERIE_DATA_DIR", str(tmp_path))
    shown = "```console\n$ chaufferie heat --sites x | less\n$ make up\n```\n"
    lines = list(command_lines(shown))

    assert lines == [["chaufferie", "heat", "--sites", "x"]]
    assert ends_with(lines[0], monkeypatch) not in {0, _ASKS_THE_SERVER}
