"""Trainings that roles need, and who has taken them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from equipoise.errors import NotPermitted, UnknownRecord, say
from equipoise.protocol.roles import ROLES, SITE_STAFF
from equipoise_server.services.access import permissions
from equipoise_server.services.request import Answer, Request, perform, whole
from equipoise_server.store import ledger
from equipoise_server.store import study as studies
from equipoise_server.store.fields import instant_text
from equipoise_server.store.models import Training, TrainingDemand, TrainingRecord, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A training: its code, its title per language, who needs it, for how many days it counts."""

    code: str
    title: Mapping[str, str]
    roles: Sequence[str]
    valid_days: int | None = None


USUAL = (
    Wanted(
        code="gcp",
        title={
            "en": "Good clinical practice, ICH E6(R3)",
            "zh-Hans": "药物临床试验质量管理规范，ICH E6(R3)",
        },
        roles=SITE_STAFF,
        valid_days=3 * 365,
    ),
    Wanted(
        code="protocol",
        title={"en": "The protocol of this trial", "zh-Hans": "本试验方案"},
        roles=SITE_STAFF,
    ),
)
"""What a live trial demands from its first day where its study folder does not say."""


def planned() -> tuple[Wanted, ...]:
    """What the study folder demands, or what is usual."""
    said = tuple(
        Wanted(code=one.id, title=dict(one.title), roles=one.roles, valid_days=one.valid_days)
        for one in studies.people_plan().trainings
    )
    return said or USUAL


def demand_planned(*, by: User, at: datetime) -> int:
    """Demand what the study folder asks for and nobody demands yet; how many trainings.

    Raises:
        NotPermitted: `by` may not.

    """
    wanted = missing()
    for one in wanted:
        demand(one, by=by, at=at)
    return len(wanted)


def _stands(wanted: Wanted) -> bool:
    """Whether a training is demanded as it is planned."""
    known = Training.objects.filter(pk=wanted.code).first()
    if known is None or known.valid_days != wanted.valid_days:
        return False
    demanded = TrainingDemand.objects.filter(training=known, until__isnull=True)
    return set(wanted.roles) <= set(demanded.values_list("role", flat=True))


def missing() -> tuple[Wanted, ...]:
    """Trainings of the study folder that are not demanded yet."""
    return tuple(one for one in planned() if not _stands(one))


def demand(wanted: Wanted, *, by: User, at: datetime) -> None:
    """From `at` on, some roles act only with this training. A second call may add roles.

    Raises:
        NotPermitted: `by` may not, or there is no such role.

    """
    if not wanted.roles or set(wanted.roles) - set(ROLES):
        raise NotPermitted("demand a training of nobody", "roles of the trial")
    with whole(), connection.cursor() as cursor:
        permissions.require(cursor, "demand a training", by=by, at=at)
        known, _ = Training.objects.update_or_create(
            code=wanted.code,
            defaults={"title": dict(wanted.title), "valid_days": wanted.valid_days},
        )
        for role in wanted.roles:
            held = {"training": known, "role": role, "until__isnull": True}
            if not TrainingDemand.objects.filter(**held).exists():
                TrainingDemand.objects.create(training=known, role=role, since=at)
        said = {
            "training": wanted.code,
            "title": dict(wanted.title),
            "roles": sorted(wanted.roles),
            "valid_days": wanted.valid_days,
        }
        _note(cursor, "training-demanded", by, at, said)


def record_training(
    *, username: str, training: str, since: datetime, by: User, at: datetime, key: str
) -> None:
    """Note that somebody took a training at `since`; it counts as long as the training says.

    Raises:
        UnknownRecord: no such person or training.
        NotPermitted: `by` may not, or `since` lies ahead.

    """
    body = {"username": username, "training": training, "since": instant_text(since)}
    request = Request(verb="record a training", by=by, at=at, key=key, body=body)

    def work() -> Answer:
        with connection.cursor() as cursor:
            permissions.require(cursor, "record a training", by=by, at=at)
            person = User.objects.filter(username=username).first()
            known = Training.objects.filter(pk=training).first()
            if person is None or known is None:
                raise UnknownRecord(
                    say(
                        "training {training} of {username}",
                        training=training[:40],
                        username=username[:150],
                    )
                )
            if since > at:
                raise NotPermitted("record a training of the future", "a day that has been")
            until = since + timedelta(days=known.valid_days) if known.valid_days else None
            TrainingRecord.objects.create(
                user=person, training=known, since=since, until=until, recorded_by=by
            )
            _note(cursor, "trained", by, at, dict(body))
        return {}

    perform(request, work)


def _note(cursor: Any, what: str, by: User, at: datetime, said: dict[str, Any]) -> None:
    ledger.append(cursor, chain=ledger.STUDY_CHAIN, what=what, by=by.username, at=at, payload=said)
