"""Programs for simulation, over all nodes: where each is, in which versions, and who may ask."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from domain.fleet.node import NodeSpec
from domain.fleet.profiles import NodeProfile, parse_profile, version_key
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused
from store.fleet.site_queries import NodeRow

_MOST_SHOWN = 20
Sizes = Sequence[tuple[str, NodeSpec]]


def check_profile(job: JobSpec, sizes: Sizes) -> Refused | None:
    """Why no enrolled node could run this with its profile; None where one could."""
    if job.profile is None or not sizes:
        return None
    found = list(_asked(job.profile, (spec for _, spec in sizes)))
    if not found:
        return _unknown(job.profile, sizes)
    if not job.script and not job.command and not any(profile.command for profile in found):
        return Refused(
            code="job.no_command",
            sentence=f"The profile {found[0].name} has no command of its own; name a script, or "
            "put a command after --.",
        )
    most_tasks = max(profile.most_tasks or job.resources.ntasks for profile in found)
    if most_tasks < job.resources.ntasks:
        return Refused(
            code="job.too_many_tasks",
            sentence=f"The job asks for {job.resources.ntasks} tasks; {found[0].name} runs as at "
            f"most {most_tasks}. Ask for cores by --cpus-per-task instead.",
        )
    return None


def asked_profiles(job: JobSpec, sizes: Sizes) -> Sequence[NodeProfile]:
    """Every program on any node that will do for a job; none where it names none."""
    return () if job.profile is None else tuple(_asked(job.profile, (spec for _, spec in sizes)))


def _asked(text: str, specs: Iterable[NodeSpec]) -> Iterator[NodeProfile]:
    wish = parse_profile(text)
    if wish is not None:
        for spec in specs:
            yield from (one for one in spec.profiles if wish.is_met_by(one.name, one.version))


def _unknown(text: str, sizes: Sizes) -> Refused:
    everywhere = {profile.label for _, spec in sizes for profile in spec.profiles}
    wish = parse_profile(text)
    same = sorted(label for label in everywhere if wish and label.split("/")[0] == wish.name)
    shown = ", ".join((same or sorted(everywhere))[:_MOST_SHOWN]) or "none"
    return Refused(
        code="job.no_such_profile",
        sentence=f"No node has the program {text}; there are: {shown}.",
    )


def profiles_view(nodes: Iterable[NodeRow]) -> list[dict[str, Any]]:
    """Each program with its versions, newest first, and the nodes that have them."""
    found: dict[str, dict[str, list[tuple[NodeRow, NodeProfile]]]] = {}
    for node in nodes:
        for profile in node.spec.profiles:
            found.setdefault(profile.name, {}).setdefault(profile.version, []).append(
                (node, profile)
            )
    return [_profile_view(name, found[name]) for name in sorted(found)]


def _profile_view(
    name: str, versions: dict[str, list[tuple[NodeRow, NodeProfile]]]
) -> dict[str, Any]:
    newest_first = sorted(versions, key=version_key, reverse=True)
    newest = versions[newest_first[0]][0][1]
    return {
        "name": name,
        "title": newest.title,
        "licence": newest.licence,
        "notes": newest.notes,
        "command": newest.command,
        "most_tasks": newest.most_tasks,
        "licence_servers": list(newest.licence_servers),
        "licences": newest.licence_rules(),
        "versions": [
            {
                "version": version,
                "nodes": [
                    {"node_id": node.node_id, "name": node.name, "state": node.state}
                    for node, _ in versions[version]
                ],
            }
            for version in newest_first
        ],
    }
