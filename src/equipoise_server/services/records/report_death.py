"""Save the form of a death, and with it the day on which the participant died."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from equipoise_server.services.participants.record_death import record_death
from equipoise_server.services.records.record import Saved, record
from equipoise_server.services.request import whole
from equipoise_server.store.models import User
from equipoise_server.store.save import Place


def report_death(
    *,
    place: Place,
    values: Mapping[str, object],
    died_on: date,
    on: date,
    by: User,
    at: datetime,
    key: str,
    reason: str = "",
    expected: int | None = None,
) -> Saved:
    """Both or neither: a form that says dead beside a participant who lives is no state to be in.

    `died_on` is the day that the form names. Later changes of the form go through `record`.

    Raises:
        Refused: what `equipoise.participant.decide` refuses.
        InvalidRecord, ReasonRequired, SavedFirst, NotPermitted, Locked, KeyReused.

    """
    with whole():
        saved = record(
            participant=place.participant,
            form=place.form,
            visit=place.visit,
            number=place.number,
            values=values,
            on=on,
            by=by,
            at=at,
            key=key,
            reason=reason,
            expected=expected,
        )
        record_death(
            participant=place.participant, on=died_on, by=by, at=at, key=f"{key[:190]}/death"
        )
    return saved
