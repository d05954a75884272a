"""The unblinded door: nothing without a proof, a proof once, limits, and the journal of it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from nacl.signing import SigningKey

from equipoise.errors import (
    AssertionExpired,
    AssertionRefused,
    AssertionUsed,
    KeyReused,
    LiveUseRefused,
    NotPermitted,
    ReasonRequired,
    RevealLimit,
    SamePerson,
    TooManyWrong,
    TwoPersonsRequired,
    UnitNotValid,
    UnknownRecord,
)
from equipoise_server.allocator import (
    asking,
    client,
    lists,
    proof,
    proof_acts,
    proof_check,
    register,
    register_names,
)
from equipoise_server.allocator.asking import Secret
from equipoise_server.vault.models import Allocation, Ceremony, Credential, VaultLedgerEntry
from server.vault_hand import past_the_guards

AT = datetime.now(UTC) - timedelta(days=30)
ARMS = {"high", "low", "placebo"}
PIN = "correct horse"


def fill(study):
    client.generate(study, label="demo", at=AT, seed=bytes(32))
    for site in ("s01", "s02"):
        client.deliver(site=site, shares=8, at=AT)
    levels = dict([lists.configure(study, label="demo")["strata"][0].split("=")])
    for number in range(6):
        client.allocate(
            participant=f"P{number}",
            site="s01" if number < 5 else "s02",
            stratum=levels,
            key=f"k{number}",
            at=AT,
        )


def person(name, role, sites=None):
    register.enter(username=name, role=role, by="keeper", at=AT, sites=sites)
    register.set_pin_of_demonstration(person=name, pin=PIN, at=AT)
    return Secret(person=name, kind="pin", typed=PIN)


def pin_of(name, typed=PIN):
    return Secret(person=name, kind="pin", typed=typed)


def signed_in(secret):
    key = SigningKey.generate()
    asking.with_secret(secret, "enter", {"public_key": proof.public(key)})
    return lambda verb, about, **more: asking.with_key(secret.person, key, verb, about, **more)


def journal(what):
    return VaultLedgerEntry.objects.filter(what=what).order_by("sequence")


def asked_at(secret, verb, about, at, release_code="", keep=None):
    """The same as `asking.with_secret`, on a clock of the test."""
    name = register_names.release_name(release_code) if release_code else ""
    found = proof_check.challenge(person=secret.person, verb=verb, about=about, at=at, release=name)
    key = proof.key_from(secret.typed, found[secret.kind])
    signature = proof.sign(key, verb, secret.person, about, found["nonce"])
    release = None
    if release_code:
        other = proof.key_from(register_names.plain(release_code), found["release"])
        signed = proof.sign(other, verb, secret.person, about, found["nonce"])
        release = {"name": name, "signature": signed}
    first = {"nonce": found["nonce"], "signature": signature}
    proofs = proof_acts.Proofs(first=first, release=release)
    if keep is not None:
        keep.append(proofs)
    return proof_acts.act_at(person=secret.person, verb=verb, about=about, proofs=proofs, at=at)


WHY = {"participant": "P0", "reason": "anaphylaxis"}


@pytest.mark.usefixtures("sealed")
def test_an_investigator_sets_a_pin_with_a_code_and_unblinds_one_participant():
    register.enter(username="chen", role="investigator", by="keeper", at=AT, sites=["s01"])
    code = register.give_code(person="chen", by="keeper", at=datetime.now(UTC))
    salt = register_names.new_salt()
    key = proof.key_from(PIN, salt)
    about = {"salt": salt, "public_key": proof.public(key)}
    by_code = Secret(person="chen", kind="code", typed=register_names.plain(code.lower()))
    assert asking.with_secret(by_code, "enrol", about)
    with pytest.raises(AssertionRefused):
        asking.with_secret(by_code, "enrol", about)
    assert asking.with_secret(pin_of("chen"), "reveal", WHY) in ARMS
    assert journal("revealed").get().payload == {"reason": "anaphylaxis"}
    stored = " ".join(map(str, Credential.objects.values_list()))
    assert PIN not in stored
    assert register_names.plain(code) not in stored


@pytest.mark.usefixtures("sealed")
def test_without_a_proof_nothing_is_told():
    person("chen", "investigator")
    for wrong in (
        {},
        {"nonce": "", "signature": ""},
        {"nonce": "0" * 108, "signature": "0" * 128},
        {"nonce": "é" * 90, "signature": "x"},
    ):
        with pytest.raises((AssertionRefused, KeyError)):
            client.act(person="chen", verb="reveal", about=WHY, proof=wrong)
    with pytest.raises(AssertionRefused):
        asking.with_secret(pin_of("chen", "wrong PIN!"), "reveal", WHY)
    with pytest.raises(AssertionRefused):
        asking.with_secret(pin_of("chen", "wrong PIN!!"), "reveal", WHY)
    for _ in range(3):
        with pytest.raises(AssertionRefused):
            asking.with_secret(pin_of("chen", "wrong PIN?"), "reveal", WHY)
    with pytest.raises(TooManyWrong):
        asking.with_secret(pin_of("chen"), "reveal", WHY)
    assert not journal("revealed").exists()
    assert journal("refused").count() == proof_check.MOST_WRONG
    later = datetime.now(UTC) + proof_check.PAUSE + timedelta(seconds=5)
    assert asked_at(pin_of("chen"), "reveal", WHY, later) in ARMS


@pytest.mark.usefixtures("sealed")
def test_a_proof_serves_once_for_one_request_within_two_minutes():
    chen, now = person("chen", "investigator"), datetime.now(UTC)
    kept: list[proof_acts.Proofs] = []
    assert asked_at(chen, "reveal", WHY, now, keep=kept) in ARMS
    again = {"person": "chen", "verb": "reveal", "proofs": kept[0]}
    with pytest.raises(AssertionUsed):
        proof_acts.act_at(about=WHY, at=now, **again)
    other = {**WHY, "participant": "P1"}
    with pytest.raises(AssertionRefused):
        proof_acts.act_at(about=other, at=now, **again)
    about = {**WHY, "reason": "another reason"}
    found = proof_check.challenge(person="chen", verb="reveal", about=about, at=now)
    key = proof.key_from(PIN, found["pin"])
    signature = proof.sign(key, "reveal", "chen", about, found["nonce"])
    late = proof_acts.Proofs(first={"nonce": found["nonce"], "signature": signature})
    with pytest.raises(AssertionExpired):
        proof_acts.act_at(
            person="chen", verb="reveal", about=about, proofs=late, at=now + timedelta(seconds=121)
        )
    assert journal("revealed").count() == 1


@pytest.mark.usefixtures("sealed")
def test_a_proof_of_one_person_does_not_serve_another():
    person("chen", "investigator")
    person("dai", "investigator")
    found = client.challenge(person="chen", verb="reveal", about=WHY)
    key = proof.key_from(PIN, found["pin"])
    signature = proof.sign(key, "reveal", "chen", WHY, found["nonce"])
    given = {"nonce": found["nonce"], "signature": signature}
    with pytest.raises(AssertionRefused):
        client.act(person="dai", verb="reveal", about=WHY, proof=given)
    with pytest.raises(AssertionRefused):
        client.act(person="chen", verb="enter", about=WHY, proof=given)


@pytest.mark.usefixtures("sealed")
def test_a_session_reads_and_never_reveals():
    fu, chen = signed_in(person("fu", "pharmacist")), signed_in(person("chen", "investigator"))
    kit = Allocation.objects.get(participant="P0").kit
    assert set(fu("worklist", {"kits": [kit]})) == {kit}
    assert fu("contents", {"kit": kit}) in ARMS
    with pytest.raises(AssertionRefused):
        chen("reveal", WHY)
    with pytest.raises(NotPermitted):
        chen("worklist", {"kits": [kit]})
    with pytest.raises(NotPermitted):
        fu("masks", {})
    assert fu("leave", {})
    with pytest.raises(AssertionRefused):
        fu("contents", {"kit": kit})


@pytest.mark.usefixtures("sealed")
def test_another_site_and_an_unknown_participant_are_refused_and_noted():
    chen = person("chen", "investigator", sites=["s01"])
    with pytest.raises(NotPermitted):
        asking.with_secret(chen, "reveal", {**WHY, "participant": "P5"})
    with pytest.raises(UnknownRecord):
        asking.with_secret(chen, "reveal", {**WHY, "participant": "P9"})
    with pytest.raises(ReasonRequired):
        asking.with_secret(chen, "reveal", {**WHY, "reason": "  "})
    assert not journal("revealed").exists()
    assert journal("refused").count() == 3
    here = signed_in(person("fu", "pharmacist", sites=["s02"]))
    with pytest.raises(NotPermitted):
        here("worklist", {"kits": [Allocation.objects.get(participant="P0").kit]})
    assert {kit["site"] for kit in here("kits", {})} == {"s02"}


@pytest.mark.usefixtures("sealed")
def test_beyond_the_limit_a_custodians_code_opens_one_more():
    chen, now = person("chen", "investigator"), datetime.now(UTC)
    codes = register.give_release_codes(custodian="Prof. Wu", number=2, by="keeper", at=now)
    for number in range(3):
        assert asked_at(chen, "reveal", {**WHY, "participant": f"P{number}"}, now) in ARMS
    fourth = {**WHY, "participant": "P3"}
    with pytest.raises(RevealLimit):
        asked_at(chen, "reveal", fourth, now)
    with pytest.raises(RevealLimit):
        asked_at(chen, "reveal", fourth, now, release_code=codes[0][:-1] + "?")
    assert asked_at(chen, "reveal", fourth, now, release_code=codes[0].lower()) in ARMS
    with pytest.raises(RevealLimit):
        asked_at(chen, "reveal", fourth, now, release_code=codes[0])
    assert journal("limit raised").get().payload == {"custodian": "Prof. Wu"}
    later = now + timedelta(hours=1, seconds=1)
    assert asked_at(chen, "reveal", fourth, later, release_code=codes[1]) in ARMS
    assert Credential.objects.filter(kind="release", ended_at__isnull=True).count() == 1


@pytest.mark.usefixtures("sealed")
def test_ten_a_day_for_the_whole_study():
    people = [person(f"i{number}", "investigator") for number in range(4)]
    now = datetime.now(UTC)
    for number in range(10):
        assert asked_at(people[number % 4], "reveal", WHY, now + timedelta(minutes=number))
    with pytest.raises(RevealLimit):
        asked_at(people[3], "reveal", WHY, now + timedelta(hours=2))
    assert asked_at(people[3], "reveal", WHY, now + timedelta(days=1, hours=1)) in ARMS


@pytest.mark.usefixtures("sealed")
def test_a_role_that_ended_proves_nothing_any_more():
    chen = person("chen", "investigator")
    session = signed_in(chen)
    register.end(username="chen", role="investigator", by="keeper", at=datetime.now(UTC))
    with pytest.raises(AssertionRefused):
        asking.with_secret(chen, "reveal", WHY)
    with pytest.raises(AssertionRefused):
        session("journal", {})
    with pytest.raises(UnknownRecord):
        register.give_code(person="chen", by="keeper", at=datetime.now(UTC))


def _unit(**changes):
    row = Allocation.objects.get(participant="P0")
    about = {
        "participant": "P0",
        "kit": row.kit,
        "form": "dp",
        "number": 1,
        "document": {"lot": "L1"},
        "key": "a",
        "reason": "",
    }
    return {**about, **changes}


@pytest.mark.usefixtures("sealed")
def test_two_different_persons_prepare_and_verify():
    fu, session = person("fu", "pharmacist"), None
    person("gu", "pharmacist")
    person("chen", "investigator")
    session = signed_in(fu)
    about = _unit()

    def verified_by(name, about=about):
        return asking.second(pin_of(name), "prepare", about, first="fu")

    with pytest.raises(TwoPersonsRequired):
        session("prepare", about)
    with pytest.raises(SamePerson):
        session("prepare", about, second=verified_by("fu"))
    with pytest.raises(NotPermitted):
        session("prepare", about, second=verified_by("chen"))
    with pytest.raises(AssertionRefused):
        session("prepare", about, second=verified_by("gu", _unit(number=2)))
    assert session("prepare", about, second=verified_by("gu")) == 1
    assert session("prepare", about, second=verified_by("gu")) == 1
    other = _unit(document={"lot": "L2"})
    with pytest.raises(KeyReused):
        session("prepare", other, second=verified_by("gu", other))
    other = _unit(participant="P1", key="b")
    with pytest.raises(UnitNotValid):
        session("prepare", other, second=verified_by("gu", other))
    (kept,) = session("preparations", {})
    assert kept["document"] == {"lot": "L1", "prepared_by": "fu", "verified_by": "gu"}
    assert client.broken() == ()


@pytest.mark.usefixtures("sealed")
def test_what_monitors_read_adds_up_and_holds_no_place():
    monitor = signed_in(person("hu", "unblinded monitor"))
    rows = monitor("accountability", {})
    assert all(row["delivered"] == row["free"] + row["given"] + row["withdrawn"] for row in rows)
    assert sum(row["given"] for row in rows) == 6
    said = str(monitor("kits", {})) + str(monitor("journal", {}))
    assert "place" not in said.replace("placebo", "")
    assert "slot" not in said
    assert not any(arm in str(monitor("journal", {})) for arm in ARMS)


@pytest.mark.usefixtures("sealed")
def test_the_board_sees_letters_and_a_reporter_one_event():
    masks = signed_in(person("li", "safety-board statistician"))("masks", {})
    assert set(masks.values()) <= {"X", "Y", "Z"}
    reporter = person("wang", "safety reporter")
    about = {"participant": "P1", "event": 2, "reason": "SUSAR, expedited report"}
    assert asking.with_secret(reporter, "reveal for a report", about) in ARMS
    assert journal("revealed for a report").get().payload["event"] == 2
    assert not journal("revealed").exists()
    with pytest.raises(NotPermitted):
        asking.with_secret(reporter, "reveal", WHY)


@pytest.mark.usefixtures("sealed")
def test_a_pin_is_never_set_for_somebody_in_a_live_trial():
    register.enter(username="chen", role="investigator", by="keeper", at=AT)
    with past_the_guards():
        Ceremony.objects.update(label="live")
    with pytest.raises(LiveUseRefused):
        register.set_pin_of_demonstration(person="chen", pin=PIN, at=AT)


@pytest.mark.usefixtures("sealed")
def test_a_name_nobody_has_is_answered_like_one_that_somebody_has():
    person("chen", "investigator")
    known = client.challenge(person="chen", verb="enter", about={})
    unknown = client.challenge(person="nobody", verb="enter", about={})
    shape = {name: len(value) for name, value in known.items()}
    assert shape == {name: len(value) for name, value in unknown.items()}
    assert unknown["pin"] == client.challenge(person="nobody", verb="enter", about={})["pin"]
    with pytest.raises(AssertionRefused):
        asking.with_secret(pin_of("nobody"), "enter", {"public_key": "00" * 32})


@pytest.mark.usefixtures("sealed")
def test_the_blinded_side_learns_that_it_happened_and_no_more():
    chen = person("chen", "investigator")
    assert client.happened(after=0) == []
    asking.with_secret(chen, "reveal", WHY)
    ((participant, by, at),) = client.happened(after=0)
    assert (participant, by) == ("P0", "chen")
    assert datetime.fromisoformat(at).tzinfo is not None
    assert client.happened(after=1) == []


@pytest.mark.usefixtures("sealed")
def test_two_people_with_their_pins_release_the_allocation_at_the_door():
    wu, xu = person("wu", "releaser"), person("xu", "releaser")
    chen = person("chen", "investigator")
    with pytest.raises(SamePerson):
        asking.release((wu, "one"), (wu, "two"))
    with pytest.raises(NotPermitted):
        asking.release((wu, "one"), (chen, "two"))
    with pytest.raises(TwoPersonsRequired):
        asking.release((wu, "one"), (xu, " "))
    with pytest.raises(AssertionRefused):
        asking.release((wu, "one"), (pin_of("xu", "another PIN"), "two"))
    with pytest.raises(NotPermitted):
        client.released()
    about = {"persons": [["wu", "one"], ["somebody else", "two"]]}
    checked = asking.second(xu, "release", about, first="wu")
    with pytest.raises(NotPermitted):
        asking.with_secret(wu, "release", about, second=checked)
    assert set(asking.release((wu, "one"), (xu, "two")).values()) <= ARMS
    assert client.released() == client.received()


@pytest.mark.usefixtures("sealed")
def test_a_key_that_nobody_accepted_is_named_by_verify():
    person("chen", "investigator")
    assert client.broken() == ()
    stolen = proof.public(SigningKey.generate())
    Credential.objects.create(
        person="chen", kind="pin", name="x", salt="00" * 16, public_key=stolen, made_at=AT
    )
    assert [row[0] for row in client.broken()] == ["vault_credential"]
    with pytest.raises(DatabaseError), transaction.atomic("vault"):
        Credential.objects.filter(kind="pin").update(public_key=stolen)
    with pytest.raises(DatabaseError), transaction.atomic("vault"):
        Credential.objects.all()._raw_delete("vault")
