import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from scheduler.placement.policies.baselines import ColdestTank
from scheduler.service import SchedulerService
from store.tables.jobs import instance
from tests.support.scene import Scene


def _run(*arguments: str, url: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scheduler", *arguments],
        env={
            **os.environ,
            "CHAUFFERIE_DATA_DIR": str(data_dir),
            "CHAUFFERIE_DATABASE_URL": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def decided(scene: Scene) -> Scene:
    """A store on which an engine has run."""
    scene.node()
    scene.submit()
    SchedulerService(store=scene.store, policy=ColdestTank()).turn()
    return scene


def test_the_doctor_finds_a_sound_store_sound(decided: Scene, tmp_path: Path) -> None:
    done = _run("doctor", url=decided.database.url, data_dir=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "All of them hold." in done.stdout


def test_the_doctor_says_what_does_not_hold_and_fails(decided: Scene, tmp_path: Path) -> None:
    with decided.database.write() as connection:
        connection.execute(update(instance).values(failures=3))

    done = _run("doctor", "--json", url=decided.database.url, data_dir=tmp_path)

    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert [item["name"] for item in said["findings"] if not item["holds"]] == ["failures-counted"]


def test_the_last_run_replays_from_the_command_line(decided: Scene, tmp_path: Path) -> None:
    done = _run("replay", "--json", url=decided.database.url, data_dir=tmp_path)

    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert (said["policy"], said["is_same"]) == ("coldest", True)


@pytest.mark.parametrize("task", ["doctor", "replay"])
def test_a_tool_on_no_database_says_so_in_one_sentence(task: str, tmp_path: Path) -> None:
    done = _run(task, url=f"sqlite:///{tmp_path}/none.sqlite", data_dir=tmp_path)

    assert done.returncode == 2
    assert "There is no database" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "none.sqlite").exists()
