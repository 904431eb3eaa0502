"""``python -m node_agent.shims srun WORDS``: how the files in a job's PATH begin."""

import sys

from node_agent.shims.install import GANG_SHELL
from node_agent.shims.srun import become_task, gang_shell, main


def run() -> None:
    """Run one command and end with its code."""
    command, *words = sys.argv[1:]
    run_by_name = {"srun-task": become_task, GANG_SHELL: gang_shell}
    sys.exit(run_by_name.get(command, main)(words))


if __name__ == "__main__":
    run()
