"""Commands and states of one participant, for the tests of the life-cycle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from equipoise.eligibility import Finding
from equipoise.participant import (
    NOBODY,
    Complete,
    Die,
    Discharge,
    GiveDose,
    Randomise,
    Readmit,
    ReplaceKit,
    ReportEvent,
    Screen,
    SignConsent,
    StopDosing,
    Withdraw,
    decide,
    evolve,
)

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = (Finding(criterion="I1", kind="inclusion", verdict="passes"),)


def d(days: int) -> date:
    return DAY + timedelta(days=days)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


SCREEN = Screen(code="P1", site="S1", at=at(-3), on=DAY)
CONSENT = SignConsent(version="1", at=at(-2))
RANDOMISE = Randomise(at=NOON, on=DAY, kit="K1", stratum=(("level", "low"),), findings=GOOD)


def dose(number: int, hours: float, **more) -> GiveDose:
    return GiveDose(number=number, at=at(hours), unit=more.pop("unit", f"K1-{number:02d}"), **more)


def lived(*commands, state=NOBODY):
    for command in commands:
        for event in decide(state, command):
            state = evolve(state, event)
    return state


IN = lived(SCREEN, CONSENT, RANDOMISE)
EVERYTHING = (
    SCREEN, CONSENT, RANDOMISE, dose(1, 1), GiveDose(number=2, at=at(13), amount="not"),
    ReplaceKit(kit="K2", reason="broken", at=at(14)), dose(3, 25, unit="K2-01", amount="partial"),
    ReportEvent(number=1, at=at(26), serious=True), StopDosing(reason="reaction", at=at(27)),
    Discharge(on=d(4)), Readmit(on=d(6)), Discharge(on=d(9)), Withdraw(level="samples", on=d(10)),
    Die(on=d(20)), Complete(on=d(20), reason="died"),
)  # fmt: skip
