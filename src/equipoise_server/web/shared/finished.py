"""Signatures, lock and redactions of one record, for the page that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from equipoise_server.services.records.sign import OTHERWISE
from equipoise_server.store.queries.finalising import (
    Removed,
    Signed,
    locked_over,
    removed,
    signatures,
)
from equipoise_server.web.shared.page import Page
from equipoise_server.web.shared.values import said
from equipoise_server.web.shared.words import ROLES, Words

Place = tuple[str, str, str, int]

LOCKS: Mapping[str, Words] = {
    "record": _("This record is locked."),
    "visit": _("This visit is locked."),
    "participant": _("This participant is locked."),
    "site": _("This site is locked."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignature:
    """A signature as it is printed: name, role, meaning, time; and when it ceased to hold."""

    version: int
    name: str
    role: Words
    meaning: str
    at: datetime
    act: str
    void_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Everything final about a record, and what the viewer may do about it."""

    signatures: tuple[ShownSignature, ...]
    locked: Words
    removed: tuple[Removed, ...]
    sign: tuple[tuple[str, str], ...]
    checklists: tuple[tuple[Words, str], ...]
    redact: str


def finished(page: Page, place: Place, site: str) -> Finished:
    """What is final about the record at a place, and what the viewer may do about it."""
    over = locked_over(*place)
    return Finished(
        signatures=tuple(_shown(page, one) for one in signatures(*place, cut=page.moment.cut)),
        locked="" if over is None or page.moment.past else LOCKS[over.scope],
        removed=removed(*place),
        sign=() if over or page.moment.past else _to_sign(page, place, site),
        checklists=_checklists(page, place, site),
        redact=reverse("finalise:redact", args=place)
        if page.viewer.may_read("redacting") and page.viewer.sees_site("redacting", site)
        else "",
    )


def _shown(page: Page, one: Signed) -> ShownSignature:
    return ShownSignature(
        version=one.version,
        name=one.name,
        role=ROLES.get(one.role, one.role),
        meaning=said(one.meaning, page.language),
        at=one.at,
        act=one.act,
        void_at=one.void_at,
    )


def _to_sign(page: Page, place: Place, site: str) -> tuple[tuple[str, str], ...]:
    """Where the viewer can sign this record: under the study's rules, or of their own accord."""
    roles = page.viewer.roles_at(site)
    rules = [one for one in page.study.protocol.signatures if place[1] in one.forms]
    found = [
        (rule.meaning.say(page.language), _sign_url(place, rule.id))
        for rule in rules
        if rule.role in roles
    ]
    if not rules and page.viewer.may_read("signing") and page.viewer.sees_site("signing", site):
        found = [
            (text.say(page.language), _sign_url(place, rule)) for rule, text in OTHERWISE.items()
        ]
    return tuple(found)


def _sign_url(place: Place, rule: str) -> str:
    code, form, visit, number = place
    query = urlencode({"form": form, "visit": visit, "number": number})
    return reverse("finalise:sign", args=(code, rule)) + f"?{query}"


def _checklists(page: Page, place: Place, site: str) -> tuple[tuple[Words, str], ...]:
    if not page.viewer.may_read("locking") or not page.viewer.sees_site("locking", site):
        return ()
    code, form, visit, number = place
    parts: list[tuple[Words, dict[str, Any]]] = [
        (_("this record"), {"scope": "record", "visit": visit, "form": form, "number": number}),
        (_("this visit"), {"scope": "visit", "visit": visit}),
        (_("this participant"), {"scope": "participant"}),
    ]
    url = reverse("finalise:checklist")
    return tuple(
        (words, f"{url}?{urlencode({'participant': code, **query})}") for words, query in parts
    )
