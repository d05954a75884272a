"""Random kits: every unit is somewhere, once, and used ones stay used."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from equipoise.errors import Refused
from equipoise.supply import (
    NO_KIT,
    Administer,
    CheckIn,
    Destroy,
    Dispense,
    Expire,
    Lose,
    NotGiven,
    Prepare,
    Quarantine,
    Receive,
    Release,
    Reserve,
    Return,
    Thaw,
    Transfer,
    accountability,
    by_participant,
    by_site,
    decide,
    evolve,
    from_payload,
    replay,
    to_payload,
)
from thorough import thorough

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = st.just(NOW)
NUMBERS = st.integers(0, 4)
REASONS = st.sampled_from(["", "because"])
WHO = st.sampled_from(["P1", "P2"])
COMMANDS = st.one_of(
    st.builds(Receive, kit=st.just("K1"), site=st.just("S1"), units=st.integers(0, 3), at=AT),
    st.builds(CheckIn, condition=st.sampled_from(["valid", "valid", "damaged"]), at=AT),
    st.builds(Reserve, participant=WHO, at=AT),
    st.builds(Dispense, at=AT),
    st.builds(Thaw, number=NUMBERS, at=AT),
    st.builds(Transfer, site=st.sampled_from(["S1", "S2"]), at=AT),
    st.builds(
        Prepare,
        number=NUMBERS,
        at=AT,
        prepared_by=st.just("ann"),
        verified_by=st.sampled_from(["", "ann", "bo"]),
        two_persons=st.booleans(),
        in_use_hours=st.sampled_from([None, 4.0]),
    ),
    st.builds(Administer, number=NUMBERS, participant=WHO, at=AT),
    st.builds(NotGiven, number=NUMBERS, participant=WHO, at=AT),
    st.builds(Return, number=NUMBERS, reason=REASONS, at=AT),
    st.builds(Destroy, number=NUMBERS, reason=REASONS, at=AT),
    st.builds(Lose, number=NUMBERS, reason=REASONS, at=AT),
    st.builds(Quarantine, reason=REASONS, at=AT),
    st.builds(Release, reason=REASONS, at=AT),
    st.builds(Expire, at=AT),
)
FINAL = {"destroyed", "lost"}


class Kit(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.state = NO_KIT
        self.ledger = []
        self.refused = "."
        self.final = {}

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
        if not before.valid and before.status != "unknown":
            used = {"kit-reserved", "kit-dispensed", "unit-prepared", "unit-administered"}
            used |= {"unit-thawed", "kit-transferred"}
            assert not used & {event.what for event in events}

    @rule()
    def reach_the_bedside(self):
        self.ask(Receive(kit="K1", site="S1", units=3, at=NOW))
        self.ask(CheckIn(condition="valid", at=NOW))
        self.ask(Reserve(participant="P1", at=NOW))
        self.ask(Dispense(at=NOW))

    @invariant()
    def every_unit_is_accounted_for(self):
        account = accountability([self.state])
        assert account.balanced
        assert account.difference == 0
        given = account.administered + account.returned + account.destroyed + account.lost
        assert account.dispensed == given + account.held
        for parts in (by_site([self.state]), by_participant([self.state])):
            assert all(one == account for one in parts.values())
        assert account.received == len(self.state.units)

    @invariant()
    def what_is_used_stays_used(self):
        for unit in self.state.units:
            if unit.number in self.final:
                assert unit == self.final[unit.number]
            if unit.status in FINAL:
                self.final[unit.number] = unit

    @invariant()
    def units_go_to_the_participant_of_the_kit_only(self):
        for unit in self.state.units:
            assert (unit.participant is not None) == (unit.status == "administered")
            assert unit.participant in (None, self.state.participant)

    @invariant()
    def a_refusal_is_a_sentence(self):
        assert self.refused.endswith(".")

    @invariant()
    def replaying_the_ledger_gives_the_state(self):
        events = [from_payload(what, json.loads(payload)) for what, payload in self.ledger]
        assert replay(events) == self.state


Kit.TestCase.settings = thorough(150, stateful_step_count=40)
TestKit = Kit.TestCase
