"""``python -m worker``: the worker and its beat, in one process; ``sweep``: simulate on workers."""

import argparse
import sys
from collections.abc import Sequence

from simulation.options import SentenceParser, read_words
from worker.queues import QUEUES

_DESCRIPTION = "Work on what the broker of CHAUFFERIE_REDIS_URL brings, until TERM."


def main() -> int:
    """Serve, or run a sweep; the exit code."""
    words = sys.argv[1:]
    if words[:1] == ["sweep"]:
        return _sweep(words[1:])
    parser = SentenceParser(prog="chaufferie worker", description=_DESCRIPTION)
    parser.add_argument(
        "--queues",
        type=_queues,
        default=QUEUES,
        metavar="Q,...",
        help=f"what to work on (default {','.join(QUEUES)})",
    )
    queues = parser.parse_args(words).queues
    from worker.serving import serve  # noqa: PLC0415 - the help need not wait for Celery

    return serve(queues)


def _sweep(words: Sequence[str]) -> int:
    ask = read_words(words, prog="chaufferie simulate")
    from worker.sweep_command import run_sweep  # noqa: PLC0415 - the help need not wait for Celery

    return run_sweep(ask)


def _queues(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in QUEUES]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no queue {unknown[0]!r}; there are: {', '.join(QUEUES)}"
        )
    return names


if __name__ == "__main__":
    sys.exit(main())
