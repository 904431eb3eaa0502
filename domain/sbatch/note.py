"""What is said aloud about a submission that is accepted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One sentence for the submitter; ``line`` counts from 1 in the script."""

    text: str
    line: int | None = None

    def __str__(self) -> str:
        """The sentence, led by its line number where it has one."""
        return self.text if self.line is None else f"Line {self.line}: {self.text}"
