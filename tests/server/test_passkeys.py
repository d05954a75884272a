"""Passkeys at the unblinded door: bound to person, participant, reason and nonce, and good once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from equipoise.errors import (
    AssertionExpired,
    AssertionRefused,
    AssertionUsed,
    LotNotReleasable,
    ReasonRequired,
    RevealLimit,
    UnknownRecord,
)
from equipoise_server.allocator import (
    asking,
    client,
    depot,
    lists,
    passkeys,
    proof_acts,
    proof_check,
    register,
)
from equipoise_server.allocator.asking import Secret
from equipoise_server.vault.models import Credential, VaultLedgerEntry
from server.passkey_hand import FLAG, Device

AT = datetime.now(UTC) - timedelta(days=30)
PIN = "correct horse"
ARMS = {"high", "low", "placebo"}
WHY = {"participant": "P0", "reason": "anaphylaxis"}


def fill(study):
    client.generate(study, label="demo", at=AT, seed=bytes(32))
    client.deliver(site="s01", shares=8, at=AT)
    levels = dict([lists.configure(study, label="demo")["strata"][0].split("=")])
    for number in range(2):
        client.allocate(
            participant=f"P{number}", site="s01", stratum=levels, key=f"k{number}", at=AT
        )


def enrolled(name="chen", role="investigator", site="localhost"):
    """Somebody who has made a passkey with a one-time code."""
    register.enter(username=name, role=role, by="keeper", at=AT)
    code = register.give_code(person=name, by="keeper", at=datetime.now(UTC))
    device = Device(site)
    about = passkeys.made(device.attestation(), site)
    asking.with_secret(Secret(person=name, kind="code", typed=code), "enrol passkey", about)
    return device


def ask(device, person="chen", verb="reveal", about=WHY, *, signs=None, **changed):
    """Ask for something; `signs`: what the device was made to sign instead."""
    asked = asking.challenged(person, verb, about)
    challenge = asking.challenged(*signs)["challenge"] if signs else asked["challenge"]
    given = {"nonce": asked["nonce"], **device.sign(challenge, **changed)}
    return asking.with_passkey(person, verb, about, given)


def refusals():
    return VaultLedgerEntry.objects.filter(what="refused").count()


@pytest.mark.usefixtures("sealed")
def test_a_passkey_unblinds_one_participant_and_signs_in():
    device = enrolled()
    assert ask(device) in ARMS
    assert VaultLedgerEntry.objects.filter(what="revealed", by="chen").count() == 1
    told = ask(device, verb="enter", about={"public_key": "ab" * 32})
    assert told["roles"] == [["investigator", None]]
    assert client.broken() == ()


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    "changed",
    [
        {"signs": ("chen", "reveal", {**WHY, "participant": "P1"})},
        {"signs": ("chen", "reveal", {**WHY, "reason": "another"})},
        {"signs": ("chen", "reveal for a report", WHY)},
        {"signs": ("other", "reveal", WHY)},
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
        {"type": "webauthn.create"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://localhost.example"},
        {"cross_origin": True},
    ],
    ids=str,
)  # fmt: skip
def test_an_assertion_that_is_not_of_this_request_shows_nothing(changed):
    device = enrolled()
    with pytest.raises(AssertionRefused):
        ask(device, **changed)
    assert refusals() == 1
    assert not VaultLedgerEntry.objects.filter(what="revealed").exists()


@pytest.mark.usefixtures("sealed")
def test_another_device_and_another_persons_device_prove_nothing():
    mine, theirs = enrolled(), enrolled(name="dai")
    with pytest.raises(AssertionRefused):
        ask(theirs)
    stolen = Device()
    stolen.credential = mine.credential
    with pytest.raises(AssertionRefused):
        ask(stolen)
    elsewhere = Device("localhost.example")
    elsewhere.key, elsewhere.credential = mine.key, mine.credential
    with pytest.raises(AssertionRefused):
        ask(elsewhere)
    assert ask(mine) in ARMS


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("part", passkeys.PARTS)
def test_bent_parts_are_refused_and_nothing_breaks(part):
    device = enrolled()
    for bad in ("", "AAAA", "%%%", "x" * 5000):
        asked = asking.challenged("chen", "reveal", WHY)
        given = {"nonce": asked["nonce"], **device.sign(asked["challenge"]), part: bad}
        with pytest.raises(AssertionRefused):
            asking.with_passkey("chen", "reveal", WHY, given)
    assert ask(device) in ARMS


@pytest.mark.usefixtures("sealed")
def test_an_assertion_serves_once_and_for_two_minutes():
    device = enrolled()
    asked = asking.challenged("chen", "reveal", WHY)
    given = {"nonce": asked["nonce"], **device.sign(asked["challenge"])}
    assert asking.with_passkey("chen", "reveal", WHY, given) in ARMS
    with pytest.raises(AssertionUsed):
        asking.with_passkey("chen", "reveal", WHY, given)
    late = asking.challenged("chen", "reveal", WHY)
    given = {"nonce": late["nonce"], **device.sign(late["challenge"])}
    with pytest.raises(AssertionExpired):
        proof_acts.act_at(
            person="chen", verb="reveal", about=WHY,
            proofs=proof_acts.Proofs(first=given), at=datetime.now(UTC) + timedelta(minutes=3),
        )  # fmt: skip


@pytest.mark.usefixtures("sealed")
def test_limits_and_reasons_hold_for_passkeys_and_a_custodians_code_opens_one_more():
    device = enrolled()
    with pytest.raises(ReasonRequired):
        ask(device, about={**WHY, "reason": " "})
    with pytest.raises(UnknownRecord):
        ask(device, about={**WHY, "participant": "P9"})
    for _ in range(3):
        assert ask(device) in ARMS
    with pytest.raises(RevealLimit):
        ask(device)
    (code,) = register.give_release_codes(custodian="eve", number=1, by="keeper", at=AT)
    asked = asking.challenged("chen", "reveal", WHY)
    given = {"nonce": asked["nonce"], **device.sign(asked["challenge"])}
    assert asking.with_passkey("chen", "reveal", WHY, given, release_code=code) in ARMS


@pytest.mark.usefixtures("sealed")
def test_a_pin_adds_a_passkey_and_a_new_code_ends_all_that_one_had():
    register.enter(username="chen", role="investigator", by="keeper", at=AT)
    register.set_pin_of_demonstration(person="chen", pin=PIN, at=AT)
    pin, device = Secret(person="chen", kind="pin", typed=PIN), Device()
    asking.with_secret(pin, "enrol passkey", passkeys.made(device.attestation(), "localhost"))
    assert ask(device) in ARMS
    assert asking.with_secret(pin, "reveal", WHY) in ARMS
    newer = enrolled()
    for old in (lambda: ask(device), lambda: asking.with_secret(pin, "reveal", WHY)):
        with pytest.raises(AssertionRefused):
            old()
    assert ask(newer) in ARMS
    register.end(username="chen", role="investigator", by="keeper", at=datetime.now(UTC))
    with pytest.raises(AssertionRefused):
        ask(newer)


@pytest.mark.usefixtures("sealed")
def test_a_session_alone_makes_no_passkey_and_decides_nothing_about_a_lot():
    register.enter(username="fu", role="pharmacist", by="keeper", at=AT)
    register.set_pin_of_demonstration(person="fu", pin=PIN, at=AT)
    depot.make_lot(
        lot="L1", product="tablet-low", made_on="2026-01-01", expires_on="2099-01-01",
        papers={"scale": "1", "passage": "1", "storage": "cold"}, by="ma", at=AT,
    )  # fmt: skip
    key = proof_acts.proving.key_from(PIN, "00" * 16)
    pin = Secret(person="fu", kind="pin", typed=PIN)
    asking.with_secret(pin, "enter", {"public_key": proof_acts.proving.public(key)})
    about = {"lot": "L1", "reason": "asked"}
    for verb, what in (
        ("release_lot", about),
        ("enrol passkey", passkeys.made(Device().attestation(), "localhost")),
    ):
        with pytest.raises(AssertionRefused):
            asking.with_key("fu", key, verb, what)
    with pytest.raises(LotNotReleasable):
        asking.with_secret(pin, "release_lot", about)
    asking.with_secret(pin, "quarantine_lot", about)


def test_what_is_no_passkey_of_the_site_is_not_kept():
    device = Device()
    for attestation, site in (
        (device.attestation(FLAG.UP), "localhost"),
        (device.attestation(), "elsewhere.example"),
        ("AAAA", "localhost"),
        ("", "localhost"),
    ):
        with pytest.raises(ValueError, match="no "):
            passkeys.made(attestation, site)
    with pytest.raises(ValueError, match="no public key"):
        passkeys.stored("localhost", "a10101")


@pytest.mark.usefixtures("sealed")
def test_a_passkey_that_nobody_accepted_is_named_and_none_can_be_changed():
    enrolled()
    row = Credential.objects.get(kind="passkey")
    with pytest.raises(DatabaseError), transaction.atomic(using="vault"):
        Credential.objects.filter(pk=row.pk).update(public_key="localhost 00")
    forged = Credential.objects.create(
        person="mallory", kind="passkey", name="x", public_key=row.public_key, made_at=AT
    )
    assert [where[:2] for where in client.broken()] == [("vault_credential", str(forged.pk))]


@pytest.mark.usefixtures("sealed")
def test_a_name_without_a_passkey_is_asked_like_one_that_has_one():
    enrolled()
    asked = [
        proof_check.challenge(person=name, verb="reveal", about=WHY, at=AT)
        for name in ("chen", "x")
    ]
    assert [sorted(one) for one in asked] == [sorted(asked[0])] * 2
    assert [len(value) for value in asked[0].values()] == [len(v) for v in asked[1].values()]
