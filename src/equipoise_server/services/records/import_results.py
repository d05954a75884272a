"""Take a laboratory file: preview it, accept it whole, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from equipoise.errors import ConsentLapsed, LinesRejected, NotConsented, Refused, UnknownRecord, say
from equipoise.exchange.laboratory import Reject, Result, read_results, read_table
from equipoise.forms import Record as Answered
from equipoise.forms import prepare
from equipoise.protocol.cleaning import Transfer
from equipoise.protocol.frozen import Text
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.imaging.readings import guarded
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import documents, ledger
from equipoise_server.store.models import ImportedFile, Participant, Record, Upload, User
from equipoise_server.store.save import Answers, Place, save, standing

VERB = "import results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would do. `already`: it was taken before, so it would do nothing."""

    upload: int
    transfer: str
    results: tuple[Result, ...]
    rejects: tuple[Reject, ...]
    already: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was taken: lines, records they belong to, records that got a new version."""

    lines: int
    records: int
    versions: int


def upload(*, transfer: str, name: str, data: bytes, by: User, at: datetime) -> int:
    """Keep a file for its preview; the number of the upload.

    Raises:
        FileRefused: it is no such table. UnknownRecord: no such transfer.
        NotPermitted, Locked.

    """
    with connection.cursor() as cursor:
        running = require_unlocked(cursor, VERB)
        permissions.require(cursor, VERB, by=by, at=at)
    found = _transfer(running.cleaning.transfers, transfer)
    read_results(running, found, read_table(data))
    row = Upload.objects.create(
        sha256=sha256(data).hexdigest(),
        transfer=transfer,
        name=name[-200:],
        content=data,
        by=by.username,
        at=at,
    )
    return row.pk


def preview(*, upload: int, by: User, at: datetime) -> Preview:
    """What the uploaded file would do now, and which lines stand against it. Writes nothing.

    Raises:
        UnknownRecord: the upload is not there (any more). NotPermitted, Locked.

    """
    with connection.cursor() as cursor:
        running = require_unlocked(cursor, VERB)
        permissions.require(cursor, VERB, by=by, at=at)
        row = _row(upload)
        transfer = _transfer(running.cleaning.transfers, row.transfer)
        results, rejects = read_results(running, transfer, read_table(bytes(row.content)))
        known = _known(results)
        found = [*rejects, *(_stranger(one) for one in results if one.sample[0] not in known)]
        wrong = {one.line for one in found}
        fitting = [one for one in results if one.line not in wrong]
        for place, lines in _by_record(transfer, fitting).items():
            found += _against(cursor, place, lines, at)
    wrong = {one.line for one in found}
    already = _taken(row) is not None
    return Preview(
        upload=upload,
        transfer=row.transfer,
        results=tuple(one for one in results if one.line not in wrong),
        rejects=tuple(sorted(found, key=lambda one: one.line)),
        already=already,
    )


def import_results(*, upload: int, by: User, at: datetime, key: str) -> Imported:
    """Write everything that the uploaded file says, in one transaction.

    The same file a second time gives the answer of the first and writes nothing.

    Raises:
        LinesRejected: some lines cannot be taken, so nothing was written.
        UnknownRecord, NotPermitted, Locked, PartLocked, KeyReused.

    """
    request = Request(verb=VERB, by=by, at=at, key=key, body={"upload": upload})
    answer = perform(request, lambda: _import(request, upload))
    return Imported(**answer)


def _import(request: Request, upload: int) -> Answer:
    by, at = request.by, request.at
    row = _row(upload)
    found = preview(upload=upload, by=by, at=at)
    taken = _taken(row)
    if taken is not None:
        Upload.objects.filter(pk=upload).delete()
        return {"lines": taken.lines, "records": taken.records, "versions": 0}
    if found.rejects:
        raise LinesRejected(tuple(one.line for one in found.rejects))
    with connection.cursor() as cursor:
        running = require_unlocked(cursor, VERB)
        transfer = _transfer(running.cleaning.transfers, row.transfer)
        places = _by_record(transfer, found.results)
        versions = 0
        for place in sorted(places, key=lambda one: (one.participant, one.visit)):
            reason = f"Imported from {row.name}"
            versions += _write(cursor, place, places[place], reason, request)
        said = {
            "transfer": row.transfer,
            "sha256": row.sha256,
            "lines": len(found.results),
            "records": len(places),
            "versions": versions,
            "note": row.name,
        }
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="results-imported",
            by=by.username,
            at=at,
            payload=said,
        )
    ImportedFile.objects.create(
        sha256=row.sha256,
        transfer=row.transfer,
        name="",  # it stands in the ledger, where it can be removed should it name somebody
        lines=len(found.results),
        records=len(places),
        by=by.username,
        at=at,
    )
    Upload.objects.filter(pk=upload).delete()
    return {"lines": len(found.results), "records": len(places), "versions": versions}


def _write(cursor: Any, place: Place, lines: list[Result], reason: str, request: Request) -> int:
    """One record with its results; 1 where it got a new version."""
    ledger.hold(cursor, place.participant)
    here = standing(cursor, place, step=VERB, at=request.at)
    saved = _saved(here.study, place)
    values = _merged(here.study, place, saved, lines)
    values = dict(guarded(here, values))
    answers = Answers(values=values, on=lines[0].sample[2], reason=reason)
    before = _version(place)
    answer = save(cursor, here, answers, by=request.by.username, at=request.at, key=request.key)
    return int(answer["version"] != before)


def _saved(running: Study, place: Place) -> Answered | None:
    """The record as it is saved, if it is."""
    found = documents.records_of(running, place.participant, forms=[place.form])
    here = (place.visit, place.number)
    return next((one for one in found if (one.visit, one.number) == here), None)


def _version(place: Place) -> int:
    rows = Record.objects.filter(
        participant=place.participant, form=place.form, visit=place.visit, number=place.number
    )
    return rows.values_list("version", flat=True).first() or 0


def _merged(
    running: Study, place: Place, saved: Answered | None, lines: Iterable[Result]
) -> dict[str, object]:
    """The saved answers with the results over them, without what is computed."""
    form = running.forms[place.form]
    items = {item.id: item for item in form.items()}
    values: dict[str, object] = {
        name: value
        for name, value in (saved.values if saved else {}).items()
        if items[name].derive is None
    }
    for one in lines:
        whole = items[one.item].type == "integer" and one.value.is_integer()
        values[one.item] = int(one.value) if whole else one.value
    return values


def _against(cursor: Any, place: Place, lines: list[Result], at: datetime) -> list[Reject]:
    """What stands against the lines of one record."""
    try:
        here = standing(cursor, place, step=VERB, at=at)
    except Refused as refused:
        return [_reject(one.line, str(refused), _in_chinese(refused)) for one in lines]
    saved, on = _saved(here.study, place), lines[0].sample[2]
    if saved is not None and saved.on != on:
        words = f"The record is dated {saved.on}, the sample {on}."
        return [
            _reject(one.line, words, f"记录日期为{saved.on}，标本日期为{on}。") for one in lines
        ]
    return _fit(here.study, place, saved, lines)


def _fit(running: Study, place: Place, saved: Answered | None, lines: list[Result]) -> list[Reject]:
    """The lines whose values the form calls impossible."""
    form = running.forms[place.form]
    values = _merged(running, place, saved, lines)
    said = prepare(running.protocol, form, values).hard
    at = {one.item: one.line for one in lines}
    return [
        Reject(line=at.get(one.item or "", lines[0].line), why=Text(dict(one.message)))
        for one in said
    ]


def _by_record(transfer: Transfer, results: Iterable[Result]) -> Mapping[Place, list[Result]]:
    found: dict[Place, list[Result]] = defaultdict(list)
    for one in results:
        code, visit, _on = one.sample
        place = Place(participant=code, form=transfer.form, visit=visit, number=transfer.number)
        found[place].append(one)
    return found


def _known(results: Iterable[Result]) -> frozenset[str]:
    codes = {one.sample[0] for one in results}
    return frozenset(Participant.objects.filter(pk__in=codes).values_list("pk", flat=True))


def _stranger(one: Result) -> Reject:
    code = one.sample[0]
    return _reject(one.line, f"Nobody has the code {code!r}.", f"没有编号为{code!r}的参与者。")


def _reject(line: int, english: str, chinese: str = "") -> Reject:
    return Reject(line=line, why=Text({"en": english, "zh-Hans": chinese or english}))


def _in_chinese(refused: Refused) -> str:
    """What a refusal over consent says; "" for the others, which are shown as they are."""
    if isinstance(refused, ConsentLapsed):
        return "知情同意的补签期限已过，尚未取得同意。请先取得知情同意。"
    return "尚未取得知情同意。" if isinstance(refused, NotConsented) else ""


def _taken(row: Upload) -> ImportedFile | None:
    return ImportedFile.objects.filter(sha256=row.sha256, transfer=row.transfer).first()


def _row(upload: int) -> Upload:
    row = Upload.objects.filter(pk=upload).first()
    if row is None:
        raise UnknownRecord(say("upload {upload} (any more)", upload=upload))
    return row


def _transfer(transfers: tuple[Transfer, ...], name: str) -> Transfer:
    found = next((one for one in transfers if one.id == name), None)
    if found is None:
        raise UnknownRecord(say("transfer {name}", name=name[:40]))
    return found
