"""What holds for every test: no setting of the person who runs them, one mark a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
SPEEDS = frozenset(
    {"unit", "property", "contract", "integration", "e2e", "acceptance", "architecture"}
)

# No timing is asserted, and Hypothesis's deadline is one: a busy machine would fail the build.
settings.register_profile("chaufferie", deadline=None)
# The gate tries the same examples each time: a red run is the change's fault, not luck's.
settings.register_profile("chaufferie-ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("chaufferie-ci" if os.environ.get("CI") else "chaufferie")


def pytest_configure() -> None:
    """Forget every setting of the shell, before a test module or a child process can read one."""
    for name in [name for name in os.environ if name.startswith("CHAUFFERIE_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, so that `-m "not e2e"` chooses by speed."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in SPEEDS:
            item.add_marker(folder)


@pytest.fixture(autouse=True)
def _settings_end_with_the_test() -> Iterator[None]:
    """Fail a test that leaves a setting behind for the next one."""
    yield
    left = sorted(name for name in os.environ if name.startswith("CHAUFFERIE_"))
    assert left == [], "set it with monkeypatch.setenv"
