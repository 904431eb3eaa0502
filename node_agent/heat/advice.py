"""Power advice on its way to the keeper: one small file, written by the agent.

It says until when it holds, on the clock of this boot of the machine. So a keeper whose agent is
gone forgets it, and one that starts after a reboot never believes it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ADVICE_NAME = "advice.json"
#: The same advice is not written again for less than this [s].
_WORTH_WRITING_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAdvice:
    """What the file says."""

    power_cap_frac: float
    expires_boot_s: float  #: By ``CLOCK_BOOTTIME``.
    kernel_boot_id: str


class AdviceFile:
    """The file in one node's directory."""

    def __init__(self, directory: Path, kernel_boot_id: str) -> None:
        """Write or read it in this boot of the machine."""
        self._path = directory / ADVICE_NAME
        self._kernel_boot_id = kernel_boot_id
        self._written: KeptAdvice | None = None
        self._is_lifted = False

    def pass_on(
        self, told: Mapping[str, float] | None, *, sent_boot_s: float, longest_s: float
    ) -> None:
        """Let the keeper know what the API answered to a question sent at that time.

        ``longest_s`` is for how long advice may outlive the agent that passed it on.
        """
        if told is None:
            self.lift()
            return
        valid_for_s = min(float(told["valid_for_s"]), longest_s)
        self.keep(float(told["power_cap_frac"]), sent_boot_s + valid_for_s)

    def keep(self, power_cap_frac: float, expires_boot_s: float) -> None:
        """Advise the keeper; it never sees half a file."""
        advice = KeptAdvice(
            power_cap_frac=power_cap_frac,
            expires_boot_s=expires_boot_s,
            kernel_boot_id=self._kernel_boot_id,
        )
        if self._says_already(advice):
            return
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(advice)), encoding="utf-8")
        fresh.replace(self._path)
        self._written, self._is_lifted = advice, False

    def lift(self) -> None:
        """Advise nothing."""
        if not self._is_lifted:
            self._path.unlink(missing_ok=True)
            self._written, self._is_lifted = None, True

    def _says_already(self, advice: KeptAdvice) -> bool:
        written = self._written
        return (
            written is not None
            and written.power_cap_frac == advice.power_cap_frac
            and abs(written.expires_boot_s - advice.expires_boot_s) < _WORTH_WRITING_S
        )

    def read(self, boot_s: float) -> KeptAdvice | None:
        """What is advised now; nothing where its time is over or the file cannot be understood.

        To forget advice is always safe: the keeper's own law stands above it.
        """
        try:
            advice = KeptAdvice(**json.loads(self._path.read_text(encoding="utf-8")))
            is_valid = advice.expires_boot_s > boot_s
        except (OSError, ValueError, TypeError):
            return None
        return advice if is_valid and advice.kernel_boot_id == self._kernel_boot_id else None
