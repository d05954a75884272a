"""Lots, batches, consignments and units through the services: what is refused, what shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections

from equipoise.errors import (
    KeyReused,
    KitNotValid,
    LotNotReleasable,
    NotPermitted,
    NotReady,
    OutOfOrder,
    OutOfStock,
    SecondPersonRequired,
    ThawedTooLongAgo,
    TwoPersonsRequired,
    UnitElsewhere,
    UnitNotValid,
    UnitOfAnother,
    UnitsOpen,
    UnitUsed,
    UnknownRecord,
)
from equipoise.protocol.roles import SITE_STAFF
from equipoise.supply import by_lot
from equipoise_server.allocator import client, depot, holds, kits, product_views
from equipoise_server.commands.demo_depot import good
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.administer import Dose, administer
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.account_for import account_for, hand_in
from equipoise_server.services.supply.dispense import dispense, prepare_unit, thaw_unit
from equipoise_server.services.supply.label import labels
from equipoise_server.services.supply.receive import receive
from equipoise_server.services.supply.refresh_validity import refresh_validity
from equipoise_server.services.supply.replace_kit import replace_kit
from equipoise_server.services.supply.transfer_kits import transfer_kits
from equipoise_server.services.trial.lock import lock
from equipoise_server.services.verify import verify
from equipoise_server.store import study as studies
from equipoise_server.store import supplies
from equipoise_server.store.models import Kit as StoreKit
from equipoise_server.store.queries.accounts import reconciliation
from equipoise_server.vault.models import Hold, Kit, Lot
from server.cast import NOW, Cast, bring_everything_back, key
from server.pages import everybody, signed_in, text_of

HOUR = timedelta(hours=1)
BEFORE = NOW - timedelta(days=20)
PAPERS = {"scale": "60 courses", "passage": "4", "storage": "cold"}


@pytest.fixture
def depot_of(trial: Cast):
    """A pharmacist and a monitor of the unblinded side, and lots 01 and 02 packed."""
    for name, role in (("fu", "pharmacist"), ("mo", "unblinded monitor")):
        client.register_unblinded(username=name, role=role, by="admin", at=BEFORE)
    return [make_batch(trial, number) for number in ("01", "02")]


def make_batch(trial: Cast, number: str, shares: int = 12, **changes: object) -> str:
    codes = []
    for product in trial.study.protocol.products:
        code = f"{product.id}-{number}"
        codes.append(code)
        expires = changes.get(product.id, "2027-03-02")
        depot.make_lot(
            lot=code, product=product.id, made_on="2026-01-05", expires_on=str(expires),
            papers=PAPERS, by="fu", at=BEFORE,
        )  # fmt: skip
        results = {test.id: good(test) for test in product.release_tests}
        depot.certify_lot(lot=code, results=results, by="fu", at=BEFORE)
        depot.release_lot(lot=code, reason="within", by="mo", at=BEFORE)
    return depot.pack(lots=codes, shares=shares, by="fu", at=BEFORE)


def consigned(trial: Cast, site: str = "s01", shares: int = 4) -> tuple[str, ...]:
    codes = client.deliver(site=site, shares=shares, at=BEFORE)
    receive(site=site, kits=codes, by=trial.pharmacist, at=BEFORE, key=key())
    return codes


def started(trial: Cast, code: str = "S01-AAAAA-AAAAA") -> tuple[str, str]:
    trial.make_eligible(trial.enrol(code))
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    dispense(participant=code, by=trial.nurse, at=NOW, key=key())
    trial.fill_in(code, "start", {"vomiting": False}, visit="start")
    return code, kit


def give(trial: Cast, code: str, unit: str, at=NOW + HOUR) -> None:
    values = {"dose_at": at, "dose_taken": "all"}
    dose = Dose(started_at=at, unit=unit)
    administer(participant=code, dose=dose, values=values, by=trial.nurse, at=at, key=key())


def cold(trial: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same study, whose units are thawed and verified by a second person."""
    dosing = replace(trial.study.protocol.dosing, in_use_hours=4.0, two_persons=True)
    study = replace(trial.study, protocol=replace(trial.study.protocol, dosing=dosing))
    monkeypatch.setattr(studies, "of_digest", lambda _digest: study)
    monkeypatch.setattr("equipoise_server.services.standing.studies.of_digest", lambda _: study)


