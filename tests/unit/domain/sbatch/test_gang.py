"""What a job of several nodes is told of them."""

import pytest

from domain.sbatch.gang import GangFacts, counted, gang_environment, share_out


@pytest.mark.parametrize(
    ("ntasks", "nodes", "most", "shares"),
    [
        (4, 2, None, (2, 2)),
        (5, 3, None, (2, 2, 1)),
        (1, 3, None, (1, 0, 0)),
        (6, 2, 4, (4, 2)),
        (3, 3, 2, (2, 1, 0)),
    ],
)
def test_tasks_are_shared_out(
    ntasks: int, nodes: int, most: int | None, shares: tuple[int, ...]
) -> None:
    assert share_out(ntasks, nodes, most) == shares


def test_counts_are_written_as_slurm_does() -> None:
    assert counted([4, 4, 3]) == "4(x2),3"
    assert counted([1]) == "1"


def _facts(network: str, interface: str | None = None) -> GangFacts:
    return GangFacts(
        names=("a", "b"),
        cores=(4, 4),
        slots=(2, 1),
        hostfile="/job.hosts",
        machinefile="/job.machines",
        remote_shell="/shims/gang-ssh",
        network=network,
        interface=interface,
    )


def test_the_nodes_are_named_in_the_order_of_their_places() -> None:
    found = gang_environment(_facts("10.1.0.0/24"))

    assert found["SLURM_JOB_NODELIST"] == "a,b"
    assert (found["SLURM_NNODES"], found["SLURM_TASKS_PER_NODE"]) == ("2", "2,1")
    assert found["SLURM_JOB_CPUS_PER_NODE"] == "4(x2)"
    assert found["PRTE_MCA_prte_if_include"] == "10.1.0.0/24"


def test_the_loopback_is_not_named_to_daemons_that_refuse_it() -> None:
    found = gang_environment(_facts("127.0.0.0/8"))

    assert "PRTE_MCA_prte_if_include" not in found
    assert found["OMPI_MCA_btl_tcp_if_include"] == "127.0.0.0/8"


def test_hydra_reads_a_file_and_has_its_daemons_call_back_where_the_interface_is() -> None:
    found = gang_environment(_facts("10.1.0.0/24", "eno1"))

    assert (found["HYDRA_HOST_FILE"], found["I_MPI_HYDRA_HOST_FILE"]) == ("/job.machines",) * 2
    assert (found["HYDRA_IFACE"], found["I_MPI_HYDRA_IFACE"]) == ("eno1", "eno1")
    assert found["HYDRA_ENV"] == "none"


def test_an_interface_that_is_not_known_is_not_named() -> None:
    found = gang_environment(_facts("fd00::/64"))

    assert "HYDRA_IFACE" not in found
    assert "I_MPI_HYDRA_IFACE" not in found
