"""Volunteers as the pages know them: by token, opened with the person's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise.errors import UnknownRecord
from equipoise_server.identity.models import Alerted, Permission, SavedStudy, Volunteer
from equipoise_server.identity.sealing import blind, key_of, same_address, unseal

DATABASE = "identity"
RHYTHMS = ("digest", "at-once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A volunteer in the workspace."""

    token: str
    address: str
    name: str
    language: str
    rhythm: str
    topics: tuple[str, ...]
    saved: tuple[str, ...]
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent, given and perhaps withdrawn."""

    purpose: str
    version: str
    language: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """That a volunteer was told of a study, or will be with the next letter (`sent_at` None)."""

    study: str
    opened: bool
    at: datetime
    sent_at: datetime | None


def alerts(token: str) -> tuple[Alert, ...]:
    """Every alert of a volunteer, the newest first."""
    found = Alerted.objects.using(DATABASE).filter(volunteer=token).order_by("-at", "-pk")
    return tuple(
        Alert(
            study=one.study,
            opened=one.occasion.endswith("/opened"),
            at=one.at,
            sent_at=one.sent_at,
        )
        for one in found
    )


def row_of(token: str) -> Volunteer:
    """The row of a volunteer who has not been erased.

    Raises:
        UnknownRecord: there is none.

    """
    found = Volunteer.objects.using(DATABASE).filter(pk=token, sealed__isnull=False).first()
    if found is None:
        raise UnknownRecord("this volunteer")
    return found


def known(token: str) -> Known:
    """A volunteer.

    Raises:
        UnknownRecord: there is none, or it was erased.

    """
    row = row_of(token)
    told = unseal(key_of("volunteer", token), row.sealed, token, "volunteer")
    saved = SavedStudy.objects.using(DATABASE).filter(volunteer=row).order_by("-at")
    return Known(
        token=token,
        address=told["address"],
        name=told.get("name", ""),
        language=row.language,
        rhythm=row.rhythm,
        topics=tuple(row.interests.order_by("topic").values_list("topic", flat=True)),
        saved=tuple(saved.values_list("study", flat=True)),
        confirmed_at=row.confirmed_at,
    )


def by_address(address: str) -> Volunteer | None:
    """The volunteer of an address, confirmed or not, or None."""
    index = address_index(address)
    return Volunteer.objects.using(DATABASE).filter(address_index=index).first()


def address_index(address: str) -> str:
    """How an address is found again."""
    return blind("address", same_address(address))


def consents(person: str) -> tuple[Consent, ...]:
    """Every consent that was ever given, the newest first."""
    found = Permission.objects.using(DATABASE).filter(person=person).order_by("-given_at", "-id")
    return tuple(
        Consent(
            purpose=one.purpose,
            version=one.version,
            language=one.language,
            given_at=one.given_at,
            withdrawn_at=one.withdrawn_at,
        )
        for one in found
    )
