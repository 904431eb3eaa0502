"""Remarks on the body of a script: what may not work on a machine it was not written for."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from domain.sbatch.environment import Asked
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
_HAS_ONE_NODE = "{} is for several nodes; the job has one."
_ACTIVATE = re.compile(
    _START + r"((?:source|\.)\s+activate\b\s*\S*|(?:conda|mamba)\s+activate\b\s*\S*|"
    r"(?:source|\.)\s+\S*bin/activate\b)"
)
#: Variables that are set only for a size that was asked, with what asks for it. A reader that
#: names a value in its place (``${SLURM_NTASKS:-1}``) is provided for.
_TASKS = frozenset({Asked.NTASKS, Asked.NTASKS_PER_NODE})
_ONLY_WHEN_ASKED: Mapping[str, tuple[frozenset[Asked], str]] = {
    "SLURM_NTASKS": (_TASKS, "--ntasks"),
    "SLURM_NPROCS": (_TASKS, "--ntasks"),
    "SLURM_NTASKS_PER_NODE": (frozenset({Asked.NTASKS_PER_NODE}), "--ntasks-per-node"),
    "SLURM_CPUS_PER_TASK": (frozenset({Asked.CPUS_PER_TASK}), "--cpus-per-task"),
    "SLURM_MEM_PER_NODE": (frozenset({Asked.MEM_PER_NODE}), "--mem"),
    "SLURM_MEM_PER_CPU": (frozenset({Asked.MEM_PER_CPU}), "--mem-per-cpu"),
}
_VARIABLE = re.compile(r"\$(?:\{(SLURM_\w+)\}|(SLURM_\w+))")


def lint_body(
    lines: Sequence[str], body_starts_at: int, asked: Collection[Asked] = (), *, n_nodes: int = 1
) -> tuple[Note, ...]:
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
        *(_remarks(commands, _SEVERAL_NODES, _HAS_ONE_NODE) if n_nodes == 1 else ()),
        *_remarks(commands, _ACTIVATE, "{} needs an environment that the node may not have."),
        *_unset_variables(commands, asked),
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


def _unset_variables(
    commands: Iterable[tuple[int, str]], asked: Collection[Asked]
) -> Iterator[Note]:
    """Variables that the body reads and that its options leave unset, as in Slurm."""
    told: set[str] = set()
    for number, line in commands:
        for found in _VARIABLE.finditer(line):
            name = found[1] or found[2]
            needed, option = _ONLY_WHEN_ASKED.get(name, (frozenset(), ""))
            if needed and not needed & set(asked) and name not in told:
                told.add(name)
                yield Note(line=number, text=f"{name} is only set where {option} was asked for.")
