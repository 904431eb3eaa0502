"""Options as somebody gave them: which one, with what value, and where."""

from dataclasses import dataclass

from domain.refusal import Refused
from domain.sbatch.options import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where words were written: a script line, an environment variable or the command line."""

    line: int | None = None
    variable: str | None = None

    def __str__(self) -> str:
        """The beginning of a sentence that says where."""
        if self.line is not None:
            return f"Line {self.line}"
        return f"The variable {self.variable}" if self.variable else "The command line"

    @property
    def is_command_line(self) -> bool:
        """Whether the words came from neither script nor environment."""
        return self.line is None and self.variable is None

    def refuse(self, code: str, what: str) -> Refused:
        """A refusal that names this place."""
        return Refused(code=f"sbatch.{code}", sentence=f"{self}: {what}", line=self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One option as it was written."""

    option: Option
    value: str | None  #: None where the option was written without one.
    spelled: str  #: With its dashes, as written.
    origin: Origin

    @property
    def text(self) -> str:
        """The option with its value, short enough for a sentence."""
        if self.value is None:
            return self.spelled
        value = shortened(self.value)
        is_long = self.spelled.startswith("--")
        return f"{self.spelled}={value}" if is_long else f"{self.spelled} {value}"


def shortened(text: str, at_most: int = 60) -> str:
    """``text`` on one line, cut where it would drown the sentence around it.

    What would move the cursor or turn the line round is shown by its number.
    """
    line = text.replace("\n", " ")
    cut = line if len(line) <= at_most else f"{line[:at_most]}..."
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in cut
    )
