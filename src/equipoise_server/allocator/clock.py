"""Whether the time that comes with a request can be right.

A live list only: a demonstration lives through months in a minute. Three clocks are compared:
the one that the request brings, this process's own, and the time since the machine started,
which nobody can set. What was written last is a fourth: time does not go back behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from equipoise.errors import ClockWrong

AHEAD = timedelta(minutes=5)
BEHIND = timedelta(hours=1)
"""A request that was interrupted is sent again with its own time, for as long as this."""
Reading = Callable[[], datetime]


def _wall() -> datetime:
    return datetime.now(UTC)


def _running() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True, kw_only=True)
class Clock:
    """The clock of a process, watched since `began`."""

    wall: Reading = _wall
    running: Callable[[], float] = _running
    began: tuple[datetime, float] = field(init=False)

    def __post_init__(self) -> None:
        self.began = (self.wall(), self.running())

    def require_right(self, at: datetime, *, after: datetime | None) -> None:
        """Refuse a request that brings the time `at`. `after`: when the newest row was written.

        Raises:
            ClockWrong: `at` is ahead of this clock or far behind it, this clock was moved
                while the process ran, or it is behind what was written.

        """
        now = self.wall()
        wall, running = self.began
        moved = now - wall - timedelta(seconds=self.running() - running)
        if abs(moved) > AHEAD:
            raise ClockWrong("it was moved while the allocator ran; start the allocator again")
        if after is not None and now < after - AHEAD:
            raise ClockWrong("it is behind the newest allocation")
        if at > now + AHEAD:
            raise ClockWrong("the request is ahead of the allocator's time")
        if at < now - BEHIND:
            raise ClockWrong("the request is too far behind the allocator's time")


HERE = Clock()
