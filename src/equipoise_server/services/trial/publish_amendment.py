"""Publish a new protocol version: with its differences, its lenses, and a rehearsal."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import AmendmentRefused, LensMissing, StorageFull, say
from equipoise.forms import operations, unreadable
from equipoise.protocol.amend import Change, compare
from equipoise.protocol.check import check_folder
from equipoise.protocol.identity import as_data
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.services.standing import require_unlocked
from equipoise_server.store import ledger, lenses, versions
from equipoise_server.store import study as studies
from equipoise_server.store.models import Amendment, StudyVersion, User

STEP = "publish an amendment"
SEALED = ("arms", "randomisation")
"""Parts of the protocol under which the list was sealed: an amendment leaves them as they are."""


def publish_amendment(
    folder: Path, *, rehearsal: Mapping[str, Any], by: User, at: datetime, key: str
) -> str:
    """Adopt the study folder as the next protocol version; returns its digest.

    Nobody works under it until a site is activated. The folder is copied into the instance.
    `rehearsal` is what `equipoise rehearse --json` gave for this very version; it is carried out
    once more, and the figures have to come out again.

    Raises:
        AmendmentRefused: another study, the same version again, arms or randomisation
            changed, errors in the folder, or a rehearsal of something else.
        LensMissing: records saved under the last version could not be read under this one.
        ProtocolError: the folder cannot be read.
        NotPermitted, Locked, KeyReused, StorageFull.

    """
    from equipoise.rehearsal.again import require_repeatable  # its libraries take long to load

    new = load(folder)
    require_repeatable(new, rehearsal)
    body = {"digest": new.digest, "rehearsal": dict(rehearsal)}
    request = Request(verb=STEP, by=by, at=at, key=key, body=body)
    answer = perform(request, lambda: _publish(request, new, rehearsal))
    return str(answer["digest"])


def _publish(request: Request, new: Study, rehearsal: Mapping[str, Any]) -> Answer:
    by, at = request.by, request.at
    with connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        require_unlocked(cursor, STEP)
        permissions.require(cursor, STEP, by=by, at=at)
        old = newest()
        changes = compare(old, new)
        _require_sound(old, new)
        _require_readable(old, new)
        _require_consent(old, new, changes)
        _copy(new)
        row = _adopt(old, new, changes, rehearsal, by=by.username, at=at)
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what=versions.PUBLISHED,
            by=by.username,
            at=at,
            payload=versions.published(row, new.protocol.version),
        )
    return {"digest": new.digest}


def newest() -> Study:
    """The version that was published last, in force or not."""
    row = Amendment.objects.order_by("-number").first()
    return studies.of_digest(row.study_id if row else studies.opened_under())


def _require_sound(old: Study, new: Study) -> None:
    if new.protocol.id != old.protocol.id:
        raise AmendmentRefused(
            say("it is of study {study}, not {ours}", study=new.protocol.id, ours=old.protocol.id)
        )
    known = StudyVersion.objects.values_list("digest", "version")
    if any(new.digest == digest or new.protocol.version == version for digest, version in known):
        raise AmendmentRefused(
            say("version {version} has been adopted before", version=new.protocol.version)
        )
    for part in SEALED:
        if as_data(getattr(new.protocol, part)) != as_data(getattr(old.protocol, part)):
            raise AmendmentRefused(
                say("{part} may not change while the sealed list is in use", part=part)
            )
    wrong = [one for one in check_folder(new.folder) if one.severity == "error"]
    if wrong:
        raise AmendmentRefused(
            say("{place}: {problem}", place=wrong[0].place, problem=wrong[0].message.rstrip("."))
        )


def _require_readable(old: Study, new: Study) -> None:
    declared = [one for one in new.lenses if one.reads == old.protocol.version]
    steps = {one.form: operations(one.steps) for lens in declared for one in lens.forms}
    lists = (old.protocol.code_lists, new.protocol.code_lists)
    for name, form in old.forms.items():
        if name in new.forms:
            found = unreadable(form, new.forms[name], steps.get(name, ()), lists)
            if found:
                raise LensMissing(name, found)
    stray = steps.keys() - (old.forms.keys() & new.forms.keys())
    if stray:
        raise LensMissing(min(stray), ("everything: the form is not in both versions",))


def _require_consent(old: Study, new: Study, changes: tuple[Change, ...]) -> None:
    """What people agreed to has changed: then there is a document to agree to."""
    known = {one.version for one in old.consents}
    if any(one.meaning == "needs-reconsent" for one in changes) and all(
        one.version in known for one in new.consents
    ):
        raise AmendmentRefused(
            "people have to agree to it anew, and no consent document has a new version"
        )


def _copy(new: Study) -> None:
    """The whole folder or nothing, under its digest."""
    home = Path(settings.EQUIPOISE_DIR) / studies.VERSIONS
    target, beside = home / new.digest, home / f".{secrets.token_hex(8)}"
    if target.is_dir():
        return
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(new.folder, beside)
        os.rename(beside, target)
    except OSError as problem:
        shutil.rmtree(beside, ignore_errors=True)
        raise StorageFull(str(home), problem.strerror or "input/output error") from problem


def _adopt(
    old: Study,
    new: Study,
    changes: tuple[Change, ...],
    rehearsal: Mapping[str, Any],
    *,
    by: str,
    at: datetime,
) -> Amendment:
    document = canonical_json({"protocol": as_data(new.protocol), "forms": as_data(new.forms)})
    version = StudyVersion.objects.create(
        digest=new.digest,
        study=new.protocol.id,
        version=new.protocol.version,
        document=document.decode(),
        at=at,
    )
    declared = tuple(one for one in new.lenses if one.reads == old.protocol.version)
    return Amendment.objects.create(
        study=version,
        previous_id=old.digest,
        number=Amendment.objects.count() + 1,
        changes=canonical_json([_as_data(one) for one in changes]).decode(),
        lenses=lenses.written(declared),
        rehearsal=canonical_json(dict(rehearsal)).decode(),
        needs_reconsent=any(one.meaning == "needs-reconsent" for one in changes),
        by=by,
        at=at,
    )


def _as_data(change: Change) -> dict[str, object]:
    return {
        "path": change.path,
        "kind": change.kind,
        "class": change.meaning,
        "before": change.before,
        "after": change.after,
    }
