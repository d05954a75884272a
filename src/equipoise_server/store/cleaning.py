"""What a save sets going beyond its own record: verification undone, other forms, deviations.

Also the same at night, for everything of one participant. Called inside a transaction that
holds the participant's chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from equipoise.forms import Prepared, prepare
from equipoise.forms import Record as Answered
from equipoise.forms.context import context_of
from equipoise.forms.crosschecks import Crossed, checks_reading, crossed, forms_read
from equipoise.forms.findings import asks
from equipoise.participant.deviations import Deviation as Departure
from equipoise.participant.deviations import deviations
from equipoise.participant.state import ParticipantState
from equipoise.protocol.derive import with_derived
from equipoise.protocol.model import Study
from equipoise.rules import parse
from equipoise_server.store import documents, findings, ledger, life
from equipoise_server.store.findings import Said
from equipoise_server.store.models import Deviation, Finding, Record, Verification

UNDONE = "verification-undone"
RAISED = "deviation-raised"
GONE = "deviation-gone"
ENTRIES = frozenset(
    {
        findings.FOLLOWED,
        UNDONE,
        RAISED,
        GONE,
        "query-opened",
        "query-answered",
        "query-closed",
        "query-reopened",
        "source-verified",
        "term-coded",
        "deviation-classified",
    }
)
"""Kinds of ledger entries of cleaning: they change nobody's life-cycle."""

