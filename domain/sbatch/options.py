"""Every option of ``sbatch`` that is recognised, and what is done with each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Takes(StrEnum):
    """Whether an option is followed by a value."""

    NOTHING = "nothing"
    MAYBE = "maybe"  #: Only glued: ``--exclusive=user``, never ``--exclusive user``.
    VALUE = "value"


class Duty(StrEnum):
    """What the option does to a submission."""

    EFFECT = "effect"  #: Read and obeyed.
    SILENT = "silent"  #: Changes nothing anywhere, and needs no remark.
    NO_MEANING = "no_meaning"  #: Accepted with a note: nothing here corresponds to it.
    NOT_YET = "not_yet"  #: Refused until it works: results would differ without it.
    REFUSED = "refused"  #: Refused for good.


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One spelling of an option."""

    name: str  #: Long name without dashes.
    short: str | None = None
    takes: Takes = Takes.VALUE
    duty: Duty = Duty.EFFECT
    key: str  #: The setting it writes; two spellings of one setting share it.
    may_be_shortened: bool = True  #: Whether a prefix of the name can mean this option.
    #: Belongs to Chaufferie and not to Slurm, so a script that holds it could not run elsewhere.
    is_command_line_only: bool = False

    @property
    def spelled(self) -> str:
        """The name as written on a command line."""
        return f"--{self.name}"


_KEYS = {
    "tasks-per-node": "ntasks-per-node",
    "workdir": "chdir",
    "no-requeue": "requeue",
    "share": "oversubscribe",
    "cluster": "clusters",
    "licence": "licenses",
    "licences": "licenses",
}


def _options(listing: str, duty: Duty) -> Iterable[Option]:
    """Options from a listing: ``name``, ``name/x`` with a short form, ``name=`` taking a value.

    ``name[=]`` may take a value, ``!name`` must be written in full, ``@name`` is ours.
    """
    for entry in listing.split():
        text = entry.lstrip("!@")
        takes = Takes.NOTHING
        if text.endswith("[=]"):
            takes, text = Takes.MAYBE, text.removesuffix("[=]")
        elif text.endswith("="):
            takes, text = Takes.VALUE, text.removesuffix("=")
        name, _, short = text.partition("/")
        yield Option(
            name=name,
            short=short or None,
            takes=takes,
            duty=duty,
            key=_KEYS.get(name, name),
            may_be_shortened=not entry.startswith(("!", "@")),
            is_command_line_only=entry.startswith("@"),
        )


_EFFECT = """
    account/A= array/a= begin/b= chdir/D= comment= cpus-per-task/c= deadline= dependency/d=
    error/e= exclude/x= exclusive[=] export= hold/H input/i= job-name/J= mem= mem-per-cpu= nodes/N=
    nice[=] no-requeue ntasks/n= ntasks-per-node= open-mode= output/o= parsable partition/p=
    priority= qos/q= requeue[=] reservation= signal= tasks-per-node= test-only time/t= time-min=
    wait/W workdir= wrap= @type=
    @max-attempts= @max-queue-time=
    @checkpoint[=] @copy-results-every= @exclude-results= @results=
    constraint/C= nodelist/w= profile= gres= gpus/G= gpus-per-node= gpus-per-task= cpus-per-gpu=
    mem-per-gpu= mail-type= mail-user= licenses/L= @licence= @licences=
"""
_SILENT = "quiet/Q @stage="
_NO_MEANING = """
    acctg-freq= batch= cluster= cluster-constraint= clusters/M= consolidate-segments context=
    contiguous core-spec/S= cores-per-socket= cpu-freq= delay-boot= distribution/m= extra=
    extra-node-info/B= get-user-env[=] gpu-bind= gpu-freq= gres-flags= hint= ignore-pbs
    kill-on-invalid-dep= mcs-label= mem-bind= mem-update= mincpus= network=
    no-kill/k[=] ntasks-per-core= ntasks-per-socket= oom-kill-step[=] overcommit/O oversubscribe/s
    prefer= propagate[=] reboot resources= resv-ports[=] segment=
    share sockets-per-node= spread-job spread-segments stepmgr switches= thread-spec=
    threads-per-core= tmp= tres-bind= use-min-nodes verbose/v wait-all-nodes= wckey=
    !ear[=] !ear-cpufreq= !ear-policy= !ear-policy-th= !ear-tag= !ear-user-db= !ear-verbose=
    !ear-learning-phase= !ear-mpi-dist= !ear-cap= !quotatype= !fpgalink=
"""
_NOT_YET = """
    bb= bbf= container= container-id= gpus-per-socket=
    nodefile/F= ntasks-per-gpu= ntasks-per-tres= runtime= tres-per-task=
    !container-image= !container-mounts= !container-name= !container-workdir= !image= !volume=
"""
_REFUSED = """
    autocomplete= export-file= external gid= help/h uid= usage version/V
"""

OPTIONS: tuple[Option, ...] = (
    *_options(_EFFECT, Duty.EFFECT),
    *_options(_SILENT, Duty.SILENT),
    *_options(_NO_MEANING, Duty.NO_MEANING),
    *_options(_NOT_YET, Duty.NOT_YET),
    *_options(_REFUSED, Duty.REFUSED),
)

BY_NAME = {option.name: option for option in OPTIONS}
BY_SHORT = {option.short: option for option in OPTIONS if option.short is not None}

#: Options of ``srun`` that people put among the directives: the name tells where they belong.
SRUN_OPTIONS = frozenset(
    {"cpu-bind", "cpu_bind", "mem_bind", "mpi", "x11", "label", "pty", "unbuffered", "multi-prog"}
)
#: Options added by one computing centre's plug-ins and meaning nothing elsewhere.
SITE_OPTIONS = frozenset({"gpu-mps", "module", "uenv-file", "uenv", "view"})


def with_prefix(prefix: str) -> tuple[Option, ...]:
    """The options that ``prefix`` could be short for, one for each setting and kind of value."""
    found = [
        option for option in OPTIONS if option.may_be_shortened and option.name.startswith(prefix)
    ]
    distinct = {(option.key, option.takes): option for option in reversed(found)}
    return tuple(reversed(distinct.values()))
