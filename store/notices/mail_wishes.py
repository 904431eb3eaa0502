"""Who is to be written to about a job; noted when it is submitted, gone when it has ended."""

from collections.abc import Iterable

from sqlalchemy import Connection, Text, cast, insert, select, update

from domain.jobs.job_spec import JobSpec
from store.notices.notice_tables import mail_wish, notice


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


def wish_again(connection: Connection, job_id: int, spec: JobSpec) -> None:
    """Note what a job wishes for that runs once more after its end, which is told anew."""
    wished = select(mail_wish.c.job_id).where(mail_wish.c.job_id == job_id)
    if connection.execute(wished).first() is None:
        note_wishes(connection, [(job_id, spec)])
    connection.execute(
        update(notice)
        .where(notice.c.job_id == job_id, notice.c.due_at_s.is_(None))
        .values(name=notice.c.name + "." + cast(notice.c.id, Text))
    )
