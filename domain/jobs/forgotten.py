"""What is said of a job that was forgotten when somebody asks for what it left."""

from domain.calendar.paris import write_instant
from domain.refusal import Refused


def forgotten(ref: str | int, at_s: float) -> Refused:
    """The refusal; ``at_s`` is when it was forgotten [Unix s]."""
    return Refused(
        code="job.forgotten",
        sentence=f"Job {ref} was forgotten at {write_instant(round(at_s))}: its output and its "
        "files are gone for good; chaufferie receipts says at whose word.",
    )
