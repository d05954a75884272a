"""What has to happen by itself: finish what was interrupted, send mail, and sign a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from equipoise.errors import Conflict, Refused
from equipoise_server.services.background.look_after_portal import look_after_portal
from equipoise_server.services.cleaning.check_data import check_nightly
from equipoise_server.services.imaging.offer_image import forget_old_offers
from equipoise_server.services.own_pages.remind_participants import care_for_participants
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.supply.supply_alarms import Alarms, supply_alarms
from equipoise_server.services.trial import note_interims, note_unblindings
from equipoise_server.store import checkpoint
from equipoise_server.store.models import RandomisationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What was done: the checkpoint, whose randomisation was finished, whose was refused.

    `alarms`: what will not last.
    """

    checkpoint: Path
    finished: tuple[str, ...]
    refused: tuple[str, ...]
    alarms: Alarms


def tick(*, at: datetime) -> Ticked:
    """Finish interrupted randomisations, note unblindings and interim looks, and write a checkpoint. May run at any time, often.

    A request that was cut off is sent again as it was: same person, time and key. Where the
    allocator had answered, it gives the same answer; where consent, eligibility or stock have
    changed since, the request is refused and has to be made anew.
    """
    finished: list[str] = []
    refused: list[str] = []
    for request in RandomisationRequest.objects.select_related("by").order_by("at", "pk"):
        (finished if _finish(request) else refused).append(request.participant_id)
    check_nightly(at=at)
    care_for_participants(at=at)
    look_after_portal(at=at)
    forget_old_offers(at=at)
    note_unblindings.note_quietly(at=at)
    note_interims.note_quietly(at=at)
    alarms = supply_alarms(at=at)
    return Ticked(
        checkpoint=checkpoint.write(at),
        finished=tuple(finished),
        refused=tuple(refused),
        alarms=alarms,
    )


def _finish(request: RandomisationRequest) -> bool:
    try:
        randomise(participant=request.participant_id, by=request.by, at=request.at, key=request.key)
    except (Refused, Conflict):
        return False
    return True
