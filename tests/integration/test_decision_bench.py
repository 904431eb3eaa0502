"""The measurement of a decision runs, and says what it promises to say."""

import json
import subprocess
import sys
from pathlib import Path

_BENCH = Path(__file__).parents[2] / "bench" / "decision.py"


def test_small_sizes_are_measured_through_the_production_engine() -> None:
    asked = [sys.executable, str(_BENCH), "--quick", "--repeats", "2"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    found = [json.loads(line) for line in done.stdout.splitlines()]

    assert [(item["sites"], item["queued"]) for item in found] == [(50, 500), (100, 1000)]
    for item in found:
        assert item["policy"] == "chaufferie"
        assert item["seconds"]["min"] <= item["seconds"]["median"] <= item["seconds"]["max"]
        assert item["starts_first"] > 0
        assert item["running"] > item["sites"]
        assert item["rss_mib"] > 0
