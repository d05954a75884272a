"""Interim analyses: conducted where the allocation is, kept sealed, told by letters.

The blinded side froze the data and has no arm; the allocator adds the letters, works out what the
protocol says, and keeps the answer in the vault. The safety board reads it by letters. What the
board decided goes into the vault's journal, which is the blinded side's source for it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.errors import (
    AlreadyRecorded,
    NotPermitted,
    ReasonRequired,
    UnknownRecord,
    say,
)
from equipoise_server.allocator import unblinding
from equipoise_server.allocator.asked import Asked
from equipoise_server.allocator.ceremony import current
from equipoise_server.allocator.interim_names import DECISIONS, MEMBER, STATISTICIAN
from equipoise_server.allocator.journal import note
from equipoise_server.allocator.transaction import DATABASE, vault_transaction
from equipoise_server.vault.models import InterimAnalysis, VaultLedgerEntry
from equipoise_server.vault.seal import open_seal, seal

CONDUCTED, DECIDED, SHOWN, OPENED = (
    "interim conducted",
    "interim decided",
    "interim shown",
    "letters opened",
)
AT_ONCE = 10
_ROOM = 1 << 14


def conduct(*, cut: str, head: str, frozen_at: str, by: str, at: datetime) -> int:
    """Carry out the interim analysis of frozen data; returns the look. Where the vault is kept.

    `cut` is canonical JSON as the blinded side froze it at `frozen_at` (ISO), `head` the digest of
    the heads of its chains then. Asked again with the same data, it answers the same.

    Raises:
        NotPermitted: `by` is not entered as the board's statistician; the list was released.
        AlreadyRecorded: this look was taken with other data.
        UnknownRecord: somebody in the data has no allocation.
        DesignError: the information does not lie between that of the look before and all.

    """
    unblinding.require(by, STATISTICIAN, "conduct an interim analysis", at)
    return _conduct(cut, head, frozen_at, by, at)


def conduct_asked(asked: Asked) -> int:
    """The same at the door."""
    cut, head, frozen_at = (asked.text(name) for name in ("cut", "head", "frozen_at"))
    return _conduct(cut, head, frozen_at, asked.person, asked.at)


def _conduct(cut: str, head: str, frozen_at: str, by: str, at: datetime) -> int:
    if current().released_at is not None:
        raise NotPermitted("conduct an interim analysis", "a list that was not released")
    look = int(json.loads(cut)["look"])
    before = [row.cut for row in rows() if row.look < look]
    found = found_in(cut, before)
    with vault_transaction():
        same = rows().filter(look__gte=look).first()
        if same is not None:
            if same.cut == cut:
                return look
            raise AlreadyRecorded(say("interim look {look}", look=look), "An analysis")
        InterimAnalysis.objects.using(DATABASE).create(
            look=look,
            cut=cut,
            head=head,
            frozen_at=datetime.fromisoformat(frozen_at),
            sealed=seal(found, purpose="interim", name=str(look), length=_ROOM),
            by=by,
            at=at,
        )
        told = {"look": look, "cut": sha256(cut.encode()), "digest": sha256(found.encode())}
        note(CONDUCTED, by=by, at=at, payload=told)
    return look


def found_in(cut: str, before: list[str]) -> str:
    """What an interim analysis finds in frozen data, after looks at `before`; canonical JSON.

    Raises:
        UnknownRecord: somebody in the data has no allocation.

    """
    from equipoise.analysis import interim, interim_cut  # SciPy: no allocation waits for it

    read = interim_cut.read(json.loads(cut))
    groups = unblinding.groups()
    for code in read.participants:
        if code not in groups:
            raise UnknownRecord(say("allocation for {participant}", participant=code))
    earlier = [interim_cut.read(json.loads(one)).fraction for one in before]
    found = interim.conduct(read, groups, earlier=earlier)
    return canonical_json(interim.document(found)).decode()


def rows() -> Any:
    """Every look that was taken, in order."""
    return InterimAnalysis.objects.using(DATABASE).order_by("look")


def opened(row: InterimAnalysis) -> dict[str, Any]:
    """What one look found.

    Raises:
        SealBroken: its seal does not open.

    """
    found: dict[str, Any] = json.loads(open_seal(row.sealed, purpose="interim", name=str(row.look)))
    return found


def interims_asked(asked: Asked) -> list[dict[str, Any]]:
    """Every look by letters, for the safety board, with what the board decided after it."""
    said = _decisions()
    with vault_transaction():
        note(SHOWN, by=asked.person, at=asked.at)
        return [
            {
                "look": row.look,
                "found": opened(row),
                "head": row.head,
                "cut": sha256(row.cut.encode()),
                "frozen_at": row.frozen_at.isoformat(),
                "by": row.by,
                "at": row.at.isoformat(),
                "decisions": [
                    [entry.payload["decision"], entry.by, entry.at.isoformat()]
                    for entry in said.get(row.look, ())
                ],
            }
            for row in rows()
        ]


def _decisions() -> dict[int, list[VaultLedgerEntry]]:
    """The board's decisions by look, in order."""
    found: dict[int, list[VaultLedgerEntry]] = {}
    for entry in VaultLedgerEntry.objects.using(DATABASE).filter(what=DECIDED).order_by("sequence"):
        found.setdefault(entry.payload["look"], []).append(entry)
    return found


