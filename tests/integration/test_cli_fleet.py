"""Sites and nodes as an operator types them: made, joined, drained and opened again."""

import pytest

from tests.support.command_line import CommandLine


def test_a_site_is_made_described_anew_and_joined_by_a_node(typed: CommandLine) -> None:
    pool = ("--water-m3", "500", "--limit-c", "29")

    made = typed.run("site", "add", "Town Pool", *pool, "--set-point-c", "28")
    twice = typed.run("site", "add", "Town Pool", *pool)
    too_warm = typed.run("site", "add", "Other", *pool, "--set-point-c", "30")
    changed = typed.run("site", "change", "Town Pool", *pool, "--rename", "Old Pool")
    (site,) = [x for x in typed.document("sites")["sites"] if x["name"] == "Old Pool"]
    token = typed.run("node", "enrol", "old-pool-1", "--site", "Old Pool", "--minutes", "5")

    assert (made.returncode, made.stdout) == (0, f"Site {site['site_id']}: Town Pool.\n")
    assert twice.returncode == 1
    assert "Town Pool" in twice.stderr
    assert too_warm.returncode == 1
    assert "must be below" in too_warm.stderr
    assert changed.returncode == 0, changed.stderr
    assert site["is_preheat"]
    assert site["storage_wh_per_k"] == pytest.approx(581_400, rel=1e-3)
    assert "It works once, until" in token.stderr
    assert len(token.stdout.strip().splitlines()) == 1


def test_a_drained_node_gets_no_new_work_until_it_is_resumed(typed: CommandLine) -> None:
    half = typed.run("node", "drain", "node0,nowhere")
    untouched = typed.run("nodes").stdout
    drained = typed.run("node", "drain", "node0")
    job = typed.submit("--nodelist=node0", "--", "true")
    reason = typed.run("explain", job).stdout
    resumed = typed.run("node", "resume", "node0")
    waited = typed.run("wait", job)

    assert half.returncode == 3
    assert "drained" not in untouched
    assert (drained.returncode, drained.stdout) == (0, "node0: drained\n")
    assert "node0" in reason
    assert (resumed.returncode, resumed.stdout) == (0, "node0: up\n")
    assert waited.returncode == 0, waited.stderr