def test_a_batch_holds_every_product_in_the_proportion_of_the_arms(trial, depot_of):
    held = Counter(kits.arm_in(kit) for kit in Kit.objects.filter(batch=depot_of[0]))
    assert held == {"high": 24, "low": 12, "placebo": 12}
    codes = consigned(trial)
    assert Counter(kits.arm_in(kit) for kit in Kit.objects.filter(code__in=codes)) == {
        "high": 8,
        "low": 4,
        "placebo": 4,
    }
    assert list(codes) == sorted(codes)
    assert {kit.batch for kit in Kit.objects.filter(code__in=codes)} == {depot_of[0]}


def test_a_lot_that_fails_is_not_released_nor_packed(trial, depot_of):
    product = trial.study.protocol.products[0]
    depot.make_lot(
        lot="bad", product=product.id, made_on="2026-01-05", expires_on="2027-01-05",
        papers=PAPERS, by="fu", at=BEFORE,
    )  # fmt: skip
    depot.certify_lot(
        lot="bad", results={"content": 99, "look": "white and round"}, by="fu", at=BEFORE
    )
    with pytest.raises(LotNotReleasable, match="content is 99"):
        depot.release_lot(lot="bad", reason="please", by="mo", at=BEFORE)
    others = [f"{one.id}-01" for one in trial.study.protocol.products[1:]]
    with pytest.raises(OutOfOrder, match="certified, not released"):
        depot.pack(lots=["bad", *others], shares=2, by="fu", at=BEFORE)
    with pytest.raises(UnknownRecord):
        depot.recall_lot(lot="nothing", reason="x", by="fu", at=BEFORE)
    shown = client.ask("lot", lot="bad", by="mo", at=BEFORE)
    assert [one["passes"] for one in shown["certificate"]] == [False, True]
    assert [one["what"] for one in shown["history"]] == ["make", "certify"]


def test_lots_that_were_packed_together_are_packed_with_nothing_else(trial, depot_of):
    mixed = ["tablet-high-01", "tablet-low-01", "tablet-placebo-02"]
    with pytest.raises(OutOfOrder, match="alone"):
        depot.pack(lots=mixed, shares=2, by="fu", at=BEFORE)
    with pytest.raises(OutOfOrder):
        depot.pack(lots=mixed[:2], shares=2, by="fu", at=BEFORE)


@pytest.mark.parametrize("product", ["tablet-high", "tablet-low", "tablet-placebo"])
def test_a_recall_of_any_lot_takes_the_same_batch_and_no_other(trial, depot_of, product):
    codes = consigned(trial, shares=14)
    depot.recall_lot(lot=f"{product}-01", reason="failed", by="mo", at=NOW)
    barred = set(depot.not_valid(site="s01", at=NOW))
    assert barred == {kit.code for kit in Kit.objects.filter(site="s01", batch=depot_of[0])}
    assert barred < set(codes)
    assert refresh_validity(site="s01", by=trial.nurse, at=NOW, key=key()) == len(barred)
    assert refresh_validity(site="s01", by=trial.nurse, at=NOW, key=key()) == 0
    for kit in barred:
        assert not supplies.state_of(kit).valid
    assert client.lowest_stock(site="s01") == 8 + 2  # what came without lots, and of batch 02


def test_the_whole_batch_expires_with_its_first_lot(trial, depot_of):
    batch = make_batch(trial, "03", **{"tablet-low": "2026-03-10"})
    kits_of = {kit.code for kit in Kit.objects.filter(batch=batch)}
    Kit.objects.filter(batch=batch)
    client.deliver(site="s02", shares=12, at=BEFORE)
    assert not kits_of & set(depot.not_valid(site="s02", at=NOW))
    late = NOW + timedelta(days=9)
    assert kits_of & set(depot.not_valid(site="s02", at=late)) == kits_of
    assert {one["why"] for one in holds.of_batch(batch)} == {"expiry"}


