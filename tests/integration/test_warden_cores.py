"""A job stays on its cores, whatever it had started before they were set."""

import os
import subprocess
import sys

import psutil

from node_agent.warden.processes import pin
from tests.support.cluster import until

_FAMILY = (
    "import subprocess, threading, time\n"
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    "subprocess.Popen(['sh', '-c', 'sleep 60 & sleep 60 & wait'])\n"
    "time.sleep(60)\n"
)
#: Linux gives no process a number as high.
_NOBODY = 2**22 + 1


def test_what_a_job_started_before_it_was_pinned_is_pinned_too() -> None:
    cpu = min(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", _FAMILY]) as leader:
        first = psutil.Process(leader.pid)
        until(lambda: len(first.children(recursive=True)) == 3 and first.num_threads() == 2)
        family = [first, *first.children(recursive=True)]
        try:
            pin(leader.pid, {cpu})

            tasks = [thread.id for process in family for thread in process.threads()]
            assert len(tasks) == 5
            assert {tuple(os.sched_getaffinity(task)) for task in tasks} == {(cpu,)}
        finally:
            for process in family:
                process.kill()


def test_a_job_that_has_ended_already_has_nothing_to_pin() -> None:
    pin(_NOBODY, {0})
