"""Random lives: whatever is asked in whatever order, the invariants of the trial hold."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from equipoise.eligibility import Finding
from equipoise.errors import Refused
from equipoise.participant import (
    NOBODY,
    Complete,
    CorrectDose,
    Die,
    Discharge,
    FailScreening,
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
    from_payload,
    replay,
    timeline,
    to_payload,
)
from thorough import thorough

DAY = date(2026, 3, 1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = st.integers(-2, 12).map(lambda n: DAY + timedelta(days=n))
TIMES = st.integers(-48, 300).map(lambda n: NOON + timedelta(hours=n))
KITS = st.sampled_from(["K1", "K2", "K3", ""])
REASONS = st.sampled_from(["", " ", "because"])
VERDICTS = st.lists(
    st.sampled_from(["passes", "passes", "passes", "fails", "unanswered"]), max_size=3
)
COMMANDS = st.one_of(
    st.builds(
        Screen, code=st.sampled_from(["P1", "P1", "P2"]), site=st.just("S1"), at=TIMES, on=DAYS
    ),
    st.builds(SignConsent, version=st.sampled_from(["1", "2"]), at=TIMES),
    st.builds(FailScreening, reason=REASONS, on=DAYS),
    st.builds(
        Randomise,
        at=TIMES,
        on=DAYS,
        kit=KITS,
        stratum=st.sampled_from([(), (("level", "low"),), (("level", ""),)]),
        findings=VERDICTS.map(
            lambda verdicts: tuple(
                Finding(criterion="C", kind="inclusion", verdict=v) for v in verdicts
            )
        ),
    ),
    st.builds(ReplaceKit, kit=KITS, reason=REASONS, at=TIMES),
    st.builds(
        GiveDose,
        number=st.integers(0, 4),
        at=TIMES,
        amount=st.sampled_from(["full", "partial", "not"]),
        unit=st.sampled_from([None, "K1-01", "K1-02", "K2-01", "K3-01"]),
    ),
    st.builds(
        CorrectDose,
        number=st.integers(0, 4),
        amount=st.sampled_from(["full", "partial", "not"]),
        at=st.one_of(st.none(), TIMES),
        unit=st.sampled_from([None, "K1-01", "K1-02", "K2-01", "K3-01"]),
    ),
    st.builds(StopDosing, reason=REASONS, at=TIMES),
    st.builds(ReportEvent, number=st.integers(0, 3), at=TIMES, serious=st.booleans()),
    st.builds(
        Withdraw,
        level=st.sampled_from(["product", "visits", "contact", "data", "samples"]),
        on=DAYS,
    ),
    st.builds(Discharge, on=DAYS),
    st.builds(Readmit, on=DAYS),
    st.builds(Die, on=DAYS),
    st.builds(Complete, on=DAYS, reason=REASONS),
)


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.state = NOBODY
        self.ledger = []
        self.refused = "."
        self.allocation = None

    @rule(command=COMMANDS)
    def ask(self, command):
        before = self.state
        try:
            events = decide(before, command)
        except Refused as refusal:
            self.refused = str(refusal)
            return
        for event in events:
            self.ledger.append((event.what, json.dumps(to_payload(event))))
            self.state = evolve(self.state, event)
        if not before.consented:
            assert {event.what for event in events} <= {
                "screened",
                "consent-signed",
                "screening-failed",
            }

    @rule()
    def start_well(self):
        """Reach the interesting part of life often."""
        good = (Finding(criterion="C", kind="inclusion", verdict="passes"),)
        self.ask(
            Screen(code="P1", site="S1", at=NOON - timedelta(hours=40), on=DAY - timedelta(days=1))
        )
        self.ask(SignConsent(version="0", at=NOON - timedelta(hours=30)))
        self.ask(Randomise(at=NOON, on=DAY, kit="K1", stratum=(("level", "low"),), findings=good))

    @invariant()
    def a_refusal_is_a_sentence(self):
        assert self.refused.endswith(".")

    @invariant()
    def replaying_the_ledger_gives_the_state(self):
        events = [from_payload(what, json.loads(payload)) for what, payload in self.ledger]
        assert replay(events) == self.state

    @invariant()
    def an_allocation_never_changes_and_needs_consent(self):
        state = self.state
        if state.randomised:
            fixed = (state.randomised_at, state.randomised_on, state.stratum, state.kits[0])
            self.allocation = self.allocation or fixed
            assert fixed == self.allocation
            assert state.consents
            assert state.consents[0].at <= state.randomised_at
            assert state.failure is None

    @invariant()
    def doses_are_distinct_and_come_after_randomisation(self):
        state = self.state
        numbers = [dose.number for dose in state.doses]
        units = [dose.unit for dose in state.doses if dose.unit]
        assert len(set(numbers)) == len(numbers)
        assert len(set(units)) == len(units)
        for dose in state.doses:
            assert state.randomised
            assert (dose.unit is None) == (dose.amount == "not")
            assert dose.amount == "not" or dose.at >= state.randomised_at
            assert dose.unit is None or dose.unit.rpartition("-")[0] in state.kits

    @invariant()
    def the_schedule_can_always_be_asked(self):
        found = timeline(self.state)
        assert (found.consented_on is None) == (not self.state.consented)


Life.TestCase.settings = thorough(150, stateful_step_count=40)
TestLife = Life.TestCase
