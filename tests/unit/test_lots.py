"""Lots: a certificate against its limits, release by a second person, quarantine and recall."""

from __future__ import annotations

from datetime import date

import pytest

from equipoise.errors import LotNotReleasable, OutOfOrder, ReasonRequired, TwoPersonsRequired
from equipoise.protocol.frozen import Text
from equipoise.protocol.load import load
from equipoise.protocol.model import ReleaseTest
from equipoise.supply.lots import NO_LOT, LotCommand, deviations, judge, limit, step

TODAY = date(2026, 3, 1)
WORDS = Text({"en": "x"})
TESTS = (
    ReleaseTest(id="count", text=WORDS, unit="g/L", low=0.8, high=1.2),
    ReleaseTest(id="toxin", text=WORDS, high=0.5),
    ReleaseTest(id="growth", text=WORDS, accept="no growth"),
    ReleaseTest(id="kept", text=WORDS, low=70),
)
GOOD = {"count": 0.8, "toxin": 0.5, "growth": "no growth", "kept": 70}
DETAILS = {
    "code": "L1",
    "product": "p",
    "made_on": "2026-01-01",
    "expires_on": "2027-01-01",
    "scale": "60 L",
    "passage": "4",
    "storage": "-80",
}


def lived(*commands, state=NO_LOT):
    for command in commands:
        state = step(state, command, TESTS)
    return state


def made(**changes):
    return LotCommand(step="make", by="ann", on=TODAY, details={**DETAILS, **changes})


def certified(reason="", **changes):
    results = {**GOOD, **changes}
    return LotCommand(step="certify", by="ann", on=TODAY, results=results, reason=reason)


def act(name, by="bo", reason="because", on=TODAY):
    return LotCommand(step=name, by=by, on=on, reason=reason)


def test_a_lot_within_its_limits_is_released_by_somebody_else():
    state = lived(made(), certified(), act("release"))
    assert state.usable
    assert (state.scale, state.passage, state.storage) == ("60 L", "4", "-80")


@pytest.mark.parametrize(
    ("test", "value", "said"),
    [
        ("count", 0.79, "test count is 0.79, the limit is 0.8 to 1.2 g/L"),
        ("count", 1.21, "test count is 1.21, the limit is 0.8 to 1.2 g/L"),
        ("count", "1.0", "test count is 1.0, the limit is 0.8 to 1.2 g/L"),
        ("toxin", 0.51, "test toxin is 0.51, the limit is at most 0.5"),
        ("growth", "growth", "test growth is growth, the limit is no growth"),
        ("growth", "No growth", "test growth is No growth, the limit is no growth"),
        ("kept", 69.9, "test kept is 69.9, the limit is at least 70"),
    ],
)
def test_a_lot_outside_a_limit_is_not_released_and_the_test_is_named(test, value, said):
    state = lived(made(), certified(**{test: value}))
    with pytest.raises(LotNotReleasable) as refusal:
        lived(act("release"), state=state)
    assert said in str(refusal.value)
    assert len(refusal.value.why) == 1


def test_every_missing_test_is_named():
    state = lived(made(), LotCommand(step="certify", by="ann", on=TODAY, results={"toxin": 0.1}))
    with pytest.raises(LotNotReleasable) as refusal:
        lived(act("release"), state=state)
    assert [why.split()[1] for why in refusal.value.why] == ["count", "growth", "kept"]
    with pytest.raises(LotNotReleasable):
        lived(made(), act("release"))


def test_who_entered_the_certificate_does_not_release():
    state = lived(made(), certified())
    with pytest.raises(TwoPersonsRequired):
        lived(act("release", by="ann"), state=state)
    with pytest.raises(ReasonRequired):
        lived(act("release", reason=" "), state=state)


def test_an_expired_lot_is_not_released_nor_comes_back_from_quarantine():
    state = lived(made(), certified())
    late = date(2027, 1, 1)
    with pytest.raises(LotNotReleasable, match="expired on 2027-01-01"):
        lived(act("release", on=late), state=state)
    held = lived(act("release"), act("quarantine"), state=state)
    with pytest.raises(LotNotReleasable, match="expired"):
        lived(act("lift", on=late), state=held)


def test_a_released_lot_that_fails_again_stays_in_quarantine():
    state = lived(made(), certified(), act("release"), act("quarantine"))
    failed = lived(certified(reason="tested again", toxin=0.9), state=state)
    assert failed.status == "quarantined"
    with pytest.raises(LotNotReleasable, match="toxin"):
        lived(act("lift"), state=failed)
    assert lived(act("lift"), state=state).status == "released"


def test_a_certificate_changes_with_a_reason_alone():
    state = lived(made(), certified())
    with pytest.raises(ReasonRequired):
        lived(certified(), state=state)


def test_a_recall_is_for_good():
    state = lived(made(), certified(), act("release"), act("recall"))
    for name in ("certify", "release", "quarantine", "lift", "recall"):
        with pytest.raises(OutOfOrder):
            lived(act(name), state=state)


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_on": "2026-01-01"},
        {"made_on": "2026-03-02"},
        {"made_on": "yesterday"},
        {"code": " "},
        {"product": ""},
    ],
)
def test_an_impossible_lot_is_refused(changes):
    with pytest.raises(OutOfOrder):
        lived(made(**changes))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
def test_a_result_that_is_no_number_is_refused(value):
    with pytest.raises(OutOfOrder, match="no number"):
        lived(made(), certified(count=value))


def test_a_result_for_a_test_that_does_not_exist_is_refused():
    with pytest.raises(OutOfOrder, match="typo"):
        lived(made(), certified(typo=1))


def test_the_reference_study_states_the_limits_that_a_vesicle_lot_needs():
    products = {one.id: one for one in load("nct05787288").protocol.products}
    tests = {one.id: one for one in products["msc_ev"].release_tests}
    for name in ("particles", "size_d10", "size_d90", "protein_ratio", "markers", "calnexin"):
        assert name in tests
    for name in ("sterility", "endotoxin", "mycoplasma", "potency", "passage"):
        assert name in tests
    assert (tests["size_d10"].low, tests["size_d90"].high) == (30, 150)
    results = {"size_d10": 29.9, "size_d90": 150.1}
    outside = deviations(judge(tests.values(), results.items()))
    assert any("size_d10 is 29.9" in why for why in outside)
    assert any("size_d90 is 150.1" in why for why in outside)
    assert limit(tests["sterility"]) == "no growth"
    assert products["normal_saline"].release_tests
