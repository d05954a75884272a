"""What participants and sites need by themselves: reminders, results, problems that wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from equipoise.errors import UnknownRecord
from equipoise_server.identity.models import ParticipantDoor
from equipoise_server.services.own_pages.deliver_results import deliver_results
from equipoise_server.services.own_pages.diary import days_of
from equipoise_server.services.own_pages.participant_mail import tell
from equipoise_server.services.own_pages.report_problem import remind_of_problems
from equipoise_server.store.models import Participant, Site

DATABASE = "identity"
HOUR = 17
"""From this hour on, on the clock of the site, a missing diary is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cared:
    """How many letters were queued, of which kind."""

    reminders: int
    results: int
    problems: int


def care_for_participants(*, at: datetime) -> Cared:
    """Do what is due now. May run at any time, often: each letter has a key of its own."""
    return Cared(
        reminders=remind(at=at),
        results=deliver_results(at=at),
        problems=remind_of_problems(at=at),
    )


def remind(*, at: datetime) -> int:
    """One letter a day at most to whoever wants reminders and has a diary entry to write."""
    zones = dict(Site.objects.values_list("pk", "timezone"))
    wanted = ParticipantDoor.objects.using(DATABASE).filter(reminders=True)
    codes = list(wanted.values_list("participant", flat=True))
    active = Participant.objects.filter(pk__in=codes, status="randomised")
    done = 0
    for code, site in active.values_list("pk", "site_id"):
        here = at.astimezone(ZoneInfo(zones[site]))
        if here.hour < HOUR:
            continue
        try:
            waits = any(one.on == here.date() and one.state == "due" for one in days_of(code, at))
        except UnknownRecord:  # the study has no diary
            return done
        if waits:
            done += tell(code, "diary-reminder", key=f"diary/{code}/{here.date()}")
    return done
