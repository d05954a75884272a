"""Consent as it stands: conversations, deferrals, who has to sign anew, wishes, problems."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from equipoise.participant import ParticipantState
from equipoise.protocol.consent_document import newest
from equipoise_server.store import consenting, life
from equipoise_server.store import study as studies
from equipoise_server.store.models import (
    Amendment,
    ConsentGiven,
    ConsentTalk,
    Participant,
    ProblemReport,
    WithdrawalWish,
)

Sites = Collection[str] | None
IN_TRIAL = ("screening", "consented", "randomised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Somebody whose consent follows later, and when it is due."""

    code: str
    due_at: datetime
    overdue: bool


def _at(rows: Any, sites: Sites) -> Any:
    return rows if sites is None else rows.filter(participant__site__in=list(sites))


def talks_of(code: str) -> QuerySet[ConsentTalk]:
    """Every conversation with one participant, newest first."""
    return ConsentTalk.objects.filter(participant=code).order_by("-at")


def given_to(code: str) -> QuerySet[ConsentGiven]:
    """Every act of one participant, newest first."""
    return ConsentGiven.objects.select_related("talk").filter(participant=code).order_by("-at")


def open_talks(sites: Sites) -> QuerySet[ConsentTalk]:
    """Conversations that are not over, oldest first."""
    found: QuerySet[ConsentTalk] = _at(ConsentTalk.objects.filter(ended_at__isnull=True), sites)
    return found.order_by("at")


def wishes(sites: Sites) -> QuerySet[WithdrawalWish]:
    """Wishes to withdraw that nobody has carried out."""
    found: QuerySet[WithdrawalWish] = _at(
        WithdrawalWish.objects.filter(done_at__isnull=True), sites
    )
    return found.order_by("at")


def problems(sites: Sites) -> QuerySet[ProblemReport]:
    """Problems that wait for an answer, urgent ones first."""
    found: QuerySet[ProblemReport] = _at(
        ProblemReport.objects.filter(answered_at__isnull=True), sites
    )
    return found.order_by("-urgent", "at")


def deferred(sites: Sites, at: datetime) -> tuple[Deferred, ...]:
    """Everybody without consent whose consent was deferred, the earliest due first."""
    people = Participant.objects.filter(consented_at__isnull=True, status__in=IN_TRIAL)
    people = people if sites is None else people.filter(site__in=list(sites))
    found = []
    for code in people.exclude(state__deferred=None).values_list("pk", flat=True):
        later = life.state_of(code).deferred
        if later is not None:
            found.append(Deferred(code=code, due_at=later.due_at, overdue=later.due_at < at))
    return tuple(sorted(found, key=lambda one: one.due_at))


def to_sign_anew(sites: Sites, at: datetime) -> tuple[str, ...]:
    """Everybody in the trial who has to agree to the version in force at the site."""
    if not Amendment.objects.filter(needs_reconsent=True).exists():
        return ()
    people = Participant.objects.filter(consented_at__isnull=False, status__in=IN_TRIAL)
    people = people if sites is None else people.filter(site__in=list(sites))
    with connection.cursor() as cursor:
        return tuple(
            code
            for code, site in people.order_by("pk").values_list("pk", "site_id")
            if consenting.ahead_of(cursor, code, site, at) is not None
        )


def anew_for(state: ParticipantState, at: datetime) -> str:
    """The version that somebody in the trial has to sign after an amendment, "" for none."""
    waits = state.consented and state.status in IN_TRIAL
    if not waits or not Amendment.objects.filter(needs_reconsent=True).exists():
        return ""
    with connection.cursor() as cursor:
        if consenting.ahead_of(cursor, state.code, state.site, at) is None:
            return ""
    return to_agree_to(state.code, at)


def to_agree_to(code: str, at: datetime) -> str:
    """The version of the document that this participant signs next, "" where none is due."""
    state = life.state_of(code)
    with connection.cursor() as cursor:
        study = consenting.to_agree_to(cursor, code, state.site, at)
    text = newest(study, studies.active().protocol.languages[0])
    signed = {one.version for one in state.consents}
    return text.version if text is not None and text.version not in signed else ""


def wishes_of(code: str) -> QuerySet[WithdrawalWish]:
    """The open wishes of one participant."""
    return WithdrawalWish.objects.filter(participant=code, done_at__isnull=True).order_by("at")
