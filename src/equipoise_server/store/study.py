"""The study that this instance runs: loaded once per process, checked against the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL

from equipoise.errors import IntegrityError, say
from equipoise.protocol.folder import PEOPLE_FILE
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise.protocol.people_plan import AS_USUAL, PeoplePlan
from equipoise_server.store import lenses, versions
from equipoise_server.store.models import Trial

VERSIONS = "versions"
"""The folder of an instance that holds amended study folders, each under its digest."""

NO_TRIAL = "This instance has no trial yet. Open one with `equipoise demo`."

ACTIVE = RawSQL(
    "COALESCE((SELECT sv.study_id FROM store_siteversion sv JOIN store_amendment a "
    "ON a.study_id = sv.study_id ORDER BY a.number DESC LIMIT 1), store_trial.study_id)",
    [],
)
"""The digest of the version in force, beside a row of the trial."""
_ACTIVE = (
    "SELECT COALESCE((SELECT sv.study_id FROM store_siteversion sv JOIN store_amendment a "
    "ON a.study_id = sv.study_id ORDER BY a.number DESC LIMIT 1), t.study_id) FROM store_trial t"
)


def active() -> Study:
    """The newest study version that is in force anywhere; older records are read under it.

    Raises:
        IntegrityError: the instance has no trial, or its study folder has been changed.

    """
    digest = active_digest()
    if digest is None:
        raise IntegrityError(NO_TRIAL)
    return of_digest(digest)


def active_digest() -> str | None:
    """The digest of that version; None before a trial is opened."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE)
        found = cursor.fetchone()
    return found and str(found[0])


def reading(code: str) -> Study:
    """The version of the participant `code`; where there is nobody of it, the one in force."""
    digest = versions.of_known(code) if code else None
    return active() if digest is None else of_digest(digest)


def opened_under() -> str:
    """The digest of the version with which the trial was opened; its list was sealed under it.

    Amendments never change arms or randomisation, so the list stays the same.

    Raises:
        IntegrityError: the instance has no trial.

    """
    digest = Trial.objects.values_list("study_id", flat=True).first()
    if digest is None:
        raise IntegrityError(NO_TRIAL)
    return digest


def of_participant(code: str) -> Study:
    """The study version that a participant is under; of an unknown code: that of the trial.

    Raises:
        IntegrityError: the study folder has been changed.

    """
    with connection.cursor() as cursor:
        return of_digest(versions.of(cursor, code))


def of_participants(codes: Collection[str], *, cut: datetime | None = None) -> dict[str, Study]:
    """The study version that each of some participants is under, now or as it was at `cut`.

    Raises:
        IntegrityError: the study folder has been changed.

    """
    under = versions.of_many(codes, cut=cut)
    loaded = {digest: of_digest(digest) for digest in set(under.values())}
    return {code: loaded[digest] for code, digest in under.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """Under which version everybody is: `opened`, and by code those who have moved; digests."""

    opened: str
    moved: Mapping[str, str]

    def of(self, code: str) -> Study:
        """The version of a participant."""
        return of_digest(self.moved.get(code, self.opened))

    def every(self) -> tuple[Study, ...]:
        """Each version that somebody may be under."""
        return tuple(of_digest(one) for one in dict.fromkeys((self.opened, *self.moved.values())))


def under(*, cut: datetime | None = None) -> Under:
    """Under which version everybody is, now or as it was at `cut`: two queries for all."""
    return Under(opened=opened_under(), moved=versions.moves(cut=cut))


def alone(study: Study) -> Under:
    """Where one participant is looked at, whose version is known."""
    return Under(opened=study.digest, moved={})


def distinct(found: Iterable[Study]) -> tuple[Study, ...]:
    """Each version once, in the order in which they come."""
    return tuple({study.digest: study for study in found}.values())


def of_digest(digest: str) -> Study:
    """The study folder of this instance that has this digest.

    Raises:
        IntegrityError: the study folder has been changed.

    """
    return _loaded(str(settings.EQUIPOISE_DIR), str(settings.EQUIPOISE_STUDY), digest)


@lru_cache(maxsize=8)
def _loaded(instance: str, first: str, digest: str) -> Study:
    amended = Path(instance) / VERSIONS / digest
    folder = str(amended) if amended.is_dir() else first
    study = load(folder)
    if study.digest != digest:
        raise IntegrityError(
            say(
                "The study folder {folder} has been changed since the trial was opened. Put the original back, or adopt an amendment.",
                folder=folder,
            )
        )
    return study


def people_plan() -> PeoplePlan:
    """What staff need, from the study folder of this instance.

    Trainings and tasks belong to the conduct of the whole trial, not to a protocol version.
    """
    return _people(str(settings.EQUIPOISE_STUDY))


@lru_cache(maxsize=8)
def _people(folder: str) -> PeoplePlan:
    """A folder that does not say costs nothing to ask."""
    said = (Path(folder) / PEOPLE_FILE).is_file()
    return load(folder).people if said else AS_USUAL


def forget_studies() -> None:
    """Load studies anew when they are next asked for."""
    _loaded.cache_clear()
    _people.cache_clear()
    lenses.forget()
