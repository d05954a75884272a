"""Load a version of a dictionary from the user's own file."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from equipoise.errors import AlreadyRecorded, FileRefused, listed, say
from equipoise.exchange.dictionary.read import KINDS, Kind, read_terms
from equipoise_server.services.access import permissions
from equipoise_server.services.request import whole
from equipoise_server.store import dictionaries, ledger
from equipoise_server.store.models import Dictionary, User

VERB = "load a dictionary"


def load_dictionary(
    *,
    name: str,
    version: str,
    kind: Kind,
    data: bytes,
    by: User,
    at: datetime,
    hierarchy: bytes | None = None,
) -> int:
    """Load a file as one version of a dictionary; how many terms it has.

    The newest version loaded is the one in use. The same file again changes nothing.

    Raises:
        FileRefused: it is not such a file, or name or version are no plain words.
        AlreadyRecorded: another file was loaded under this version.
        NotPermitted.

    """
    _require_named(name, version, kind)
    digest = sha256(data + (hierarchy or b"")).hexdigest()
    with whole(), connection.cursor() as cursor:
        ledger.hold(cursor, ledger.STUDY_CHAIN)
        permissions.require(cursor, VERB, by=by, at=at)
        known = Dictionary.objects.filter(name=name, version=version).first()
        if known is not None and known.sha256 != digest:
            raise AlreadyRecorded(
                say("{name} {version}", name=name, version=version), "Another file"
            )
        if known is not None:
            return known.terms
        terms = read_terms(data, kind, hierarchy=hierarchy)
        row = Dictionary.objects.create(
            name=name,
            version=version,
            kind=kind,
            sha256=digest,
            terms=len(terms),
            by=by.username,
            at=at,
        )
        dictionaries.load(row, terms)
        _note(cursor, row, at)
    return len(terms)


def _require_named(name: str, version: str, kind: str) -> None:
    if kind not in KINDS or not name.strip() or not version.strip():
        raise FileRefused(
            say("name, version and kind are needed; kinds are {kinds}", kinds=listed(KINDS))
        )
    if len(name) > 64 or len(version) > 32:
        raise FileRefused("its name has at most 64 characters and its version 32")


def _note(cursor: Any, row: Dictionary, at: datetime) -> None:
    said = {"name": row.name, "version": row.version, "sha256": row.sha256, "terms": row.terms}
    ledger.append(
        cursor,
        chain=ledger.STUDY_CHAIN,
        what="dictionary-loaded",
        by=row.by,
        at=at,
        payload=said,
    )
