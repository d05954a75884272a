"""Signing and locking, for the tests of finalising."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, connections

from equipoise.protocol.load import load
from equipoise.rehearsal.sweep import rehearse
from equipoise_server.services.access import fresh_factor
from equipoise_server.services.records.sign import Wanted, purpose, sign
from equipoise_server.services.trial.activate_amendment import Approval, activate_amendment
from equipoise_server.services.trial.publish_amendment import publish_amendment
from equipoise_server.store.models import Record, User
from server.cast import NOW, TODAY, key

APPROVED = Approval(reference="EC 2026-17", on=TODAY)


def seen(code: str, form: str, visit: str = "screen", number: int = 0) -> Wanted:
    """A record as somebody sees it who signs it now."""
    head = Record.objects.get(participant=code, form=form, visit=visit, number=number)
    return Wanted(form=form, visit=visit, number=number, digest=head.current)


def proof_for(by: User, code: str, rule: str, *records: Wanted, at: datetime = NOW) -> str:
    """The fresh factor that signing these records asks for."""
    return fresh_factor.grant(by=by, purpose=purpose(code, rule, records), at=at)


def sign_as(by: User, code: str, rule: str, *records: Wanted, at: datetime = NOW) -> str:
    """Sign with a fresh factor."""
    proof = proof_for(by, code, rule, *records, at=at)
    return sign(participant=code, rule=rule, records=records, proof=proof, by=by, at=at, key=key())


def rehearsed(folder: Path) -> dict[str, Any]:
    """What `equipoise rehearse --json` prints of a study folder, of very few trials."""
    study = load(folder)
    found = rehearse(study, scenario=next(iter(study.scenarios)), trials=2)
    document: dict[str, Any] = json.loads(json.dumps(asdict(found)))
    return document


def publish(folder: Path, by: User, **told: Any) -> str:
    """Publish an amended folder with its rehearsal; the digest of the version."""
    shown = {**rehearsed(folder), **told}
    return publish_amendment(folder, rehearsal=shown, by=by, at=NOW, key=key())


def put_in_force(
    digest: str, by: User, on: date = TODAY, site: str = "s01", approval: Approval = APPROVED
) -> None:
    """Let a site work under a version from a day on."""
    activate_amendment(digest, site=site, on=on, approval=approval, by=by, at=NOW, key=key())


def by_hand(statement: str, *values: object) -> None:
    """Change the database past every guard, and leave the guards as they were."""
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, values)
            cursor.execute("SET session_replication_role = DEFAULT")
        return
    name = connection.settings_dict["NAME"]
    connections.close_all()
    raw = sqlite3.connect(name, isolation_level=None)
    triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for trigger, _ in triggers:
        raw.execute(f"DROP TRIGGER {trigger}")
    raw.execute(statement.replace("%s", "?"), values)
    for _, made in triggers:
        raw.execute(made)
    raw.close()
