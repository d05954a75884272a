"""The study that this instance runs: loaded once per process, checked against the store."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from equipoise.errors import IntegrityError
from equipoise.protocol.load import load
from equipoise.protocol.model import Study
from equipoise_server.store.models import Trial


def active() -> Study:
    """The study under which data are now recorded.

    Raises:
        IntegrityError: the instance has no trial, or its study folder has been changed.

    """
    trial = Trial.objects.values_list("study_id", flat=True).first()
    if trial is None:
        raise IntegrityError("This instance has no trial yet. Open one with `equipoise demo`.")
    return of_digest(trial)


def of_digest(digest: str) -> Study:
    """The study folder of this instance, which must have this digest.

    Raises:
        IntegrityError: the study folder has been changed.

    """
    return _loaded(settings.EQUIPOISE_STUDY, digest)


@lru_cache(maxsize=8)
def _loaded(folder: str, digest: str) -> Study:
    study = load(folder)
    if study.digest != digest:
        raise IntegrityError(
            f"The study folder {folder} has been changed since the trial was opened. "
            "Put the original back, or adopt an amendment."
        )
    return study


def forget_studies() -> None:
    """Load studies anew when they are next asked for."""
    _loaded.cache_clear()
