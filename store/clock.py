"""The host clock. On SQLite it is the database's clock; nowhere else may the store read it."""

import time


def host_now_s() -> float:
    """Unix time [s]."""
    return time.time()  # noqa: TID251 - this module is the one place that may
