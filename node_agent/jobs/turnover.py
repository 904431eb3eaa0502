"""How fast a node's cores change hands, and how far ahead it may therefore claim."""

import math

#: Time over which the rate is averaged [s].
_MEMORY_S = 0.5
#: Work of the next moment is claimed ahead, so that a freed core waits for no round trip [s].
_AHEAD_S = 0.2
_MOST_AHEAD_CORES = 64


class Turnover:
    """Cores given back a second, fading while none is."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._per_s = 0.0
        self._at_s = 0.0

    def note(self, now_s: float, cores: int) -> None:
        """These cores were given back now."""
        self._per_s = self._at(now_s) + cores / _MEMORY_S
        self._at_s = now_s

    def ahead_cores(self, now_s: float) -> int:
        """Cores that will very likely be free before an answer comes; 0 for all but short jobs."""
        return min(_MOST_AHEAD_CORES, int(self._at(now_s) * _AHEAD_S))

    def _at(self, now_s: float) -> float:
        return self._per_s * math.exp((self._at_s - now_s) / _MEMORY_S)
