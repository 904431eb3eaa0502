"""The words of ``srun`` inside a job: which of its options are honoured, noted or refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.sbatch.gang import share_out
from domain.sbatch.hostlist import parse_hostlist

#: Options by long name; "=" takes a value, "?" may take one after an equals sign.
_HONOURED = (
    "ntasks= nodes= cpus-per-task= ntasks-per-node= label output= error= export= exact chdir= "
    "job-name= overcommit"
)
_IGNORED = (
    "mpi= cpu-bind= cpu_bind= mem-bind= mem_bind= gres= gpus= gpus-per-task= gpus-per-node= "
    "gpus-per-socket= gpu-bind= gres-flags= hint= distribution= exclusive? overlap unbuffered "
    "nodelist= jobid= mem= mem-per-cpu= mem-per-gpu= partition= account= time= qos= comment= "
    "kill-on-bad-exit? wait= threads-per-core= ntasks-per-core= ntasks-per-socket= constraint= "
    "cpu-freq= verbose quiet no-kill propagate? disable-status oversubscribe "
    "container-image= container-mounts= container-name= container-workdir="
)
_REFUSED = "pty? multi-prog het-group= pack-group= bcast? input= array="
_SHORT = {
    "n": "ntasks",
    "N": "nodes",
    "c": "cpus-per-task",
    "l": "label",
    "o": "output",
    "e": "error",
    "D": "chdir",
    "J": "job-name",
    "O": "overcommit",
    "m": "distribution",
    "u": "unbuffered",
    "w": "nodelist",
    "p": "partition",
    "A": "account",
    "t": "time",
    "q": "qos",
    "K": "kill-on-bad-exit",
    "C": "constraint",
    "G": "gpus",
    "v": "verbose",
    "Q": "quiet",
    "k": "no-kill",
    "s": "oversubscribe",
    "W": "wait",
    "i": "input",
    "a": "array",
}
_TAKES = {
    word.rstrip("=?"): word[-1] if word[-1] in "=?" else ""
    for word in f"{_HONOURED} {_IGNORED} {_REFUSED}".split()
}
_REFUSED_NAMES = frozenset(word.rstrip("=?") for word in _REFUSED.split())
_IGNORED_NAMES = frozenset(word.rstrip("=?") for word in _IGNORED.split())
#: Said to whoever asks for it by habit; they change nothing on a node of one's own.
_SILENT = frozenset({"verbose", "quiet", "unbuffered", "disable-status"})
_LARGEST = 100_000


class SrunError(Exception):
    """One sentence for whoever typed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What ``srun`` shall run."""

    argv: tuple[str, ...]
    ntasks: int
    counts: tuple[int, ...] = ()  #: Tasks of each node of the job; one node has them all.
    cpus_per_task: int | None = None
    label: bool = False
    stdout: str | None = None
    stderr: str | None = None
    chdir: str | None = None
    export: str | None = None
    ignored: tuple[str, ...] = field(default=())  #: Options that have no effect, as written.


def read_step(words: Sequence[str], environment: Mapping[str, str]) -> Step:
    """The step that these words ask for within this job; raises ``SrunError``."""
    given, ignored, argv = _read(words)
    if not argv:
        raise SrunError("name a program to run.")
    names = _names(environment)
    places = _places(given, environment, names)
    cpus_per_task = _count(given, "cpus-per-task")
    per_node = _count(given, "ntasks-per-node")
    ntasks = _count(given, "ntasks") or (per_node and per_node * len(places))
    ntasks = ntasks or _of_job(environment, "SLURM_NTASKS") or len(places)
    counts = share_out(ntasks, min(len(places), ntasks), per_node if len(places) > 1 else None)
    if sum(counts) < ntasks:
        raise SrunError(f"{ntasks} tasks need more nodes than {len(places)}; ask for less.")
    cores = _of_job(environment, "SLURM_CPUS_ON_NODE")
    need = max(counts) * (cpus_per_task or 1)
    if cores is not None and need > cores and "overcommit" not in given:
        where = "the job has" if len(names) == 1 else "the job has on each node"
        raise SrunError(f"{need} cores are asked for and {where} {cores}; ask for less.")
    of_place = dict(zip(places, counts, strict=False))
    return Step(
        argv=tuple(argv),
        ntasks=ntasks,
        counts=tuple(of_place.get(place, 0) for place in range(len(names))),
        cpus_per_task=cpus_per_task,
        label="label" in given,
        stdout=given.get("output"),
        stderr=given.get("error"),
        chdir=given.get("chdir"),
        export=given.get("export"),
        ignored=tuple(ignored),
    )


def _read(words: Sequence[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Options that count, spellings of those that do not, and the program with its words."""
    given: dict[str, str] = {}
    ignored: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        for name, spelled, value in _options_of(word, rest):
            if name in _REFUSED_NAMES:
                raise SrunError(f"{spelled} is not possible here.")
            if name in _IGNORED_NAMES:
                ignored += [] if name in _SILENT else [spelled]
            if name not in _IGNORED_NAMES or name in {"nodelist", "jobid"}:
                given[name] = value
    return given, ignored, rest


