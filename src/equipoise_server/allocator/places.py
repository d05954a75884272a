"""The statements behind one allocation: few, parameterised, and the same on both engines.

The next place of a list is the first that nobody holds. Where the search may begin is
remembered in the process: places are never given back, so that a place once taken stays a
lower bound, and each search checks that it still is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connections

from equipoise.digest import canonical_json
from equipoise.errors import KeyReused
from equipoise_server.allocator.transaction import DATABASE
from equipoise_server.store.planned import Planned

_HELD = "SELECT site, stratum, kit FROM vault_allocation WHERE participant = %s"
_USED = "SELECT 1 FROM vault_allocation WHERE key = %s"
_FREE = Planned(
    "SELECT s.id, s.place, s.sealed, "
    "(SELECT at FROM vault_allocation ORDER BY id DESC LIMIT 1) FROM vault_slot s "
    "WHERE s.stratum = %(listed)s AND s.place > (CASE WHEN EXISTS (SELECT 1 FROM vault_slot t "
    "JOIN vault_allocation b ON b.slot_id = t.id "
    "WHERE t.stratum = %(listed)s AND t.place = %(after)s) THEN %(after)s ELSE 0 END) "
    "AND NOT EXISTS (SELECT 1 FROM vault_allocation a WHERE a.slot_id = s.id) "
    "ORDER BY s.place LIMIT 1",
    {"listed": "text", "after": "integer"},
)
_GIVE = (
    "INSERT INTO vault_allocation "
    "(participant, slot_id, site, stratum, covariates, sealed_arm, kit, key, at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_GIVEN = (
    "SELECT s.place, s.sealed, a.participant, a.sealed_arm, a.covariates FROM vault_slot s "
    "JOIN vault_allocation a ON a.slot_id = s.id WHERE s.stratum = %s AND s.place >= %s "
    "ORDER BY s.place"
)
_reached: dict[tuple[str, ...], int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a participant holds: where it was given, and the kit."""

    site: str
    stratum: str
    kit: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Free:
    """The next place of a list, still sealed. `last_at`: when anybody was last given a place."""

    slot: int
    listed: str
    place: int
    sealed: bytes
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Given:
    """One place that was given, sealed as it lies in the vault."""

    place: int
    sealed: bytes
    participant: str
    sealed_arm: bytes
    covariates: dict[str, str]


def where() -> tuple[str, ...]:
    """Which vault this process is connected to; what is remembered is remembered of this one."""
    found = connections[DATABASE].settings_dict
    return tuple(str(found.get(part, "")) for part in ("NAME", "HOST", "PORT"))


def held_by(participant: str) -> Held | None:
    """What the participant holds already, or None."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_HELD, [participant])
        row = cursor.fetchone()
    return Held(site=row[0], stratum=row[1], kit=row[2]) if row else None


def require_new(key: str) -> None:
    """Refuse a key under which somebody was given a place.

    Raises:
        KeyReused: it was used.

    """
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_USED, [key])
        if cursor.fetchone() is not None:
            raise KeyReused(key)


def next_of(listed: str) -> Free | None:
    """The next free place of the list, or None. Call with the list held."""
    after = _reached.get((*where(), listed), 0)
    connection = connections[DATABASE]
    with connection.cursor() as cursor:
        _FREE.run(cursor, listed=listed, after=after)
        row = cursor.fetchone()
    if row is None:
        return None
    slot, place, sealed, last_at = row
    return Free(
        slot=slot, listed=listed, place=place, sealed=bytes(sealed), last_at=_instant(last_at)
    )


def _instant(stored: Any) -> datetime | None:
    """An instant as either engine hands it out: SQLite has text in UTC."""
    if isinstance(stored, str):
        return datetime.fromisoformat(f"{stored}+00:00")
    found: datetime | None = stored
    return found


def give(
    free: Free,
    *,
    participant: str,
    site: str,
    stratum: str,
    covariates: Mapping[str, str],
    sealed_arm: bytes,
    kit: str,
    key: str,
    at: datetime,
) -> None:
    """Write the allocation. Call inside the transaction that found the place.

    Raises:
        KeyReused: somebody was given a place under this key at the same moment.

    """
    connection = connections[DATABASE]
    moment = connection.ops.adapt_datetimefield_value(at)
    known = canonical_json(dict(covariates)).decode()
    row: list[Any] = [participant, free.slot, site, stratum, known, sealed_arm, kit, key, moment]
    with connection.cursor() as cursor:
        try:
            cursor.execute(_GIVE, row)
        except IntegrityError as problem:
            if "key" in str(problem):
                raise KeyReused(key) from problem
            raise


def remember(free: Free) -> None:
    """Begin the next search behind this place. Call once its transaction has been committed."""
    _reached[*where(), free.listed] = free.place


def given_from(listed: str, place: int) -> Iterator[Given]:
    """What was given of a list from a place on, in order."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(_GIVEN, [listed, place])
        for number, sealed, participant, arm, covariates in cursor.fetchall():
            yield Given(
                place=number,
                sealed=bytes(sealed),
                participant=participant,
                sealed_arm=bytes(arm),
                covariates=json.loads(covariates),
            )
