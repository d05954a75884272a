"""Who can open which page, and how a session begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from equipoise.errors import EquipoiseError, NotPermitted, OutOfStock, SavedFirst
from equipoise_server.services.access.appoint import appoint, dismiss
from equipoise_server.services.participants.randomise import randomise
from equipoise_server.web.shared import session
from equipoise_server.web.shared.access import READERS
from equipoise_server.web.shared.errors import STATUS, status_of
from server.cast import ADULT, NOW, Cast, key
from server.pages import everybody, signed_in, text_of

PAGES = {
    "/en/site/": "site work",
    "/en/site/participants/": "participants",
    "/en/site/matrix/": "participants",
    "/en/office/": "office",
    "/en/office/recruitment/": "recruitment",
    "/en/office/flow/": "recruitment",
    "/en/office/staff/": "staff",
    "/en/office/contacts/": "contacts",
    "/en/office/questions/": "questions",
    "/en/office/public/": "public side",
    "/en/results/": "results",
    "/en/results/blinded/": "statistics",
    "/en/unblinded-side/": "unblinded side",
}


def test_each_role_opens_exactly_its_own_pages(trial: Cast) -> None:
    for role, person in everybody(trial).items():
        client = signed_in(person)
        got = {url: client.get(url).status_code for url in PAGES}
        assert got == {url: 200 if role in READERS[kind] else 403 for url, kind in PAGES.items()}, (
            role
        )


def test_every_first_page_opens_for_its_role(trial: Cast) -> None:
    for role, person in everybody(trial).items():
        answer = signed_in(person).get("/en/day/", follow=True)
        assert answer.status_code == 200, role
        assert answer.redirect_chain[-1][0] != "/en/", role


def test_nobody_reads_another_sites_participants(trial: Cast) -> None:
    here = trial.enrol("S01-AAAAA-AAAAA")
    there = trial.enrol("S02-BBBBB-BBBBB", site="s02")
    trial.fill_in(here, "screening", ADULT)
    trial.fill_in(there, "screening", ADULT, by=trial.elsewhere)
    at_site, roaming = signed_in(trial.investigator), signed_in(trial.data_manager)
    for code, expected in ((here, 200), (there, 403)):
        for url in (
            f"/en/site/participants/{code}/",
            f"/en/site/participants/{code}/screening/screen/0/",
        ):
            assert at_site.get(url).status_code == expected
            assert roaming.get(url).status_code == 200
    assert there not in text_of(at_site.get("/en/site/participants/"))
    assert there not in text_of(at_site.get("/en/site/participants/?site=s02"))
    assert there not in text_of(at_site.get("/en/site/matrix/?site=s02"))


def test_roles_without_participants_open_none(trial: Cast) -> None:
    code = trial.enrol()
    people = everybody(trial)
    for role in ("sponsor", "administrator", "pharmacist", "safety-board member"):
        assert signed_in(people[role]).get(f"/en/site/participants/{code}/").status_code == 403, (
            role
        )


def test_a_form_of_the_unblinded_side_is_not_there_at_all(trial: Cast) -> None:
    code = trial.enrol()
    client = signed_in(trial.data_manager)
    for form in ("handout", "no-such-form"):
        assert client.get(f"/en/site/participants/{code}/{form}/dosing/1/").status_code == 404


def test_an_assessor_sees_neither_kit_nor_doses(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    kit = randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    page = f"/en/site/participants/{code}/"
    assert kit in text_of(signed_in(trial.investigator).get(page))
    assessor = signed_in(trial.assessor)
    for url in (page, "/en/site/", "/en/site/participants/", "/en/site/matrix/"):
        answer = assessor.get(url)
        assert answer.status_code == 200
        assert kit not in text_of(answer), url
    assert assessor.get(f"{page}dose/dosing/1/").status_code == 404


def test_no_page_behind_the_sign_in_names_an_arm_or_a_product(trial: Cast) -> None:
    code = trial.make_eligible(trial.enrol())
    randomise(participant=code, by=trial.investigator, at=NOW, key=key())
    protocol = trial.study.protocol
    names = [arm.title.say(language) for arm in protocol.arms for language in ("en", "zh-Hans")]
    names += [arm.id for arm in protocol.arms if arm.id != "low"] + [
        one.id for one in protocol.products
    ]
    for role, person in everybody(trial).items():
        client = signed_in(person)
        for url in (*PAGES, f"/en/site/participants/{code}/"):
            said = text_of(client.get(url))
            assert [name for name in names if name in said] == [], (role, url)


def test_somebody_who_is_not_signed_in_is_led_to_the_sign_in(trial: Cast) -> None:
    answer = Client().get("/en/site/participants/?status=died")
    assert answer.status_code == 302
    assert answer["Location"] == "/en/sign-in/?next=/en/site/participants/%3Fstatus%3Ddied"


def test_a_role_that_was_taken_away_is_gone_with_the_next_request(trial: Cast) -> None:
    client = signed_in(trial.data_manager)
    assert client.get("/en/office/").status_code == 200
    dismiss(
        username="guo", role="data manager", site=None, by=trial.administrator, at=NOW, key=key()
    )
    assert client.get("/en/office/")["Location"].endswith("&ended=1")
    assert signed_in(trial.data_manager).get("/en/office/").status_code == 403


def _with_password(trial: Cast) -> dict[str, str]:
    appoint(
        username="mei",
        full_name="Mei",
        role="monitor",
        site=None,
        password="a long pass phrase",
        by=trial.administrator,
        at=NOW,
        key=key(),
    )
    return {"username": "mei", "password": "a long pass phrase"}


def test_after_signing_in_nobody_is_sent_to_another_server(trial: Cast) -> None:
    form = {**_with_password(trial), "next": "https://elsewhere.example/steal"}
    client = Client()
    assert client.post("/en/sign-in/", form)["Location"] == "/en/sign-in/enrol/"
    assert client.session["pending"]["then"] == "/en/day/"


def test_five_wrong_passwords_close_the_door_even_for_the_right_one(trial: Cast) -> None:
    right, client = _with_password(trial), Client()
    answers = [client.post("/en/sign-in/", {**right, "password": f"no-{n}"}) for n in range(5)]
    assert answers[0].status_code == 403
    late = client.post("/en/sign-in/", right)
    assert late.status_code == 429
    assert "sign-in.locked-out" in text_of(late)
    assert client.get("/en/office/").status_code == 302


def test_signing_out_ends_the_session_and_needs_a_form(trial: Cast) -> None:
    client = signed_in(trial.data_manager)
    assert client.get("/en/sign-out/").status_code == 405
    assert client.post("/en/sign-out/")["Location"] == "/en/"
    assert client.get("/en/office/").status_code == 302


@pytest.mark.parametrize(
    ("which", "seconds"),
    [("seen", session.IDLE_SECONDS), ("began", session.WHOLE_SECONDS)],
    ids=["idle", "whole"],
)
def test_a_session_ends_after_its_time(trial: Cast, which: str, seconds: int) -> None:
    for back, expected in ((seconds - 60, 200), (seconds + 60, 302)):
        client = signed_in(trial.data_manager)
        stored: Any = client.session
        stored[which] -= back
        stored.save()
        answer = client.get("/en/office/")
        assert answer.status_code == expected
    assert answer["Location"].endswith("&ended=1")


def _classes(parent: type[EquipoiseError]) -> Iterator[type[EquipoiseError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _classes(child)


def test_every_error_class_has_a_code_and_an_http_answer() -> None:
    for kind in _classes(EquipoiseError):
        assert kind.code
        assert status_of(kind) in set(STATUS.values())
    assert (status_of(NotPermitted), status_of(OutOfStock), status_of(SavedFirst)) == (
        403,
        409,
        409,
    )


def test_refusals_and_unknown_addresses_are_pages_in_words(trial: Cast) -> None:
    client = signed_in(trial.pharmacist)
    refused = client.get("/en/office/")
    assert "refused.not-permitted" in text_of(refused)
    assert "Ask the trial office" in text_of(refused)
    missing = client.get("/zh-hans/no/such/page/")
    assert missing.status_code == 404
    assert "此地址没有内容" in text_of(missing)
