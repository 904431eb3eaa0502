import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def short_names_go_with_the_test(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Links of short names stand in a folder of their own, and leave with it."""
    tmp_path_factory.getbasetemp()  # stands in the usual place, and outlives the folder
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
