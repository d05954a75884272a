"""Nobody is kept for ever: a letter first, then the end, and only where nothing happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from equipoise.errors import UnknownRecord
from equipoise_server.identity.models import Enquirer, Volunteer
from equipoise_server.keys.models import PersonKey
from equipoise_server.services.background.look_after_portal import look_after_portal
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.portal.answer_contact import answer_contact, hand_over, note_call
from equipoise_server.services.portal.enter import enter
from equipoise_server.services.portal.forget_inactive import Forgotten, forget_inactive, months
from equipoise_server.services.portal.sign_up import ask_to_enter
from equipoise_server.services.portal.volunteers import known
from equipoise_server.store.models import Enquiry, LedgerEntry
from equipoise_server.store.study import forget_studies
from server.cast import NOW, TODAY, Cast, key, open_the_trial
from server.portal import ANNA, link_in, volunteer, write_to
from server.smtp import Server, serving

MONTH, YEAR = timedelta(days=30), timedelta(days=365)
OVER = 2 * YEAR
BEN = "ben.canary@example.org"


@pytest.fixture
def live(instance: Any) -> Cast:
    """A trial that is no demonstration."""
    return open_the_trial(instance, demo=False)


@pytest.fixture
def server(live: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _letters(server: Server, at: datetime) -> list[str]:
    before = len(server.letters)
    send_mail(at=at)
    return [str(one["To"]) for one in server.letters[before:]]


def test_a_volunteer_is_warned_a_month_before_and_then_forgotten(server: Server) -> None:
    anna, ben = volunteer(server), volunteer(server, BEN)
    early = NOW + OVER - MONTH - timedelta(days=1)
    assert forget_inactive(at=early) == Forgotten()
    due = early + timedelta(days=2)
    assert forget_inactive(at=due).warned == 2
    assert forget_inactive(at=due).warned == 0, "one letter, however often the night comes"
    assert sorted(_letters(server, due)) == [ANNA, BEN]
    assert (due + MONTH).date().isoformat() in server.last(ANNA)
    ask_to_enter(BEN, "en", at=due)
    send_mail(at=due + timedelta(minutes=1))
    enter(link_in(server.last(BEN), "enter"), at=due)
    assert forget_inactive(at=due + MONTH - timedelta(days=1)).volunteers == 0
    done = look_after_portal(at=due + MONTH + timedelta(days=1)).forgotten
    assert (done.volunteers, done.messages) == (1, 0)
    with pytest.raises(UnknownRecord):
        known(anna)
    assert known(ben).address == BEN
    assert not PersonKey.objects.using("keys").filter(token__contains=anna).exists()
    assert LedgerEntry.objects.filter(what="people-forgotten").count() == 1
    assert forget_inactive(at=due + MONTH + timedelta(days=2)).volunteers == 0


def test_a_late_night_still_gives_a_month(server: Server) -> None:
    volunteer(server)
    late = NOW + 4 * YEAR
    assert forget_inactive(at=late) == Forgotten(warned=1)
    assert forget_inactive(at=late + timedelta(days=29)).volunteers == 0
    assert forget_inactive(at=late + MONTH).volunteers == 1


def test_answers_of_somebody_who_wrote_go_and_the_count_stays(live: Cast, server: Server) -> None:
    by = live.investigator
    old, called, joined = (
        write_to(address=f"{name}.canary@example.org") for name in ("old", "called", "joined")
    )
    note_call(called, result="reached", by=by, at=NOW + YEAR, key=key())
    hand_over(joined, on=TODAY, by=by, at=NOW, key=key())
    due = NOW + OVER - timedelta(days=20)
    assert forget_inactive(at=due).warned == 1
    assert _letters(server, due)[-1] == "old.canary@example.org"
    assert forget_inactive(at=due + MONTH).messages == 1
    kept = Enquirer.objects.using("identity")
    gone = kept.get(pk=old)
    assert (gone.sealed, gone.sealed_answers, gone.address_index) == (None, None, None)
    assert kept.get(pk=called).sealed is not None
    assert kept.get(pk=joined).sealed is not None, "who was handed over belongs to the trial"
    assert Enquiry.objects.count() == 3
    with pytest.raises(UnknownRecord):
        answer_contact(old, text="Too late", by=by, at=due + MONTH, key=key())
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM identity_permission WHERE withdrawn_at IS NOT NULL")
        assert cursor.fetchone()[0] == 1


@pytest.mark.once
def test_the_study_folder_says_after_how_many_months(live: Cast, server: Server) -> None:
    assert months() == 24
    plan = live.instance.folder / "study" / "participants.yaml"
    plan.write_text("forgotten_after_months: 6\n")
    forget_studies()
    assert months() == 6
    volunteer(server)
    half = NOW + timedelta(days=183)
    assert forget_inactive(at=half).warned == 1
    assert forget_inactive(at=half + MONTH).volunteers == 1
    forget_studies()


@pytest.mark.once
def test_a_demonstration_forgets_nobody(trial: Cast) -> None:
    with serving() as server:
        volunteer(server)
    assert forget_inactive(at=NOW + 9 * YEAR) == Forgotten()
    assert Volunteer.objects.using("identity").filter(sealed__isnull=False).count() == 1