def test_quarantine_is_lifted_where_nothing_else_holds_the_kits(trial, depot_of):
    codes = consigned(trial)
    excursion = depot.report_excursion(
        site="s01", began="2026-03-01T00:00+08:00", ended="2026-03-01T03:00+08:00",
        lowest=-80.0, highest=-41.5, by="fu", at=NOW,
    )  # fmt: skip
    assert set(codes) < set(depot.not_valid(site="s01", at=NOW))
    depot.quarantine_lot(lot="tablet-low-01", reason="asked the maker", by="fu", at=NOW)
    given = {"excursion": excursion, "decision": "use", "reason": "stability data"}
    with pytest.raises(TwoPersonsRequired):
        depot.decide_excursion(**given, by="fu", at=NOW)
    depot.decide_excursion(**given, by="mo", at=NOW)
    assert set(depot.not_valid(site="s01", at=NOW)) == set(codes)
    depot.lift_quarantine(lot="tablet-low-01", reason="in order", by="mo", at=NOW)
    assert depot.not_valid(site="s01", at=NOW) == ()
    with pytest.raises(OutOfOrder):
        depot.decide_excursion(**given, by="mo", at=NOW)


def test_a_replacement_holds_the_same_product_and_is_answered_once(trial, depot_of):
    consigned(trial)
    code, kit = started(trial)
    account_for(units=[f"{kit}-01"], became="lost", reason="?", by=trial.nurse, at=NOW, key=key())
    new = replace_kit(participant=code, reason="lost", by=trial.nurse, at=NOW, key="again")
    assert replace_kit(participant=code, reason="lost", by=trial.nurse, at=NOW, key="again") == new
    assert kits.arm_in(kits.find(new)) == kits.arm_in(kits.find(kit))
    same = {"participant": code, "site": "s01", "kit": kit, "at": NOW}
    assert depot.replace(**same, key="another") == new
    with pytest.raises(KeyReused):
        depot.replace(**{**same, "kit": new}, key="again")
    with pytest.raises(UnknownRecord):
        depot.replace(**{**same, "participant": "S01-BBBBB-BBBBB"}, key=key())
    assert kit in depot.not_valid(site="s01", at=NOW)
    with pytest.raises(KitNotValid):
        prepare_unit(unit=f"{kit}-02", by=trial.pharmacist, at=NOW, key=key())
    dispense(participant=code, by=trial.nurse, at=NOW, key=key())
    prepare_unit(unit=f"{new}-02", by=trial.pharmacist, at=NOW, key=key())
    give(trial, code, f"{new}-02")
    assert verify().sound


def test_a_site_without_stock_of_every_arm_replaces_nothing(trial):
    code, kit = started(trial)
    stock = Kit.objects.filter(site="s01", participant="")
    holding = [one.code for one in stock if kits.arm_in(one) != kits.arm_in(kits.find(kit))]
    depot.withdraw_kits(site="s01", kits=holding, at=NOW)
    with pytest.raises(OutOfStock):
        replace_kit(participant=code, reason="lost", by=trial.nurse, at=NOW, key=key())
    assert supplies.state_of(kit).valid


def test_a_transfer_is_balanced_and_leaves_both_sites_able_to_serve(trial, depot_of):
    consigned(trial)
    with pytest.raises(OutOfOrder):
        transfer_kits(site="s01", to="s02", shares=3, by=trial.pharmacist, at=NOW, key=key())
    with pytest.raises(OutOfStock):
        transfer_kits(site="s01", to="s02", shares=40, by=trial.pharmacist, at=NOW, key=key())
    sent = transfer_kits(site="s01", to="s02", shares=4, by=trial.pharmacist, at=NOW, key=key())
    assert Counter(kits.arm_in(kits.find(code)) for code in sent)["high"] == 8
    assert {supplies.state_of(code).status for code in sent} == {"sent"}
    with pytest.raises(UnitsOpen):
        lock_it(trial)
    receive(site="s02", kits=sent, by=trial.pharmacist, at=NOW, key=key())
    assert {supplies.state_of(code).site for code in sent} == {"s02"}
    assert verify().sound