def decide(*, look: int, decision: str, by: str, at: datetime) -> bool:
    """Enter what the board decided after a look. Where the vault is kept.

    Raises:
        NotPermitted: `by` is not entered as a member of the board.
        UnknownRecord: this look was not taken.

    """
    unblinding.require(by, MEMBER, "record a decision of the board", at)
    return _decide(look, decision, by, at)


def decide_asked(asked: Asked) -> bool:
    """The same at the door."""
    return _decide(asked.whole("look"), asked.text("decision"), asked.person, asked.at)


def _decide(look: int, decision: str, by: str, at: datetime) -> bool:
    if decision not in DECISIONS:
        raise ValueError(decision)
    with vault_transaction():
        if not rows().filter(look=look).exists():
            raise UnknownRecord(say("interim look {look}", look=look))
        note(DECIDED, by=by, at=at, payload={"look": look, "decision": decision})
    return True


def letters_asked(asked: Asked) -> dict[str, str]:
    """Letter to arm, for two persons of the board with a reason: the board's closed report opens."""
    reason = asked.text("reason")
    if not reason.strip():
        raise ReasonRequired("Opening the letters")
    other = asked.second.person if asked.second else ""
    with vault_transaction():
        note(OPENED, by=f"{asked.person}, {other}", at=asked.at, payload={"reason": reason[:1000]})
        return unblinding.letters()


def events(*, after: int) -> list[list[Any]]:
    """That looks were taken and what was decided, for the blinded side: never what was found.

    Each: `conducted` or `decided`, look, person, instant, and the digest of the data or the
    decision; those after the first `after`, at most a frame's worth at a time.
    """
    names = {CONDUCTED: "cut", DECIDED: "decision"}
    found = VaultLedgerEntry.objects.using(DATABASE).filter(what__in=names).order_by("sequence")
    start = max(after, 0)
    return [
        [
            row.what.removeprefix("interim "),
            row.payload["look"],
            row.by,
            row.at.isoformat(),
            row.payload[names[row.what]],
        ]
        for row in found[start : start + AT_ONCE]
    ]


def released_looks() -> list[dict[str, Any]]:
    """Every look with its statistics by arm, once the list is released.

    Raises:
        NotPermitted: the list has not been released.

    """
    if current().released_at is None:
        raise NotPermitted("see the interim analyses", "a release by two persons after lock")
    arm_of, said = unblinding.letters(), _decisions()
    return [_by_arm(row, arm_of, said.get(row.look, [])) for row in rows()]


def _by_arm(
    row: InterimAnalysis, arm_of: dict[str, str], said: list[VaultLedgerEntry]
) -> dict[str, Any]:
    found = opened(row)
    kept = ("look", "information", "planned", "boundary_z")
    statistics: dict[str, float | None] = {}
    for one in found["comparisons"]:
        pair = (one["first"], one["second"])
        for a, b in (pair, pair[::-1]):
            statistics[f"{arm_of[a]} - {arm_of[b]}"] = None
        for reading in one["readings"]:
            name = f"{arm_of[reading['experimental']]} - {arm_of[reading['control']]}"
            statistics[name] = reading["z"]
    return {
        **{name: found[name] for name in kept},
        "z": statistics,
        "frozen_at": row.frozen_at.isoformat(),
        "decision": said[-1].payload["decision"] if said else "",
    }
