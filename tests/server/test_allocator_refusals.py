"""Bad input at the allocator: each has its code, and leaves nothing half-done."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from django.db import connections

from equipoise.errors import (
    AllocatedOtherwise,
    ClockWrong,
    CustodianInvalid,
    EquipoiseError,
    KeyReused,
    ListExhausted,
    ListOfAnotherVersion,
    OutOfStock,
    SealBroken,
    SealMoved,
    VaultKeyMissing,
    VaultKeyWrong,
)
from equipoise.protocol.load import load
from equipoise_server.allocator import client, lists
from equipoise_server.allocator.clock import Clock
from equipoise_server.allocator.escrow import COPY, Escrow
from equipoise_server.vault import keys
from equipoise_server.vault.models import Allocation, Kit, Slot
from server.test_allocator_many import AT, STRATA, seal_a_list
from server.vault_hand import past_the_guards


def ask(number: int = 0, **changes):
    given = {
        "participant": f"P{number}",
        "site": "a",
        "stratum": dict([STRATA[0].split("=")]),
        "key": f"k{number}",
        "at": AT,
        **changes,
    }
    return client.allocate(**given)


@pytest.fixture
def sealed(instance):
    seal_a_list(length=6, shares=20)
    keys._read.cache_clear()
    yield
    keys._read.cache_clear()


def first_slots():
    return list(Slot.objects.filter(stratum=STRATA[0]).order_by("place")[:2])


def tampered():
    slot = first_slots()[0]
    box = bytearray(slot.sealed)
    box[100] ^= 1
    with past_the_guards():
        Slot.objects.filter(pk=slot.pk).update(sealed=bytes(box))


def swapped():
    one, other = first_slots()
    with past_the_guards():
        Slot.objects.filter(pk=one.pk).update(sealed=other.sealed)
        Slot.objects.filter(pk=other.pk).update(sealed=one.sealed)


def another_key():
    keys.key_file().unlink()
    keys._read.cache_clear()
    keys.make_key()


def no_key():
    keys.key_file().unlink()
    keys._read.cache_clear()


def half_a_key():
    keys.key_file().write_bytes(keys.key_file().read_bytes()[:16])
    keys._read.cache_clear()


DAMAGES = {
    tampered: (SealBroken, "integrity.seal-broken"),
    swapped: (SealMoved, "integrity.seal-moved"),
    another_key: (VaultKeyWrong, "integrity.vault-key-wrong"),
    no_key: (VaultKeyMissing, "integrity.vault-key-missing"),
    half_a_key: (VaultKeyMissing, "integrity.vault-key-missing"),
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_damaged_vault_gives_nobody_a_place_and_says_which_damage(sealed, damage):
    kind, code = DAMAGES[damage]
    damage()
    with pytest.raises(EquipoiseError) as refusal:
        ask()
    assert (type(refusal.value), refusal.value.code) == (kind, code)
    assert not Allocation.objects.exists()
    assert not Kit.objects.exclude(participant="").exists()


def test_a_key_that_is_put_back_opens_everything_again(sealed):
    first = ask()
    right = keys.key_file().read_bytes()
    another_key()
    with pytest.raises(VaultKeyWrong):
        ask(1)
    keys.key_file().write_bytes(right)
    keys._read.cache_clear()
    assert ask(1) != first
    assert client.broken() == ()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"digest": "e" * 64}, ListOfAnotherVersion),
        ({"site": "nowhere"}, OutOfStock),
        ({"stratum": {"site": "unheard of"}}, ListExhausted),
        ({"key": "k7"}, KeyReused),
        ({"participant": "P7"}, AllocatedOtherwise),
    ],
    ids=lambda part: getattr(part, "code", ""),
)
def test_a_bad_request_has_its_own_code_and_leaves_nothing(sealed, changes, kind):
    ask(7, stratum=dict([STRATA[1].split("=")]))
    with pytest.raises(kind) as refusal:
        ask(1, **changes)
    assert type(refusal.value) is kind
    assert Allocation.objects.count() == 1
    assert Kit.objects.exclude(participant="").count() == 1
    assert not {"one", "other arm", "arm"} & set(str(refusal.value).split())


def test_the_version_that_the_list_was_sealed_for_is_served(sealed):
    assert ask(digest="d" * 64)


def test_a_list_of_six_places_ends_after_six_in_the_same_words(sealed):
    kits = {ask(number) for number in range(6)}
    assert len(kits) == 6
    said = set()
    for number in range(6, 9):
        with pytest.raises(ListExhausted) as refusal:
            ask(number)
        said.add(str(refusal.value))
    assert len(said) == 1


def test_a_replayed_request_is_answered_the_same_and_uses_nothing(sealed):
    assert len({ask() for _ in range(4)}) == 1
    assert ask(key="later") == ask()
    assert Allocation.objects.count() == 1


NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)


def watch(*, jumped: timedelta = timedelta()) -> Clock:
    """A clock that began an hour ago and has been moved since."""
    now, running = [NOON - timedelta(hours=1)], [500.0]
    clock = Clock(wall=lambda: now[0], running=lambda: running[0])
    now[0], running[0] = NOON + jumped, 500.0 + 3600
    return clock


@pytest.mark.parametrize(
    ("at", "after", "jumped"),
    [
        (timedelta(minutes=6), None, timedelta()),
        (timedelta(days=400), None, timedelta()),
        (timedelta(minutes=-61), None, timedelta()),
        (timedelta(days=-400), None, timedelta()),
        (timedelta(), timedelta(minutes=6), timedelta()),
        (timedelta(), timedelta(days=3), timedelta()),
        (timedelta(hours=3), None, timedelta(hours=3)),
        (timedelta(hours=-3), None, timedelta(hours=-3)),
        (timedelta(minutes=10), None, timedelta(minutes=10)),
    ],
)
def test_a_clock_that_jumps_is_noticed(at, after, jumped):
    newest = None if after is None else NOON + after
    with pytest.raises(ClockWrong):
        watch(jumped=jumped).require_right(NOON + at, after=newest)


@pytest.mark.parametrize("minutes", [-55, -5, 0, 4])
def test_a_clock_that_is_a_little_off_is_let_pass(minutes):
    at = NOON + timedelta(minutes=minutes)
    for clock, after in (
        (watch(), NOON + timedelta(minutes=4)),
        (watch(jumped=timedelta(minutes=4)), None),
    ):
        clock.require_right(at, after=after)
        with pytest.raises(ClockWrong):
            clock.require_right(at + timedelta(days=1), after=after)


def test_a_live_list_gives_no_place_at_an_impossible_time(instance):
    seal_a_list(length=6, shares=20, label="live")
    now = datetime.now(UTC)
    for wrong in (now + timedelta(hours=1), now - timedelta(hours=3), AT):
        with pytest.raises(ClockWrong):
            ask(at=wrong)
    assert not Allocation.objects.exists()
    first = ask(at=now)
    assert ask(at=now - timedelta(days=9)) == first, "what was given is given, whenever asked"


@pytest.fixture
def custodians():
    return [pyrage.x25519.Identity.generate() for _ in range(2)]


def test_a_live_list_is_not_sealed_without_its_custodians(instance):
    study = load(instance.folder / "study")
    with pytest.raises(CustodianInvalid):
        client.generate(study, label="live", at=AT)
    assert client.commitment() is None


def test_one_custodian_is_enough_to_open_and_nobody_else_is(instance, tmp_path, custodians):
    study = load(instance.folder / "study")
    named = tuple(str(one.to_public()) for one in custodians)
    escrow = Escrow(custodians=named, out=tmp_path / "c")
    client.generate(study, label="live", at=AT, escrow=escrow)
    copy = (tmp_path / "c" / COPY).read_bytes()
    for one in custodians:
        assert lists.sha256(pyrage.decrypt(copy, [one])) == client.commitment()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(copy, [pyrage.x25519.Identity.generate()])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(copy[:-1] + bytes([copy[-1] ^ 1]), [custodians[0]])


def test_a_folder_that_cannot_take_the_copy_leaves_no_list(instance, tmp_path, custodians):
    study = load(instance.folder / "study")
    (tmp_path / "c").write_text("a file, not a folder")
    named = tuple(str(one.to_public()) for one in custodians)
    with pytest.raises(EquipoiseError):
        client.generate(
            study, label="live", at=AT, escrow=Escrow(custodians=named, out=tmp_path / "c")
        )
    assert client.commitment() is None
    assert not Slot.objects.exists()


def test_a_vault_that_fails_while_writing_gives_no_place(sealed):
    """The row of the allocation cannot be written after the kit was taken: neither is."""
    fail = "P1"
    connection = connections["vault"]
    from equipoise_server.sqlite.guard import schema_door

    with schema_door("vault"), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "CREATE TRIGGER fails BEFORE INSERT ON vault_allocation "
                f"WHEN NEW.participant = '{fail}' BEGIN SELECT RAISE(ABORT, 'disk'); END"
            )
        else:
            cursor.execute(
                "CREATE TRIGGER fails BEFORE INSERT ON vault_allocation FOR EACH ROW "
                f"WHEN (NEW.participant = '{fail}') EXECUTE FUNCTION equipoise_append_only()"
            )
    before = ask(0)
    with pytest.raises(Exception, match=r"disk|append-only"):
        ask(1)
    assert [kit.participant for kit in Kit.objects.exclude(participant="")] == ["P0"]
    after = ask(2)
    assert before != after
    places = list(Allocation.objects.order_by("pk").values_list("slot__place", flat=True))
    assert places == [1, 2]
    assert os.path.exists(keys.key_file())


def test_the_alarm_comes_well_before_the_end_and_says_yes_or_no_for_the_whole_study(sealed):
    for number in range(6):
        assert client.list_low() is (number >= 5)
        ask(number)
    assert client.list_low() is True
    assert {type(client.list_low())} == {bool}


def test_the_alarm_is_the_same_whichever_stratum_is_used_up(sealed):
    for number in range(5):
        assert client.list_low() is False
        ask(number, stratum=dict([STRATA[13].split("=")]))
    assert client.list_low() is True


def first_page(user, language):
    """The day of the trial office, as this person sees it."""
    from server.pages import signed_in, text_of

    page = signed_in(user).get(f"/{language}/office/")
    assert page.status_code == 200
    return text_of(page)


def test_tick_writes_the_alarm_down_once_and_the_office_sees_it(trial, monkeypatch):
    from equipoise_server.allocator import running_low
    from equipoise_server.services.background.tick import tick
    from equipoise_server.services.supply.supply_alarms import LIST_LOW, list_is_low
    from equipoise_server.services.verify import verify
    from equipoise_server.store.models import LedgerEntry
    from server.cast import NOW

    assert tick(at=NOW).alarms.list_low is False
    assert not list_is_low()
    assert "nearly used up" not in first_page(trial.data_manager, "en")
    monkeypatch.setattr(running_low, "USED", 0.0)
    for _ in range(3):
        done = tick(at=NOW)
        assert done.alarms.list_low
        assert done.alarms.sites == ()
    assert LedgerEntry.objects.filter(what=LIST_LOW).count() == 1
    assert list_is_low()
    assert not list_is_low(cut=NOW - timedelta(seconds=1)), "a page of an earlier day"
    said = first_page(trial.data_manager, "en")
    assert "The randomisation list is nearly used up" in said
    assert "ulcer" not in said, "which stratum it is says where its next block begins"
    assert "随机分配表即将用尽" in first_page(trial.data_manager, "zh-hans")
    for number in range(7):
        client.allocate(
            participant=f"P{number}",
            site="s02",
            stratum={"ulcer_history": "false"},
            key=f"k{number}",
            at=NOW,
        )
    assert tick(at=NOW).alarms.sites == ("s02",)
    assert verify().sound
