"""What a randomisation reads of the store in one statement, and how it is announced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise.errors import IntegrityError, PartLocked, UnknownRecord, say
from equipoise.participant import ParticipantState
from equipoise.supply import KitState
from equipoise_server.store import ledger, life, locks, study, supplies, versions
from equipoise_server.store.planned import Planned

_LOCKED = (
    "(SELECT l.scope FROM store_lock l WHERE (l.scope = 'site' AND l.site = p.site_id) "
    "OR (l.scope = 'participant' AND l.participant = p.code) LIMIT 1)"
)
_LAST = (
    "LEFT JOIN store_ledgerentry {e} ON {e}.chain = %({chain})s AND {e}.sequence = "
    "(SELECT MAX(sequence) FROM store_ledgerentry WHERE chain = %({chain})s)"
)
_COLUMNS = (
    "t.study_id, t.locked_at, t.randomisation_open, "
    f"{versions.OF_PARTICIPANT.format(participant='p.code')}, p.code, p.site_id, s.timezone, "
    f"p.state, {_LOCKED}, e.sequence, e.digest"
)
_FROM = (
    "FROM store_trial t LEFT JOIN store_participant p ON p.code = %(code)s "
    f"LEFT JOIN store_site s ON s.code = p.site_id {_LAST.format(e='e', chain='code')}"
)
_JUDGED = Planned(f"SELECT {_COLUMNS} {_FROM}", {"code": "text"})
_HELD = (
    f"SELECT {_COLUMNS}, k.state, f.sequence, f.digest {_FROM} "
    f"LEFT JOIN store_kit k ON k.code = %(kit)s {_LAST.format(e='f', chain='chain')}"
)
_VALUES = {"code": "text", "kit": "text", "chain": "text"}
_WITH_KIT = {
    "sqlite": Planned(_HELD, _VALUES),
    "postgresql": Planned(f"{_HELD} FOR SHARE OF t", _VALUES),
}
_ANNOUNCE = (
    "INSERT INTO store_randomisationrequest (participant_id, by_id, at, key) "
    "VALUES (%s, %s, %s, %s) ON CONFLICT (participant_id) DO NOTHING"
)
_DONE = "DELETE FROM store_randomisationrequest WHERE participant_id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where trial and participant stand.

    `opened_under` is the version that the trial was opened with, `version` the one that the
    participant is under; `head` that of their chain; `locked` the scope of a lock over them.
    """

    opened_under: str
    locked_at: object
    randomisation_open: object
    version: str
    code: str
    site: str
    timezone: str
    stored: str
    locked: str | None
    head: ledger.Head

    def state(self) -> ParticipantState:
        """The participant's state."""
        return life.read(self.stored)

    def require_unlocked(self) -> None:
        """Refuse where participant or site is locked.

        Raises:
            PartLocked: naming what is locked.

        """
        if self.locked is not None:
            name = locks.name_of(self.locked, self.site, self.code, "")
            raise PartLocked(name, "randomise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A kit as the store has it: None where it was never received; and the head of its chain."""

    state: KitState | None
    head: ledger.Head


def standing(cursor: Any, code: str) -> Standing:
    """Where trial and participant stand now.

    Raises:
        IntegrityError: there is no trial.
        UnknownRecord: nobody has this code.

    """
    _JUDGED.run(cursor, code=code)
    return _standing(cursor.fetchone(), code)


def held(cursor: Any, code: str, kit: str) -> tuple[Standing, Stored]:
    """The same with the kit, when both chains are held; on PostgreSQL nobody can lock the
    study until the transaction ends.

    Raises:
        IntegrityError, UnknownRecord: as `standing`.

    """
    chain = supplies.chain_of(kit)
    _WITH_KIT[cursor.db.vendor].run(cursor, code=code, kit=kit, chain=chain)
    row = cursor.fetchone()
    found = _standing(row, code)
    state = None if row[11] is None else supplies.read(row[11])
    return found, Stored(state=state, head=ledger.head_of(row[12:], chain))


def _standing(row: Any, code: str) -> Standing:
    if row is None:
        raise IntegrityError(study.NO_TRIAL)
    if row[4] is None:
        raise UnknownRecord(say("participant {code}", code=code))
    return Standing(
        opened_under=row[0],
        locked_at=row[1],
        randomisation_open=row[2],
        version=row[3],
        code=code,
        site=row[5],
        timezone=row[6],
        stored=row[7],
        locked=row[8],
        head=ledger.head_of(row[9:11], code),
    )


def announce(cursor: Any, code: str, *, by: int, at: datetime, key: str) -> None:
    """Keep that this was asked for; what was announced first stays."""
    cursor.execute(_ANNOUNCE, [code, by, cursor.db.ops.adapt_datetimefield_value(at), key])


def done(cursor: Any, code: str) -> None:
    """What was asked for is written down, in this transaction."""
    cursor.execute(_DONE, [code])
