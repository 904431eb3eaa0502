"""Every invariant checked on the live store, and the last run replayed."""

import json
import sys
from collections.abc import Sequence

from domain.refusal import Refused
from scheduler.ports import ROLE
from scheduler.replay import Replay, replay_last_run
from store.checks.invariants import Finding, look_at_all
from store.database import Database

_LONGEST_SHOWN = 200


def examine(database: Database) -> list[Finding]:
    """What holds and what does not, the replay of the last run included."""
    return [*look_at_all(database, role=ROLE), *_of_replay(replay_last_run(database))]


def _of_replay(result: Replay | Refused) -> list[Finding]:
    if isinstance(result, Refused):
        return []  # Nothing ran that this version could run again.
    differs = () if result.differs_at is None else (f"batch {result.differs_at}",)
    return [
        Finding(
            name="replay",
            holds="The log of the last run, run again, gives the same orders bit for bit.",
            offenders=differs,
        ),
        Finding(
            name="engine-books",
            holds="The engine's count of cores agrees with what its jobs hold.",
            offenders=() if result.books is None else (result.books,),
        ),
    ]


def report_findings(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print what was found; 0 where all holds, 1 where something does not."""
    broken = [finding for finding in findings if finding.offenders]
    if as_json:
        plain = [
            {
                "name": finding.name,
                "holds": not finding.offenders,
                "sentence": finding.holds,
                "offenders": list(finding.offenders),
            }
            for finding in findings
        ]
        sys.stdout.write(json.dumps({"is_sound": not broken, "findings": plain}) + "\n")
        return 1 if broken else 0
    for finding in findings:
        sys.stdout.write(f"{'BROKEN' if finding.offenders else 'holds':7} {finding.holds}\n")
        if finding.offenders:
            sys.stdout.write(f"        Not so for: {', '.join(finding.offenders)}.\n")
    verdict = f"{len(broken)} of {len(findings)} do not hold." if broken else "All of them hold."
    sys.stdout.write(f"{len(findings)} things looked at. {verdict}\n")
    return 1 if broken else 0


def report_replay(result: Replay | Refused, *, as_json: bool) -> int:
    """Print how the replay went; 0 where it gave the same, 1 where not, 2 where it cannot run."""
    if isinstance(result, Refused):
        sys.stderr.write(result.sentence + "\n")
        return 2
    is_same = result.differs_at is None
    if as_json:
        plain = {
            "policy": result.run.policy,
            "version": result.run.version,
            "batches": result.batches,
            "events": result.events,
            "commands": result.commands,
            "is_same": is_same,
            "differs_at": result.differs_at,
        }
        sys.stdout.write(json.dumps(plain) + "\n")
    elif is_same:
        sys.stdout.write(
            f"The last run of policy {result.run.policy} ({result.batches} batches, "
            f"{result.events} events) gives the same {result.commands} orders.\n"
        )
    else:
        sys.stdout.write(
            f"Batch {result.differs_at} of policy {result.run.policy} differs.\n"
            f"  logged:   {result.logged[:_LONGEST_SHOWN]}\n"
            f"  replayed: {result.replayed[:_LONGEST_SHOWN]}\n"
        )
    return 0 if is_same else 1
