"""What a job of several nodes finds set, beside what every job finds.

Launchers of MPI are told by variables where its nodes are, and to start their daemons through a
command of ours instead of ssh. Open MPI reads them under one name in version 4 and under another
since version 5; Hydra, the launcher of MPICH and of Intel MPI, under a name of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import groupby


@dataclass(frozen=True, slots=True, kw_only=True)
class GangFacts:
    """The nodes of one attempt, the one that runs its script first."""

    names: tuple[str, ...]  #: As its programs name them, each once.
    cores: tuple[int, ...]
    slots: tuple[int, ...]  #: Tasks that each may hold.
    hostfile: str  #: Names and slots as Open MPI reads them.
    machinefile: str  #: The same as Hydra reads them.
    remote_shell: str  #: The command that runs another on a node, as ssh would.
    network: str  #: On which they reach one another, such as ``10.1.0.0/16``.
    interface: str | None  #: By which the first one is on it; None where that is not known.


def share_out(ntasks: int, n_nodes: int, most: int | None = None) -> tuple[int, ...]:
    """Tasks of each node: evenly, the first ones one more; or each filled to ``most``."""
    if most is not None:
        return tuple(min(most, max(ntasks - most * place, 0)) for place in range(n_nodes))
    least, over = divmod(ntasks, n_nodes)
    return tuple(least + (place < over) for place in range(n_nodes))


def counted(numbers: Sequence[int]) -> str:
    """Numbers as Slurm writes them: ``4(x2),3``."""
    runs = [(number, len(list(run))) for number, run in groupby(numbers)]
    return ",".join(f"{number}(x{times})" if times > 1 else f"{number}" for number, times in runs)


def gang_environment(facts: GangFacts) -> dict[str, str]:
    """The variables, to be laid over those of a job of one node."""
    names = ",".join(facts.names)
    return {
        "SLURM_JOB_NODELIST": names,
        "SLURM_NODELIST": names,
        "SLURMD_NODENAME": facts.names[0],
        "SLURM_JOB_NUM_NODES": str(len(facts.names)),
        "SLURM_NNODES": str(len(facts.names)),
        "SLURM_TASKS_PER_NODE": counted(facts.slots),
        "SLURM_JOB_CPUS_PER_NODE": counted(facts.cores),
        "SLURM_CPUS_ON_NODE": str(facts.cores[0]),
        **_open_mpi(facts),
        **_hydra(facts),
    }


def _hydra(facts: GangFacts) -> dict[str, str]:
    # Its daemons call back where this interface is: names of nodes then need not resolve.
    interface = (
        {}
        if facts.interface is None
        else {"HYDRA_IFACE": facts.interface, "I_MPI_HYDRA_IFACE": facts.interface}
    )
    return {
        **interface,
        "HYDRA_LAUNCHER": "ssh",
        "HYDRA_LAUNCHER_EXEC": facts.remote_shell,
        # Its own reading of Slurm's list knows not every name, and confuses their counts.
        "HYDRA_HOST_FILE": facts.machinefile,
        # Programs find what their own node sets, and so the devices and folders that it has.
        "HYDRA_ENV": "none",
        "I_MPI_HYDRA_BOOTSTRAP": "ssh",
        "I_MPI_HYDRA_BOOTSTRAP_EXEC": facts.remote_shell,
        "I_MPI_HYDRA_HOST_FILE": facts.machinefile,
    }


def _open_mpi(facts: GangFacts) -> dict[str, str]:
    on_network = {
        "OMPI_MCA_oob_tcp_if_include": facts.network,
        "PRTE_MCA_prte_if_include": facts.network,
    }
    return {
        # Its daemons do not take the loopback by name, and find it where there is nothing else.
        **({} if ip_network(facts.network).is_loopback else on_network),
        # Version 4. Every daemon is started from here: the others know nobody's secret.
        "OMPI_MCA_plm": "rsh",
        "OMPI_MCA_plm_rsh_agent": facts.remote_shell,
        "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
        "OMPI_MCA_orte_leave_session_attached": "1",
        "OMPI_MCA_ras": "^slurm",
        "OMPI_MCA_orte_default_hostfile": facts.hostfile,
        "OMPI_MCA_btl_tcp_if_include": facts.network,
        # Since version 5.
        "PRTE_MCA_plm": "ssh",
        "PRTE_MCA_plm_ssh_agent": facts.remote_shell,
        "PRTE_MCA_plm_ssh_no_tree_spawn": "1",
        "PRTE_MCA_prte_leave_session_attached": "1",
        "PRTE_MCA_ras": "^slurm",
        "PRTE_MCA_prte_default_hostfile": facts.hostfile,
    }
