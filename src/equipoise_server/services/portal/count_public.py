"""Counting what happens on the public side, by day and source: no cookie, no visitor told apart."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.db import connection

from equipoise.errors import FormIncomplete
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform
from equipoise_server.store.models import ReferralSource, User

STEPS = ("view", "pre-screen", "pre-screened", "contact", "sign-up")
_ADD = (
    'INSERT INTO store_publiccount ("on", step, source, count) VALUES (%s, %s, %s, 1) '
    'ON CONFLICT ("on", step, source) DO UPDATE SET count = store_publiccount.count + 1'
)
_MACHINES = re.compile(r"bot|crawl|spider|slurp|preview|monitor|curl|wget|python", re.IGNORECASE)
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")


def count_public(step: str, *, on: date, source: str = "", agent: str = "") -> None:
    """Count one step; machines that say so are left out, unknown sources count as none."""
    if _MACHINES.search(agent):
        return
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [on, step, known_source(source)])


def known_source(code: str) -> str:
    """The code where somebody named it, else ""."""
    if not _CODE.fullmatch(code) or not ReferralSource.objects.filter(pk=code).exists():
        return ""
    return code


def name_source(*, code: str, label: str, by: User, at: datetime, key: str) -> None:
    """Name a source, such as a clinic, whose link and QR code then count.

    Raises:
        NotPermitted: `by` may not.
        FormIncomplete: a code has 2 to 31 small letters, digits and hyphens; a label is needed.

    """
    if not _CODE.fullmatch(code) or not 0 < len(label.strip()) <= 120:
        raise FormIncomplete(("code", "label"))
    body = {"code": code, "label": label}
    request = Request(verb="name a source", by=by, at=at, key=key, body=body)

    def work() -> Answer:
        with connection.cursor() as cursor:
            permissions.require(cursor, request.verb, by=by, at=at)
        _keep(code, label.strip(), by, at)
        return {}

    perform(request, work)


def _keep(code: str, label: str, by: User, at: datetime) -> Any:
    defaults = {"label": label, "by": by.username, "at": at}
    return ReferralSource.objects.update_or_create(code=code, defaults=defaults)
