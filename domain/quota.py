"""How much of something a tenant may have, and the one sentence that refuses more."""

from dataclasses import dataclass

from domain.refusal import Refused

_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit on one thing that a tenant uses."""

    code: str  #: Stable, for programs: ``quota.<code>``.
    name: str  #: As people call it.
    limit: int
    remedy: str  #: What to do about it, as the end of a sentence.

    def refuse(self, use: int, more: int) -> Refused | None:
        """A refusal naming quota, use and limit where ``more`` does not fit beside ``use``."""
        if use + more <= self.limit:
            return None
        return Refused(
            code=f"quota.{self.code}",
            sentence=(
                f"The quota of {self.name} is used up: {describe_bytes(use)} of "
                f"{describe_bytes(self.limit)} are used and {describe_bytes(more)} more are asked "
                f"for; {self.remedy}."
            ),
        )


def stored_bytes_quota(limit_bytes: int) -> Quota:
    """The quota on what a tenant's inputs and results take, each content counted once."""
    return Quota(
        code="stored_bytes",
        name="stored bytes",
        limit=limit_bytes,
        remedy="wait until old files have expired, or ask the operator for more",
    )


def describe_bytes(size_bytes: int) -> str:
    """The size with a unit that leaves a short number."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < _KIB:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _KIB
    return f"{size:.1f} TiB"
