"""Delegations and trainings of a demonstration. Import after Django is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from equipoise_server.services.access import delegate, fresh_factor, permissions, train
from equipoise_server.store.models import User

BEFORE = {"gcp": timedelta(days=200), "protocol": timedelta(days=3)}
"""How long before the opening a training was taken."""


def delegate_and_train(staff: Mapping[tuple[str, str], User], *, boss: User, at: datetime) -> None:
    """Train the staff of each site, and have its investigator delegate to them and sign.

    Nothing runs out: a demonstration is looked at years after it took place.
    """
    delegate.demand_delegations(site=None, by=boss, at=at)
    for training in train.planned():
        train.demand(replace(training, valid_days=None), by=boss, at=at)
        needing = {one.username: one for (role, _), one in staff.items() if role in training.roles}
        for person in needing.values():
            _trained(person, training, boss, at)
    for (role, site), person in staff.items():
        if role in permissions.DELEGATED_TO:
            _delegated(role, site, person, staff["investigator", site], at)


def _trained(person: User, training: train.Wanted, boss: User, at: datetime) -> None:
    train.record_training(
        username=person.username,
        training=training.code,
        since=at - BEFORE.get(training.code, timedelta(days=1)),
        by=boss,
        at=at,
        key=f"demo/training/{training.code}/{person.username}",
    )


def tasks_of(role: str) -> tuple[str, ...]:
    """The tasks of which a role may do at least one step."""
    return tuple(
        task
        for task, steps in permissions.tasks().items()
        if any(role in permissions.ALLOWED[step] for step in steps)
    )


def _delegated(role: str, site: str, person: User, investigator: User, at: datetime) -> None:
    proof = fresh_factor.grant(by=investigator, purpose=delegate.purpose(site), at=at)
    delegate.delegate(
        username=person.username,
        site=site,
        tasks=tasks_of(role),
        since=at,
        until=None,
        by=investigator,
        proof=proof,
        at=at,
        key=f"demo/delegation/{site}/{role}",
    )
