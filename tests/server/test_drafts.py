"""Drafts: what is typed and not saved is kept for its writer, and for nobody and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from equipoise_server.services.lock import lock
from equipoise_server.services.two_persons import Agreed
from equipoise_server.services.verify import verify
from equipoise_server.store.models import Draft, LedgerEntry, Record
from server.cast import NOW, Cast, key
from server.entry import URL, answers, fields_of, send
from server.pages import signed_in, text_of


@pytest.fixture
def here(trial: Cast) -> tuple[Cast, Client, str]:
    """The trial, the investigator's browser, and the address of an empty screening form."""
    code = trial.enrol()
    return trial, signed_in(trial.investigator), f"{URL}/{code}/screening/screen/0/"


def keep(client: Client, page: str, form: dict[str, Any], **typed: str) -> Any:
    return client.post(f"{page}draft/", form | {f"v.{name}": text for name, text in typed.items()})


def test_what_was_typed_comes_back_and_is_no_record(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    before = LedgerEntry.objects.count()
    form = fields_of(client.get(page))
    assert keep(client, page, form, age="4", egfr="88,5").json() == {"kept": True}
    assert keep(client, page, form, age="44", egfr="88,5").json() == {"kept": True}
    back = client.get(page)
    assert fields_of(back)["v.age"] == "44"
    assert fields_of(back)["v.egfr"] == "88,5"
    assert 'id="draft-back"' in back.content.decode()
    other = signed_in(trial.nurse)
    assert fields_of(other.get(page))["v.age"] == ""
    assert (Draft.objects.count(), Record.objects.count()) == (1, 0)
    assert LedgerEntry.objects.count() == before
    assert verify().sound


def test_saving_or_throwing_away_ends_it(here: tuple[Cast, Client, str]) -> None:
    _trial, client, page = here
    form = fields_of(client.get(page))
    keep(client, page, form, age="44")
    assert client.post(f"{page}draft/", {"discard": "1"}).status_code == 302
    assert not Draft.objects.exists()
    keep(client, page, form, age="44")
    assert send(client, page, answers()).status_code == 302
    assert not Draft.objects.exists()


def test_a_draft_that_arrives_after_its_page_was_saved_is_dropped(
    here: tuple[Cast, Client, str],
) -> None:
    _trial, client, page = here
    form = fields_of(client.get(page))
    client.post(page, form | {f"v.{name}": text for name, text in answers().items()})
    assert keep(client, page, form, age="44").json() == {"kept": False}
    assert not Draft.objects.exists()


def test_a_draft_of_an_older_version_leads_to_the_choice(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    send(client, page, answers())
    keep(client, page, fields_of(client.get(page)), age="45")
    send(signed_in(trial.nurse), page, {"age": "46"}, reason="read the passport")
    back = client.get(page)
    assert "saved by somebody since" in text_of(back)
    sent = client.post(page, fields_of(back) | {"reason": "typed wrong"})
    assert sent.status_code == 409
    assert 'name="pick.age"' in sent.content.decode()
    assert Record.objects.get().version == 2


def test_who_may_not_write_keeps_no_draft(here: tuple[Cast, Client, str]) -> None:
    trial, client, page = here
    form = fields_of(client.get(page))
    assert keep(signed_in(trial.elsewhere), page, form, age="44").status_code == 403
    huge = keep(client, page, form, age="4" * 250_000)
    assert (huge.status_code, huge.json()["code"]) == (409, "refused.invalid-record")
    one = Agreed(by=trial.data_manager, reason="all clean")
    two = Agreed(by=trial.statistician, reason="plan signed")
    lock(first=one, second=two, at=NOW, key=key())
    assert keep(client, page, form, age="44").json()["code"] == "refused.locked"
    assert client.get(f"{page}draft/").status_code == 405
    assert not Draft.objects.exists()
