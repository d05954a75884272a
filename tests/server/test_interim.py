"""An interim analysis from the frozen data to the last report, and who learns what of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from equipoise.errors import (
    AlreadyRecorded,
    NotPermitted,
    OutOfOrder,
    StoppedByBoard,
    UnknownRecord,
)
from equipoise_server.allocator import client, interims
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.trial.freeze_interim import freeze_interim, interim_progress
from equipoise_server.services.trial.note_interims import note_interims
from equipoise_server.services.verify import verify
from equipoise_server.store import interim
from equipoise_server.store.models import BoardDecision, InterimCut, LedgerEntry, Trial
from equipoise_server.vault.models import Allocation, InterimAnalysis, VaultLedgerEntry
from equipoise_server.vault.seal import seal
from server import interims as hand
from server.cast import NOW, Cast, key
from server.conftest import Source, of_its_own
from server.finalising import by_hand
from server.interims import LATER, conduct, decide, freeze
from server.pages import everybody, signed_in, text_of
from server.test_vault_replay import forced, found_after, gone
from server.vault_hand import past_the_guards


@pytest.fixture(scope="module")
def prepared(
    template: Source, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> tuple[Source, Cast]:
    with django_db_blocker.unblock():
        return hand.due(template, tmp_path_factory.mktemp("due"))


@pytest.fixture
def trial(prepared: tuple[Source, Cast], tmp_path: Any, django_db_blocker: Any) -> Iterator[Cast]:
    source, played = prepared
    with django_db_blocker.unblock(), of_its_own(source, tmp_path) as made:
        yield played.at(made)


def one_more(trial: Cast) -> str:
    kits = client.deliver(site="s01", shares=8, at=LATER)
    receive(site="s01", kits=kits, by=trial.pharmacist, at=LATER, key=key())
    return trial.make_eligible(trial.enrol("S01-ZZZZZ-AAAAA"))


def said_in_the_ledger() -> str:
    return str(list(LedgerEntry.objects.values_list("what", "payload__data"))) + str(
        list(BoardDecision.objects.values_list())
    )


def test_before_it_is_due_nothing_is_frozen_and_the_counts_are_pooled(trial: Cast) -> None:
    early = NOW + timedelta(days=55)
    assert interim_progress(early).information == 0
    with pytest.raises(OutOfOrder, match=r"due at 8\.0 participants, and there are 0"):
        freeze_interim(by=trial.data_manager, at=early, key=key())
    found = interim_progress(LATER)
    assert (found.information, found.planned, found.due(0)) == (8, 16.0, 1)
    for other in (trial.investigator, trial.pharmacist, trial.administrator):
        with pytest.raises(NotPermitted):
            freeze_interim(by=other, at=LATER, key=key())
    assert not InterimCut.objects.exists()


def test_frozen_data_are_kept_once_and_hold_no_arm(trial: Cast) -> None:
    once = key()
    assert freeze_interim(by=trial.data_manager, at=LATER, key=once) == 1
    assert freeze_interim(by=trial.data_manager, at=LATER, key=once) == 1
    with pytest.raises(OutOfOrder, match="each planned look was taken"):
        freeze_interim(by=trial.statistician, at=LATER, key=key())
    (row,) = InterimCut.objects.all()
    assert not [arm for arm in ("high", "low", "placebo") if f'"{arm}"' in row.document]
    assert len(json.loads(row.document)["participants"]) == 8
    assert interim.frozen(row)["information"] == 8
    assert verify().sound


def test_the_boards_statistician_conducts_each_look_once(trial: Cast) -> None:
    row = freeze(trial)
    for nobody in ("wu", "fu", "chen", "guo"):
        with pytest.raises(NotPermitted):
            conduct(row, by=nobody)
    assert conduct(row) == 1
    assert conduct(row) == 1, "the same again is the same answer"
    row.document = row.document.replace('"information":8', '"information":9')
    with pytest.raises(AlreadyRecorded):
        conduct(row)
    (kept,) = InterimAnalysis.objects.all()
    found = interims.opened(kept)
    assert {one["letter"] for one in found["groups"]} == {"X", "Y", "Z"}
    assert sum(one["participants"] for one in found["groups"]) == 8
    assert found["fraction"] == 0.5
    assert found["boundary_z"] == pytest.approx(2.963, abs=5e-4)
    assert len(bytes(kept.sealed)) > 1 << 14, "padded: its size says nothing"
    assert VaultLedgerEntry.objects.filter(what="interim conducted").count() == 1


def test_the_blinded_side_learns_that_it_was_taken_and_what_was_decided_and_no_more(
    trial: Cast,
) -> None:
    with pytest.raises(UnknownRecord):
        decide("continue")
    conduct(freeze(trial))
    with pytest.raises(NotPermitted):
        decide("continue", by="li")
    decide("continue")
    assert note_interims(at=LATER) == 2
    assert note_interims(at=LATER) == 0
    (taken,) = interim.conducted()
    assert (taken.look, taken.by) == (1, "li")
    (decision,) = BoardDecision.objects.all()
    assert (decision.about, decision.decision, decision.opens, decision.words, decision.by) == (
        "interim-1", "continue", True, "", "wu",
    )  # fmt: skip
    found = interims.opened(InterimAnalysis.objects.get())
    numbers = [str(one["p_value"]) for one in found["comparisons"] if one["p_value"]]
    assert numbers
    everything = said_in_the_ledger() + str(client.ask("interim_events", after=0))
    assert not [one for one in (*numbers, found["recommendation"], '"X"') if one in everything.replace("continue", "")]  # fmt: skip
    assert verify().sound


@pytest.mark.parametrize("decision", ["efficacy", "futility", "safety"])
def test_a_decision_to_stop_stops_randomisation_until_the_board_decides_otherwise(
    trial: Cast, decision: str
) -> None:
    code = one_more(trial)
    conduct(freeze(trial))
    decide(decision)
    note_interims(at=LATER)
    with pytest.raises(StoppedByBoard) as refusal:
        randomise(participant=code, by=trial.investigator, at=LATER, key=key())
    assert str(refusal.value) == str(StoppedByBoard()), "why it stopped is not for the sites"
    assert verify().sound
    decide("continue")
    note_interims(at=LATER)
    assert randomise(participant=code, by=trial.investigator, at=LATER, key=key())
    assert verify().sound


def test_the_store_cannot_open_what_the_board_closed(trial: Cast) -> None:
    conduct(freeze(trial))
    decide("safety")
    note_interims(at=LATER)
    Trial.objects.update(randomisation_open=True)
    assert {one.table for one in verify().broken} == {"store_trial"}


def test_whatever_is_altered_about_an_interim_analysis_is_named(trial: Cast) -> None:
    conduct(freeze(trial))
    decide("continue")
    note_interims(at=LATER)
    kept, table = InterimAnalysis.objects.get(), "vault_interimanalysis"
    other = kept.cut.replace('"information":8', '"information":9')
    altered = {
        "what was found": lambda: forced(table, InterimAnalysis, sealed=bytes(kept.sealed)[:-1] + b"x"),
        "the data": lambda: forced(table, InterimAnalysis, cut=other),
        "who did it": lambda: forced(table, InterimAnalysis, by="wu"),
        "a look is gone": lambda: gone(table, InterimAnalysis),
        "the groups": groups_moved,
    }  # fmt: skip
    for what, alter in altered.items():
        assert table in found_after(alter), what
    assert verify().sound
    by_hand("UPDATE store_interimcut SET document = document || ' '")
    assert "store_interimcut" in {one.table for one in verify().broken}


def groups_moved() -> None:
    """Somebody gives people another arm, under good seals; the analysis is as it was."""
    turned = {"high": "low", "low": "high", "placebo": "placebo"}
    with past_the_guards():
        for one in Allocation.objects.all():
            sealed = seal(turned[arm_of(one)], purpose="arm", name=one.participant)
            Allocation.objects.filter(pk=one.pk).update(sealed_arm=sealed)


def test_the_last_analysis_uses_the_looks_that_were_taken(trial: Cast) -> None:
    conduct(freeze(trial))
    decide("futility")
    with pytest.raises(NotPermitted):
        client.ask("released_looks")
    client.release(first=("one", "locked"), second=("two", "locked"), at=LATER)
    (look,) = client.ask("released_looks")
    assert (look["look"], look["information"], look["decision"]) == (1, 8, "futility")
    assert look["z"]["high - placebo"] == pytest.approx(-look["z"]["placebo - high"])
    letters = interims.unblinding.letters()
    found = interims.opened(InterimAnalysis.objects.get())
    for pair in found["comparisons"]:
        for one in pair["readings"]:
            name = f"{letters[one['experimental']]} - {letters[one['control']]}"
            assert look["z"][name] == one["z"]
    with pytest.raises(NotPermitted):
        conduct(InterimCut.objects.get())


@pytest.mark.once
def test_the_pages_of_the_blinded_side(trial: Cast) -> None:
    people = everybody(trial)
    for role in ("monitor", "investigator", "administrator", "safety-board member", "pharmacist"):
        assert signed_in(people[role]).get("/en/finalise/interim/").status_code == 403, role
    sponsor = signed_in(people["sponsor"]).get("/en/finalise/interim/")
    assert "Freeze the data" not in text_of(sponsor)
    freeze(trial)
    conduct(InterimCut.objects.get())
    decide("efficacy")
    note_interims(at=LATER)
    said = text_of(signed_in(people["sponsor"]).get("/en/finalise/interim/"))
    assert "stopped for efficacy" in said
    assert "8 participants" in said
    assert "stopped for efficacy" in text_of(
        signed_in(people["sponsor"]).get("/en/finalise/board/")
    )
    elsewhere = text_of(signed_in(people["investigator"]).get("/en/finalise/board/"))
    assert "randomisation stopped" in elsewhere
    assert "efficacy" not in elsewhere
