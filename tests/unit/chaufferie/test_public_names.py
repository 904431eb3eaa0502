import subprocess
import sys

import pytest

import chaufferie

HEAVY = {"fastapi", "sqlalchemy", "celery", "numpy", "httpx2", "rich", "store", "api"}


def modules_after(code: str) -> set[str]:
    """The modules that are loaded once this code has run in a fresh interpreter."""
    program = f"import sys\n{code}\nprint(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("name", chaufferie.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(chaufferie, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Customer"):
        _ = chaufferie.Customer


def test_the_command_line_starts_without_http_or_server_libraries() -> None:
    assert modules_after("import chaufferie.cli.main") & HEAVY == set()


def test_only_who_submits_loads_the_parser_of_scripts() -> None:
    loaded = modules_after("import chaufferie.cli.main, chaufferie.sdk.client")

    assert {"domain.sbatch.parse", "domain.sbatch.submission"} & loaded == set()


def test_the_sdk_loads_nothing_but_an_http_client() -> None:
    assert modules_after("from chaufferie import Client") & HEAVY <= {"httpx2"}
