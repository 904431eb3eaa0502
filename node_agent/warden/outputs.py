"""The files an attempt prints to: how large they are, and cut where they grew too large."""

import contextlib
import os

from node_agent.warden.protocol import StartOrder


def printed_bytes(order: StartOrder) -> int:
    """Size of the larger of the two."""
    largest_bytes = 0
    for name in (order.stdout, order.stderr):
        if name is not None:
            with contextlib.suppress(OSError):  # The job may have removed it.
                largest_bytes = max(largest_bytes, os.stat(name).st_size)
    return largest_bytes


def cut_output(order: StartOrder) -> None:
    """Keep no more than the limit: between two looks a job may print gigabytes."""
    limit_bytes = order.output_limit_bytes
    for name in (order.stdout, order.stderr):
        if name is not None and limit_bytes is not None:
            with contextlib.suppress(OSError):
                if os.stat(name).st_size > limit_bytes:
                    os.truncate(name, limit_bytes)
