"""The allocator: one place each, sealed, refused in the same words for every arm."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from equipoise.errors import (
    KeyReused,
    ListExhausted,
    LiveUseRefused,
    NotPermitted,
    OutOfStock,
    ReasonRequired,
    SealBroken,
    TwoPersonsRequired,
    UnknownRecord,
)
from equipoise.protocol.load import load
from equipoise_server.allocator import ceremony, client, lists
from equipoise_server.vault.keys import key_file
from equipoise_server.vault.models import Allocation, Ceremony, Kit, Slot
from server.vault_hand import past_the_guards

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SEED = bytes(range(32))


@pytest.fixture
def study(instance):
    return load(instance.folder / "study")


@pytest.fixture
def sealed(study):
    client.generate(study, label="demo", at=AT, seed=SEED)
    client.deliver(site="s01", shares=20, at=AT)
    return study


def _stratum(level="many"):
    made = ceremony.current()
    name = made.configuration["strata"][0 if level == "many" else -1]
    return dict(part.split("=") for part in name.split("/"))


def _allocate(number, site="s01", **changes):
    given = {
        "participant": f"P{number}",
        "site": site,
        "stratum": _stratum(),
        "key": f"k{number}",
        "at": AT,
        **changes,
    }
    return client.allocate(**given)


def test_the_list_follows_the_seed_and_the_published_commitment(sealed):
    made = Ceremony.objects.get()
    rebuilt = lists.build(made.configuration, SEED)
    assert lists.commitment(rebuilt, SEED, made.configuration) == client.commitment()
    assert lists.commitment(rebuilt, b"x" * 32, made.configuration) != client.commitment()


def test_equal_arms_do_not_look_equal_in_the_vault(sealed):
    boxes = [bytes(box) for box in Slot.objects.values_list("sealed", flat=True)]
    assert len(set(boxes)) == len(boxes)
    assert len({len(box) for box in boxes}) == 1
    kits = [bytes(box) for box in Kit.objects.values_list("sealed_product", flat=True)]
    assert len(set(kits)) == len(kits)
    assert len({len(box) for box in kits}) == 1


def test_a_retry_gets_the_same_kit_and_uses_no_place(sealed):
    first = _allocate(1)
    assert _allocate(1) == first
    assert _allocate(1, key="another") == first
    assert Allocation.objects.count() == 1


def test_one_key_serves_one_participant(sealed):
    _allocate(1)
    with pytest.raises(KeyReused):
        _allocate(2, key="k1")
    assert Allocation.objects.count() == 1


def test_places_are_used_in_order_without_gaps(sealed):
    for number in range(8):
        _allocate(number)
    places = list(Allocation.objects.order_by("pk").values_list("slot__place", flat=True))
    assert places == list(range(1, 9))


def test_a_site_short_of_any_arm_is_refused_before_a_slot_is_opened(sealed):
    with pytest.raises(OutOfStock) as refusal:
        _allocate(1, site="s02")
    for arm in ceremony.current().configuration["arms"]:
        assert arm not in str(refusal.value)
    assert not Allocation.objects.exists()


def test_stock_runs_out_in_the_same_words_whichever_arm_is_short(sealed):
    said = set()
    for number in range(60):
        try:
            _allocate(number)
        except OutOfStock as refusal:
            said.add(str(refusal))
    assert len(said) == 1


@pytest.mark.parametrize("seed", range(6))
def test_stock_ends_at_the_same_participant_whatever_the_arms_were(study, seed):
    client.generate(study, label="demo", at=AT, seed=bytes([seed]) * 32)
    client.deliver(site="s01", shares=5, at=AT)
    for number in range(5):
        assert client.lowest_stock(site="s01") == 5 - number
        _allocate(number)
    assert client.lowest_stock(site="s01") == 0
    with pytest.raises(OutOfStock):
        _allocate(5)


def test_a_kit_that_is_not_valid_counts_against_the_stock_whatever_it_holds(sealed):
    before = client.lowest_stock(site="s01")
    for number, kit in enumerate(Kit.objects.filter(site="s01")[:6], start=1):
        Kit.objects.filter(pk=kit.pk).update(valid=False)
        assert client.lowest_stock(site="s01") == before - number


def test_an_exhausted_list_is_refused_without_naming_an_arm(sealed):
    client.deliver(site="s01", shares=400, at=AT)
    with past_the_guards():
        Slot.objects.filter(place__gt=2).delete()
    _allocate(1)
    _allocate(2)
    with pytest.raises(ListExhausted) as refusal:
        _allocate(3)
    assert "arm" not in str(refusal.value)


@pytest.mark.parametrize("position", [0, 60, 200, -1])
def test_a_changed_slot_is_found_before_anything_is_written(sealed, position):
    slot = Slot.objects.get(stratum=lists.stratum_name(_stratum()), place=1)
    box = bytearray(slot.sealed)
    box[position] ^= 1
    with past_the_guards():
        Slot.objects.filter(pk=slot.pk).update(sealed=bytes(box))
    with pytest.raises(SealBroken):
        _allocate(1)
    assert not Allocation.objects.exists()
    assert not Kit.objects.exclude(participant="").exists()


def test_two_exchanged_slots_are_found(sealed):
    stratum = lists.stratum_name(_stratum())
    one, two = Slot.objects.filter(stratum=stratum, place__in=(1, 2)).order_by("place")
    with past_the_guards():
        Slot.objects.filter(pk=one.pk).update(sealed=two.sealed)
    with pytest.raises(SealBroken):
        _allocate(1)


def test_a_wrong_key_opens_nothing(sealed):
    key_file().unlink()
    from equipoise_server.vault.keys import _read, make_key

    _read.cache_clear()
    make_key()
    with pytest.raises(SealBroken):
        _allocate(1)
    _read.cache_clear()


def test_a_live_list_takes_no_seed_from_anybody(study):
    with pytest.raises(LiveUseRefused):
        client.generate(study, label="live", at=AT, seed=SEED)
    assert not Ceremony.objects.exists()


def test_a_list_is_made_once(sealed, study):
    with pytest.raises(LiveUseRefused):
        client.generate(study, label="live", at=AT)


def test_a_demo_list_differs_from_a_live_list_of_the_same_seed(study):
    demo, live = (lists.configure(study, label=label) for label in ("demo", "live"))
    assert lists.build(demo, SEED) != lists.build(live, SEED)


def test_only_registered_preparers_learn_what_a_kit_holds(sealed):
    kit = _allocate(1)
    with pytest.raises(NotPermitted):
        client.contents(kit=kit, by="fu", at=AT)
    client.register_unblinded(username="fu", role="pharmacist", by="admin", at=AT)
    assert client.contents(kit=kit, by="fu", at=AT) in ceremony.current().configuration["arms"]
    assert client.first_broken() is None


def test_emergency_unblinding_needs_a_reason_and_keeps_to_its_limits(sealed):
    client.register_unblinded(username="chen", role="investigator", by="admin", at=AT)
    for number in range(4):
        _allocate(number)
    with pytest.raises(ReasonRequired):
        client.reveal(participant="P0", by="chen", reason=" ", at=AT)
    with pytest.raises(UnknownRecord):
        client.reveal(participant="P9", by="chen", reason="anaphylaxis", at=AT)
    for number in range(3):
        client.reveal(participant=f"P{number}", by="chen", reason="anaphylaxis", at=AT)
    with pytest.raises(NotPermitted):
        client.reveal(participant="P3", by="chen", reason="anaphylaxis", at=AT)
    later = AT + timedelta(hours=2)
    assert client.reveal(participant="P3", by="chen", reason="anaphylaxis", at=later)


def test_release_needs_two_persons_with_reasons(sealed):
    _allocate(1)
    for pair in ((("a", "x"), ("a", "y")), (("a", ""), ("b", "y")), (("a", "x"), ("b", " "))):
        with pytest.raises(TwoPersonsRequired):
            client.release(first=pair[0], second=pair[1], at=AT)
    with pytest.raises(NotPermitted):
        client.released()
    assert client.matches() is None


def test_after_release_everything_follows_from_the_commitment(sealed):
    for number in range(9):
        _allocate(number)
    released = client.release(first=("a", "x"), second=("b", "y"), at=AT)
    assert released == client.received()
    assert client.matches() is True
    ratio = dict(
        zip(*(ceremony.current().configuration[name] for name in ("arms", "ratio")), strict=True)
    )
    assert set(Counter(released.values())) <= set(ratio)


def test_an_allocation_out_of_order_no_longer_matches(sealed):
    for number in range(3):
        _allocate(number)
    client.release(first=("a", "x"), second=("b", "y"), at=AT)
    with past_the_guards():
        Allocation.objects.filter(participant="P0").delete()
    assert client.matches() is False


def test_kit_codes_say_nothing_about_their_content(sealed):
    client.deliver(site="s03", shares=100, at=AT)
    arms = _contents("s03")
    order = Counter(arms[: len(arms) // 2])
    assert max(order.values()) < 0.75 * len(arms)


def _contents(site):
    from equipoise_server.allocator.kits import arm_in

    return [arm_in(kit) for kit in Kit.objects.filter(site=site).order_by("code")]


def test_unblinded_records_stay_in_the_vault_and_keep_their_versions(sealed):
    client.register_unblinded(username="fu", role="pharmacist", by="admin", at=AT)
    given = {"participant": "P1", "form": "dp", "number": 1, "by": "fu", "at": AT}
    assert client.record_unblinded(document={"lot": "L1"}, key="a", **given) == 1
    assert client.record_unblinded(document={"lot": "L1"}, key="a", **given) == 1
    with pytest.raises(KeyReused):
        client.record_unblinded(document={"lot": "L2"}, key="a", **given)
    with pytest.raises(ReasonRequired):
        client.record_unblinded(document={"lot": "L2"}, key="b", **given)
    assert client.record_unblinded(document={"lot": "L2"}, key="b", reason="typo", **given) == 2
