"""Volunteers: confirmed twice, alerted once, unsubscribed with one click, forgotten for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import signing
from django.test import override_settings

from equipoise.errors import (
    FormIncomplete,
    LinkInvalid,
    NotPermitted,
    TooManyRequests,
    UnknownRecord,
)
from equipoise_server.identity.models import Alerted, Interest, Permission, Volunteer
from equipoise_server.keys.models import PersonKey
from equipoise_server.services.background.look_after_portal import send_digests
from equipoise_server.services.letters import links, mail
from equipoise_server.services.outbox.send_mail import send_mail
from equipoise_server.services.portal import annotate as notes
from equipoise_server.services.portal.alert_volunteers import alert_volunteers, would_alert
from equipoise_server.services.portal.enter import choose, enter, save_study, stop_alerts
from equipoise_server.services.portal.leave_registry import erase_volunteer, take_along
from equipoise_server.services.portal.post_study import post_site, post_study
from equipoise_server.services.portal.public_consent import withdraw_consent
from equipoise_server.services.portal.sign_up import (
    Wish,
    ask_to_enter,
    confirm,
    purge_unconfirmed,
    sign_up,
)
from equipoise_server.services.portal.volunteers import alerts, consents, known
from equipoise_server.store.models import Listing
from server.cast import NOW, Cast, key
from server.portal import ANNA, link_in, volunteer, write_to
from server.smtp import Server, serving

DAY = timedelta(days=1)
TOPICS = ("helicobacter", "infection")


@pytest.fixture
def server(trial: Cast) -> Iterator[Server]:
    with serving() as one:
        yield one


def _alert(occasion: str = "posted", at=NOW, study: str = "hp-three") -> tuple[int, int]:
    done = alert_volunteers(study=study, occasion=occasion, topics=TOPICS, at=at)
    return done.matched, done.at_once


def test_nobody_is_a_volunteer_before_the_address_is_confirmed(server: Server) -> None:
    sign_up(Wish(address=ANNA, topics=("asthma",), consents=("alerts",)), at=NOW)
    assert alert_volunteers(study="x", occasion="posted", topics=("asthma",), at=NOW).matched == 0
    send_mail(at=NOW)
    signed = link_in(server.last(ANNA), "confirm")
    token = confirm(signed, at=NOW)
    assert confirm(signed, at=NOW + DAY) == token
    assert known(token).confirmed_at == NOW
    assert [one.purpose for one in consents(token)] == ["alerts"]


def test_the_page_cannot_tell_who_is_registered(server: Server) -> None:
    volunteer(server)
    wish = Wish(address=ANNA, topics=("asthma",), consents=("alerts",))
    assert sign_up(wish, at=NOW + DAY) is None
    assert ask_to_enter("nobody@example.org", "en", at=NOW) is None
    send_mail(at=NOW + DAY)
    assert server.to("nobody@example.org") == []
    assert "/enter/" in server.last(ANNA)
    assert Interest.objects.using("identity").values_list("topic", flat=True)[0] == "helicobacter"


def test_an_address_that_is_never_confirmed_is_forgotten(server: Server) -> None:
    sign_up(Wish(address=ANNA, topics=("asthma",), consents=("alerts",)), at=NOW)
    send_mail(at=NOW)
    assert purge_unconfirmed(at=NOW + 6 * DAY) == 0
    assert purge_unconfirmed(at=NOW + 8 * DAY) == 1
    assert not Permission.objects.using("identity").exists()
    with pytest.raises(LinkInvalid):
        confirm(link_in(server.last(ANNA), "confirm"), at=NOW + 8 * DAY)


def test_links_are_for_one_purpose_one_time_and_not_for_ever(server: Server) -> None:
    token = volunteer(server)
    ask_to_enter(ANNA, "en", at=NOW + DAY)
    send_mail(at=NOW + DAY)
    signed = link_in(server.last(ANNA), "enter")
    assert enter(signed, at=NOW) == token
    with pytest.raises(LinkInvalid, match="used"):
        enter(signed, at=NOW)
    for forged in (links.make("confirm", token), links.make("stop", token), "", token, "~" * 300):
        with pytest.raises(LinkInvalid):
            enter(forged, at=NOW)
    old = signing.TimestampSigner(salt="equipoise/enter", sep="~")
    old.timestamp = lambda: signing.b62_encode(1_000_000)  # type: ignore[method-assign]
    with pytest.raises(LinkInvalid, match="old"):
        enter(old.sign(token), at=NOW)


GAPS: tuple[tuple[str, dict[str, object]], ...] = (
    ("address", {"address": "nobody"}),
    ("address", {"address": "a" * 250 + "@example.org"}),
    ("topics", {"topics": ()}),
    ("topics", {"topics": ("no-such",)}),
    ("rhythm", {"rhythm": "hourly"}),
    ("alerts", {"consents": ()}),
    ("name", {"name": "x" * 121}),
)


def test_a_sign_up_with_a_gap_is_refused(server: Server) -> None:
    for field, change in GAPS:
        given = {"address": ANNA, "topics": ("asthma",), "consents": ("alerts",), **change}
        with pytest.raises(FormIncomplete) as refused:
            sign_up(Wish(**given), at=NOW)  # type: ignore[arg-type]
        assert field in refused.value.fields
    assert not Volunteer.objects.using("identity").exists()


def test_nobody_can_flood_somebody_elses_letter_box(server: Server) -> None:
    for _ in range(5):
        ask_to_enter(ANNA, "en", at=NOW)
    with pytest.raises(TooManyRequests):
        ask_to_enter("A.nna.Canary+1@example.org", "en", at=NOW)


def test_an_alert_comes_once_with_a_way_out_and_not_against_the_consent(server: Server) -> None:
    token = volunteer(server, rhythm="at-once")
    volunteer(server, "bo@example.org", topics=("asthma",), rhythm="at-once")
    gone = volunteer(server, "cy@example.org", rhythm="at-once")
    before = would_alert(study="hp-three", occasion="posted", topics=TOPICS, at=NOW)
    assert (before.matched, before.at_once) == (2, 2)
    assert _alert() == (2, 2)
    assert _alert() == (0, 0)
    assert _alert("opened") == (0, 0)  # within a day
    withdraw_consent(gone, "alerts", at=NOW)  # after it was queued
    send_mail(at=NOW + timedelta(minutes=1))
    letters = [one for one in server.letters if one["List-Unsubscribe"]]
    assert [one["To"] for one in letters] == [ANNA]
    assert letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop_alerts(link_in(letters[0]["List-Unsubscribe"], "stop").rstrip(">"), at=NOW)
    assert _alert("opened", NOW + 2 * DAY) == (0, 0)
    assert consents(token)[0].withdrawn_at == NOW


def test_a_digest_collects_and_comes_once_a_week(server: Server) -> None:
    volunteer(server)
    _alert(study="one-study")
    _alert(study="two-study")
    assert send_digests(at=NOW) == 1
    assert send_digests(at=NOW) == 0
    _alert(study="three-study", at=NOW + DAY)
    assert send_digests(at=NOW + DAY) == 0
    assert send_digests(at=NOW + 8 * DAY) == 1
    send_mail(at=NOW + 9 * DAY)
    texts = [one.get_content() for one in server.to(ANNA) if "fields you follow" in one["Subject"]]
    assert ["one-study" in one and "two-study" in one for one in texts] == [True, False]
    assert "three-study" in texts[1]


def test_posting_and_opening_the_study_tells_volunteers(trial: Cast, server: Server) -> None:
    volunteer(server, rhythm="at-once")
    for site in ("s01", "s02"):
        post_site(site=site, status="not-yet", by=trial.administrator, at=NOW, key=key())
    again = key()
    for _ in range(2):
        post_study(by=trial.administrator, at=NOW, key=again)
    assert Alerted.objects.using("identity").count() == 1
    assert Listing.objects.get(own=True).status == "not-yet"
    later = NOW + 3 * DAY
    post_site(site="s01", status="recruiting", by=trial.investigator, at=later, key=key())
    occasions = Alerted.objects.using("identity").order_by("id").values_list("occasion", flat=True)
    assert list(occasions) == ["hp-three/posted", "hp-three/opened"]
    with pytest.raises(NotPermitted):
        post_site(site="s02", status="closed", by=trial.investigator, at=later, key=key())


def test_a_note_is_ones_own_and_survives_an_amendment(trial: Cast, server: Server) -> None:
    anna, bo = volunteer(server), volunteer(server, "bo@example.org")
    study = trial.study
    passage = notes.public_passages(study, "en")[0]
    token = notes.annotate(
        anna, study=study, language="en", paragraph=passage.id, text="Why <b>me</b>?", at=NOW
    )
    for act in (
        lambda: notes.rewrite(bo, token, text="x"),
        lambda: notes.share(bo, token, at=NOW),
        lambda: notes.forget(bo, token),
    ):
        with pytest.raises(UnknownRecord):
            act()
    assert notes.notes(bo, study) == ()
    assert notes.questions(by=trial.investigator, at=NOW) == ()
    notes.share(anna, token, at=NOW)
    with pytest.raises(FormIncomplete):
        notes.rewrite(anna, token, text="changed")
    asked = notes.questions(by=trial.investigator, at=NOW)
    assert [(one.text, one.quote) for one in asked] == [("Why <b>me</b>?", passage.text)]
    with pytest.raises(NotPermitted):
        notes.questions(by=trial.nurse, at=NOW)
    notes.answer_question(token, text="By chance.", by=trial.investigator, at=NOW)
    mine = notes.notes(anna, study)[0]
    assert (mine.reply, mine.state, mine.fate) == ("By chance.", "answered", "same")
    send_mail(at=NOW)
    assert "By chance." not in server.last(ANNA)


def test_a_note_needs_a_text_and_a_passage(trial: Cast, server: Server) -> None:
    anna = volunteer(server)
    for paragraph, text in (("about.1", ""), ("about.1", "x" * 2001), ("about.99", "y"), ("", "y")):
        with pytest.raises((FormIncomplete, UnknownRecord)):
            notes.annotate(
                anna, study=trial.study, language="en", paragraph=paragraph, text=text, at=NOW
            )


def test_everything_can_be_taken_along_and_then_is_forgotten(trial: Cast, server: Server) -> None:
    anna = volunteer(server, name="Anna Canary", rhythm="at-once")
    assert _alert() == (1, 1)
    save_study(anna, "hp-three", at=NOW)
    choose(anna, topics=("asthma", "no-such"), rhythm="at-once", language="zh-Hans")
    passage = notes.public_passages(trial.study, "en")[0]
    notes.annotate(
        anna, study=trial.study, language="en", paragraph=passage.id, text="canary note", at=NOW
    )
    write_to(volunteer=anna)
    (told,) = alerts(anna)
    assert (told.study, told.opened, told.sent_at) == ("hp-three", False, NOW)
    assert take_along(anna, trial.study, at=NOW)["alerts"][0]["occasion"] == "posted"
    document = json.dumps(take_along(anna, trial.study, at=NOW))
    for part in ("Anna Canary", ANNA, "canary note", "asthma", "My canary sings", "hp-three"):
        assert part in document
    ask_to_enter(ANNA, "en", at=NOW)
    erase_volunteer(anna, at=NOW)
    sent = len(server.letters)
    send_mail(at=NOW + DAY)
    assert not [one for one in server.letters[sent:] if "/enter/" in str(one.get_content())]
    for act in (lambda: known(anna), lambda: take_along(anna, trial.study, at=NOW)):
        with pytest.raises(UnknownRecord):
            act()
    row = Volunteer.objects.using("identity").get(pk=anna)
    assert (row.sealed, row.address_index) == (None, None)
    assert not Alerted.objects.using("identity").exists()
    assert mail.given_up() == 0
    assert not PersonKey.objects.using("keys").exists()
    volunteer(server)  # the same address may come again


def test_nothing_is_signed_with_another_servers_secret(server: Server) -> None:
    token = volunteer(server)
    with override_settings(SECRET_KEY="another"):
        foreign = links.make("status", token)
    with pytest.raises(LinkInvalid):
        links.read("status", foreign)