_CROSSED = (
    "SELECT 1 FROM store_finding f JOIN store_record r ON r.id = f.record_id "
    "WHERE r.participant_id = %s AND f.origin = 'cross' LIMIT 1"
)
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One save: where, whether the first, which saved answers changed, what checks said.

    `day0` is the day of randomisation, None before it. `record` is the id of its head;
    `asked`, `verified`, `deviated`: whether the record has any query or verification, and the
    participant any deviation that a rule saw.
    """

    study: Study
    participant: str
    form: str
    visit: str
    number: int
    zone: str
    day0: date | None
    first: bool
    version: int
    on: date
    changed: frozenset[str]
    prepared: Prepared
    record: int
    asked: bool = True
    verified: bool = True
    deviated: bool = True


def after_save(cursor: Any, change: Change, *, by: str, at: datetime) -> None:
    """What follows from one save. A save that nothing hangs on costs nothing."""
    code = change.participant
    if change.asked or any(map(asks, change.prepared.findings)):
        done = findings.follow(Record(pk=change.record), change.prepared, change.version, at)
        findings.note(cursor, code, done, by=by, at=at)
    if change.verified and change.changed:
        undo_verification(cursor, change.record, code, change.changed, change.version, by=by, at=at)
    across(cursor, change.study, code, change.form, by=by, at=at)
    if _may_deviate(change) or (not change.first and change.deviated):
        _deviate_here(cursor, change, by=by, at=at)


def undo_verification(
    cursor: Any,
    record: int,
    chain: str,
    items: Collection[str],
    version: int,
    *,
    by: str,
    at: datetime,
    reason: str = "",
) -> None:
    """Undo the verification of answers that have changed, or by hand with a reason."""
    standing = Verification.objects.filter(record=record, item__in=items, undone_at__isnull=True)
    gone = sorted(standing.values_list("item", flat=True))
    if gone:
        standing.update(undone_at=at, undone_version=version)
        said: dict[str, object] = {"record": record, "items": gone, "version": version}
        said |= {"reason": reason} if reason else {}
        ledger.append(cursor, chain=chain, what=UNDONE, by=by, at=at, payload=said)


def across(
    cursor: Any, study: Study, participant: str, form: str, *, by: str, at: datetime
) -> None:
    """Judge the cross-checks that a save of `form` may have changed."""
    checks = checks_reading(study, form)
    if not checks:
        return
    records = documents.records_of(study, participant, forms=forms_read(study, checks))
    found = crossed(study, records, checks)
    _cross(cursor, participant, found, checks, by=by, at=at)


def _cross(
    cursor: Any,
    participant: str,
    found: Iterable[Crossed],
    checks: Collection[str],
    *,
    by: str,
    at: datetime,
) -> None:
    found = tuple(found)
    if not found:
        cursor.execute(_CROSSED, [participant])
        if cursor.fetchone() is None:
            return
    before = Finding.objects.filter(
        record__participant=participant, origin="cross", code__in=checks
    ).select_related("record")
    heads = _heads(participant, {one.place for one in found})
    now = [
        Said(
            record=heads[one.place][0],
            item=one.item,
            code=one.code,
            message=dict(one.message),
            version=heads[one.place][1],
        )
        for one in found
        if one.place in heads
    ]
    done = findings.reconcile(before, now, origin="cross", version=None, at=at)
    findings.note(cursor, participant, done, by=by, at=at)


def _heads(participant: str, places: Collection[Key]) -> dict[Key, tuple[int, int]]:
    if not places:
        return {}
    rows = Record.objects.filter(participant=participant, form__in={one[0] for one in places})
    return {
        (form, visit, number): (pk, version)
        for pk, form, visit, number, version in rows.values_list(
            "pk", "form", "visit", "number", "version"
        )
    }


def _may_deviate(change: Change) -> bool:
    """Whether a first save may deviate; cheap, so that most saves ask no further."""
    study, day0 = change.study, change.day0
    for rule in study.cleaning.deviations:
        if rule.kind == "window" and day0 and rule.form in ("", change.form):
            visit = next((one for one in study.protocol.visits if one.id == change.visit), None)
            if visit is not None and not _within(visit.window(day0), change.on):
                return True
        elif rule.rule and rule.form == change.form:
            known = with_derived(study.protocol, change.prepared.values)
            if parse(rule.rule).run(known) is True:
                return True
    return False


def _within(window: tuple[date, date], on: date) -> bool:
    return window[0] <= on <= window[1]


def _deviate_here(cursor: Any, change: Change, *, by: str, at: datetime) -> None:
    """Judge the deviations of a participant anew where the plan has any."""
    if not change.study.cleaning.deviations:
        return
    state = life.state_of(change.participant)
    records = documents.records_of(change.study, change.participant)
    deviate(cursor, change.study, state, records, by=by, at=at, zone=change.zone)


def deviate(
    cursor: Any,
    study: Study,
    state: ParticipantState,
    records: Iterable[Answered],
    *,
    by: str,
    at: datetime,
    zone: str,
) -> None:
    """Raise what the rules see in the data of one participant, and let go what they no longer see."""
    found = {(one.rule, *one.place): one for one in deviations(study, state, records, zone)}
    known = {
        (one.rule, one.form, one.visit, one.number): one
        for one in Deviation.objects.filter(participant=state.code, origin="rule")
    }
    for key, old in known.items():
        if key not in found and old.status != "gone":
            _move(cursor, old, "gone", GONE, by=by, at=at)
        elif key in found and old.status == "gone":
            _move(cursor, old, "classified" if old.classification else "open", RAISED, by=by, at=at)
    new = [_raised(state.code, one, at) for key, one in found.items() if key not in known]
    for one in new:
        one.save(force_insert=True)
        _note(cursor, one, RAISED, by=by, at=at)


def _raised(code: str, one: Departure, at: datetime) -> Deviation:
    form, visit, number = one.place
    return Deviation(
        participant_id=code,
        origin="rule",
        rule=one.rule,
        kind=one.kind,
        proposed=one.severity,
        form=form,
        visit=visit,
        number=number,
        on=one.on,
        message=dict(one.text),
        raised_at=at,
    )


def _move(cursor: Any, old: Deviation, status: str, what: str, *, by: str, at: datetime) -> None:
    old.status, old.gone_at = status, at if status == "gone" else None
    old.save(update_fields=["status", "gone_at"])
    _note(cursor, old, what, by=by, at=at)


def _note(cursor: Any, one: Deviation, what: str, *, by: str, at: datetime) -> None:
    said = {
        "rule": one.rule,
        "kind": one.kind,
        "form": one.form,
        "visit": one.visit,
        "number": one.number,
        "on": one.on.isoformat(),
    }
    ledger.append(
        cursor,
        chain=one.participant_id,
        what=what,
        by=by,
        at=at,
        payload=said,
        subject=f"deviation/{one.pk}",
    )


def whole(cursor: Any, study: Study, participant: str, *, by: str, at: datetime, zone: str) -> None:
    """Everything of one participant, as at night: checks that read other forms, all of them,
    cross-checks and deviations.
    """
    records = documents.records_of(study, participant)
    _forms_again(cursor, study, participant, records, by=by, at=at)
    checks = frozenset(one.id for one in study.cleaning.cross_checks)
    if checks:
        _cross(cursor, participant, crossed(study, records), checks, by=by, at=at)
    state = life.state_of(participant)
    deviate(cursor, study, state, records, by=by, at=at, zone=zone)


def _forms_again(
    cursor: Any,
    study: Study,
    participant: str,
    records: tuple[Answered, ...],
    *,
    by: str,
    at: datetime,
) -> None:
    """Judge anew the forms whose own checks read other forms, which may have changed since."""
    again = [one for one in records if documents.reads_others(study, one.form)]
    if not again:
        return
    heads = _heads(participant, {(one.form, one.visit, one.number) for one in again})
    now = []
    for one in again:
        place = (one.form, one.visit, one.number)
        context = context_of(records, form=one.form, visit=one.visit, number=one.number)
        said = prepare(study.protocol, study.forms[one.form], one.values, context)
        now += [
            Said(
                record=heads[place][0],
                item=finding.item or "",
                code=finding.code,
                message=dict(finding.message),
                version=heads[place][1],
            )
            for finding in said.queries
        ]
    before = Finding.objects.filter(
        record__in=[heads[one.form, one.visit, one.number][0] for one in again], origin="check"
    ).select_related("record")
    done = findings.reconcile(before, now, origin="check", version=None, at=at)
    findings.note(cursor, participant, done, by=by, at=at)
