"""The pages of signing, locking, redaction and amendments, the way a browser uses them."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from equipoise_server.services.trial import agree
from equipoise_server.store.models import Lock, Signature
from equipoise_server.web.finalise import signing
from server.cast import ADULT, NOW, Cast, key
from server.entry import fields_of
from server.finalising import seen, sign_as
from server.pages import Texts, everybody, signed_in, text_of
from server.test_lock_part import RECORD, force

pytestmark = pytest.mark.once  # the same on both engines

CODE = "S01-AAAAA-AAAAA"
HERE = "/en/finalise/"


@pytest.fixture
def screened(trial: Cast) -> Cast:
    trial.fill_in(trial.enrol(CODE), "screening", ADULT)
    return trial


def test_the_waiting_list_leads_to_the_dialogue(screened: Cast) -> None:
    client = signed_in(screened.investigator)
    page = client.get(HERE)
    assert CODE in text_of(page)
    assert "I confirm that this person may take part" in text_of(page)
    dialogue = client.get(f"{HERE}sign/{CODE}/screening/")
    assert dialogue.status_code == 200
    said = text_of(dialogue)
    assert "Chen" in said
    assert "version 1" in said
    assert CODE in text_of(client.get("/en/site/"))  # also on the first page


def test_no_factor_no_signature(screened: Cast) -> None:
    client = signed_in(screened.investigator)
    page = f"{HERE}sign/{CODE}/screening/"
    sent = fields_of(client.get(page))
    answer = client.post(page, {**sent, "password": "", "code": ""})
    assert answer.status_code == 403
    assert "Give your password and second factor" in text_of(answer)
    answer = client.post(page, {**sent, "password": "wrong", "code": "123456"})
    assert answer.status_code == 403
    assert not Signature.objects.exists()


def test_only_what_is_chosen_is_signed_and_something_has_to_be(screened: Cast) -> None:
    client = signed_in(screened.investigator)
    page = f"{HERE}sign/{CODE}/screening/"
    drawn = client.get(page).content.decode()
    assert drawn.count('name="record"') == 1
    sent = {one: said for one, said in fields_of(client.get(page)).items() if one != "record"}
    answer = client.post(page, sent)
    assert answer.status_code == 409
    assert "a record to sign" in text_of(answer)
    assert not Signature.objects.exists()


def test_signed_in_the_dialogue(screened: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The factor page is tested with the people; here its answer is a real grant."""
    from server.finalising import proof_for

    chen = screened.investigator
    record = seen(CODE, "screening")
    client = signed_in(chen)
    monkeypatch.setattr(
        signing,
        "prove",
        lambda page, purpose, at: proof_for(chen, CODE, "screening", record, at=at),
    )
    page = f"{HERE}sign/{CODE}/screening/"
    answer = client.post(page, fields_of(client.get(page)))
    assert answer.status_code == 302
    assert Signature.objects.count() == 1
    shown = text_of(client.get(f"/en/site/participants/{CODE}/screening/screen/0/"))
    assert "Chen · investigator" in shown.replace("Investigator", "investigator")
    assert "holds" in shown
    assert "Nothing waits for your signature" in text_of(client.get(HERE))


def test_the_checklist_names_what_is_left_and_offers_no_lock(screened: Cast) -> None:
    client = signed_in(screened.data_manager)
    url = f"{HERE}locks/checklist/?scope=participant&participant={CODE}"
    said = text_of(client.get(url))
    assert "1 left Every required signature is there" in said
    assert "It can be locked when every point is done" in said
    answer = client.post(url, {"act": "lock", "key": key()})
    assert answer.status_code == 409
    assert not Lock.objects.exists()


