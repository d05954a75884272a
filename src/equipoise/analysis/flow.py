"""Participant flow (CONSORT 2025): everybody screened, and where they went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.analysis.dataset import Dataset, ParticipantRow, day_of
from equipoise.analysis.sets import Members
from equipoise.protocol.visits import Visit

UNSPECIFIED = "Reason not recorded"
COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True)
class ArmFlow:
    """One arm from allocation to analysis; every reason with how many it concerns."""

    arm: str
    allocated: int
    received_any: int
    received_none: int
    received_all: int
    received_other: int
    died: int
    withdrew: int
    lost: int
    ended_early: Mapping[str, int]
    completed: int
    still_followed: int
    analysed: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The whole diagram. `checks` compares it with what the ledger counts."""

    assessed: int
    not_randomised: int
    reasons: Mapping[str, int]
    awaiting: int
    randomised: int
    arms: tuple[ArmFlow, ...]
    checks: tuple[tuple[str, int, int], ...]

    @property
    def agrees(self) -> bool:
        """Whether the ledger tells the same numbers."""
        return all(ours == ledger for _, ours, ledger in self.checks)


def flow(dataset: Dataset, sets: Mapping[str, Members]) -> Flow:
    """Count the flow from the rows of the ledger."""
    failed = [row for row in dataset.participants if row.randomised_on is None]
    closed = [row for row in failed if row.failed_reason is not None]
    reasons = Counter(row.failed_reason or UNSPECIFIED for row in closed)
    return Flow(
        assessed=len(dataset.participants),
        not_randomised=len(closed),
        reasons=dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
        awaiting=len(failed) - len(closed),
        randomised=len(dataset.randomised),
        arms=tuple(_arm(dataset, arm.id, sets) for arm in dataset.arms),
        checks=_checks(dataset, len(closed)),
    )


def _checks(dataset: Dataset, closed: int) -> tuple[tuple[str, int, int], ...]:
    """What the rows say beside what the ledger counts, for the events that the ledger has."""
    rows = dataset.participants
    ours = {
        "randomised": len(dataset.randomised),
        "screening-failed": closed,
        "died": sum(one.died_on is not None for one in rows),
        "completed": sum(one.completed_on is not None for one in rows),
    }
    return tuple(
        (name, count, dataset.events[name])
        for name, count in ours.items()
        if name in dataset.events
    )


def _arm(dataset: Dataset, arm: str, sets: Mapping[str, Members]) -> ArmFlow:
    rows = [row for row in dataset.randomised if row.arm == arm]
    dosing = dataset.study.protocol.dosing
    every = dosing.doses if dosing else 0
    ends = [_end(dataset, row) for row in rows]
    early = Counter(
        row.completed_reason or UNSPECIFIED
        for row, end in zip(rows, ends, strict=True)
        if end == "ended-early"
    )
    return ArmFlow(
        arm=arm,
        allocated=len(rows),
        received_any=sum(row.doses > 0 for row in rows),
        received_none=sum(row.doses == 0 for row in rows),
        received_all=sum(0 < every <= row.doses for row in rows),
        received_other=sum(row.received not in (None, arm) for row in rows),
        died=ends.count("died"),
        withdrew=ends.count("withdrew"),
        lost=ends.count("lost"),
        ended_early=dict(sorted(early.items())),
        completed=ends.count(COMPLETED),
        still_followed=ends.count("followed"),
        analysed={name: int(one.in_arm(arm).sum()) for name, one in sets.items()},
    )


def _end(dataset: Dataset, row: ParticipantRow) -> str:
    """How one participant's time in the trial ended, told once."""
    if row.died_on is not None:
        return "died"
    if any(level in {"data", "visits", "contact"} for level, _ in row.withdrawn):
        return "withdrew"
    if row.completed_on is None:
        return "followed"
    reason = (row.completed_reason or "").lower()
    if "lost" in reason:
        return "lost"
    return COMPLETED if _to_the_end(dataset, row) else "ended-early"


def _to_the_end(dataset: Dataset, row: ParticipantRow) -> bool:
    """Whether the time in the trial reached the window of the last visit."""
    if row.completed_on is None:
        return False
    first_day = min((one.day - one.early for one in _last(dataset)), default=0)
    return day_of(row, row.completed_on) >= first_day


def _last(dataset: Dataset) -> list[Visit]:
    visits = dataset.study.protocol.visits
    end = max((one.day for one in visits), default=0)
    return [one for one in visits if one.day == end]
