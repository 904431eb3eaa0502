"""How rows are shown to people and programs."""

import json
from collections.abc import Mapping
from typing import Any


def job_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """A job as the API shows it."""
    spec = json.loads(row["spec"])
    return {
        "job_id": row["id"],
        "name": row["name"],
        "state": row["state"],
        "reason": row["reason"],
        "exit_code": row["exit_code"],
        "tenant": row["tenant"],
        "project": row["project"],
        "scheduling_type": spec["scheduling_type"],
        "cores": spec["resources"]["cores"],
        "time_limit_s": spec["resources"]["time_limit_s"],
        "attempt": row["attempt"],
        "node": row["node"],
        "site": row["site"],
        "submitted_at_s": row["submitted_at_s"],
        "started_at_s": row["started_at_s"],
        "finished_at_s": row["finished_at_s"],
    }