def test_a_second_person_unlocks_on_the_page(screened: Cast) -> None:
    force(RECORD)
    asks, agrees = signed_in(screened.data_manager), signed_in(screened.investigator)
    url = f"{HERE}locks/checklist/?scope=record&participant={CODE}&visit=screen&form=screening&number=0"
    assert (
        asks.post(url, {"act": "unlock", "reason": "Typed wrongly", "key": key()}).status_code
        == 302
    )
    listed = agrees.get(f"{HERE}two-persons/")
    assert "Typed wrongly" in text_of(listed)
    number = re.search(r"two-persons/(\d+)/", listed.content.decode())
    assert number
    page = f"{HERE}two-persons/{number[1]}/"
    assert asks.post(page, {"act": "agree", "reason": "me too"}).status_code == 409
    assert Lock.objects.exists()
    assert agrees.post(page, {"act": "agree", "reason": "I saw it"}).status_code == 302
    assert not Lock.objects.exists()


def test_an_identifier_is_removed_through_two_pages(screened: Cast) -> None:
    asks, agrees = signed_in(screened.data_manager), signed_in(screened.investigator)
    page = f"{HERE}redact/{CODE}/screening/screen/0/"
    assert "eGFR" in text_of(asks.get(page))
    assert agrees.get(page).status_code == 403
    assert asks.post(page, {"reason": "x", "key": key()}).status_code == 409
    sent = {"item": ["egfr"], "reason": "It names the person", "key": key()}
    assert asks.post(page, sent).status_code == 302
    listed = agrees.get(f"{HERE}two-persons/").content.decode()
    number = re.search(r"two-persons/(\d+)/", listed)
    assert number
    agrees.post(f"{HERE}two-persons/{number[1]}/", {"act": "agree", "reason": "Seen"})
    shown = text_of(asks.get(f"/en/site/participants/{CODE}/screening/screen/0/"))
    assert "Redacted in version 1" in shown
    assert "It names the person" in shown


def _urls(language: str) -> list[str]:
    here = f"/{language}/finalise/"
    record = f"{CODE}/screening/screen/0/"
    return [
        here,
        f"{here}sign/{CODE}/screening/",
        f"{here}locks/",
        f"{here}locks/checklist/?scope=site&site=s01",
        f"{here}locks/checklist/?scope=study",
        f"{here}two-persons/",
        f"{here}redact/{record}",
        f"{here}amendments/",
        f"{here}board/",
        f"/{language}/site/participants/{record}",
    ]


def _english(client: Client, url: str) -> list[str]:
    parser = Texts()
    parser.feed(client.get(url).content.decode())
    return [one for one in parser.texts if re.search(r"[A-Za-z]{4}", one)]


def test_every_page_is_in_chinese_too(screened: Cast) -> None:
    sign_as(screened.investigator, CODE, "screening", seen(CODE, "screening"))
    agree.propose("lock", {}, by=screened.data_manager, reason="好", at=NOW, key=key())
    client = signed_in(screened.data_manager)
    client.cookies["django_language"] = "zh-hans"
    for url in _urls("zh-hans"):
        answer = client.get(url)
        assert answer.status_code == 200, url
        left = [
            one
            for one in _english(client, url)
            if not re.search(r"(?i)hp-three|equipoise|UTC|Asia|S01", one)
        ]
        left = [one for one in left if one not in {"English", "Guo", "Chen", "· Chen"}]
        assert left == [], (url, left)


def test_each_role_sees_what_the_table_says(screened: Cast) -> None:
    kinds = {
        HERE: "signing",
        f"{HERE}locks/": "locking",
        f"{HERE}two-persons/": "agreeing",
        f"{HERE}amendments/": "amendments",
    }
    from equipoise_server.web.shared.access import READERS

    for role, person in everybody(screened).items():
        client = signed_in(person)
        for url, kind in kinds.items():
            expected = 200 if role in READERS[kind] else 403
            assert client.get(url).status_code == expected, (role, url)
    other = signed_in(screened.elsewhere)
    assert other.get(f"{HERE}sign/{CODE}/screening/").status_code == 403
    assert (
        other.get(f"{HERE}locks/checklist/?scope=participant&participant={CODE}").status_code == 403
    )
    assert other.get(f"{HERE}locks/checklist/?scope=study").status_code == 403
