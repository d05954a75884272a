"""A kit's life: what is refused, what accounts balance, what replay gives back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from equipoise.errors import (
    KitNotValid,
    LedgerEntryUnreadable,
    OutOfOrder,
    ReasonRequired,
    SecondPersonRequired,
    ThawedTooLongAgo,
    UnitNotValid,
    UnitOfAnother,
    UnitUsed,
)
from equipoise.supply import (
    NO_KIT,
    Administer,
    CheckIn,
    Destroy,
    Dispense,
    Expire,
    Lose,
    Prepare,
    Quarantine,
    Receive,
    Release,
    Reserve,
    Return,
    Thaw,
    Transfer,
    accountability,
    by_lot,
    by_participant,
    by_site,
    decide,
    discrepancies,
    evolve,
    from_payload,
    open_units,
    replay,
    split_unit,
    to_payload,
    unit_code,
)
from equipoise.supply.events import KINDS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lived(*commands, state=NO_KIT):
    for command in commands:
        for event in decide(state, command):
            state = evolve(state, event)
    return state


RECEIVE = Receive(kit="K1", site="S1", units=10, at=NOW)
VALID = CheckIn(condition="valid", at=NOW)
RESERVE = Reserve(participant="P1", at=NOW)
DISPENSE = Dispense(at=NOW)
STOCK = lived(RECEIVE, VALID)
OUT = lived(RESERVE, DISPENSE, state=STOCK)


def give(number, participant="P1"):
    return (
        Prepare(number=number, at=NOW),
        Administer(number=number, participant=participant, at=NOW),
    )


def test_a_course_is_given_unit_by_unit_and_the_account_balances():
    state = lived(
        *give(1),
        *give(2),
        Prepare(number=3, at=NOW),
        Destroy(number=3, reason="spilt", at=NOW),
        Return(number=4, reason="stopped", at=NOW),
        Lose(number=5, reason="?", at=NOW),
        state=OUT,
    )
    account = accountability([state, STOCK])
    assert account.balanced
    assert (account.received, account.dispensed, account.undispensed) == (20, 10, 10)
    assert (
        account.administered,
        account.destroyed,
        account.returned,
        account.lost,
        account.held,
    ) == (2, 1, 1, 1, 5)


def test_a_returned_unit_that_is_destroyed_counts_once():
    state = lived(
        Return(number=1, reason="x", at=NOW), Destroy(number=1, reason="y", at=NOW), state=OUT
    )
    account = accountability([state])
    assert account.balanced
    assert (account.returned, account.destroyed) == (0, 1)


def test_no_kits_balance():
    assert accountability([]).balanced


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (NO_KIT, VALID), (NO_KIT, RESERVE), (NO_KIT, Expire(at=NOW)),
        (lived(RECEIVE), RESERVE), (STOCK, DISPENSE), (STOCK, Prepare(number=1, at=NOW)),
        (STOCK, Return(number=1, reason="x", at=NOW)),
        (lived(RESERVE, state=STOCK), RESERVE), (OUT, DISPENSE), (OUT, Prepare(number=11, at=NOW)),
        (OUT, Prepare(number=0, at=NOW)), (OUT, Administer(number=1, participant="P1", at=NOW)),
        (lived(Prepare(number=1, at=NOW), state=OUT), Prepare(number=1, at=NOW)),
        (lived(Prepare(number=1, at=NOW), state=OUT), Administer(number=1, participant="P2", at=NOW)),
        (lived(Prepare(number=1, at=NOW), state=OUT), Return(number=1, reason="x", at=NOW)),
        (lived(*give(1), state=OUT), Destroy(number=1, reason="x", at=NOW)),
        (lived(*give(1), state=OUT), give(1)[1]),
        (lived(Lose(number=1, reason="x", at=NOW), state=OUT), Destroy(number=1, reason="x", at=NOW)),
        (lived(Lose(number=1, reason="x", at=NOW), state=STOCK), RESERVE),
        (lived(RECEIVE, CheckIn(condition="damaged", at=NOW)), RESERVE),
    ],
)  # fmt: skip
def test_steps_out_of_turn_are_refused(state, command):
    with pytest.raises(UnitNotValid):
        decide(state, command)


@pytest.mark.parametrize("bar", [Quarantine(reason="warm", at=NOW), Expire(at=NOW)])
@pytest.mark.parametrize(
    ("state", "command"),
    [
        (STOCK, RESERVE),
        (lived(RESERVE, state=STOCK), DISPENSE),
        (OUT, Prepare(number=1, at=NOW)),
        (lived(Prepare(number=1, at=NOW), state=OUT), give(1)[1]),
    ],
)
def test_a_barred_kit_is_not_used_at_any_stage_and_the_words_do_not_tell_why(bar, state, command):
    with pytest.raises(UnitNotValid) as refusal:
        decide(lived(bar, state=state), command)
    assert "the kit is not valid for use" in str(refusal.value)


def test_a_released_kit_is_usable_again_an_expired_one_is_not():
    state = lived(
        Quarantine(reason="warm", at=NOW), Release(reason="log checked", at=NOW), state=STOCK
    )
    assert state == STOCK
    assert decide(state, RESERVE)
    with pytest.raises(OutOfOrder):
        decide(state, Release(reason="again", at=NOW))
    both = lived(
        Expire(at=NOW), Quarantine(reason="w", at=NOW), Release(reason="r", at=NOW), state=STOCK
    )
    with pytest.raises(UnitNotValid):
        decide(both, RESERVE)


def test_a_barred_kit_can_still_be_destroyed_and_counted():
    state = lived(
        Quarantine(reason="w", at=NOW), Destroy(number=1, reason="w", at=NOW), state=STOCK
    )
    account = accountability([state])
    assert (account.stock_removed, account.undispensed, account.dispensed) == (1, 9, 0)
    assert account.balanced


@pytest.mark.parametrize("units", [0, -1, 100])
def test_a_kit_has_a_sensible_number_of_units(units):
    with pytest.raises(OutOfOrder):
        decide(NO_KIT, Receive(kit="K", site="S", units=units, at=NOW))


def test_things_happen_once():
    for state, command in [
        (STOCK, RECEIVE),
        (STOCK, VALID),
        (lived(Expire(at=NOW), state=STOCK), Expire(at=NOW)),
        (lived(Quarantine(reason="x", at=NOW), state=STOCK), Quarantine(reason="x", at=NOW)),
    ]:
        with pytest.raises(OutOfOrder):
            decide(state, command)


@pytest.mark.parametrize(
    "command",
    [
        Return(number=1, reason="", at=NOW),
        Destroy(number=1, reason=" ", at=NOW),
        Lose(number=1, reason="", at=NOW),
        Quarantine(reason="", at=NOW),
    ],
)
def test_taking_something_out_of_use_needs_a_reason(command):
    with pytest.raises(ReasonRequired):
        decide(OUT, command)


def test_unit_codes_are_read_as_they_are_written_and_not_otherwise():
    assert [split_unit(unit_code("A-B", k)) for k in (1, 10, 99)] == [
        ("A-B", 1),
        ("A-B", 10),
        ("A-B", 99),
    ]
    for wrong in ("", "K1", "K1-1", "K1-001", "K1-00", "-01", "K1-0x", "K1-٠١"):
        with pytest.raises(UnitNotValid):
            split_unit(wrong)


def test_pharmacy_and_bedside_are_compared_both_ways():
    state = lived(*give(1), *give(2), state=OUT)
    assert discrepancies([state], {"K1-01": "P1", "K1-02": "P1"}) == ()
    assert discrepancies([state], {"K1-01": "P2", "K1-03": "P1"}) == ("K1-01", "K1-02", "K1-03")


def test_a_whole_life_replays_and_no_event_has_a_field_for_a_secret():
    commands = (
        RECEIVE,
        VALID,
        Quarantine(reason="w", at=NOW),
        Release(reason="r", at=NOW),
        RESERVE,
        DISPENSE,
        *give(1),
        Return(number=2, reason="x", at=NOW),
        Expire(at=NOW),
    )
    state, stored = NO_KIT, []
    for command in commands:
        for event in decide(state, command):
            stored.append((event.what, json.loads(json.dumps(to_payload(event)))))
            state = evolve(state, event)
    assert replay(from_payload(what, payload) for what, payload in stored) == state
    secrets = {"arm", "product", "lot", "expiry", "batch", "content", "expires_on"}
    for kind in KINDS:
        assert not secrets & {field.name for field in fields(kind)}


@pytest.mark.parametrize(
    ("what", "payload"),
    [("x", {}), ("kit-expired", {}), ("kit-expired", {"at": NOW.isoformat(), "lot": "7"})],
)
def test_an_entry_that_does_not_fit_is_not_replayed(what, payload):
    with pytest.raises(LedgerEntryUnreadable):
        from_payload(what, payload)


def frozen_unit(*, thawed=NOW, prepared=NOW, given=NOW, hours=4.0, by="ann", other="bo"):
    return (
        Thaw(number=1, at=thawed),
        Prepare(
            number=1,
            at=prepared,
            prepared_by=by,
            verified_by=other,
            two_persons=True,
            in_use_hours=hours,
        ),
        Administer(number=1, participant="P1", at=given, in_use_hours=hours),
    )


def test_a_frozen_unit_is_thawed_then_prepared_by_two_then_given():
    state = lived(*frozen_unit(), state=OUT)
    assert state.unit(1).status == "administered"
    assert state.unit(1).thawed_at == NOW


@pytest.mark.parametrize("verified_by", ["", "ann"])
def test_nobody_verifies_their_own_preparation(verified_by):
    with pytest.raises(SecondPersonRequired):
        lived(*frozen_unit(other=verified_by), state=OUT)


def test_the_in_use_limit_runs_from_thawing_to_the_start_of_the_dose():
    on_time, late = NOW + timedelta(hours=4), NOW + timedelta(hours=4, seconds=1)
    assert lived(*frozen_unit(given=on_time), state=OUT).unit(1).status == "administered"
    with pytest.raises(ThawedTooLongAgo):
        lived(*frozen_unit(given=late), state=OUT)
    with pytest.raises(ThawedTooLongAgo):
        lived(*frozen_unit(prepared=late, given=late), state=OUT)


def test_a_frozen_unit_is_not_prepared_without_thawing_nor_thawed_twice():
    _, prepare, _ = frozen_unit()
    with pytest.raises(UnitNotValid, match="not thawed"):
        lived(prepare, state=OUT)
    thawed = lived(Thaw(number=1, at=NOW), state=OUT)
    with pytest.raises(UnitNotValid):
        lived(Thaw(number=1, at=NOW), state=thawed)
    with pytest.raises(UnitNotValid):
        lived(Return(number=1, reason="x", at=NOW), state=thawed)
    assert lived(Destroy(number=1, reason="x", at=NOW), state=thawed).unit(1).status == "destroyed"


def test_each_thing_that_is_wrong_with_a_unit_has_a_code_of_its_own():
    given = lived(*give(1), state=OUT)
    ready = lived(Prepare(number=2, at=NOW), state=OUT)
    cases = {
        UnitUsed: (given, Administer(number=1, participant="P1", at=NOW)),
        UnitOfAnother: (ready, Administer(number=2, participant="P2", at=NOW)),
        KitNotValid: (
            lived(Quarantine(reason="x", at=NOW), state=ready),
            Administer(number=2, participant="P1", at=NOW),
        ),
    }
    for kind, (state, command) in cases.items():
        with pytest.raises(kind) as refusal:
            decide(state, command)
        assert type(refusal.value) is kind
    codes = {kind.code for kind in (*cases, ThawedTooLongAgo, UnitNotValid, SecondPersonRequired)}
    assert len(codes) == 6


def test_a_kit_on_its_way_is_at_neither_site_until_it_is_received():
    sent = lived(Transfer(site="S2", at=NOW), state=STOCK)
    assert (sent.site, sent.status) == ("S2", "sent")
    assert accountability([sent]).in_transit == 10
    assert [one.why for one in open_units([sent])] == ["in-transit"] * 10
    for command in (RESERVE, VALID, Receive(kit="K1", site="S1", units=10, at=NOW)):
        with pytest.raises((UnitNotValid, OutOfOrder)):
            lived(command, state=sent)
    lost = lived(Lose(number=3, reason="box torn", at=NOW), state=sent)
    arrived = lived(Receive(kit="K1", site="S2", units=10, at=NOW), VALID, state=lost)
    assert arrived.unit(3).status == "lost"
    assert not arrived.in_stock
    with pytest.raises(OutOfOrder):
        lived(Transfer(site="S1", at=NOW), state=STOCK)
    with pytest.raises(KitNotValid):
        lived(Quarantine(reason="x", at=NOW), Transfer(site="S2", at=NOW), state=STOCK)


def test_accounts_by_site_participant_and_lot_add_up_to_the_whole():
    other = lived(
        Receive(kit="K2", site="S2", units=10, at=NOW),
        VALID,
        Reserve(participant="P2", at=NOW),
        DISPENSE,
        Lose(number=1, reason="x", at=NOW),
    )
    states = [lived(*give(1), state=OUT), other]
    for parts in (by_site(states), by_participant(states), by_lot(states, {"K1": "A", "K2": "B"})):
        assert sum(one.dispensed for one in parts.values()) == 20
        assert all(one.balanced for one in parts.values())
    assert by_lot(states, {"K1": "A"}).keys() == {"A"}
    assert len(open_units(states)) == 18
    assert "differs" in {one.why for one in open_units(states, {"K2-01": "P2"})}
