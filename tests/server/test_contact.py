"""Messages to a site: acknowledged, read, answered, escalated, handed over; the person sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections

from equipoise.errors import (
    FormIncomplete,
    LinkInvalid,
    NotPermitted,
    OutOfOrder,
    TooManyRequests,
    UnknownRecord,
)
from equipoise_server.identity.people import recall
from equipoise_server.services.background.look_after_portal import escalate
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.portal.answer_contact import (
    answer_contact,
    close_enquiry,
    hand_over,
    note_call,
    read_enquiry,
    told_before_screening,
)
from equipoise_server.services.portal.enquiry_status import status_of
from equipoise_server.services.portal.post_study import post_site
from equipoise_server.store.models import Enquiry, LedgerEntry, Participant
from server.cast import NOW, TODAY, Cast, key
from server.portal import ANNA, link_in, write_to
from server.smtp import Server, serving

HOUR = timedelta(hours=1)


@pytest.fixture
def server(trial: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _store() -> str:
    """Every value of the trial's database as text."""
    found = []
    with connections["default"].cursor() as cursor:
        for table in connections["default"].introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [str(one) for row in cursor.fetchall() for one in row]
    return "\n".join(found)


def test_a_message_is_thanked_for_read_and_answered_and_its_sender_sees_it(
    trial: Cast, server: Server
) -> None:
    token = write_to()
    send_mail(at=NOW)
    signed = link_in(server.last(ANNA), "status")
    before = status_of(signed)
    assert (before.received_at, before.read_at, before.answered_at) == (NOW, None, None)
    opened = read_enquiry(token, by=trial.investigator, at=NOW + HOUR)
    assert (opened.name, opened.phone, opened.answers) == (
        "Anna Canary",
        "+8613800138000",
        {"I2": "fits"},
    )
    assert status_of(signed).read_at == NOW + HOUR
    answer_contact(
        token, text="Please call us.", by=trial.investigator, at=NOW + 2 * HOUR, key=key()
    )
    status = status_of(signed)
    assert (status.answered_at, status.reply) == (NOW + 2 * HOUR, "Please call us.")
    send_mail(at=NOW + 2 * HOUR)
    assert "Please call us." not in server.last(ANNA)  # it is read behind the link
    assert len(server.to(ANNA)) == 2


def test_the_trials_database_knows_nobody(trial: Cast, server: Server) -> None:
    token = write_to()
    read_enquiry(token, by=trial.investigator, at=NOW)
    answer_contact(token, text="The canary may come.", by=trial.investigator, at=NOW, key=key())
    code = hand_over(token, on=TODAY, by=trial.investigator, at=NOW, key=key())
    assert code in _store()
    assert "anary" not in _store()


def test_the_hand_over_takes_name_and_contact_along(trial: Cast, server: Server) -> None:
    token = write_to()
    again = key()
    code = hand_over(token, on=TODAY, by=trial.investigator, at=NOW, key=again)
    assert hand_over(token, on=TODAY, by=trial.investigator, at=NOW, key=again) == code
    assert Participant.objects.get(pk=code).status == "screening"
    person = recall(code)
    assert (person.name, person.contact) == ("Anna Canary", f"+8613800138000, {ANNA}")
    assert told_before_screening(code, by=trial.investigator, at=NOW) == {"I2": "fits"}
    with pytest.raises(NotPermitted):
        told_before_screening(code, by=trial.elsewhere, at=NOW)
    with pytest.raises(OutOfOrder):
        close_enquiry(token, outcome="duplicate", by=trial.investigator, at=NOW, key=key())


def test_answers_are_not_kept_without_consent(trial: Cast, server: Server) -> None:
    token = write_to(keep_answers=False)
    assert read_enquiry(token, by=trial.investigator, at=NOW).answers == {}


def test_another_site_and_other_roles_do_not_read(trial: Cast, server: Server) -> None:
    token = write_to()
    for person in (trial.elsewhere, trial.data_manager, trial.nurse, trial.pharmacist):
        with pytest.raises(NotPermitted):
            read_enquiry(token, by=person, at=NOW)
    with pytest.raises(UnknownRecord):
        read_enquiry("nobody", by=trial.investigator, at=NOW)
    assert Enquiry.objects.get(pk=token).read_at is None


