"""A hundred thousand volunteers are matched and queued, and pages go on meanwhile."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from post_office.models import Email

from equipoise_server.identity.models import Alerted, Interest, Letter, Permission, Volunteer
from equipoise_server.services.portal.alert_volunteers import alert_volunteers
from server.cast import NOW, Cast

VOLUNTEERS = 100_000
PAGES = 10
"""That are answered before the last letter is queued; whoever waits for it reads one or none."""
AFTER = NOW + timedelta(days=1)


def _volunteers(number: int) -> None:
    """Half of them want letters at once; one in ten follows another field."""
    people = [
        Volunteer(
            token=f"v{at:09d}",
            sealed=b"s",
            rhythm="at-once" if at % 2 else "digest",
            created_at=NOW,
            confirmed_at=None if at % 50 == 49 else NOW,
        )
        for at in range(number)
    ]
    Volunteer.objects.using("identity").bulk_create(people, batch_size=5_000)
    Interest.objects.using("identity").bulk_create(
        (
            Interest(volunteer_id=one.token, topic="asthma" if at % 10 == 9 else "covid-19")
            for at, one in enumerate(people)
        ),
        batch_size=5_000,
    )
    Permission.objects.using("identity").bulk_create(
        (
            Permission(
                person=one.token,
                purpose="alerts",
                version="1",
                language="en",
                text_sha256="",
                channel="sign-up",
                given_at=NOW,
                withdrawn_at=NOW if at % 20 == 18 else None,
            )
            for at, one in enumerate(people)
        ),
        batch_size=5_000,
    )


def _wanted(number: int) -> tuple[int, int]:
    """The oracle: whom the letter is for, and who gets it at once."""
    chosen = [at for at in range(number) if at % 10 != 9 and at % 50 != 49 and at % 20 != 18]
    return len(chosen), sum(at % 2 for at in chosen)


def _alert() -> tuple[int, int]:
    done = alert_volunteers(study="s", occasion="posted", topics=("covid-19", "lung"), at=AFTER)
    return done.matched, done.at_once


def test_exactly_those_who_asked_are_matched_in_batches(
    trial: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("equipoise_server.services.portal.alert_volunteers.BATCH", 17)
    _volunteers(200)
    assert _alert() == _wanted(200)
    assert _alert() == (0, 0)
    queued = Email.objects.using("identity").values_list("to", flat=True)
    letters = Letter.objects.using("identity").values_list("pk", flat=True)
    assert {one[0] for one in queued} == {f"{pk}@letters.invalid" for pk in letters}
    assert len(queued) == _wanted(200)[1]


def test_an_alert_that_was_cut_off_goes_on_where_it_stopped(
    trial: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise_server.services.portal import alert_volunteers as module

    monkeypatch.setattr(module, "BATCH", 17)
    _volunteers(200)
    whole, rounds = module._queue, []

    def breaking(*given: object) -> int:
        rounds.append(1)
        if len(rounds) == 4:
            raise KeyboardInterrupt
        return whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_queue", breaking)
    with pytest.raises(KeyboardInterrupt):
        _alert()
    first = Alerted.objects.using("identity").count()
    assert first == 3 * 17
    matched, _ = _alert()
    assert first + matched == _wanted(200)[0]
    assert Email.objects.using("identity").count() == _wanted(200)[1]


@pytest.mark.prove
def test_a_hundred_thousand_are_matched_while_pages_are_answered(trial: Cast) -> None:
    _volunteers(VOLUNTEERS)
    answers: list[int] = []
    over = threading.Event()

    def read() -> None:
        client = Client()
        while not over.is_set():
            answers.append(client.get("/en/fits/").status_code)
            answers.append(client.get("/en/volunteer/sign-in/").status_code)
        connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        found = _alert()
        meanwhile = len(answers)
    finally:
        over.set()
        reader.join()
    assert found == _wanted(VOLUNTEERS)
    assert set(answers) == {200}
    assert meanwhile > PAGES
