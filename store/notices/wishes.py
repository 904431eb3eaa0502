"""Who is to be written to about a job; noted when it is submitted, gone when it has ended."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from domain.job_spec import JobSpec
from store.notices.notice_tables import mail_wish


def note_wishes(connection: Connection, jobs: Iterable[tuple[int, JobSpec]]) -> None:
    """Note what these new jobs wish for."""
    values = [
        {
            "job_id": job_id,
            "addresses": ",".join(spec.mail_to),
            "types": ",".join(spec.mail_types),
        }
        for job_id, spec in jobs
        if spec.mail_to
    ]
    if values:
        connection.execute(insert(mail_wish), values)
