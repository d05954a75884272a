"""Everything an analysis reads, gathered from the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from equipoise.analysis.dataset import Dataset, ParticipantRow, Taken
from equipoise.participant import ParticipantState
from equipoise.protocol.model import Study
from equipoise_server.store import documents, life
from equipoise_server.store.models import Site

_HISTORY = "SELECT COUNT(*), COUNT(DISTINCT record_id) FROM store_recordversion"
_COUNTS = "SELECT what, COUNT(*) FROM store_ledgerentry GROUP BY what ORDER BY what"


def dataset(
    study: Study,
    *,
    allocated: Mapping[str, str],
    received: Mapping[str, str],
    forms: Iterable[str] | None = None,
    looks: tuple[Taken, ...] = (),
) -> Dataset:
    """Everything an analysis reads: one row per person screened, the newest records, counts.

    Args:
        study: the study under which the records are read.
        allocated: participant to arm, from the allocator after release; empty before.
        received: participant to the arm of the product in their kit, likewise.
        forms: whose records are read; None: all.
        looks: the interim analyses that were taken, likewise after release.

    """
    zones = dict(Site.objects.values_list("code", "timezone"))
    rows = tuple(
        _row(state, zones[state.site], allocated.get(state.code), received.get(state.code))
        for state in life.states()
    )
    return Dataset(
        study=study,
        participants=rows,
        records=tuple(documents.all_records(study, forms=forms)),
        events=ledger_counts(),
        history=history_counts(),
        looks=looks,
    )


def _row(
    state: ParticipantState, zone: str, arm: str | None, received: str | None
) -> ParticipantRow:
    times = tuple(sorted(dose.at for dose in state.doses if dose.amount != "not"))
    return ParticipantRow(
        code=state.code,
        site=state.site,
        stratum=dict(state.stratum),
        screened_on=state.screened_on,
        consented_on=_local(state.consents[0].at, zone) if state.consents else None,
        failed_reason=state.failure,
        randomised_on=state.randomised_on,
        first_dose_at=state.first_dose_at,
        doses=len(times),
        dose_times=times,
        died_on=state.died_on,
        withdrawn=state.withdrawn,
        completed_on=state.completed_on,
        completed_reason=state.completion,
        discharged_on=state.discharged_on,
        readmitted_on=state.readmitted_on,
        arm=arm,
        received=received if times else None,
    )


def _local(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def ledger_counts() -> dict[str, int]:
    """How often each kind of entry stands in the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        return dict(cursor.fetchall())


def history_counts() -> dict[str, int]:
    """Versions saved, records they belong to, and corrections (versions after the first)."""
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY)
        versions, records = cursor.fetchone()
    return {"versions": versions, "records": records, "corrections": versions - records}
