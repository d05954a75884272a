"""Tell volunteers of a study in a field they follow: matched and queued in the database.

Everything is set-based and in batches, in the identity database alone, so that 100,000 people
take seconds and pages are answered meanwhile. Nobody is told of the same occasion twice, nor
twice of one study within a day. Consent is looked at here and again when a letter is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from post_office.models import PRIORITY, STATUS

from equipoise_server.services.letters.mail import DATABASE, NOWHERE

BATCH = 5_000
QUIET = timedelta(days=1)

_WHO = """
FROM identity_volunteer v
WHERE v.token > %s AND v.confirmed_at IS NOT NULL AND v.sealed IS NOT NULL
AND EXISTS (SELECT 1 FROM identity_interest i WHERE i.volunteer_id = v.token AND i.topic IN ({topics}))
AND EXISTS (SELECT 1 FROM identity_permission p WHERE p.person = v.token AND p.purpose = 'alerts'
            AND p.withdrawn_at IS NULL)
AND NOT EXISTS (SELECT 1 FROM identity_alerted a WHERE a.volunteer_id = v.token AND a.study = %s
                AND (a.at > %s OR a.occasion = %s))
"""
_MATCH = (
    "INSERT INTO identity_alerted (volunteer_id, occasion, study, rhythm, at, sent_at) "
    "SELECT v.token, %s, %s, v.rhythm, %s, NULL "
    + _WHO
    + "ORDER BY v.token LIMIT %s ON CONFLICT DO NOTHING"
)
_LETTERS = """
INSERT INTO identity_letter (key, template, language, person, purpose, subject_of, at, ended)
SELECT 'alert/' || a.occasion || '/' || v.token, 'alert', v.language, v.token, 'alerts', a.study, %s, ''
FROM identity_alerted a JOIN identity_volunteer v ON v.token = a.volunteer_id
WHERE a.occasion = %s AND a.rhythm = 'at-once' AND a.sent_at IS NULL AND v.token > %s AND v.token <= %s
ON CONFLICT DO NOTHING
"""
_POSTED = """
INSERT INTO post_office_email (from_email, "to", cc, bcc, subject, message, html_message, status,
  priority, created, last_updated, number_of_retries, backend_alias)
SELECT %s, l.id || '@{nowhere}', '', '', '', '', '', %s, %s, %s, %s, 0, ''
FROM identity_letter l JOIN identity_alerted a ON a.volunteer_id = l.person AND a.occasion = %s
WHERE l.key = 'alert/' || a.occasion || '/' || l.person AND a.sent_at IS NULL
AND a.rhythm = 'at-once' AND l.person > %s AND l.person <= %s
"""
_DONE = (
    "UPDATE identity_alerted SET sent_at = %s WHERE occasion = %s AND rhythm = 'at-once' "
    "AND sent_at IS NULL AND volunteer_id > %s AND volunteer_id <= %s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """How many people were matched, and how many of them get a letter at once."""

    matched: int
    at_once: int


def would_alert(*, study: str, occasion: str, topics: Sequence[str], at: datetime) -> Alerts:
    """What `alert_volunteers` would do now; nothing is written."""
    if not topics:
        return Alerts(matched=0, at_once=0)
    query = "SELECT COUNT(*), COUNT(CASE WHEN v.rhythm = 'at-once' THEN 1 END) " + _who(topics)
    with connections[DATABASE].cursor() as cursor:
        cursor.execute(query, ["", *topics, study, _moment(at - QUIET), f"{study}/{occasion}"])
        matched, at_once = cursor.fetchone()
    return Alerts(matched=matched, at_once=at_once)


def alert_volunteers(*, study: str, occasion: str, topics: Sequence[str], at: datetime) -> Alerts:
    """Match and queue. Called again for the same occasion it goes on where it stopped."""
    if not topics:
        return Alerts(matched=0, at_once=0)
    name, after, matched, at_once = f"{study}/{occasion}", "", 0, 0
    while True:
        with transaction.atomic(using=DATABASE), connections[DATABASE].cursor() as cursor:
            count = _match(cursor, name, study, topics, at, after)
            last = _last(cursor, name, at, after)
            at_once += _queue(cursor, name, at, after, last)
        matched += count
        if count < BATCH:
            return Alerts(matched=matched, at_once=at_once)
        after = last


def _match(
    cursor: Any, name: str, study: str, topics: Sequence[str], at: datetime, after: str
) -> int:
    values = [name, study, _moment(at), after, *topics, study, _moment(at - QUIET), name, BATCH]
    cursor.execute(_MATCH.format(topics=_marks(topics)), values)
    return int(cursor.rowcount)


def _last(cursor: Any, name: str, at: datetime, after: str) -> str:
    cursor.execute(
        "SELECT MAX(volunteer_id) FROM identity_alerted "
        "WHERE occasion = %s AND at = %s AND volunteer_id > %s",
        [name, _moment(at), after],
    )
    return cursor.fetchone()[0] or after


def _queue(cursor: Any, name: str, at: datetime, after: str, last: str) -> int:
    moment = _moment(at)
    cursor.execute(_LETTERS, [moment, name, after, last])
    sender = settings.DEFAULT_FROM_EMAIL
    posted = [sender, STATUS.queued, PRIORITY.low, moment, moment, name, after, last]
    cursor.execute(_POSTED.format(nowhere=NOWHERE), posted)
    queued = int(cursor.rowcount)
    cursor.execute(_DONE, [moment, name, after, last])
    return queued


def _who(topics: Sequence[str]) -> str:
    return _WHO.format(topics=_marks(topics))


def _marks(topics: Sequence[str]) -> str:
    return ", ".join("%s" for _ in topics)


def _moment(at: datetime) -> Any:
    return connections[DATABASE].ops.adapt_datetimefield_value(at)
