"""How fast a program may ask: a burst, then a steady pace, each token by itself.

Counted in each process: so many processes, so many times the pace. It keeps one runaway script
from taking the server from the people who work with it; it is no defence against many tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from threading import Lock

BURST = 200
A_SECOND = 20.0
KEPT = 1000  # tokens whose pace is remembered


@dataclass(slots=True)
class Pace:
    """What every token has left. Times are seconds of a clock that never goes back."""

    burst: int = BURST
    a_second: float = A_SECOND
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _one: Lock = field(default_factory=Lock)

    def wait(self, token: str, now: float) -> int:
        """0 where `token` may ask now; else the seconds after which it may."""
        with self._one:
            left, at = self._left.pop(token, (float(self.burst), now))
            left = min(float(self.burst), left + max(0.0, now - at) * self.a_second)
            allowed = left >= 1
            self._left[token] = (left - 1 if allowed else left, now)
            while len(self._left) > KEPT:
                del self._left[next(iter(self._left))]
        return 0 if allowed else max(1, ceil((1 - left) / self.a_second))