def lock_it(trial: Cast) -> None:
    one = Agreed(by=trial.data_manager, reason="clean")
    two = Agreed(by=trial.statistician, reason="clean")
    lock(first=one, second=two, at=NOW + 9 * HOUR, key=key())


def test_the_study_is_not_locked_while_a_unit_is_open_and_the_units_are_named(trial):
    code, kit = started(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=NOW, key=key())
    give(trial, code, f"{kit}-01")
    with pytest.raises(UnitsOpen) as refusal:
        lock_it(trial)
    assert refusal.value.units == tuple(f"{kit}-{number:02d}" for number in range(2, 29))
    assert f"{kit}-02" in str(refusal.value)
    assert hand_in(participant=code, reason="over", by=trial.nurse, at=NOW, key=key()) == 27
    found = reconciliation()
    assert found.zero
    assert found.whole.dispensed == found.whole.administered + found.whole.returned == 28
    with pytest.raises(NotReady) as other:
        lock_it(trial)
    assert "units of kits" not in str(other.value)


def test_accountability_by_lot_is_the_unblinded_side_s_alone(trial, depot_of):
    consigned(trial, shares=8)
    code, _ = started(trial)
    bring_everything_back(trial)
    lots = by_lot(supplies.states(), depot.lots_of_kits(by="mo", at=NOW))
    assert set(lots) <= {one.code for one in Lot.objects.all()}
    assert all(one.balanced for one in lots.values())
    for name in ("lots_of_kits", "lots", "batches"):
        from equipoise_server.allocator.verbs import BLINDED

        assert name not in BLINDED
    assert code


def test_each_slip_at_the_bedside_has_its_own_code(trial, monkeypatch):
    cold(trial, monkeypatch)
    code, kit = started(trial)
    other, others_kit = started(trial, "S01-BBBBB-BBBBB")
    unit, late = f"{kit}-01", NOW + 5 * HOUR
    thaw_unit(unit=unit, by=trial.pharmacist, at=NOW, key=key())
    for person in ("", trial.pharmacist.username):
        with pytest.raises(SecondPersonRequired):
            prepare_unit(unit=unit, by=trial.pharmacist, at=NOW, key=key(), verified_by=person)
    with pytest.raises(UnknownRecord):
        prepare_unit(unit=unit, by=trial.pharmacist, at=NOW, key=key(), verified_by="nobody")
    prepare_unit(unit=unit, by=trial.pharmacist, at=NOW, key=key(), verified_by="bo")
    with pytest.raises(UnitOfAnother):
        give(trial, other, unit)
    with pytest.raises(ThawedTooLongAgo):
        give(trial, code, unit, at=late)
    elsewhere = StoreKit.objects.filter(site="s02").first().pk
    with pytest.raises(UnitElsewhere):
        give(trial, code, f"{elsewhere}-01")
    with pytest.raises(UnitNotValid):
        give(trial, code, f"{kit}-99")
    give(trial, code, unit)
    with pytest.raises(UnitUsed):
        give(trial, code, unit, at=NOW + 13 * HOUR)
    assert others_kit != kit


def test_labels_say_nothing_of_the_product_and_come_out_the_same(trial):
    chosen = {}
    for row in Kit.objects.filter(site="s01"):
        chosen.setdefault(kits.arm_in(row), row.code)
    given = {"site": "s01", "by": trial.nurse, "at": NOW}
    made = {arm: labels(kit=code, language="en", **given) for arm, code in chosen.items()}
    assert all(pdf.startswith(b"%PDF") for pdf in made.values())
    again = labels(kit=chosen["low"], language="en", **given)
    assert again == made["low"]
    with pytest.raises(UnknownRecord):
        labels(kit=chosen["low"], language="en", **{**given, "site": "s02"})
    with pytest.raises(NotPermitted):
        labels(kit=chosen["low"], language="en", **{**given, "by": trial.statistician})


