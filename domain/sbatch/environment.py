"""The variables that a job finds in its environment.

MPI libraries and training frameworks read the ``SLURM_*`` ones and act on them, so each is set
only when it is true, and those that Slurm sets only for what was asked are set only then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from domain.sbatch.gang import GangFacts, gang_environment
from domain.sbatch.patterns import ArrayPlace

DEFAULT_CLUSTER_NAME = "chaufferie"
DEFAULT_GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"


class Asked(StrEnum):
    """A size that the submitter stated, rather than left to a default."""

    NTASKS = "ntasks"
    NTASKS_PER_NODE = "ntasks_per_node"
    CPUS_PER_TASK = "cpus_per_task"
    MEM_PER_NODE = "mem_per_node"
    MEM_PER_CPU = "mem_per_cpu"
    GPUS = "gpus"
    GPUS_PER_NODE = "gpus_per_node"
    GPUS_PER_TASK = "gpus_per_task"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What is known about one attempt when its process is about to start."""

    job_id: int
    name: str
    user: str
    node_name: str  #: The machine's own host name: Open MPI starts a remote daemon for another.
    cores: int
    ntasks: int
    cpus_per_task: int
    asked: Collection[str]  #: Values of ``Asked``.
    submit_dir: str  #: The staged working directory, on the node.
    tmp_dir: str  #: Private to the attempt.
    started_at_s: float
    ends_at_s: float | None = None  #: Where a time limit holds.
    tasks_per_node: int | None = None
    mem_mib: int | None = None  #: Of the whole job on its node.
    mem_per_cpu_mib: int | None = None
    restart_count: int = 0
    partition: str | None = None
    qos: str | None = None
    account: str | None = None
    submit_host: str | None = None
    cluster_name: str = DEFAULT_CLUSTER_NAME
    array: ArrayPlace | None = None
    gpus: tuple[int, ...] | None = None  #: Its devices; None where the node has none at all.
    gpu_variable: str = DEFAULT_GPU_VARIABLE  #: By which their programs are told.
    gang: GangFacts | None = None  #: None where it runs on one node.


def job_environment(facts: JobFacts) -> dict[str, str]:
    """The variables for one attempt, to be laid over whatever else it gets."""
    return {
        **_identity(facts),
        **_node(facts),
        **_asked_sizes(facts),
        **_labels(facts),
        **_array(facts.array),
        **_gpus(facts),
        **_launchers(facts),
        **({} if facts.gang is None else gang_environment(facts.gang)),
    }


def _identity(facts: JobFacts) -> dict[str, str]:
    job_id = str(facts.job_id)
    found = {
        "SLURM_JOB_ID": job_id,
        "SLURM_JOBID": job_id,
        "SLURM_JOB_NAME": facts.name,
        "SLURM_JOB_USER": facts.user,
        "SLURM_SUBMIT_DIR": facts.submit_dir,
        "SLURM_CLUSTER_NAME": facts.cluster_name,
        "SLURM_JOB_START_TIME": str(int(facts.started_at_s)),
        "SLURM_TMPDIR": facts.tmp_dir,
        "TMPDIR": facts.tmp_dir,
        "ENVIRONMENT": "BATCH",
        "HOSTNAME": facts.node_name,
    }
    if facts.ends_at_s is not None:
        found["SLURM_JOB_END_TIME"] = str(int(facts.ends_at_s))
    if facts.restart_count > 0:
        found["SLURM_RESTART_COUNT"] = str(facts.restart_count)
    return found


def _node(facts: JobFacts) -> dict[str, str]:
    """The allocation, which MPI libraries read as their list of hosts and slots."""
    return {
        "SLURM_JOB_NODELIST": facts.node_name,
        "SLURM_NODELIST": facts.node_name,
        "SLURMD_NODENAME": facts.node_name,
        "SLURM_JOB_NUM_NODES": "1",
        "SLURM_NNODES": "1",
        "SLURM_TASKS_PER_NODE": str(_slots(facts)),
        "SLURM_JOB_CPUS_PER_NODE": str(facts.cores),
        "SLURM_CPUS_ON_NODE": str(facts.cores),
        "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0",
        "SLURM_NODEID": "0",
    }


