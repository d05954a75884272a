"""Telling what is in a kit, to those who may know; and releasing the list after lock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from equipoise.errors import NotPermitted, ReasonRequired, TwoPersonsRequired, UnknownRecord
from equipoise_server.allocator import kits
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.allocator.ceremony import current
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import (
    Allocation,
    Kit,
    UnblindedPerson,
    VaultLedgerEntry,
)
from equipoise_server.vault.seal import open_seal

PREPARERS = frozenset({"pharmacist", "unblinded monitor"})
REVEALERS = frozenset({"investigator"})
BOARD = frozenset({"safety-board statistician", "safety-board member"})
HOURLY_PER_PERSON = 3
DAILY_PER_STUDY = 10


def register(*, username: str, role: str, by: str, at: datetime) -> None:
    """Enter a person in the register of those who may be told. Kept in the vault alone."""
    with vault_transaction():
        UnblindedPerson.objects.using(DATABASE).get_or_create(
            username=username, role=role, defaults={"since": at}
        )
        note("registered", by=by, at=at, payload={"username": username, "role": role})


def require(username: str, roles: frozenset[str], step: str) -> None:
    """Refuse anyone who is not entered in the vault under one of the roles."""
    held = UnblindedPerson.objects.using(DATABASE).filter(username=username, role__in=roles)
    if not held.exists():
        raise NotPermitted(step, f"the role {' or '.join(sorted(roles))}, entered in the vault")


def contents(*, kit: str, by: str, at: datetime) -> str:
    """The arm whose product a kit holds, for its preparation.

    Raises:
        NotPermitted: `by` is not registered as a preparer.

    """
    with vault_transaction():
        require(by, PREPARERS, "see what a kit holds")
        found = kits.find(kit)
        note("contents shown", by=by, at=at, participant=found.participant, payload={"kit": kit})
        return kits.arm_in(found)


def reveal(*, participant: str, by: str, reason: str, at: datetime) -> str:
    """Emergency unblinding of one participant: the arm, once, for this caller.

    Raises:
        ReasonRequired: no reason was given.
        NotPermitted: not registered, or more reveals than the limits allow.
        UnknownRecord: the participant has no allocation.

    """
    if not reason.strip():
        raise ReasonRequired("Emergency unblinding")
    with vault_transaction():
        require(by, REVEALERS, "unblind a participant")
        _require_within_limits(by, at)
        found = Allocation.objects.using(DATABASE).filter(participant=participant).first()
        if found is None:
            raise UnknownRecord(f"allocation for {participant}")
        note("revealed", by=by, at=at, participant=participant, payload={"reason": reason})
        return arm_of(found)


def _require_within_limits(by: str, at: datetime) -> None:
    shown = VaultLedgerEntry.objects.using(DATABASE).filter(what="revealed")
    hourly = shown.filter(by=by, at__gt=at - timedelta(hours=1)).count()
    daily = shown.filter(at__gt=at - timedelta(days=1)).count()
    if hourly >= HOURLY_PER_PERSON or daily >= DAILY_PER_STUDY:
        raise NotPermitted("unblind more participants now", "a custodian of the list")


def masks(*, by: str, at: datetime) -> dict[str, str]:
    """Participant to masked arm (X, Y, ...) for the safety board's closed report."""
    with vault_transaction():
        require(by, BOARD, "see the closed report")
        made = current()
        letters = json.loads(open_seal(made.sealed_masks, purpose="masks", name=made.study))
        letter_of = {arm: letter for letter, arm in letters.items()}
        note("closed report", by=by, at=at)
        given = Allocation.objects.using(DATABASE).order_by("participant")
        return {one.participant: letter_of[arm_of(one)] for one in given}


def release(*, first: tuple[str, str], second: tuple[str, str], at: datetime) -> dict[str, str]:
    """Open the whole list after lock: two persons, each with a reason.

    Returns participant to arm. The caller must have checked that the study is locked.

    Raises:
        TwoPersonsRequired: one person twice, or a reason is missing.

    """
    (one, why), (two, why_too) = first, second
    if one == two or not why.strip() or not why_too.strip():
        raise TwoPersonsRequired("Unblinding the study")
    with vault_transaction():
        made = current()
        if made.released_at is None:
            made.released_at = at
            made.save(using=DATABASE, update_fields=["released_at"])
            note("released", by=f"{one}, {two}", at=at, payload={one: why, two: why_too})
        return released()


def released() -> dict[str, str]:
    """Participant to allocated arm, once released.

    Raises:
        NotPermitted: the list has not been released.

    """
    if current().released_at is None:
        raise NotPermitted("see the allocation", "a release by two persons after lock")
    return {
        one.participant: arm_of(one)
        for one in Allocation.objects.using(DATABASE).order_by("participant")
    }


def received() -> dict[str, str]:
    """Participant to the arm whose product their kit held, once released."""
    if current().released_at is None:
        raise NotPermitted("see the allocation", "a release by two persons after lock")
    rows = Kit.objects.using(DATABASE).exclude(participant="").order_by("participant")
    return {kit.participant: kits.arm_in(kit) for kit in rows}
