"""``python -m node_agent.shims srun WORDS``: how the files in a job's PATH begin."""

import sys

from node_agent.shims.srun import become_task, main


def run() -> None:
    """Run one command and end with its code."""
    command, *words = sys.argv[1:]
    sys.exit(become_task(words) if command == "srun-task" else main(words))


if __name__ == "__main__":
    run()
