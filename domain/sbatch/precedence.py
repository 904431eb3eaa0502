"""Which writing of an option counts: the command line, else ``SBATCH_*``, else the script."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.sbatch.given import Given, Origin
from domain.sbatch.note import Note
from domain.sbatch.options import BY_NAME, Takes

#: The variables that ``sbatch`` reads, with the options they stand for.
VARIABLES = {
    "SBATCH_ACCOUNT": "account",
    "SBATCH_ACCTG_FREQ": "acctg-freq",
    "SBATCH_ARRAY_INX": "array",
    "SBATCH_CLUSTERS": "clusters",
    "SBATCH_CONSTRAINT": "constraint",
    "SBATCH_CONTAINER": "container",
    "SBATCH_CONTAINER_ID": "container-id",
    "SBATCH_CORE_SPEC": "core-spec",
    "SBATCH_CPUS_PER_GPU": "cpus-per-gpu",
    "SBATCH_CPU_FREQ_REQ": "cpu-freq",
    "SBATCH_DEBUG": "verbose",
    "SBATCH_DELAY_BOOT": "delay-boot",
    "SBATCH_DISTRIBUTION": "distribution",
    "SBATCH_ERROR": "error",
    "SBATCH_EXCLUSIVE": "exclusive",
    "SBATCH_EXPORT": "export",
    "SBATCH_GET_USER_ENV": "get-user-env",
    "SBATCH_GPUS": "gpus",
    "SBATCH_GPUS_PER_NODE": "gpus-per-node",
    "SBATCH_GPUS_PER_SOCKET": "gpus-per-socket",
    "SBATCH_GPUS_PER_TASK": "gpus-per-task",
    "SBATCH_GPU_BIND": "gpu-bind",
    "SBATCH_GPU_FREQ": "gpu-freq",
    "SBATCH_GRES": "gres",
    "SBATCH_GRES_FLAGS": "gres-flags",
    "SBATCH_HINT": "hint",
    "SBATCH_IGNORE_PBS": "ignore-pbs",
    "SBATCH_INPUT": "input",
    "SBATCH_JOB_NAME": "job-name",
    "SBATCH_MEM_BIND": "mem-bind",
    "SBATCH_MEM_PER_CPU": "mem-per-cpu",
    "SBATCH_MEM_PER_GPU": "mem-per-gpu",
    "SBATCH_MEM_PER_NODE": "mem",
    "SBATCH_NETWORK": "network",
    "SBATCH_NO_KILL": "no-kill",
    "SBATCH_NO_REQUEUE": "no-requeue",
    "SBATCH_OPEN_MODE": "open-mode",
    "SBATCH_OUTPUT": "output",
    "SBATCH_OVERCOMMIT": "overcommit",
    "SBATCH_PARTITION": "partition",
    "SBATCH_PROFILE": "profile",
    "SBATCH_QOS": "qos",
    "SBATCH_REQUEUE": "requeue",
    "SBATCH_RESERVATION": "reservation",
    "SBATCH_SIGNAL": "signal",
    "SBATCH_SPREAD_JOB": "spread-job",
    "SBATCH_THREADS_PER_CORE": "threads-per-core",
    "SBATCH_THREAD_SPEC": "thread-spec",
    "SBATCH_TIMELIMIT": "time",
    "SBATCH_TRES_PER_TASK": "tres-per-task",
    "SBATCH_USE_MIN_NODES": "use-min-nodes",
    "SBATCH_WAIT": "wait",
    "SBATCH_WAIT_ALL_NODES": "wait-all-nodes",
    "SBATCH_WCKEY": "wckey",
}
_NO_WORDS = frozenset({"0", "no", "false"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The writing that counts for each setting, by its key, and what was passed over."""

    by_key: Mapping[str, Given]
    notes: tuple[Note, ...]


def given_in_environment(environment: Mapping[str, str]) -> tuple[Given, ...]:
    """The options that ``SBATCH_*`` variables stand for; an empty value says nothing."""
    found: list[Given] = []
    for variable, name in VARIABLES.items():
        value = environment.get(variable)
        option = BY_NAME[name]
        if value is None or (value == "" and option.takes is Takes.VALUE):
            continue
        if option.takes is not Takes.VALUE and value.lower() in _NO_WORDS:
            continue
        is_bare = option.takes is Takes.NOTHING or value == ""
        found.append(
            Given(
                option=option,
                value=None if is_bare else value,
                spelled=option.spelled,
                origin=Origin(variable=variable),
            )
        )
    return tuple(found)


def settle(*sources: Iterable[Given]) -> Settled:
    """The last writing of each setting, the sources being given from weakest to strongest.

    An option left blank (``--account=``) counts as not given: such files are handed round with
    blanks to fill in.
    """
    by_key: dict[str, Given] = {}
    notes: list[Note] = []
    for source in sources:
        for given in source:
            if given.value is not None and not given.value.strip():
                text = f"{given.spelled} is left blank and counts as not given."
                notes.append(Note(line=given.origin.line, text=text))
            else:
                by_key[given.option.key] = given
    return Settled(by_key=by_key, notes=tuple(notes))