def _slots(facts: JobFacts) -> int:
    """Tasks the node may hold: those asked for, else as many as its cores allow."""
    if Asked.NTASKS in facts.asked or Asked.NTASKS_PER_NODE in facts.asked:
        return facts.ntasks
    return max(facts.ntasks, facts.cores // facts.cpus_per_task)


def _asked_sizes(facts: JobFacts) -> dict[str, str]:
    found: dict[str, str] = {}
    if Asked.NTASKS in facts.asked or Asked.NTASKS_PER_NODE in facts.asked:
        found["SLURM_NTASKS"] = found["SLURM_NPROCS"] = str(facts.ntasks)
    if Asked.NTASKS_PER_NODE in facts.asked and facts.tasks_per_node is not None:
        found["SLURM_NTASKS_PER_NODE"] = str(facts.tasks_per_node)
    if Asked.CPUS_PER_TASK in facts.asked:
        found["SLURM_CPUS_PER_TASK"] = str(facts.cpus_per_task)
    if Asked.MEM_PER_NODE in facts.asked and facts.mem_mib is not None:
        found["SLURM_MEM_PER_NODE"] = str(facts.mem_mib)
    if Asked.MEM_PER_CPU in facts.asked and facts.mem_per_cpu_mib is not None:
        found["SLURM_MEM_PER_CPU"] = str(facts.mem_per_cpu_mib)
    return found


def _labels(facts: JobFacts) -> dict[str, str]:
    labels = {
        "SLURM_JOB_PARTITION": facts.partition,
        "SLURM_JOB_QOS": facts.qos,
        "SLURM_JOB_ACCOUNT": facts.account,
        "SLURM_SUBMIT_HOST": facts.submit_host,
    }
    return {name: value for name, value in labels.items() if value is not None}


def _array(place: ArrayPlace | None) -> dict[str, str]:
    if place is None:
        return {}
    return {
        "SLURM_ARRAY_JOB_ID": str(place.job_id),
        "SLURM_ARRAY_TASK_ID": str(place.index),
        "SLURM_ARRAY_TASK_COUNT": str(place.count),
        "SLURM_ARRAY_TASK_MIN": str(place.first),
        "SLURM_ARRAY_TASK_MAX": str(place.last),
        "SLURM_ARRAY_TASK_STEP": str(place.step),
    }


def _gpus(facts: JobFacts) -> dict[str, str]:
    """Its devices. One that asked for none on a node that has some is shown none."""
    if facts.gpus is None:
        return {}
    devices = ",".join(str(device) for device in facts.gpus)
    if not facts.gpus:
        return {facts.gpu_variable: ""}
    count = str(len(facts.gpus))
    n_nodes = 1 if facts.gang is None else len(facts.gang.names)
    found = {
        facts.gpu_variable: devices,
        "SLURM_JOB_GPUS": devices,
        "SLURM_GPUS_ON_NODE": count,
    }
    if Asked.GPUS in facts.asked:
        found["SLURM_GPUS"] = str(len(facts.gpus) * n_nodes)
    if Asked.GPUS_PER_NODE in facts.asked:
        found["SLURM_GPUS_PER_NODE"] = count
    if Asked.GPUS_PER_TASK in facts.asked:
        found["SLURM_GPUS_PER_TASK"] = str(len(facts.gpus) * n_nodes // max(facts.ntasks, 1))
    return found


def _launchers(facts: JobFacts) -> dict[str, str]:
    """What MPI's launchers read, and what scripts of one computing centre launch them by.

    Hydra calls ``srun`` once it sees a node list; told to fork, it stays on the node.
    """
    return {
        "HYDRA_LAUNCHER": "fork",
        "I_MPI_HYDRA_BOOTSTRAP": "fork",
        "MPIEXEC": "mpirun",
        "FLAGS_MPI_BATCH": f"-np {facts.ntasks}",
    }
