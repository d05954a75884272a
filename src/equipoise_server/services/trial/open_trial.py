"""Open the trial of an instance: adopt a study version, appoint the first administrator."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import LiveUseRefused
from equipoise.protocol.identity import as_data
from equipoise.protocol.model import Study
from equipoise_server.services.access.delegate import demand_delegations
from equipoise_server.services.access.train import demand_planned
from equipoise_server.services.request import whole
from equipoise_server.store import ledger
from equipoise_server.store.models import Membership, StudyVersion, Trial, User

DEMO = "demo"
"""The file in an instance folder that marks a demonstration. The database keeps it too."""


def open_trial(
    study: Study,
    *,
    demo: bool,
    username: str,
    full_name: str,
    password: str | None,
    at: datetime,
) -> User:
    """Adopt `study` for this instance; returns the administrator, who appoints everybody else.

    An instance opened with `demo` is a demonstration for ever.

    Raises:
        LiveUseRefused: the instance already has a trial, or was made for a demonstration.

    """
    if not demo and (Path(settings.EQUIPOISE_DIR) / DEMO).exists():
        raise LiveUseRefused("this instance was made for a demonstration and stays one for ever")
    with whole(), connection.cursor() as cursor:
        if Trial.objects.exists():
            raise LiveUseRefused("this instance already has a trial; each trial has its own folder")
        version = _adopt(study, at)
        Trial.objects.create(pk=1, study=version, demo=demo, opened_at=at)
        administrator = User.objects.create_user(username, password, full_name=full_name)
        Membership.objects.create(user=administrator, role="administrator", since=at)
        payload = {
            "study": study.protocol.id,
            "version": study.protocol.version,
            "digest": study.digest,
            "demo": demo,
            "administrator": username,
        }
        ledger.append(
            cursor,
            chain=ledger.STUDY_CHAIN,
            what="trial-opened",
            by=username,
            at=at,
            payload=payload,
        )
        if not demo:
            _demand_the_usual(administrator, at)
    return administrator


def _demand_the_usual(administrator: User, at: datetime) -> None:
    """A live trial needs delegations and trainings from its first day."""
    demand_delegations(site=None, by=administrator, at=at)
    demand_planned(by=administrator, at=at)


def _adopt(study: Study, at: datetime) -> StudyVersion:
    """Keep the protocol and forms as the canonical JSON that has the study's digest."""
    document = canonical_json({"protocol": as_data(study.protocol), "forms": as_data(study.forms)})
    return StudyVersion.objects.create(
        digest=study.digest,
        study=study.protocol.id,
        version=study.protocol.version,
        document=document.decode(),
        at=at,
    )
