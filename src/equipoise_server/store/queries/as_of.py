"""How records stood at a past moment, as the ledger tells it: entered, verified, signed, locked.

Nothing but entries up to that moment is read, and which record a version belongs to: rows that
have changed since do not matter.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from equipoise_server.store import cleaning, ledger, locks, signing
from equipoise_server.store.models import LedgerEntry, Participant, RecordVersion

VERIFIED = "source-verified"
_WHATS = (
    ledger.RECORDED,
    VERIFIED,
    cleaning.UNDONE,
    signing.SIGNED,
    signing.VOIDED,
    locks.LOCKED,
    locks.UNLOCKED,
)
Key = tuple[str, str, int]
"""Form, visit and number of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who did something, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedThen:
    """A signature that held: under which rule, in which role, with the printed name."""

    rule: str
    role: str
    name: str
    act: str
    version: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Then:
    """One record at the moment. `verified` by item; `locked` is the widest lock over it."""

    participant: str
    site: str
    form: str
    visit: str
    number: int
    version: int = 0
    digest: str = ""
    first: Act
    entered: Act
    verified: dict[str, Act] = field(default_factory=dict)
    signed: list[SignedThen] = field(default_factory=list)
    locked: str = ""
    locked_by: Act | None = None

    @property
    def key(self) -> Key:
        """Form, visit and number."""
        return self.form, self.visit, self.number


def as_of(
    at: datetime, *, sites: Collection[str] | None = None, participant: str = ""
) -> Iterator[Then]:
    """Every record that there was at `at`, by participant, visit, form and number."""
    people = Participant.objects.all()
    people = people if sites is None else people.filter(site__in=sites)
    people = people.filter(pk=participant) if participant else people
    site_of = dict(people.order_by("pk").values_list("code", "site_id"))
    closed = _closed_sites(at)
    rows = LedgerEntry.objects.filter(chain__in=people.values("pk"), what__in=_WHATS, at__lte=at)
    found = rows.order_by("chain", "sequence").values_list(
        "chain", "what", "by", "at", "subject", "payload__data"
    )
    for code, entries in groupby(found.iterator(chunk_size=2000), key=lambda row: row[0]):
        story = _Story(code, site_of[code])
        for _chain, what, by, when, subject, data in entries:
            story.add(what, Act(by=by, at=when), subject, json.loads(data) if data else {})
        yield from story.told(closed.get(site_of[code]))


def _closed_sites(at: datetime) -> dict[str, Act]:
    """The sites that were locked: those locks stand on the chain of the study."""
    rows = LedgerEntry.objects.filter(
        chain=ledger.STUDY_CHAIN, what__in=(locks.LOCKED, locks.UNLOCKED), at__lte=at
    )
    closed: dict[str, Act] = {}
    columns = ("what", "by", "at", "payload__data")
    for what, by, when, data in rows.order_by("sequence").values_list(*columns):
        site = json.loads(data)["part"]["site"]
        if what == locks.LOCKED:
            closed[site] = Act(by=by, at=when)
        else:
            closed.pop(site, None)
    return closed


class _Story:
    """The entries of one participant, told up to the moment."""

    def __init__(self, code: str, site: str) -> None:
        self._code, self._site = code, site
        self._places: dict[str, tuple[Key, int, int]] = {
            digest: ((form, visit, number), version, record)
            for digest, form, visit, number, version, record in RecordVersion.objects.filter(
                record__participant=code
            ).values_list(
                "digest", "record__form", "record__visit", "record__number", "version", "record"
            )
        }
        self._by_record = {record: key for key, _version, record in self._places.values()}
        self._records: dict[Key, Then] = {}
        self._locks: dict[str, tuple[dict[str, Any], Act]] = {}

    def add(self, what: str, act: Act, subject: str, said: dict[str, Any]) -> None:
        """One more entry."""
        match what:
            case ledger.RECORDED:
                self._record(act, subject)
            case "source-verified":
                then = self._records.get((said["form"], said["visit"], said["number"]))
                if then is not None:
                    then.verified |= dict.fromkeys(said["items"], act)
            case cleaning.UNDONE:
                self._undo(said)
            case signing.SIGNED:
                self._sign(act, subject, said)
            case signing.VOIDED:
                for then in self._records.values():
                    then.signed = [one for one in then.signed if not _is(one, said)]
            case _:
                self._lock(what, act, said["part"])

    def _record(self, act: Act, digest: str) -> None:
        if digest not in self._places:
            return
        key, version, _record = self._places[digest]
        form, visit, number = key
        then = self._records.get(key)
        if then is None:
            then = self._records[key] = Then(
                participant=self._code,
                site=self._site,
                form=form,
                visit=visit,
                number=number,
                first=act,
                entered=act,
            )
        then.version, then.digest, then.entered = version, digest, act

    def _undo(self, said: dict[str, Any]) -> None:
        then = self._records.get(self._by_record.get(said["record"], ("", "", 0)))
        if then is not None:
            for item in said["items"]:
                then.verified.pop(item, None)

    def _sign(self, act: Act, subject: str, said: dict[str, Any]) -> None:
        for form, visit, number, _version, digest in said.get("records", ()):
            then = self._records.get((form, visit, number))
            if then is not None:
                then.signed.append(
                    SignedThen(
                        rule=said["rule"],
                        role=said["role"],
                        name=said["name"],
                        act=subject,
                        version=digest,
                        at=act.at,
                    )
                )

    def _lock(self, what: str, act: Act, part: dict[str, Any]) -> None:
        name = json.dumps(part, sort_keys=True)
        if what == locks.LOCKED:
            self._locks[name] = (part, act)
        else:
            self._locks.pop(name, None)

    def told(self, site_lock: Act | None) -> Iterator[Then]:
        """Every record with the lock over it."""
        for key in sorted(self._records, key=lambda key: (key[1], key[0], key[2])):
            then = self._records[key]
            found = [(part, act) for part, act in self._locks.values() if _covers(part, key)]
            order = ("participant", "visit", "record")
            widest = min(found, key=lambda one: order.index(one[0]["scope"]), default=None)
            if site_lock is not None:
                then.locked, then.locked_by = "site", site_lock
            elif widest is not None:
                then.locked, then.locked_by = widest[0]["scope"], widest[1]
            yield then


def _is(one: SignedThen, said: dict[str, Any]) -> bool:
    return (one.act, one.version) == (said["act"], said["version"])


def _covers(part: dict[str, Any], key: Key) -> bool:
    form, visit, number = key
    if part["scope"] == "participant":
        return True
    if part["visit"] != visit:
        return False
    return bool(part["scope"] == "visit" or (part["form"], part["number"]) == (form, number))