def test_each_reading_of_a_person_is_in_the_ledger(trial: Cast, server: Server) -> None:
    token = write_to()
    for _ in range(2):
        read_enquiry(token, by=trial.investigator, at=NOW)
    assert LedgerEntry.objects.filter(what="identity-read", by="chen").count() == 2


def test_waiting_messages_are_escalated_once_at_each_hour(trial: Cast, server: Server) -> None:
    settings.EQUIPOISE_OFFICE_MAIL = "office@example.org"
    try:
        post_site(
            site="s01",
            status="recruiting",
            mail="s01@example.org",
            by=trial.administrator,
            at=NOW,
            key=key(),
        )
        write_to()
        assert escalate(at=NOW + 23 * HOUR) == 0
        assert escalate(at=NOW + 24 * HOUR) == 1
        assert escalate(at=NOW + 25 * HOUR) == 0
        assert escalate(at=NOW + 72 * HOUR) == 1
        answered = write_to(address="bo@example.org", phone="")
        answer_contact(answered, text="Yes.", by=trial.investigator, at=NOW, key=key())
        assert escalate(at=NOW + 100 * HOUR) == 0
        send_mail(at=NOW + 100 * HOUR)
    finally:
        settings.EQUIPOISE_OFFICE_MAIL = ""
    assert [one["Subject"] for one in server.to("s01@example.org")] == [
        "A message has waited for 24 hours",
        "A message has waited for 72 hours",
    ]
    assert len(server.to("office@example.org")) == 1


def test_the_same_person_twice_is_seen_as_one(trial: Cast, server: Server) -> None:
    first = write_to()
    by_address = write_to(address="Anna.Canary+x@example.org", phone="")
    by_phone = write_to(address="other@example.org", phone="+86 138-0013-8000")
    elsewhere = write_to(site="s02")
    found = dict(Enquiry.objects.values_list("token", "duplicate_of"))
    assert found == {first: "", by_address: first, by_phone: first, elsewhere: ""}


def test_calls_and_outcomes_are_kept(trial: Cast, server: Server) -> None:
    token = write_to()
    again = key()
    for _ in range(2):
        note_call(token, result="no-answer", by=trial.investigator, at=NOW, key=again)
    close_enquiry(token, outcome="not-reached", by=trial.investigator, at=NOW, key=key())
    enquiry = Enquiry.objects.get(pk=token)
    assert (enquiry.calls.count(), enquiry.outcome) == (1, "not-reached")
    for wrong in ("", "screening", "x" * 99):
        with pytest.raises(FormIncomplete):
            close_enquiry(token, outcome=wrong, by=trial.investigator, at=NOW, key=key())


GAPS: tuple[tuple[str, object], ...] = (
    ("name", " "),
    ("name", "x" * 121),
    ("address", "no address"),
    ("address", "a@b.org\nBcc: c@d.org"),
    ("phone", "call me"),
    ("text", "x" * 4001),
    ("site", "s99"),
    ("consent", False),
)


def test_a_message_with_a_gap_is_refused_and_nothing_is_kept(trial: Cast, server: Server) -> None:
    for field, value in GAPS:
        with pytest.raises(FormIncomplete) as refused:
            write_to(**{field: value})
        assert field in refused.value.fields
    assert not Enquiry.objects.exists()


def test_scripts_and_strange_letters_come_through_as_text(trial: Cast, server: Server) -> None:
    text = "<script>alert(1)</script> \u202e {{ 7*7 }} $link 😀"
    token = write_to(name="Robert'); DROP TABLE store_trial;--", text=text)
    opened = read_enquiry(token, by=trial.investigator, at=NOW)
    assert (opened.name, opened.text) == ("Robert'); DROP TABLE store_trial;--", text)


def test_one_address_cannot_write_without_end(trial: Cast, server: Server) -> None:
    for _ in range(5):
        write_to()
    with pytest.raises(TooManyRequests):
        write_to()
    write_to(at=NOW + HOUR)


def test_a_forged_status_link_opens_nothing(trial: Cast, server: Server) -> None:
    token = write_to()
    send_mail(at=NOW)
    signed = link_in(server.last(ANNA), "status")
    for forged in (token, signed[:-1] + ("A" if signed[-1] != "A" else "B"), "", "~", "x" * 5000):
        with pytest.raises(LinkInvalid):
            status_of(forged)
