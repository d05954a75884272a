"""Actions on a participant and the bedside dose, through their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from equipoise.participant import ParticipantState
from equipoise.protocol.roles import SITE_STAFF
from equipoise_server.services.access.two_persons import Agreed
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.services.participants.screen import screen
from equipoise_server.services.supply.dispense import dispense, prepare_unit
from equipoise_server.services.verify import verify
from equipoise_server.store.life import state_of
from equipoise_server.store.models import LedgerEntry, Participant, Record
from equipoise_server.web.entry.actions import ACTIONS
from server.cast import NOW, TODAY, Cast, bring_everything_back, key, lock_unfinished
from server.entry import URL, answers, fields_of, send
from server.pages import everybody, signed_in, text_of

pytestmark = pytest.mark.once  # the same on both engines

CODE = "S01-AAAAA-AAAAA"


def act(client: Client, code: str, action: str, **typed: str) -> Any:
    page = f"{URL}/{code}/do/{action}/"
    return client.post(page, fields_of(client.get(page)) | typed)


def on_trial(trial: Cast) -> tuple[str, str]:
    """Randomised and supplied now, so that the first dose is possible now."""
    code = trial.make_eligible(trial.enrol())
    now = timezone.now() - timedelta(minutes=5)
    kit = randomise(participant=code, by=trial.investigator, at=now, key=key())
    dispense(participant=code, by=trial.nurse, at=now, key=key())
    trial.fill_in(code, "start", {"vomiting": False}, visit="start")
    return code, kit


def give(client: Client, code: str, **typed: str) -> Any:
    page = f"{URL}/{code}/dose/"
    here = timezone.now().astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
    filled = {"identity": code, "v.dose_at": here, "v.dose_taken": "all", **typed}
    return client.post(page, fields_of(client.get(page)) | filled)


def test_from_the_door_to_a_kit(trial: Cast) -> None:
    client = signed_in(trial.investigator)
    page = f"{URL}/new/"
    entered = client.post(page, fields_of(client.get(page)))
    assert entered.status_code == 302
    code = Participant.objects.get().pk
    assert entered["Location"].startswith(f"{URL}/{code}/")
    assert "Nothing is due before consent" in text_of(client.get(entered["Location"]))
    assert act(client, code, "consent", version="1.0", signatory="participant").status_code == 302
    todo = text_of(client.get(f"{URL}/{code}/"))
    assert "unanswered" in todo
    assert "Age at consent" in todo
    early = act(client, code, "randomise")
    assert early.status_code == 409
    assert "Not every criterion passes" in text_of(early)
    assert send(client, f"{URL}/{code}/screening/screen/0/", answers()).status_code == 302
    breath = {"taken_on": TODAY.isoformat(), "result": "positive", "excess": "12.5"}
    assert send(client, f"{URL}/{code}/screening_breath/screen/0/", breath).status_code == 302
    assert "Every criterion passes" in text_of(client.get(f"{URL}/{code}/"))
    done = act(client, code, "randomise")
    assert done.status_code == 302
    kit = state_of(code).kit
    assert kit is not None
    assert kit in text_of(client.get(done["Location"]))
    assert act(client, code, "dispense").status_code == 302
    assert verify().sound


def test_an_unanswered_criterion_leads_to_its_field(trial: Cast) -> None:
    code = trial.enrol()
    body = signed_in(trial.investigator).get(f"{URL}/{code}/").content.decode()
    assert f'href="{URL}/{code}/screening/screen/0/#f-age"' in body


@pytest.mark.parametrize(
    ("action", "typed"),
    [
        ("withdraw", {"level": "visits", "on": "2026-02-30"}),
        ("withdraw", {"level": "everything", "on": "2026-03-02"}),
        ("withdraw", {"level": "", "on": "2026-03-02"}),
        ("fail-screening", {"on": "2026-03-02", "reason": ""}),
        ("fail-screening", {"on": "2026-03-02", "reason": "x" * 501}),
        ("fail-screening", {"on": "2020-01-01", "reason": "declined"}),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    trial: Cast, action: str, typed: dict[str, str]
) -> None:
    code = trial.enrol()
    before = LedgerEntry.objects.count()
    got = act(signed_in(trial.investigator), code, action, **typed)
    assert got.status_code == 409
    assert 'role="alert"' in got.content.decode()
    kept = fields_of(got)
    assert all(kept[name] == text for name, text in typed.items() if name != "level")
    assert LedgerEntry.objects.count() == before


def test_a_withdrawal_and_an_end_of_study_are_recorded(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    client = signed_in(trial.investigator)
    assert act(client, code, "withdraw", level="product").status_code == 302
    assert act(client, code, "complete", reason="lost to follow-up").status_code == 302
    assert state_of(code).status == "completed"
    assert verify().sound


def test_sending_an_action_twice_does_it_once(trial: Cast) -> None:
    code = trial.enrol()
    client, page = signed_in(trial.investigator), f"{URL}/{code}/do/withdraw/"
    form = fields_of(client.get(page)) | {"level": "visits"}
    assert [client.post(page, form).status_code for _ in range(2)] == [302, 302]
    assert len(state_of(code).withdrawn) == 1


def test_a_dose_is_recorded_at_the_bedside(trial: Cast) -> None:
    code, kit = on_trial(trial)
    client = signed_in(trial.nurse)
    page = client.get(f"{URL}/{code}/dose/")
    assert "Dose 1 of 28" in text_of(page)
    assert "The pharmacist prepares each unit" in text_of(page)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=timezone.now(), key=key())
    done = give(client, code, unit=f"{kit}-01".lower())
    assert done.status_code == 302
    assert done["Location"].endswith("/dose/dosing/1/?saved=1")
    assert state_of(code).doses[0].unit == f"{kit}-01"
    assert "The last dose was too short a time ago" in text_of(client.get(f"{URL}/{code}/dose/"))
    assert verify().sound


def test_the_same_dose_sent_twice_is_recorded_once(trial: Cast) -> None:
    code, kit = on_trial(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=timezone.now(), key=key())
    client, page = signed_in(trial.nurse), f"{URL}/{code}/dose/"
    here = timezone.now().astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
    form = fields_of(client.get(page)) | {"identity": code, "unit": f"{kit}-01", "v.dose_at": here}
    colleague = form | {"key": key(), "unit": f" {kit}－０1".lower(), "identity": f"{code}\u3000"}
    assert [client.post(page, one).status_code for one in (form, form, colleague)] == [302] * 3
    assert len(state_of(code).doses) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"identity": "S01-BBBBB-BBBBB"}, "This is not the code of this participant"),
        ({"unit": "{kit}-02"}, "The pharmacist has not prepared this unit yet"),
        ({"unit": "{other}-01"}, "This unit belongs to somebody else"),
        ({"unit": "NONSENSE"}, "No unit has this code"),
        ({"unit": ""}, "Read or type the code on the unit"),
        ({"started": "3 a.m."}, "This is not a date and time"),
        ({"started": "2999-01-01 03:00"}, "The start lies ahead"),
        ({"amount": "some"}, "Choose how much was given"),
        ({"v.dose_at": "now"}, "is not a date and time"),
    ],
)
def test_a_dose_that_is_not_right_is_refused_in_plain_words(
    trial: Cast, typed: dict[str, str], said: str
) -> None:
    code, kit = on_trial(trial)
    other = _other_kit(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=timezone.now(), key=key())
    filled = {name: text.format(kit=kit, other=other) for name, text in typed.items()}
    got = give(signed_in(trial.nurse), code, **{"unit": f"{kit}-01", **filled})
    assert got.status_code == 409
    assert said in text_of(got)
    assert fields_of(got)["v.dose_taken"] == "all"
    assert state_of(code).doses == ()
    assert not Record.objects.filter(form="dose").exists()


def _other_kit(trial: Cast) -> str:
    code = trial.make_eligible(trial.enrol("S01-CCCCC-CCCCC"))
    kit = randomise(participant=code, by=trial.investigator, at=timezone.now(), key=key())
    dispense(participant=code, by=trial.nurse, at=timezone.now(), key=key())
    return kit


def test_a_dose_that_was_not_given_needs_no_unit(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    assert give(signed_in(trial.nurse), code, amount="not").status_code == 302
    assert state_of(code).doses[0].amount == "not"


def _deeds(state: ParticipantState) -> list[str]:
    return [f"do/{one.name}/" for one in ACTIONS if one.possible(state)]


@pytest.mark.parametrize("locked", [False, True])
def test_every_address_opens_for_the_roles_that_may_and_no_other(trial: Cast, locked: bool) -> None:
    code, _kit = on_trial(trial)
    people = everybody(trial)
    if locked:
        one = Agreed(by=trial.data_manager, reason="all clean")
        two = Agreed(by=trial.statistician, reason="plan signed")
        bring_everything_back(trial)
        lock_unfinished(first=one, second=two, at=timezone.now(), key=key())
    steps = {"": SITE_STAFF, "screening/screen/0/": SITE_STAFF, "event/next/": SITE_STAFF}
    steps |= {"dose/": ("dosing nurse", "investigator")}
    allowed = {one.name: one.step for one in ACTIONS}
    from equipoise_server.services.access.permissions import ALLOWED

    steps |= {f"do/{name}/": ALLOWED[step] for name, step in allowed.items()}
    for role, person in people.items():
        client = signed_in(person)
        for page, roles in steps.items():
            opens = role in roles and role in SITE_STAFF
            hidden = role == "assessor" and page == "dose/"
            expected = (404,) if hidden else (200, 302) if opens else (403,)
            got = client.get(f"{URL}/{code}/{page}")
            assert got.status_code in expected, (role, page, got.status_code)
            if got.status_code == 403:
                assert "This is not open to you" in text_of(got)
        count = LedgerEntry.objects.count()
        if role not in SITE_STAFF or locked:
            for page in steps:
                assert client.post(f"{URL}/{code}/{page}", {}).status_code in (
                    403,
                    404,
                    405,
                    409,
                    302,
                )
            assert LedgerEntry.objects.count() == count, role


def test_nobody_opens_pages_of_another_site(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    client = signed_in(trial.elsewhere)
    pages = ["", "screening/screen/0/", "event/next/", "dose/"]
    pages += [f"do/{one.name}/" for one in ACTIONS]
    for page in pages:
        for answer in (client.get(f"{URL}/{code}/{page}"), client.post(f"{URL}/{code}/{page}", {})):
            assert answer.status_code in (403, 405), page
            assert "S01" not in text_of(answer).replace("site s01", "")


def test_an_assessor_finds_no_dose_and_no_kit(trial: Cast) -> None:
    code, kit = on_trial(trial)
    client = signed_in(trial.assessor)
    for page in ("", "symptoms/week8/0/", "do/withdraw/"):
        assert kit not in text_of(client.get(f"{URL}/{code}/{page}"))
    assert client.get(f"{URL}/{code}/dose/dosing/1/").status_code == 404
    assert client.get(f"{URL}/{code}/dose/").status_code == 404


def test_who_gave_a_dose_reads_an_assessment_but_cannot_fill_it_in(trial: Cast) -> None:
    code, kit = on_trial(trial)
    prepare_unit(unit=f"{kit}-01", by=trial.pharmacist, at=timezone.now(), key=key())
    client = signed_in(trial.nurse)
    assert give(client, code, unit=f"{kit}-01").status_code == 302
    shown = client.get(f"{URL}/{code}/symptoms/week8/0/")
    assert "disabled" in shown.content.decode()
    assert client.post(f"{URL}/{code}/symptoms/week8/0/", {"v.pain": "3"}).status_code == 403


def test_a_form_of_the_unblinded_side_is_not_there(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    client = signed_in(trial.investigator)
    for page in ("handout/dosing/1/", "nothing/screen/0/", "screening/week8/0/", "event/log/0/"):
        assert client.get(f"{URL}/{code}/{page}").status_code == 404, page
    assert client.get(f"{URL}/S01-XXXXX-XXXXX/").status_code == 404


def test_a_new_dose_is_recorded_at_the_bedside_not_on_its_form(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    client = signed_in(trial.investigator)
    assert client.get(f"{URL}/{code}/dose/dosing/1/")["Location"] == f"{URL}/{code}/dose/"
    assert client.post(f"{URL}/{code}/dose/dosing/1/", {"v.dose_taken": "all"}).status_code == 302
    assert not Record.objects.filter(form="dose").exists()


def test_every_action_needs_its_token(trial: Cast) -> None:
    code, _kit = on_trial(trial)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(trial.investigator).cookies
    for page in (*_deeds(state_of(code)), "dose/"):
        assert strict.post(f"{URL}/{code}/{page}", {}).status_code == 403, page
    assert strict.post(f"{URL}/new/", {}).status_code == 403


def test_nobody_screens_at_a_site_where_they_do_not_work(trial: Cast) -> None:
    client, page = signed_in(trial.investigator), f"{URL}/new/"
    got = client.post(page, fields_of(client.get(page)) | {"site": "s02"})
    assert got.status_code == 409
    assert not Participant.objects.exists()


def test_a_lost_answer_of_screening_is_given_again(trial: Cast) -> None:
    client, page = signed_in(trial.investigator), f"{URL}/new/"
    form = fields_of(client.get(page))
    one, two = (client.post(page, form)["Location"] for _ in range(2))
    assert one == two
    assert Participant.objects.count() == 1


def test_a_screening_form_waits_for_consent(trial: Cast) -> None:
    code = screen(site="s01", on=TODAY, by=trial.investigator, at=NOW, key=key())
    client = signed_in(trial.investigator)
    got = send(client, f"{URL}/{code}/screening/screen/0/", answers())
    assert got.status_code == 409
    assert not Record.objects.exists()