def _options_of(word: str, rest: list[str]) -> list[tuple[str, str, str]]:
    """Name, spelling and value of the options in one word; values are taken from the rest."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        full = _full_name(name)
        takes = _TAKES[full]
        if equals and not takes:
            raise SrunError(f"--{name} takes no value.")
        if takes == "=" and not equals:
            value = _next_value(f"--{name}", rest)
        return [(full, f"--{name}", value)]
    found: list[tuple[str, str, str]] = []
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in _SHORT:
            raise SrunError(f"the option -{letter} is unknown.")
        name, value = _SHORT[letter], ""
        if _TAKES[name]:
            takes_next = not letters and _TAKES[name] == "="
            value = _next_value(f"-{letter}", rest) if takes_next else letters
            letters = ""
        found.append((name, f"-{letter}", value))
    return found


def _full_name(name: str) -> str:
    if name in _TAKES:
        return name
    candidates = [known for known in _TAKES if name and known.startswith(name)]
    if len(candidates) == 1:
        return candidates[0]
    what = "could mean several things" if candidates else "is unknown"
    raise SrunError(f"the option --{name} {what}.")


def _next_value(spelled: str, rest: list[str]) -> str:
    if not rest:
        raise SrunError(f"{spelled} needs a value.")
    return rest.pop(0)


def _count(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST):
        raise SrunError(f"{text!r} is no value for --{name}; write a number of at least 1.")
    return int(text)


def _of_job(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) else None


def _names(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The nodes of the job, the one that runs the script first."""
    return tuple(environment.get("SLURM_JOB_NODELIST", "localhost").split(","))


def _places(
    given: Mapping[str, str], environment: Mapping[str, str], names: Sequence[str]
) -> list[int]:
    """On which nodes of the job the step runs; it runs in no other job."""
    job_id = environment.get("SLURM_JOB_ID")
    if given.get("jobid", job_id) != job_id:
        raise SrunError("a step can only run in its own job.")
    wanted = parse_hostlist(given["nodelist"]) if "nodelist" in given else names
    if wanted is None or not set(wanted) <= set(names):
        own = "node" if len(names) == 1 else "nodes"
        raise SrunError(f"the job has the {own} {', '.join(names)}, and no other.")
    places = [place for place, name in enumerate(names) if name in wanted]
    if "nodes" not in given:
        return places
    text = given["nodes"]
    least = text.partition("-")[0]
    if not (least.isascii() and least.isdigit() and 1 <= int(least) <= len(places)):
        have = "one node" if len(places) == 1 else f"{len(places)} nodes"
        raise SrunError(f"the job has {have}, and --nodes={text} asks for more.")
    return places[: int(least)]
