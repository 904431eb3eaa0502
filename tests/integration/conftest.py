"""What integration tests share: one small cluster, started when the first of them asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster, running_cluster
from tests.support.command_line import CommandLine


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def typed(cluster: Cluster, tmp_path: Path) -> CommandLine:
    """The command line in an empty folder, talking to the cluster as its operator."""
    return CommandLine(cluster, tmp_path)
