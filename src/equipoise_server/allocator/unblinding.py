"""Telling what is in a kit, to those who may know; and releasing the list after lock."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from equipoise.errors import (
    NotPermitted,
    ReasonRequired,
    RevealLimit,
    TwoPersonsRequired,
    UnknownRecord,
    say,
)
from equipoise_server.allocator import kits, register
from equipoise_server.allocator.allocation import arm_of
from equipoise_server.allocator.asked import Asked
from equipoise_server.allocator.ceremony import current
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import (
    Allocation,
    Credential,
    Kit,
    VaultLedgerEntry,
)
from equipoise_server.vault.seal import open_seal

PREPARE = frozenset({"pharmacist"})
PREPARERS = frozenset({"pharmacist", "unblinded monitor"})
MONITORS = frozenset({"unblinded monitor"})
REVEALERS = frozenset({"investigator"})
REPORTERS = frozenset({"safety reporter"})
RELEASERS = frozenset({"releaser"})
BOARD = frozenset({"safety-board statistician", "safety-board member"})
HOURLY_PER_PERSON = 3
DAILY_PER_STUDY = 10
REVEALED = "revealed"
RAISED = "limit raised"
LONGEST_REASON = 1000


def require(username: str, roles: Collection[str], step: str, at: datetime) -> None:
    """Refuse anyone who is not entered in the vault under one of the roles."""
    register.require(register.roles_of(username, at), roles, step)


def contents(*, kit: str, by: str, at: datetime) -> str:
    """The arm whose product a kit holds, for its preparation. Where the vault is kept.

    Raises:
        NotPermitted: `by` is not registered as a preparer.

    """
    require(by, PREPARERS, "see what a kit holds", at)
    return _contents(kit, by, register.roles_of(by, at), at)


def contents_asked(asked: Asked) -> str:
    """The arm whose product one kit holds."""
    return _contents(asked.text("kit"), asked.person, asked.held, asked.at)


def _contents(kit: str, by: str, held: register.Held, at: datetime) -> str:
    with vault_transaction():
        found = kits.find(kit)
        register.require(held, PREPARERS, "see what a kit holds", found.site)
        note("contents shown", by=by, at=at, participant=found.participant, payload={"kit": kit})
        return kits.arm_in(found)


def worklist(asked: Asked) -> dict[str, str]:
    """The arm whose product each of the kits holds: kit code to arm. One entry for all."""
    wanted = [str(one) for one in asked.about["kits"]]
    with vault_transaction():
        found = list(Kit.objects.using(DATABASE).filter(code__in=wanted).order_by("code"))
        for kit in found:
            register.require(asked.held, PREPARERS, "see what a kit holds", kit.site)
        codes = [kit.code for kit in found]
        note("worklist shown", by=asked.person, at=asked.at, payload={"kits": codes})
        return {kit.code: kits.arm_in(kit) for kit in found}


def reveal(*, participant: str, by: str, reason: str, at: datetime) -> str:
    """Emergency unblinding of one participant: the arm, once. Where the vault is kept.

    Raises:
        ReasonRequired: no reason was given.
        RevealLimit: more reveals than the limits allow.
        NotPermitted: not registered, or for other sites.
        UnknownRecord: the participant has no allocation.

    """
    require(by, REVEALERS, "unblind a participant", at)
    held = register.roles_of(by, at)
    with vault_transaction():
        return _reveal(participant, by, held, {"reason": reason}, at)


def reveal_asked(asked: Asked) -> str:
    """The same at the door; a custodian's code opens one beyond the limits."""
    told = {"reason": asked.text("reason")}
    with vault_transaction():
        return _reveal(
            asked.text("participant"), asked.person, asked.held, told, asked.at, asked.release
        )


def _reveal(
    participant: str,
    by: str,
    held: register.Held,
    told: dict[str, Any],
    at: datetime,
    release: Credential | None = None,
) -> str:
    _require_reason(told["reason"], "Emergency unblinding")
    found = _allocation(participant)
    register.require(held, REVEALERS, "unblind a participant", found.site)
    if _beyond_limits(by, at):
        if release is None:
            raise RevealLimit
        register.spend(release, at)
        note(RAISED, by=by, at=at, payload={"custodian": release.person})
    note(REVEALED, by=by, at=at, participant=participant, payload=told)
    return arm_of(found)


def _require_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise ReasonRequired(what)
    if len(reason) > LONGEST_REASON:
        raise ValueError("a reason is longer than it may be")


def _allocation(participant: str) -> Allocation:
    found = Allocation.objects.using(DATABASE).filter(participant=participant).first()
    if found is None:
        raise UnknownRecord(say("allocation for {participant}", participant=participant))
    return found


def _beyond_limits(by: str, at: datetime) -> bool:
    shown = VaultLedgerEntry.objects.using(DATABASE).filter(what=REVEALED)
    hourly = shown.filter(by=by, at__gt=at - timedelta(hours=1)).count()
    daily = shown.filter(at__gt=at - timedelta(days=1)).count()
    return hourly >= HOURLY_PER_PERSON or daily >= DAILY_PER_STUDY


def reveal_for_report(asked: Asked) -> str:
    """The arm of one participant for the report of one event to an authority. Its own entry."""
    reason, participant = asked.text("reason"), asked.text("participant")
    event = asked.whole("event")
    with vault_transaction():
        _require_reason(reason, "Unblinding for a report")
        found = _allocation(participant)
        register.require(asked.held, REPORTERS, "unblind for a report", found.site)
        told = {"reason": reason, "event": event}
        note(
            "revealed for a report",
            by=asked.person,
            at=asked.at,
            participant=participant,
            payload=told,
        )
        return arm_of(found)


def happened(*, after: int) -> list[list[str]]:
    """That somebody was unblinded: participant, person and instant of the entries after `after`.

    For the blinded side. Not why, and never what: at most a frame's worth at a time.
    """
    rows = VaultLedgerEntry.objects.using(DATABASE).filter(what=REVEALED).order_by("sequence")
    found = rows.values_list("participant", "by", "at")[max(after, 0) : max(after, 0) + AT_ONCE]
    return [[participant, by, at.isoformat()] for participant, by, at in found]


AT_ONCE = 10


def masks(*, by: str, at: datetime) -> dict[str, str]:
    """Participant to masked arm (X, Y, ...) for the safety board. Where the vault is kept."""
    require(by, BOARD, "see the closed report", at)
    return _masks(by, at)


def masks_asked(asked: Asked) -> dict[str, str]:
    """The same at the door."""
    return _masks(asked.person, asked.at)


def _masks(by: str, at: datetime) -> dict[str, str]:
    with vault_transaction():
        note("closed report", by=by, at=at)
        return groups()


def letters() -> dict[str, str]:
    """Masked letter (X, Y, ...) to arm. Nobody is told; for what the allocator works out itself."""
    made = current()
    found: dict[str, str] = json.loads(
        open_seal(made.sealed_masks, purpose="masks", name=made.study)
    )
    return found


def groups() -> dict[str, str]:
    """Participant to masked letter, of everybody allocated."""
    letter_of = {arm: letter for letter, arm in letters().items()}
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


def release_asked(asked: Asked) -> dict[str, str]:
    """The same at the door: each of the two has proved themselves for both reasons.

    Raises:
        NotPermitted: the request names others than those who proved themselves.

    """
    first, second = ((str(name), str(why)) for name, why in asked.about["persons"])
    proved = (asked.person, asked.second.person if asked.second else "")
    if proved != (first[0], second[0]):
        raise NotPermitted("release the allocation", "the proofs of the two who are named")
    return release(first=first, second=second, at=asked.at)


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