def test_what_happened_in_the_vault_cannot_be_changed(trial, depot_of):
    consigned(trial)
    depot.recall_lot(lot="tablet-low-01", reason="failed", by="mo", at=NOW)
    assert Hold.objects.exists()
    for statement in (
        "UPDATE vault_packagingbatch SET shares = 1",
        "DELETE FROM vault_packagingbatch",
        "UPDATE vault_lot SET product = 'x'",
        "DELETE FROM vault_lot",
        "UPDATE vault_kit SET batch = 'x'",
        "UPDATE vault_kit SET sealed_product = 'x'",
        "UPDATE vault_consignment SET site = 'x'",
        "DELETE FROM vault_consignment",
        "UPDATE vault_hold SET why = 'x'",
        "DELETE FROM vault_hold",
        "DELETE FROM vault_productspecification",
    ):
        with pytest.raises(DatabaseError), connections["vault"].cursor() as cursor:
            cursor.execute(statement)


def test_the_unblinded_side_reads_what_is_in_a_kit_and_it_is_noted(trial, depot_of):
    codes = consigned(trial)
    told = product_views.kit(kit=codes[0], by="mo", at=NOW)
    assert told["lot"] == f"{told['product']}-01"
    assert told["expires_on"] == "2027-03-02"
    depot.recall_lot(lot="tablet-low-01", reason="failed", by="mo", at=NOW)
    held = product_views.kit(kit=codes[0], by="mo", at=NOW)["held"]
    assert [one["why"] for one in held] == ["recall"]
    assert verify().sound


def test_the_pages_of_the_stock(trial):
    people = everybody(trial)
    coordinator = signed_in(people["coordinator"])
    sent = client.deliver(site="s01", shares=4, at=NOW)
    shown = text_of(coordinator.get("/en/stock/s01/check-in/"))
    assert all(code in shown for code in sent)
    page = "/en/stock/s01/check-in/"
    assert coordinator.post(page, {}).status_code == 409
    typed = dict.fromkeys(sent[1:], "valid") | {sent[0]: "damaged"}
    assert coordinator.post(page, typed).status_code == 302
    assert StoreKit.objects.get(pk=sent[0]).status == "damaged"
    assert sent[0] in depot.not_valid(site="s01", at=NOW)
    assert "No kit is on its way" in text_of(coordinator.get(page))
    lost = {"units": f"{sent[1]}", "became": "lost", "reason": "stock-taking"}
    assert coordinator.post("/en/stock/s01/unit/", lost).status_code == 302
    again = coordinator.post("/en/stock/s01/unit/", lost | {"units": "ABCD-EFGH-01"})
    assert again.status_code == 409
    assert "refused.unknown" in again.content.decode()
    assert coordinator.post("/en/stock/s01/refresh/", {}).status_code == 302
    for page in (
        "/en/stock/",
        "/en/stock/s01/",
        "/en/stock/s01/account/",
        f"/en/stock/s01/labels/{sent[2]}.pdf",
    ):
        for role, person in people.items():
            allowed = role in (*SITE_STAFF, "monitor", "data manager")
            if page.endswith(".pdf"):
                allowed = role in ("investigator", "coordinator", "dosing nurse")
            status = signed_in(person).get(page).status_code
            assert status == (200 if allowed else 403), (role, page)
    assert signed_in(people["coordinator"]).get("/en/stock/s02/").status_code == 403
    assert signed_in(people["monitor"]).get("/en/stock/nowhere/").status_code == 404
    chinese = signed_in(people["coordinator"]).get("/zh-hans/stock/s01/")
    assert "无效" in chinese.content.decode()
