"""Remarks on the body of a script: what may not work on a machine it was not written for."""

import re
from collections.abc import Iterable, Sequence

from domain.sbatch.given import shortened
from domain.sbatch.note import Note

_MOST_OF_A_KIND = 5
#: Longer lines are data, not commands.
_LONGEST_COMMAND = 2000

_START = r"(?:^|[;&|(`]|\bthen\b|\bdo\b)\s*"
_SITE_PATH = re.compile(
    r"(?<![\w./$}-])(/(?:home\d*|scratch\d*|work\d*|projects?|users?|data\d*|gpfs|lustre|nfs|mnt|"
    r"global|groups?|cluster|beegfs|ceph|nobackup|pscratch|cfs|storage|share[ds]?|cm/shared|"
    r"opt/(?:apps?|ohpc|software|modules)|sw|software|apps?|usr/local/(?:modules|apps?))/[\w./@+-]*)"
)
_MODULE = re.compile(_START + r"(?:module\s+(?:load|add|try-load)|ml|spack\s+load)\s+(\S[^;&|#]*)")
_INTERNET = re.compile(
    _START + r"(?:sudo\s+)?(wget|curl|git\s+(?:clone|pull|fetch)|pip3?\s+install|"
    r"python3?\s+-m\s+pip\s+install|(?:conda|mamba)\s+(?:install|create|env\s+create)|"
    r"(?:singularity|apptainer|docker)\s+pull|huggingface-cli|wandb)\b"
)
_SEVERAL_NODES = re.compile(
    r"\b(?:srun|mpirun|mpiexec)\b[^;&|#]{0,200}?\s"
    r"(-N\s*(?:[2-9]|1\d)\d*|--nodes[= ](?:[2-9]|1\d)\d*|"
    r"--?hostfile\b|--?machinefile\b|--?hosts?\b|-ppn\b|--map-by\s+ppr:\d+:node)"
)
_ACTIVATE = re.compile(
    _START + r"((?:source|\.)\s+activate\b\s*\S*|(?:conda|mamba)\s+activate\b\s*\S*|"
    r"(?:source|\.)\s+\S*bin/activate\b)"
)


def lint_body(lines: Sequence[str], body_starts_at: int) -> tuple[Note, ...]:
    """Remarks on the commands from line ``body_starts_at`` on; nothing is refused for them."""
    commands = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if number >= body_starts_at
        and len(line) <= _LONGEST_COMMAND
        and not line.lstrip().startswith("#")
    ]
    found = [
        *_remarks(commands, _SITE_PATH, "{} is a path of another machine and may not exist here."),
        *_remarks(commands, _MODULE, "module {} does nothing here: the node has its own software."),
        *_remarks(commands, _INTERNET, "{} needs the internet, which a node may not have."),
        *_remarks(commands, _SEVERAL_NODES, "{} is for several nodes; the job has one."),
        *_remarks(commands, _ACTIVATE, "{} needs an environment that the node may not have."),
    ]
    return tuple(sorted(found, key=lambda note: note.line or 0))


def _remarks(
    commands: Iterable[tuple[int, str]], pattern: re.Pattern[str], sentence: str
) -> list[Note]:
    """One remark for each different thing found, up to a few, the last telling how many follow."""
    first_lines: dict[str, int] = {}
    for number, line in commands:
        for found in pattern.finditer(line):
            first_lines.setdefault(shortened(found[1].strip()), number)
    notes = [
        Note(line=number, text=sentence.format(what))
        for what, number in list(first_lines.items())[:_MOST_OF_A_KIND]
    ]
    n_more = len(first_lines) - _MOST_OF_A_KIND
    if n_more > 0:
        last = notes[-1]
        notes[-1] = Note(line=last.line, text=f"{last.text} ({n_more} more like it follow.)")
    return notes
