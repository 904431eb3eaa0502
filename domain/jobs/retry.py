"""How long a job that failed waits before it is tried again."""

import hashlib

#: Doubled with each failure, from the first up to the longest: as Kubernetes does for its jobs
#: (Job controller, back-off limit: 10 s, 20 s, 40 s, ... capped at six minutes).
FIRST_DELAY_S = 10.0
LONGEST_DELAY_S = 360.0
_MOST_DOUBLINGS = 16


def retry_delay_s(*, instance_id: int, attempt: int, failures: int) -> float:
    """Seconds to wait after this failure.

    Between half the doubled delay and all of it: jobs that failed together, of one broken disk
    perhaps, do not come back together. The share follows from the attempt itself, so that
    whoever reckons it anew comes to the same.
    """
    doublings = min(max(failures, 1) - 1, _MOST_DOUBLINGS)
    delay_s = min(FIRST_DELAY_S * 2.0**doublings, LONGEST_DELAY_S)
    digest = hashlib.sha256(f"{instance_id}.{attempt}".encode()).digest()
    share = int.from_bytes(digest[:8]) / 2**64
    return delay_s * (0.5 + 0.5 * share)
