"""How much there is of everything, over the whole trial."""

from __future__ import annotations

from django.db.models import Sum

from equipoise_server.store.models import Participant, Record, RecordVersion
from equipoise_server.store.study import active


def totals() -> dict[str, int]:
    """Participants randomised, doses given, visits with a record, versions, adverse events."""
    protocol = active().protocol
    planned = [visit.id for visit in protocol.visits]
    visits = Record.objects.filter(visit__in=planned).values("participant", "visit").distinct()
    events = Record.objects.filter(form=protocol.safety.event_form)
    return {
        "randomised": Participant.objects.filter(randomised_at__isnull=False).count(),
        "doses": Participant.objects.aggregate(given=Sum("doses"))["given"] or 0,
        "visits": visits.count(),
        "records": RecordVersion.objects.count(),
        "adverse_events": events.count(),
    }
