"""Whether any site has as many nodes as a job wants at once."""

from collections import Counter
from collections.abc import Mapping

from api.jobs.capacity import Sizes, fitting
from domain.jobs.job_spec import JobSpec
from domain.refusal import Refused


def check_beside(job: JobSpec, sizes: Sizes, site_of: Mapping[str, str]) -> Refused | None:
    """Why no site could ever hold the job; None where one could, or where there is no node yet."""
    wanted = job.resources.nodes
    if wanted == 1 or not sizes:
        return None
    closed = {name for name, node in sizes if node.is_closed}
    could = [name for name in fitting(job, sizes) if name in site_of]
    counts = Counter(site_of[name] for name in could if name not in closed)
    if not could or max(counts.values(), default=0) >= wanted:
        return None
    if not counts:
        return Refused(
            code="job.too_many_nodes",
            sentence=f"The job asks for {wanted} nodes, and those that could take it keep their "
            "jobs off the network, so that none runs on several. Ask for one with --nodes.",
        )
    most = max(counts.values())
    best = min(name for name, count in counts.items() if count == most)
    less = f"{most} or fewer" if most > 1 else "one"
    return Refused(
        code="job.too_many_nodes",
        sentence=(
            f"The job asks for {wanted} nodes, which must be of one site; the site with the most "
            f"that could take it has {most} ({best}). Ask for {less} with --nodes."
        ),
    )
